// SPDX-License-Identifier: GPL-2.0
/* call: calls the function `target` COUNT times, for the guest's execute breakpoints. */
#include "op.h"

#ifdef GUEST

__attribute__((noinline)) void target(void)
{
	asm volatile("nop" : : : "memory");
}

GUEST_OP(call)
{
	u64 left;

	for (left = m->arg[0]; left; left--)
		target();
}

#else

HOST_OP(call) = {
	.name = "call",
	.usage = "[COUNT]",
	.proves = "calls `target`, for execute breakpoints",
	.args = "n",
};

#endif
