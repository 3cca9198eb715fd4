// SPDX-License-Identifier: GPL-2.0
/*
 * movs-mmio: MOVS from where no memory is: the VMM answers the read, and KVM, which
 * emulates the instruction, stores the bytes. The VMM sees two MMIO exits.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(movs_mmio)
{
	word to = m->arg[0], from = MMIO;

	store_sized(MMIO, m->arg[1], m->arg[2]);
#define MOVS(width) asm volatile("movs" width : "+D" (to), "+S" (from) : : "memory")
	switch (m->arg[1]) {
	case 1: MOVS("b"); break;
	case 2: MOVS("w"); break;
	case 4: MOVS("l"); break;
#ifdef __x86_64__
	case 8: MOVS("q"); break;
#endif
	}
}

#else

HOST_OP(movs_mmio) = {
	.name = "movs-mmio",
	.usage = "ADDR LEN VALUE",
	.proves = "a store that KVM emulates, of bytes from the VMM",
	.args = "alv",
};

#endif
