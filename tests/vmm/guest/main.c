// SPDX-License-Identifier: GPL-2.0
/* Where every vCPU comes to after start, INIT or reset, and its loop. */
#include "op.h"

extern void start(void);
extern const char trampoline[], trampoline_end[];

#define OP(id) GUEST_OP(id);
#include "ops.list"
#undef OP

const op_fn op_table[OPS] = {
#define OP(id) [OP_##id] = op_##id,
#include "ops.list"
#undef OP
};

/* Between ops: round and round without an exit, or halted until VEC_SUBMIT. */
static void idle(volatile struct mailbox *v)
{
	if (!v->idle_hlt) {
		asm volatile("pause" : : : "memory");
		return;
	}
	asm volatile("cli" : : : "memory");
	if (v->done == v->seq)
		asm volatile("sti\n\thlt" : : : "memory");
	else
		asm volatile("sti" : : : "memory");
}

/* After INIT or reset an op that was running is over; one not begun is still due. */
static void abort_op(struct mailbox *m)
{
	if (!m->running)
		return;
	m->running = 0;
	m->eoi_byte = 0;
	m->aborted = 1;
	m->done = m->seq;
}

static void serve(struct mailbox *m)
{
	volatile struct mailbox *v = m;

	while (v->done == v->seq)
		idle(v);
	v->running = 1;
	op_table[v->op](m);
	asm volatile("" : : : "memory");
	v->running = 0;
	v->done = v->seq;
	if (!v->quiet)
		outl(PORT_DOORBELL, m->cpu);
}

void guest_main(unsigned int cpu)
{
	struct mailbox *m = MAILBOX(cpu);

	m->self = (u32)(word)m;
	m->cpu = cpu;
	segments_init(cpu);
	traps_init();
	lapic_write(LAPIC_SVR, 0x100 | VEC_SPURIOUS);
	abort_op(m);
	m->boots++;
	asm volatile("sti" : : : "memory");
	for (;;)
		serve(m);
}
