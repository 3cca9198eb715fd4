// SPDX-License-Identifier: GPL-2.0
/*
 * storm: stores VALUE and VALUE2 in turn, both 0 if left out, in a tight loop
 * until `stop`. Prints the stores.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(storm)
{
	word stores = 0;

	do {
		store_sized(m->arg[0], m->arg[1], stores & 1 ? m->arg[3] : m->arg[2]);
		stores++;
	} while (!stopped(m));
	m->ret[0] = stores;
}

#else

HOST_OP(storm) = {
	.name = "storm",
	.usage = "ADDR LEN [VALUE [VALUE2]]",
	.proves = "a store on every few instructions; endless, see start",
	.args = "aloo",
	.answer = answer_dec,
};

#endif
