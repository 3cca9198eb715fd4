// SPDX-License-Identifier: GPL-2.0
/* lock-add: a locked read-modify-write. */
#include "op.h"

#ifdef GUEST

GUEST_OP(lock_add)
{
	word value = m->arg[2];

	SIZED("lock add", m->arg[1], (word)m->arg[0], value);
}

#else

HOST_OP(lock_add) = {
	.name = "lock-add",
	.usage = "ADDR LEN VALUE",
	.proves = "LOCK ADD is seen",
	.args = "alv",
};

#endif
