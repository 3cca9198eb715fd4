// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's page tables: the low 4 GiB one to one, and the watched block once
 * more in 4 KiB pages at a kernel-like address, so that linear != physical; the
 * 2 MiB behind that are names to give away. All of it is open to CPL 3.
 */
#include "vmm.h"

#define P	0x7ULL		/* present, writable, user */
#define LARGE	0x80ULL

static uint64_t *table(uint64_t at)
{
	return (uint64_t *)(vm.mem + at);
}

static void build64(void)
{
	unsigned int i;

	table(PML4)[0] = table(PML4_BARE)[0] = PDPT_LOW | P;
	table(PML4)[511] = PDPT_HIGH | P;
	for (i = 0; i < 4; i++)
		table(PDPT_LOW)[i] = (PD_LOW + i * 0x1000) | P;
	for (i = 0; i < 4 * 512; i++)
		table(PD_LOW)[i] = (uint64_t)i << 21 | LARGE | P;
	table(PDPT_HIGH)[510] = PD_HIGH | P;
	table(PD_HIGH)[HIGH64 >> 21 & 511] = PT_HIGH | P;
	table(PD_HIGH)[(HIGH64 >> 21 & 511) + 1] = (PT_HIGH + 0x1000) | P;
	for (i = 0; i < 512; i++)
		table(PT_HIGH)[i] = (WATCHED + i * 0x1000) | P;
}

static void build32(void)
{
	uint32_t *directory = (uint32_t *)table(PD32), *pages = (uint32_t *)table(PT32_HIGH);
	unsigned int i;

	for (i = 0; i < 1024; i++)
		directory[i] = i << 22 | LARGE | P;
	directory[HIGH32 >> 22] = PT32_HIGH | P;
	for (i = 0; i < 512; i++)
		pages[i] = (WATCHED + i * 0x1000) | P;
}

void tables_build(void)
{
	if (vm.long_mode)
		build64();
	else
		build32();
}
