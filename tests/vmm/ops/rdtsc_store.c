// SPDX-License-Identifier: GPL-2.0
/*
 * rdtsc-store: LFENCE, RDTSC and the store are adjacent instructions; prints the counter,
 * the start of the way from store to verdict.
 */
#include "op.h"

#ifdef GUEST

#define RDTSC_STORE(insn) \
	asm volatile("lfence\n\trdtsc\n\t" insn : "=&a" (low), "=&d" (high) : "c" (value), "D" (to) : "memory")

GUEST_OP(rdtsc_store)
{
	word to = m->arg[0], value = m->arg[2];
	u32 low = 0, high = 0;

	switch (m->arg[1]) {
	case 1: RDTSC_STORE("movb %%cl, (%3)"); break;
	case 2: RDTSC_STORE("movw %%cx, (%3)"); break;
	case 4: RDTSC_STORE("movl %%ecx, (%3)"); break;
#ifdef __x86_64__
	case 8: RDTSC_STORE("movq %%rcx, (%3)"); break;
#endif
	}
	m->ret[0] = (u64)high << 32 | low;
}

#else

HOST_OP(rdtsc_store) = {
	.name = "rdtsc-store",
	.usage = "ADDR LEN VALUE",
	.proves = "when the store happened, by the host's TSC",
	.args = "alv",
	.answer = answer_dec,
};

#endif
