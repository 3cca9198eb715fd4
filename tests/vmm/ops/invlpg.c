// SPDX-License-Identifier: GPL-2.0
/* invlpg: forget a translation, after another vCPU changed the page table. */
#include "op.h"

#ifdef GUEST

GUEST_OP(invlpg)
{
	asm volatile("invlpg %0" : : "m" (*(char *)(word)m->arg[0]) : "memory");
}

#else

HOST_OP(invlpg) = {
	.name = "invlpg",
	.usage = "ADDR",
	.proves = "this vCPU forgets a translation",
	.args = "a",
};

#endif
