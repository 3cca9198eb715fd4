// SPDX-License-Identifier: GPL-2.0
/* icebp: INT1, a debug exception without a cause in DR6; it is the guest's. */
#include "op.h"

#ifdef GUEST

GUEST_OP(icebp)
{
	u32 before = m->db.none;

	asm volatile(".byte 0xf1" : : : "memory");
	m->ret[0] = *(volatile u32 *)&m->db.none - before;
}

#else

static bool answer(const struct mailbox *m, struct answer *out)
{
	answer_add(out, "debug exceptions without a cause: expected 1, got %llu",
		   (unsigned long long)m->ret[0]);
	return m->ret[0] == 1;
}

HOST_OP(icebp) = {
	.name = "icebp",
	.usage = "",
	.proves = "INT1 reaches the guest once",
	.args = "",
	.answer = answer,
};

#endif
