/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes of guest memory and how stores to them are observed: perhaps a debug
 * register or a write-tracked page as the trigger, a pinned mapping of the word
 * as the truth.
 */
#ifndef _CV_WATCH_H
#define _CV_WATCH_H

#include <linux/kvm_host.h>
#include "slots.h"
#include "word.h"
#include "../include/uapi/linux/cloudverifier.h"

struct cv_vm;
struct netlink_ext_ack;

#define CV_NO_SLOT (-1)

/* A word of guest memory that is held in place; vm->lock but for unpin. */
struct cv_pin {
	gpa_t gpa;			/* INVALID_GPA until translated */
	unsigned long hva;		/* valid while LIVE */
	struct page *page;		/* pinned */
	struct page *stale;		/* lost, to be unpinned */
	struct page *unpin;		/* stale, and nobody's soon; vm->resolve_lock */
};

/* Where the bytes lie that an execution captures; see struct cv_execution. */
struct cv_capture {
	u16 len;			/* 0: none */
	u8 reg;				/* enum cv_reg */
	u8 steps;
	s32 path[CV_CAPTURE_STEPS];
};

struct cv_watch {
	struct cv_vm *vm;
	struct list_head in_vm;		/* RCU; changed under cv_config, resolve_lock and vm->lock */
	struct list_head dropped;	/* cv_watches_drop()'s */
	u32 id;
	u32 flags;			/* CV_WATCH_F_* */
	u8 trigger;			/* enum cv_trigger it is to have; never AUTO */
	s8 slot;			/* debug register, or CV_NO_SLOT */
	u8 len;
	u8 shift;			/* of the bytes within their aligned word */
	u8 state;			/* enum cv_watch_state; vm->lock */
	bool gone;			/* being deleted: not resolved again; vm->resolve_lock */
	u64 addr;			/* guest linear, or physical */
	u64 mask;			/* len bytes of ones */
	struct cv_truth *truth;		/* the slot's in the vm, or: */
	struct cv_truth own_truth;
	u64 value;			/* last judged */
	struct cv_capture capture;	/* with CV_TRIGGER_EXEC */
	atomic_t unread;		/* executions that wait for a page of the host's */
	struct list_head criteria;	/* RCU; changed under cv_config */
	unsigned int n_criteria;	/* cv_config */

	struct cv_pin pin[1 + CV_TABLES];	/* of the bytes, then of the tables */
	unsigned int n_pins;
	unsigned int doubts;		/* rechecks in a row that found another address */
	struct hlist_node by_gfn;	/* while LIVE; RCU; vm->lock */

	bool tracked;			/* KVM tracks writes to: vm->lock, kvm->slots_lock */
	gfn_t tracked_gfn;
	unsigned int page_writes;	/* emulated since the last tick */
	unsigned int cooling;		/* ticks until it is tracked again */

	u64 hits, changes, lost;	/* statistics */
	char name[CV_NAME_MAX + 1];
	struct rcu_head rcu;
};

/* The watched bytes within their aligned word, zero-extended. */
static inline u64 cv_watch_value_in(const struct cv_watch *w, u64 raw)
{
	return raw >> w->shift & w->mask;
}

/*
 * More criteria than this on one watch would let a guest's store wait for
 * long; the limit is refused, not silently passed.
 */
#define CV_WATCH_CRITERIA 64

/* What a request asks for. */
struct cv_place {
	u64 addr;
	u8 len;
	u8 trigger;			/* enum cv_trigger */
	u32 flags;			/* CV_WATCH_F_* */
	const char *name;
	struct cv_capture capture;
};

/* Of the bytes; INVALID_GPA until translated. */
static inline gpa_t cv_watch_gpa(const struct cv_watch *w)
{
	return w->pin[0].gpa;
}

/* The one in force. */
static inline enum cv_trigger cv_watch_trigger(const struct cv_watch *w)
{
	if (w->slot != CV_NO_SLOT)
		return w->trigger;
	return READ_ONCE(w->tracked) ? CV_TRIGGER_PAGE : CV_TRIGGER_NONE;
}

/* cv_config held; may sleep. */
struct cv_watch *cv_watch_add(struct cv_vm *vm, const struct cv_place *place,
			      struct netlink_ext_ack *extack);
void cv_watch_del(struct cv_watch *w);
struct cv_watch *cv_watch_find(u32 id);
struct cv_watch *cv_watch_next(unsigned long *id);
void cv_watches_drop(struct cv_vm *vm);

/* Interrupts off. */
void cv_watches_slots(struct cv_vm *vm, struct cv_slot_watch w[CV_SLOTS]);
void cv_watches_hit(struct cv_vm *vm, unsigned long slots);

#endif /* _CV_WATCH_H */
