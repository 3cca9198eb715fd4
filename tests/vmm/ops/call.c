// SPDX-License-Identifier: GPL-2.0
/* call: calls the function `target` COUNT times, or until `stop`, with an argument: for execute breakpoints and watches. */
#include "op.h"

#ifdef GUEST

__attribute__((noinline)) void target(u64 argument)
{
	asm volatile("nop" : : "r" ((unsigned long)argument) : "memory");
}

GUEST_OP(call)
{
	u64 left;

	for (left = m->arg[0]; left && !stopped(m); left--)
		target(m->arg[1]);
}

#else

HOST_OP(call) = {
	.name = "call",
	.usage = "[COUNT [ARGUMENT]]",
	.proves = "calls `target` with ARGUMENT, for execute breakpoints and watches; endless by a large COUNT",
	.args = "no",
};

#endif
