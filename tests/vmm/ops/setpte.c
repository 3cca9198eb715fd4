// SPDX-License-Identifier: GPL-2.0
/*
 * setpte: the page table of the high alias: page NUMBER of it now means the physical page
 * PHYS. What `remap guest` uses.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(setpte)
{
#ifdef __x86_64__
	volatile u64 *table = (u64 *)PT_HIGH;
	word high = HIGH64;
#else
	volatile u32 *table = (u32 *)PT32_HIGH;
	word high = HIGH32;
#endif
	word number = m->arg[0];

	table[number] = m->arg[1] | 7;
	asm volatile("invlpg %0" : : "m" (*(char *)(high + number * 4096)) : "memory");
}

#else

static const char *check(const uint64_t *arg)
{
	return arg[0] > 511 ? "NUMBER: expected 0 to 511" : NULL;
}

HOST_OP(setpte) = {
	.name = "setpte",
	.usage = "NUMBER PHYS",
	.proves = "a name changes its page",
	.args = "vp",
	.check = check,
};

#endif
