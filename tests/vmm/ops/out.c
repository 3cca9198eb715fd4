// SPDX-License-Identifier: GPL-2.0
/* out: port I/O the VMM must see: exits that the module has no part in stay as they are. */
#include "op.h"

#ifdef GUEST

GUEST_OP(out)
{
	u64 left;

	for (left = m->arg[0]; left; left--)
		outl(PORT_OUT, left);
}

#else

HOST_OP(out) = {
	.name = "out",
	.usage = "[COUNT]",
	.proves = "COUNT exits for the VMM",
	.args = "n",
};

#endif
