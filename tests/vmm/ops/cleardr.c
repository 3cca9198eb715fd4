// SPDX-License-Identifier: GPL-2.0
/* cleardr: the guest drops all breakpoints of its own. */
#include "op.h"

#ifdef GUEST

GUEST_OP(cleardr)
{
	(void)m;
	WRITE_REG(dr7, 0x400);
	WRITE_REG(dr0, 0);
	WRITE_REG(dr1, 0);
	WRITE_REG(dr2, 0);
	WRITE_REG(dr3, 0);
	WRITE_REG(dr6, DR6_CLEAR);
}

#else

HOST_OP(cleardr) = {
	.name = "cleardr",
	.usage = "",
	.proves = "the guest drops its own breakpoints",
	.args = "",
};

#endif
