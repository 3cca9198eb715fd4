// SPDX-License-Identifier: GPL-2.0
/*
 * ins: INS from a port the VMM answers. KVM writes the bytes itself, so no debug register
 * hits; the VMM sees two I/O exits.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(ins)
{
	word to = m->arg[0];

	outl(PORT_INS, m->arg[2]);
	switch (m->arg[1]) {
	case 1:
		asm volatile("insb" : "+D" (to) : "d" (PORT_INS) : "memory");
		break;
	case 2:
		asm volatile("insw" : "+D" (to) : "d" (PORT_INS) : "memory");
		break;
	case 4:
		asm volatile("insl" : "+D" (to) : "d" (PORT_INS) : "memory");
		break;
	}
}

#else

static const char *check(const uint64_t *arg)
{
	return arg[1] == 8 ? "INS has no 8-byte form" : NULL;
}

HOST_OP(ins) = {
	.name = "ins",
	.usage = "ADDR LEN VALUE",
	.proves = "a store that KVM emulates (LEN 1, 2 or 4)",
	.args = "alv",
	.check = check,
};

#endif
