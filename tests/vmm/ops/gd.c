// SPDX-License-Identifier: GPL-2.0
/* gd: general detect: with DR7.GD set, an access to a debug register faults with BD. */
#include "op.h"

#ifdef GUEST

GUEST_OP(gd)
{
	u32 before = m->db.bd;
	word dr7 = READ_REG(dr7);

	WRITE_REG(dr7, dr7 | DR7_GD);
	m->ret[1] = READ_REG(dr0);
	m->ret[0] = *(volatile u32 *)&m->db.bd - before;
	WRITE_REG(dr7, dr7);
}

#else

static bool answer(const struct mailbox *m, struct answer *out)
{
	answer_add(out, "BD exceptions: expected 1, got %llu", (unsigned long long)m->ret[0]);
	return m->ret[0] == 1;
}

HOST_OP(gd) = {
	.name = "gd",
	.usage = "",
	.proves = "DR7.GD reaches the guest once",
	.args = "",
	.answer = answer,
};

#endif
