// SPDX-License-Identifier: GPL-2.0
/* What the guest changes in its page tables: pages of the high alias, and of the names behind it. */
#include "guest.h"

#ifdef __x86_64__
#define TABLE ((volatile u64 *)PT_HIGH)
#else
#define TABLE ((volatile u32 *)PT32_HIGH)
#endif

bool paging_is_on(void)
{
	return READ_REG(cr0) & 0x80000000UL;
}

void high_set(word number, u64 physical)
{
	TABLE[number] = physical | 7;
	asm volatile("invlpg %0" : : "m" (*(char *)(HIGH + number * 4096)) : "memory");
}

u64 high_get(word number)
{
	return TABLE[number] & ~4095UL;
}
