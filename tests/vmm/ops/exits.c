// SPDX-License-Identifier: GPL-2.0
/*
 * exits: COUNT exits that KVM handles itself (CPUID), fifty times, timed by the
 * guest's own counter; the least of the fifty is free of the host's interrupts.
 */
#include "op.h"

#define ROUNDS 50

#ifdef GUEST

static u64 cost(u64 left)
{
	u64 start = rdtsc_now();

	for (; left; left--) {
		u32 a = 0, b, c = 0, d;

		asm volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
	}
	return rdtsc_now() - start;
}

GUEST_OP(exits)
{
	u64 least = ~0ULL, now;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		now = cost(m->arg[0]);
		if (now < least)
			least = now;
	}
	m->ret[0] = least;
}

#else

HOST_OP(exits) = {
	.name = "exits",
	.usage = "COUNT",
	.proves = "what COUNT exits cost at least; prints cycles",
	.args = "n",
	.answer = answer_dec,
};

#endif
