// SPDX-License-Identifier: GPL-2.0
/*
 * setdr: the guest's own breakpoint, RW 0 = execute, 1 = write, 3 = read or write. Its
 * #DB handler counts the hits, see dbcount.
 */
#include "op.h"

#ifdef GUEST

static void write_slot(unsigned int slot, word addr)
{
	switch (slot) {
	case 0: WRITE_REG(dr0, addr); break;
	case 1: WRITE_REG(dr1, addr); break;
	case 2: WRITE_REG(dr2, addr); break;
	case 3: WRITE_REG(dr3, addr); break;
	}
}

GUEST_OP(setdr)
{
	unsigned int slot = m->arg[0], len = m->arg[3];
	word code = m->arg[2] | (len == 8 ? 2 : len - 1) << 2;
	word dr7 = READ_REG(dr7) & ~(0xfUL << (16 + 4 * slot));

	write_slot(slot, m->arg[1]);
	WRITE_REG(dr7, dr7 | code << (16 + 4 * slot) | 2UL << 2 * slot);
}

#else

static const char *check(const uint64_t *arg)
{
	if (arg[0] > 3)
		return "SLOT: expected 0 to 3";
	if (arg[2] != 0 && arg[2] != 1 && arg[2] != 3)
		return "RW: expected 0, 1 or 3";
	return arg[2] == 0 && arg[3] != 1 ? "an execute breakpoint has LEN 1" : NULL;
}

HOST_OP(setdr) = {
	.name = "setdr",
	.usage = "SLOT ADDR RW LEN",
	.proves = "the guest keeps its own breakpoints",
	.args = "vavl",
	.check = check,
};

#endif
