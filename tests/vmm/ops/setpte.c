// SPDX-License-Identifier: GPL-2.0
/*
 * setpte: the page table of the high alias: page NUMBER of it now means the physical page
 * PHYS. What `remap guest` uses.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(setpte)
{
	high_set(m->arg[0], m->arg[1]);
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
