// SPDX-License-Identifier: GPL-2.0
/*
 * rep-stos: COUNT elements in one instruction. On some processors the hit is reported
 * after the next iteration: judge memory, not the instruction pointer.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(rep_stos)
{
	word to = m->arg[0], count = m->arg[3], value = m->arg[2];

#define REP_STOS(width) asm volatile("rep stos" width : "+D" (to), "+c" (count) : "a" (value) : "memory")
	switch (m->arg[1]) {
	case 1: REP_STOS("b"); break;
	case 2: REP_STOS("w"); break;
	case 4: REP_STOS("l"); break;
#ifdef __x86_64__
	case 8: REP_STOS("q"); break;
#endif
	}
}

#else

HOST_OP(rep_stos) = {
	.name = "rep-stos",
	.usage = "ADDR LEN VALUE [COUNT]",
	.proves = "REP STOS of COUNT elements is seen",
	.args = "alvn",
};

#endif
