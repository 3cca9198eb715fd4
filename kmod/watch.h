/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bytes of guest memory and how stores to them are observed: a debug register
 * as the trigger, a pinned mapping of the word as the truth.
 */
#ifndef _CV_WATCH_H
#define _CV_WATCH_H

#include <linux/kvm_host.h>
#include <linux/mmu_notifier.h>
#include "slots.h"
#include "../include/uapi/linux/cloudverifier.h"

struct cv_vm;
struct netlink_ext_ack;

struct cv_watch {
	struct cv_vm *vm;
	u32 id;
	u8 slot;
	u8 len;
	u8 shift;			/* of the bytes within their aligned word */
	u8 state;			/* enum cv_watch_state; vm->lock */
	bool gone;			/* being deleted: not resolved again; vm->resolve_lock */
	u64 addr;			/* guest linear */
	u64 mask;			/* len bytes of ones */
	u64 value;			/* last judged */
	struct list_head criteria;	/* RCU; changed under cv_config */
	unsigned int n_criteria;	/* cv_config */

	gpa_t gpa;			/* INVALID_GPA until translated */
	unsigned long hva;		/* of the byte; valid while LIVE; vm->lock */
	struct page *page;		/* pinned; vm->lock */
	struct page *stale;		/* lost, to be unpinned; vm->lock */

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

/* cv_config held; may sleep. */
struct cv_watch *cv_watch_add(struct cv_vm *vm, u64 addr, u8 len, const char *name,
			      struct netlink_ext_ack *extack);
void cv_watch_del(struct cv_watch *w);
struct cv_watch *cv_watch_find(u32 id);
struct cv_watch *cv_watch_next(unsigned long *id);
void cv_watches_drop(struct cv_vm *vm);

/* The watched bytes now; false if they cannot be read. Any context. */
bool cv_watch_read(const struct cv_watch *w, u64 *value);

/* Interrupts off. */
void cv_watches_slots(struct cv_vm *vm, struct cv_slot_watch w[CV_SLOTS]);
/* vCPU loaded; may sleep. */
void cv_watches_translate(struct cv_vm *vm, struct kvm_vcpu *vcpu);
void cv_watches_hit(struct cv_vm *vm, unsigned long slots);

/* From the mmu notifier; do not sleep. */
void cv_watches_invalidate(struct cv_vm *vm, unsigned long start, unsigned long end);
/* The guest restarts: every address is to be translated anew. vm->lock held. */
void cv_watches_forget(struct cv_vm *vm);
/* Work item: pins what is translated, asks vCPUs for what is not. */
void cv_watches_resolve(struct work_struct *work);

#endif /* _CV_WATCH_H */
