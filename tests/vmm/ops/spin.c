// SPDX-License-Identifier: GPL-2.0
/*
 * spin: runs guest code without an exit until `stop`; whatever the module wants of this
 * vCPU, it must get by kicking it. Prints the rounds.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(spin)
{
	word rounds = 0;

	do
		rounds++;
	while (!stopped(m));
	m->ret[0] = rounds;
}

#else

HOST_OP(spin) = {
	.name = "spin",
	.usage = "",
	.proves = "a vCPU that never exits on its own; endless, see start",
	.args = "",
	.answer = answer_dec,
};

#endif
