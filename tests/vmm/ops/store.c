// SPDX-License-Identifier: GPL-2.0
/* store: one MOV, COUNT times; each is a debug-register hit on a watched word. */
#include "op.h"

#ifdef GUEST

GUEST_OP(store)
{
	u64 left;

	for (left = m->arg[3]; left; left--)
		store_sized(m->arg[0], m->arg[1], m->arg[2]);
}

#else

HOST_OP(store) = {
	.name = "store",
	.usage = "ADDR LEN VALUE [COUNT]",
	.proves = "a plain store, COUNT times",
	.args = "alvn",
};

#endif
