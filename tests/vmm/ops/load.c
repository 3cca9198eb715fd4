// SPDX-License-Identifier: GPL-2.0
/* load: reads only; a write watch must stay silent, and the guest must see its own bytes. */
#include "op.h"

#ifdef GUEST

static u64 load_sized(word addr, unsigned int len)
{
	switch (len) {
	case 1:
		return *(volatile u8 *)addr;
	case 2:
		return *(volatile u16 *)addr;
	case 4:
		return *(volatile u32 *)addr;
	default:
		return *(volatile u64 *)addr;
	}
}

GUEST_OP(load)
{
	m->ret[0] = load_sized(m->arg[0], m->arg[1]);
}

#else

HOST_OP(load) = {
	.name = "load",
	.usage = "ADDR LEN",
	.proves = "a read is not a write; prints the value",
	.args = "al",
	.answer = answer_hex,
};

#endif
