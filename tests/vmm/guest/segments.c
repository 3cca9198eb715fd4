// SPDX-License-Identifier: GPL-2.0
/*
 * Each vCPU's own GDT: gs leads to its mailbox; in long mode a TSS gives #DB
 * and NMI a stack of their own, so that op `push` may point the stack into
 * watched memory, and CPL 3 a way back.
 */
#include "guest.h"

struct tss64 {
	u32 reserved0;
	u64 rsp[3];
	u64 reserved1;
	u64 ist[7];
	u64 reserved2;
	u16 reserved3, iomap;
} __attribute__((packed));

struct pointer {
	u16 limit;
	word base;
} __attribute__((packed));

static struct {
	u64 gdt[GDT_ENTRIES];
	struct tss64 tss;
} __attribute__((aligned(64))) segments[MAX_VCPUS];

static u64 with_base(u64 descriptor, u32 base)
{
	return descriptor | (u64)(base & 0xffffff) << 16 | (u64)(base >> 24) << 56;
}

#ifdef __x86_64__
static void load_tss(unsigned int cpu)
{
	struct tss64 *tss = &segments[cpu].tss;
	u64 *gdt = segments[cpu].gdt;

	tss->rsp[0] = RSP0_STACKS + (cpu + 1) * IST_SIZE;
	tss->ist[0] = IST_STACKS + (cpu + 1) * IST_SIZE;
	tss->iomap = sizeof(*tss);
	gdt[SEL_TSS / 8] = with_base(0x0000890000000000 | (sizeof(*tss) - 1), (u32)(word)tss);
	gdt[SEL_TSS / 8 + 1] = 0;
	asm volatile("ltr %w0" : : "r" (SEL_TSS));
}
#else
static void load_tss(unsigned int cpu)
{
	(void)cpu;
}
#endif

void segments_init(unsigned int cpu)
{
	u64 *gdt = segments[cpu].gdt;
	struct pointer pointer = { sizeof(segments[cpu].gdt) - 1, (word)gdt };

	gdt[SEL_CODE32 / 8] = 0x00cf9b000000ffff;
	gdt[SEL_DATA / 8] = 0x00cf93000000ffff;
	gdt[SEL_CODE64 / 8] = 0x00af9b000000ffff;
	gdt[SEL_PERCPU / 8] = with_base(0x00cff3000000ffff, (u32)(word)MAILBOX(cpu));
	gdt[SEL_USER_DATA / 8] = 0x00cff3000000ffff;
	gdt[SEL_USER_CODE / 8] = 0x00affb000000ffff;
	asm volatile("lgdt %0" : : "m" (pointer));
	asm volatile("mov %0, %%gs" : : "r" (SEL_PERCPU));
	load_tss(cpu);
}
