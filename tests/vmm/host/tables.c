// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's page tables: the low 4 GiB one to one, and the watched block once
 * more in 4 KiB pages at a kernel-like address, so that linear != physical; the
 * 2 MiB behind that are names to give away. All of it is open to CPL 3.
 */
#include <string.h>
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

/* As the first ones, but that the name of `words` means `spare`. */
static void build_other(void)
{
	memcpy(table(PML4_OTHER), table(PML4), 4096);
	memcpy(table(PDPT_OTHER), table(PDPT_HIGH), 4096);
	memcpy(table(PD_OTHER), table(PD_HIGH), 4096);
	memcpy(table(PT_OTHER), table(PT_HIGH), 4096);
	table(PML4_OTHER)[511] = PDPT_OTHER | P;
	table(PDPT_OTHER)[510] = PD_OTHER | P;
	table(PD_OTHER)[HIGH64 >> 21 & 511] = PT_OTHER | P;
	table(PT_OTHER)[(WORDS - WATCHED) / 4096] = SPARE | P;
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
	if (vm.long_mode) {
		build64();
		build_other();
	} else {
		build32();
	}
}
