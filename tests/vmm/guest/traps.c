// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's exceptions and interrupts. #DB is counted by cause, so that a
 * test can say which debug exceptions reached the guest and which did not.
 */
#include "guest.h"

struct frame {
#ifdef __x86_64__
	word r15, r14, r13, r12, r11, r10, r9, r8;
#endif
	word di, si, bp, bx, dx, cx, ax;
	word vector, error;
	word ip, cs, flags;
};

struct gate {
	u16 offset0, selector;
	u8 ist, type;
	u16 offset1;
#ifdef __x86_64__
	u32 offset2, reserved;
#endif
};

struct pointer {
	u16 limit;
	word base;
} __attribute__((packed));

extern const word trap_stubs[];		/* vectors 0 to 31 */
extern const char trap_wake[], trap_submit[], trap_spurious[], trap_kernel[];
static struct gate idt[256] __attribute__((aligned(16)));

static struct mailbox *mailbox(void)
{
	u32 self;

	asm volatile("movl %%gs:0, %0" : "=r" (self));
	return (struct mailbox *)(word)self;
}

static bool is_execute(unsigned int slot)
{
	return !(READ_REG(dr7) >> (16 + 4 * slot) & 3);
}

static void count_debug(struct mailbox *m, struct frame *f)
{
	word dr6 = READ_REG(dr6);
	unsigned int slot;

	WRITE_REG(dr6, DR6_CLEAR);
	m->db.all++;
	m->db.last = dr6;
	m->db.seen |= dr6 & (0xf | DR6_BS | DR6_BD);
	for (slot = 0; slot < 4; slot++) {
		if (!(dr6 & 1UL << slot))
			continue;
		m->db.b[slot]++;
		if (is_execute(slot))
			f->flags |= FLAG_RF;
	}
	m->db.bs += !!(dr6 & DR6_BS);
	m->db.bs_counted += dr6 & DR6_BS && f->ip > m->step_from && f->ip <= m->step_to;
	m->db.bd += !!(dr6 & DR6_BD);
	m->db.none += !(dr6 & (0xf | DR6_BS | DR6_BD));
}

static void die(struct mailbox *m, struct frame *f)
{
	m->trap_vector = f->vector;
	m->trap_error = f->error;
	m->trap_ip = f->ip;
	m->trap_cr2 = READ_REG(cr2);
	asm volatile("" : : : "memory");
	*(volatile u32 *)&m->trapped = 1;
	outl(PORT_TRAP, f->vector);
	for (;;)
		asm volatile("cli\n\thlt");
}

void trap(struct frame *f)
{
	struct mailbox *m = mailbox();

	switch (f->vector) {
	case 1:
		count_debug(m, f);
		break;
	case 2:
		m->nmis++;
		break;
	case VEC_WAKE:
		m->irqs++;
		if (m->eoi_byte)
			m->ret[0] = *(volatile u8 *)(word)m->eoi_byte;
		lapic_write(LAPIC_EOI, 0);
		break;
	case VEC_SUBMIT:
		lapic_write(LAPIC_EOI, 0);
		break;
	case VEC_SPURIOUS:
		break;
	default:
		die(m, f);
	}
}

static void set_gate(unsigned int vector, word handler, u8 ist, u8 dpl)
{
	struct gate *g = &idt[vector];

	g->offset0 = handler;
	g->offset1 = handler >> 16;
	g->selector = READ_REG(cs);
	g->ist = ist;
	g->type = 0x8e | dpl << 5;
#ifdef __x86_64__
	g->offset2 = handler >> 32;
#endif
}

void traps_init(void)
{
	struct pointer pointer = { sizeof(idt) - 1, (word)idt };
	unsigned int vector;

	for (vector = 0; vector < 32; vector++) {
		bool own_stack = sizeof(word) == 8 && (vector == 1 || vector == 2);

		set_gate(vector, trap_stubs[vector], own_stack, 0);
	}
	set_gate(VEC_WAKE, (word)trap_wake, 0, 0);
	set_gate(VEC_SUBMIT, (word)trap_submit, 0, 0);
	set_gate(VEC_SPURIOUS, (word)trap_spurious, 0, 0);
	set_gate(VEC_KERNEL, (word)trap_kernel, 0, 3);
	asm volatile("lidt %0" : : "m" (pointer));
}
