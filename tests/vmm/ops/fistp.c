// SPDX-License-Identifier: GPL-2.0
/* fistp: an integer from the top of the x87 stack. */
#include "op.h"

#ifdef GUEST

GUEST_OP(fistp)
{
	word to = m->arg[0];
	u64 value = m->arg[2];

#define FISTP(width) asm volatile("fninit\n\tfild" width " %0\n\tfistp" width " (%1)" : : "m" (value), "r" (to) : "memory")
	switch (m->arg[1]) {
	case 2: FISTP("s"); break;
	case 4: FISTP("l"); break;
	case 8: FISTP("ll"); break;
	}
}

#else

static const char *check(const uint64_t *arg)
{
	return arg[1] == 1 ? "FISTP has no 1-byte form" : NULL;
}

HOST_OP(fistp) = {
	.name = "fistp",
	.usage = "ADDR LEN VALUE",
	.proves = "a store by the x87 (LEN 2, 4 or 8)",
	.args = "alv",
	.check = check,
};

#endif
