// SPDX-License-Identifier: GPL-2.0
/* avx-store: VMOVDQU, 32 bytes in one store, VALUE four times. */
#include "op.h"

#ifdef GUEST

#define CPUID_1_XSAVE	(1U << 26)
#define CPUID_1_AVX	(1U << 28)
#define XCR0_AVX	7	/* with SSE and x87, as it must be */

static bool enable_avx(void)
{
	u32 needed = CPUID_1_XSAVE | CPUID_1_AVX;

	if ((cpuid_ecx(1) & needed) != needed)
		return false;
	WRITE_REG(cr4, READ_REG(cr4) | CR4_OSFXSR | CR4_OSXSAVE);
	asm volatile("xsetbv" : : "a" (XCR0_AVX), "d" (0), "c" (0));
	return true;
}

GUEST_OP(avx_store)
{
	u64 value[] = { m->arg[1], m->arg[1], m->arg[1], m->arg[1] };

	m->ret[0] = enable_avx();
	if (m->ret[0])
		asm volatile("vmovdqu %0, %%ymm0\n\tvmovdqu %%ymm0, (%1)\n\tvzeroupper"
			     : : "m" (value), "r" ((word)m->arg[0]) : "memory");
}

#else

static bool answer(const struct mailbox *m, struct answer *out)
{
	if (!m->ret[0])
		answer_add(out, "avx-store: not offered");
	return m->ret[0];
}

HOST_OP(avx_store) = {
	.name = "avx-store",
	.usage = "ADDR VALUE",
	.proves = "a store of 32 bytes, VALUE four times",
	.args = "av",
	.answer = answer,
};

#endif
