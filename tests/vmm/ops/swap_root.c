// SPDX-License-Identifier: GPL-2.0
/*
 * swap-root: lets the name of `words` mean `spare` by another root table (1), or by another
 * entry of the root table (2), or what it meant at first (0). No table that led to `words` is
 * written but, with 2, the root.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(swap_root)
{
	*(volatile u64 *)(PML4 + 511 * 8) = (m->arg[0] == 2 ? PDPT_OTHER : PDPT_HIGH) | 7;
	WRITE_REG(cr3, m->arg[0] == 1 ? PML4_OTHER : PML4);
}

#else

HOST_OP(swap_root) = {
	.name = "swap-root",
	.usage = "0|1|2",
	.proves = "the name goes to another page by the root of the page tables alone",
	.args = "v",
	.long_mode = true,
};

#endif
