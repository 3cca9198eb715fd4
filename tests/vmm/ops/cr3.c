// SPDX-License-Identifier: GPL-2.0
/*
 * cr3: switches to page tables without the high alias (1), as a kernel does on its way to
 * user space, and back (0). Watched names do not translate in between.
 */
#include "op.h"

#ifdef GUEST

GUEST_OP(cr3)
{
	WRITE_REG(cr3, m->arg[0] ? PML4_BARE : PML4);
}

#else

HOST_OP(cr3) = {
	.name = "cr3",
	.usage = "0|1",
	.proves = "page tables in which the watched name does not translate",
	.args = "v",
	.long_mode = true,
};

#endif
