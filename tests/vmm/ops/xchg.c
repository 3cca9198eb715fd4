// SPDX-License-Identifier: GPL-2.0
/* xchg: an implicitly locked store that also reads; prints the value before. */
#include "op.h"

#ifdef GUEST

GUEST_OP(xchg)
{
	word value = m->arg[2];

	SIZED("xchg", m->arg[1], (word)m->arg[0], value);
	m->ret[0] = m->arg[1] >= sizeof(word) ? value : value & ((1UL << 8 * m->arg[1]) - 1);
}

#else

HOST_OP(xchg) = {
	.name = "xchg",
	.usage = "ADDR LEN VALUE",
	.proves = "XCHG is seen; prints the value before",
	.args = "alv",
	.answer = answer_hex,
};

#endif
