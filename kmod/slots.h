/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who gets which of a vCPU's four debug registers. Watches come first and
 * keep their slot; breakpoints of the other owner (the VMM's debugger if it
 * uses hardware breakpoints, else the guest itself, as in KVM) take what is
 * left. Pure.
 */
#ifndef _CV_SLOTS_H
#define _CV_SLOTS_H

#include "../include/uapi/linux/cloudverifier.h"

#define CV_SLOTS 4

/* DR7: two enable bits per slot from bit 0, four type and length bits from 16 */
#define CV_DR7_ENABLED(dr7, i)	(((dr7) >> ((i) * 2)) & 3)
#define CV_DR7_KIND(dr7, i)	(((dr7) >> (16 + (i) * 4)) & 15)
#define CV_DR7_EXEC		0	/* a kind */
#define CV_DR7_SLOT(kind, i)	((2UL << ((i) * 2)) | ((unsigned long)(kind) << (16 + (i) * 4)))
#define CV_DR7_FIXED		0x400UL
#define CV_DR7_EXACT		0x300UL

#define CV_DR6_SLOTS		0xfUL

struct cv_slots {
	unsigned long db[CV_SLOTS];
	unsigned long dr7;
	__u8 ours;			/* slots that are watches */
	__u8 theirs[CV_SLOTS];		/* the other owner's number of a slot, + 1; 0 = none */
	__u8 unserved;			/* breakpoints that found no slot */
};

struct cv_slot_watch {
	unsigned long addr;
	__u8 len;			/* 0 = slot not used */
	__u8 exec;			/* the instruction there, not stores to it */
};

void cv_slots_plan(struct cv_slots *s, const struct cv_slot_watch w[CV_SLOTS],
		   const unsigned long db[CV_SLOTS], unsigned long dr7);
unsigned long cv_slots_exec(const struct cv_slots *s);
unsigned long cv_slots_theirs(const struct cv_slots *s, unsigned long dr6);

#endif /* _CV_SLOTS_H */
