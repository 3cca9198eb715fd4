// SPDX-License-Identifier: GPL-2.0
/*
 * movss-store: a store in the shadow of MOV SS, which holds back debug exceptions by one
 * instruction.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(movss_store)
{
	word value = m->arg[2];

	SIZED("mov %%ss, %%ecx\n\tmov %%ecx, %%ss\n\tmov", m->arg[1], (word)m->arg[0], value);
}

#else

HOST_OP(movss_store) = {
	.name = "movss-store",
	.usage = "ADDR LEN VALUE",
	.proves = "a store behind MOV SS is seen",
	.args = "alv",
};

#endif
