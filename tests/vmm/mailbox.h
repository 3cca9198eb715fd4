/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One page per vCPU, shared by VMM and guest.
 *
 * The VMM fills op and arg and then increments seq; the guest runs the op,
 * fills ret and then copies seq to done. One op at a time.
 */
#ifndef VMM_MAILBOX_H
#define VMM_MAILBOX_H

#include <stdint.h>

/* i386 aligns 64-bit members to 4 bytes, x86-64 to 8. */
typedef uint64_t __attribute__((aligned(8))) u64a;

#define MAILBOX_ARGS 5
#define MAILBOX_RETS 8

/* Debug exceptions as the guest's own #DB handler saw them. */
struct db_counts {
	uint32_t all;
	uint32_t b[4];
	uint32_t bs;
	uint32_t bs_counted;	/* BS while ip was in step_from..step_to */
	uint32_t bd;
	uint32_t none;		/* DR6 without a cause: ICEBP */
	uint32_t last;		/* DR6 of the last one */
	uint32_t seen;		/* all DR6 causes, or-ed */
};

struct mailbox {
	uint32_t self;		/* own address: %gs:0 */
	uint32_t cpu;
	uint32_t seq;
	uint32_t done;
	uint32_t op;
	uint32_t running;	/* between begin and end of the op */
	uint32_t aborted;	/* the op was cut short by INIT or reset */
	uint32_t quiet;		/* do not ring PORT_DOORBELL */
	uint32_t idle_hlt;	/* halt between ops; VEC_SUBMIT wakes */
	uint32_t stop;		/* asks endless ops to end */
	uint32_t boots;		/* times this vCPU came through guest_main() */
	uint32_t irqs;
	uint32_t nmis;
	uint32_t trapped;	/* died in an exception: */
	uint32_t trap_vector;
	uint32_t trap_error;
	u64a trap_ip;
	u64a trap_cr2;
	u64a arg[MAILBOX_ARGS];
	u64a ret[MAILBOX_RETS];
	u64a step_from;
	u64a step_to;
	u64a user_return;	/* stack to go back to when CPL 3 ends */
	u64a eoi_byte;		/* of op `pv-eoi`: VEC_WAKE answers what it finds there */
	struct db_counts db;	/* running */
	struct db_counts report;	/* as of the last `dbcount` */
};

/* First bytes of the guest image. */
#define IMAGE_MAGIC 0x74736575676d6d76	/* "vmmguest" */
struct image_head {
	u64a magic;
	u64a entry;		/* first argument: vCPU */
	u64a target;		/* what op `call` calls */
	u64a trampoline;
	u64a trampoline_len;
};

#endif
