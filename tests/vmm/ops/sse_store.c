// SPDX-License-Identifier: GPL-2.0
/* sse-store: MOVDQU, 16 bytes in one store, VALUE twice. */
#include "op.h"

#ifdef GUEST

GUEST_OP(sse_store)
{
	u64 value[] = { m->arg[1], m->arg[1] };

	WRITE_REG(cr4, READ_REG(cr4) | CR4_OSFXSR);
	asm volatile("movdqu %0, %%xmm0\n\tmovdqu %%xmm0, (%1)" : : "m" (value), "r" ((word)m->arg[0]) : "memory");
}

#else

HOST_OP(sse_store) = {
	.name = "sse-store",
	.usage = "ADDR VALUE",
	.proves = "a store of 16 bytes, VALUE twice",
	.args = "av",
};

#endif
