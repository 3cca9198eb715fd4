// SPDX-License-Identifier: GPL-2.0
/*
 * timed-store: what a store costs the guest, by its own counter; the least of fifty
 * is free of the host's interrupts.
 */
#include "op.h"

#define ROUNDS 50

#ifdef GUEST

static u64 cost_of_store(struct mailbox *m)
{
	u64 start = rdtsc_now();

	store_sized(m->arg[0], m->arg[1], m->arg[2]);
	return rdtsc_now() - start;
}

GUEST_OP(timed_store)
{
	u64 least = ~0ULL, now;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		now = cost_of_store(m);
		if (now < least)
			least = now;
	}
	m->ret[0] = least;
}

#else

HOST_OP(timed_store) = {
	.name = "timed-store",
	.usage = "ADDR LEN VALUE",
	.proves = "what a store costs at least; prints cycles",
	.args = "alv",
	.answer = answer_dec,
};

#endif
