/* SPDX-License-Identifier: GPL-2.0 */
/* The guest: one flat program without a library, 64-bit or 32-bit. */
#ifndef VMM_GUEST_H
#define VMM_GUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "layout.h"
#include "mailbox.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef unsigned long word;	/* 64 or 32 bits, as the guest */

#define FLAG_TF		(1UL << 8)
#define FLAG_RF		(1UL << 16)
#define CR4_OSFXSR	(1UL << 9)
#define CR4_OSXSAVE	(1UL << 18)
#define DR6_CLEAR	0xffff0ff0UL
#define DR6_BD		(1UL << 13)
#define DR6_BS		(1UL << 14)
#define DR7_GD		(1UL << 13)

#define MAILBOX(cpu) ((struct mailbox *)(word)(MAILBOXES + (cpu) * MAILBOX_SIZE))

/*
 * One instruction of the given width between register v and memory at p.
 * ecx is scratch for prefixes that need it.
 */
#define SIZED(insn, len, p, v) do {					\
	switch (len) {							\
	case 1: SIZED_ONE(insn "b %b0, %1", u8, p, v); break;		\
	case 2: SIZED_ONE(insn "w %w0, %1", u16, p, v); break;		\
	case 4: SIZED_ONE(insn "l %k0, %1", u32, p, v); break;		\
	SIZED_8(insn, p, v)						\
	}								\
} while (0)
#define SIZED_ONE(text, type, p, v)					\
	asm volatile(text : "+q" (v), "+m" (*(type *)(p)) : : "ecx", "cc", "memory")
#ifdef __x86_64__
#define SIZED_8(insn, p, v) case 8: SIZED_ONE(insn "q %q0, %1", u64, p, v); break;
#else
#define SIZED_8(insn, p, v)
#endif

static inline u64 rdtsc_now(void)
{
	u32 low, high;

	asm volatile("lfence\n\trdtsc" : "=a" (low), "=d" (high));
	return (u64)high << 32 | low;
}

static inline void store_sized(word addr, unsigned int len, word value)
{
	SIZED("mov", len, addr, value);
}

static inline bool stopped(const struct mailbox *m)
{
	return *(const volatile u32 *)&m->stop;
}

static inline void outl(u16 port, u32 value)
{
	asm volatile("outl %0, %1" : : "a" (value), "Nd" (port) : "memory");
}

static inline void wrmsr(u32 msr, u64 value)
{
	asm volatile("wrmsr" : : "c" (msr), "a" ((u32)value), "d" ((u32)(value >> 32)) : "memory");
}

static inline u64 rdmsr(u32 msr)
{
	u32 low, high;

	asm volatile("rdmsr" : "=a" (low), "=d" (high) : "c" (msr));
	return (u64)high << 32 | low;
}

static inline u32 cpuid_ecx(u32 leaf)
{
	u32 b, c = 0, d;

	asm volatile("cpuid" : "+a" (leaf), "=b" (b), "+c" (c), "=d" (d));
	return c;
}

static inline word read_flags(void)
{
	word flags;

	asm volatile("pushf\n\tpop %0" : "=r" (flags) : : "memory");
	return flags;
}

#define READ_REG(reg) ({ word __v; asm volatile("mov %%" #reg ", %0" : "=r" (__v) : : "memory"); __v; })
#define WRITE_REG(reg, v) asm volatile("mov %0, %%" #reg : : "r" ((word)(v)) : "memory")

static inline void lapic_write(u32 reg, u32 value)
{
	asm volatile("movl %0, %1" : : "r" (value), "m" (*(volatile u32 *)(word)(LAPIC + reg)) : "memory");
}

static inline u32 lapic_read(u32 reg)
{
	return *(volatile u32 *)(word)(LAPIC + reg);
}

#define LAPIC_EOI	0x0b0
#define LAPIC_SVR	0x0f0
#define LAPIC_ICR	0x300
#define LAPIC_ICR2	0x310

/* tables.c: the page table of the high alias */
#ifdef __x86_64__
#define HIGH HIGH64
#else
#define HIGH HIGH32
#endif
#define FREE_NAMES (WATCHED_SIZE / 4096)	/* the first page that has no meaning of its own */
bool paging_is_on(void);
void high_set(word number, u64 physical);
u64 high_get(word number);

void segments_init(unsigned int cpu);
void traps_init(void);
void target(u64 argument);

typedef void (*op_fn)(struct mailbox *m);
extern const op_fn op_table[];

#endif
