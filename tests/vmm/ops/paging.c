// SPDX-License-Identifier: GPL-2.0
/*
 * paging: the 32-bit guest turns paging on, with the high alias, or off again: the edge
 * that marks a reboot.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(paging)
{
#ifdef __x86_64__
	(void)m;
#else
	word cr0 = READ_REG(cr0) & ~0x80000000UL;

	if (m->arg[0]) {
		WRITE_REG(cr4, READ_REG(cr4) | 0x10);	/* PSE */
		WRITE_REG(cr3, PD32);
		cr0 |= 0x80000000UL;
	}
	WRITE_REG(cr0, cr0);
#endif
}

#else

static const char *check(const uint64_t *arg)
{
	(void)arg;
	return vm.long_mode ? "a 64-bit guest cannot drop paging; use init or reset" : NULL;
}

HOST_OP(paging) = {
	.name = "paging",
	.usage = "0|1",
	.proves = "CR0.PG falls and rises (32-bit guest)",
	.args = "v",
	.check = check,
};

#endif
