// SPDX-License-Identifier: GPL-2.0
/* rep-movs: LEN bytes from one place to another in one instruction. */
#include "op.h"

#ifdef GUEST

GUEST_OP(rep_movs)
{
	word to = m->arg[0], from = m->arg[1], bytes = m->arg[2];

	asm volatile("rep movsb" : "+D" (to), "+S" (from), "+c" (bytes) : : "memory");
}

#else

HOST_OP(rep_movs) = {
	.name = "rep-movs",
	.usage = "TO FROM BYTES",
	.proves = "REP MOVSB is seen",
	.args = "aav",
};

#endif
