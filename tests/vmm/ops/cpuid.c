// SPDX-License-Identifier: GPL-2.0
/* cpuid: what the guest's CPUID offers, nested virtualization among it. */
#include "op.h"

#ifdef GUEST

GUEST_OP(cpuid)
{
	u32 a = m->arg[0], b, c = m->arg[1], d;

	asm volatile("cpuid" : "+a" (a), "=b" (b), "+c" (c), "=d" (d));
	m->ret[0] = a;
	m->ret[1] = b;
	m->ret[2] = c;
	m->ret[3] = d;
}

#else

static bool answer(const struct mailbox *m, struct answer *out)
{
	answer_add(out, "eax=0x%x ebx=0x%x ecx=0x%x edx=0x%x", (uint32_t)m->ret[0],
		   (uint32_t)m->ret[1], (uint32_t)m->ret[2], (uint32_t)m->ret[3]);
	return true;
}

HOST_OP(cpuid) = {
	.name = "cpuid",
	.usage = "LEAF [SUBLEAF]",
	.proves = "what the guest is offered",
	.args = "vo",
	.answer = answer,
};

#endif
