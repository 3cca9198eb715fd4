/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Events on their way to userspace. Recording one takes a spinlock and copies
 * some words, in any context but NMI; a work item sends them. What finds no
 * place is counted and the count travels with every later event.
 */
#ifndef _CV_EVENT_H
#define _CV_EVENT_H

#include <linux/types.h>
#include "../include/uapi/linux/cloudverifier.h"

struct cv_sight;
struct work_struct;

#define CV_NO_VCPU	~0U

struct cv_event {
	u8 type;		/* enum cv_event_type */
	u8 from;		/* enum cv_verdict */
	u8 state;		/* enum cv_verdict or cv_watch_state */
	bool seen;		/* bytes had changed: source, since, old, value count */
	u8 source;		/* enum cv_source */
	u32 vm, watch, session, set, port, vcpu;
	u32 blockers;
	u64 seq, lost, time;
	u64 since, old, value;
	u64 cut, resets, done;
};

/* When the cycle counter read @tsc, a moment ago: CLOCK_MONOTONIC, ns. */
u64 cv_time_of(u64 tsc);

/* @time: of the verdict, from @tsc. */
void cv_event_verdict(u32 set, enum cv_verdict from, u32 word,
		      const struct cv_sight *sight, u64 tsc, u64 time);
void cv_event_cut(u32 set, u32 port, u64 cut, u64 resets, u64 done);
void cv_event_vm(enum cv_event_type type, u32 vm);
void cv_event_vcpu(enum cv_event_type type, u32 vm, u32 vcpu);
void cv_event_session(enum cv_event_type type, u32 session);
void cv_event_watch(u32 watch, enum cv_watch_state state);

/* The consumer; netlink.c. Takes the oldest event, false if there is none. */
bool cv_event_take(struct cv_event *ev);
void cv_event_init(void (*send)(struct work_struct *work));
void cv_event_uninit(void);

#endif /* _CV_EVENT_H */
