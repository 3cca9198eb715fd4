// SPDX-License-Identifier: GPL-2.0
/*
 * sgdt: writes limit and base of the GDT, 10 bytes (6 in the 32-bit guest); page tracking
 * does not see it, the debug register does.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(sgdt)
{
	asm volatile("sgdt %0" : "=m" (*(u64 *)(word)m->arg[0]) : : "memory");
}

#else

HOST_OP(sgdt) = {
	.name = "sgdt",
	.usage = "ADDR",
	.proves = "SGDT is seen",
	.args = "a",
};

#endif
