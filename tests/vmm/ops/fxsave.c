// SPDX-License-Identifier: GPL-2.0
/* fxsave: the state of x87 and SSE, 512 bytes in one instruction; the first two are 0x37f. */
#include "op.h"

#ifdef GUEST

GUEST_OP(fxsave)
{
	WRITE_REG(cr4, READ_REG(cr4) | CR4_OSFXSR);
	asm volatile("fninit\n\tfxsave (%0)" : : "r" ((word)m->arg[0]) : "memory");
}

#else

static const char *check(const uint64_t *arg)
{
	return arg[0] & 15 ? "ADDR: expected a multiple of 16" : NULL;
}

HOST_OP(fxsave) = {
	.name = "fxsave",
	.usage = "ADDR",
	.proves = "FXSAVE is seen",
	.args = "a",
	.check = check,
};

#endif
