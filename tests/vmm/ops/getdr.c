// SPDX-License-Identifier: GPL-2.0
/* getdr: debug registers as the guest reads them; the host's must not show. */
#include "op.h"

#ifdef GUEST

GUEST_OP(getdr)
{
	m->ret[0] = READ_REG(dr0);
	m->ret[1] = READ_REG(dr1);
	m->ret[2] = READ_REG(dr2);
	m->ret[3] = READ_REG(dr3);
	m->ret[4] = READ_REG(dr6);
	m->ret[5] = READ_REG(dr7);
}

#else

static bool answer(const struct mailbox *m, struct answer *out)
{
	static const char *const name[] = { "dr0", "dr1", "dr2", "dr3", "dr6", "dr7" };
	unsigned int i;

	for (i = 0; i < 6; i++)
		answer_add(out, "%s%s=0x%llx", i ? " " : "", name[i], (unsigned long long)m->ret[i]);
	return true;
}

HOST_OP(getdr) = {
	.name = "getdr",
	.usage = "",
	.proves = "what the guest reads from its debug registers",
	.args = "",
	.answer = answer,
};

#endif
