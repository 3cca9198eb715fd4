// SPDX-License-Identifier: GPL-2.0
/* hlt: halts until an interrupt or NMI of `wake`; a halted vCPU must be reached too. */
#include "op.h"

#ifdef GUEST

GUEST_OP(hlt)
{
	u32 woken = m->irqs + m->nmis;

	asm volatile("cli" : : : "memory");
	while (*(volatile u32 *)&m->irqs + *(volatile u32 *)&m->nmis == woken)
		asm volatile("sti\n\thlt\n\tcli" : : : "memory");
	asm volatile("sti" : : : "memory");
	m->ret[0] = m->irqs;
	m->ret[1] = m->nmis;
}

#else

static bool answer(const struct mailbox *m, struct answer *out)
{
	answer_add(out, "irqs=%llu nmis=%llu", (unsigned long long)m->ret[0], (unsigned long long)m->ret[1]);
	return true;
}

HOST_OP(hlt) = {
	.name = "hlt",
	.usage = "",
	.proves = "a halted vCPU; start it, then wake",
	.args = "",
	.answer = answer,
};

#endif
