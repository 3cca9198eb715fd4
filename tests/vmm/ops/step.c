// SPDX-License-Identifier: GPL-2.0
/*
 * step: N NOPs with TF set: the guest's own single step must reach the guest
 * exactly N times, whatever else the host arms.
 * step-store: one store under TF: where it hits a watched word, DR6 has two
 * causes; the single step is the guest's, the hit is not.
 */
#include "op.h"

#define STEP_MAX 1024

#ifdef GUEST

#define TF_ON	"pushf\n\torl $0x100, (%%" SP ")\n\tpopf\n\t"
#define TF_OFF	"pushf\n\tandl $~0x100, (%%" SP ")\n\tpopf\n\t"
#ifdef __x86_64__
#define SP "rsp"
#else
#define SP "esp"
#endif

extern const char step_nops[], step_nops_end[];

extern const char step_store_at[], step_store_end[];

static void __attribute__((noinline)) step_nops_from(const char *from)
{
	asm volatile(TF_ON
		     "jmp *%0\n\t"
		     ".globl step_nops, step_nops_end\n"
		     "step_nops:\n\t"
		     ".fill 1024, 1, 0x90\n"
		     "step_nops_end:\n\t"
		     TF_OFF
		     : : "r" (from) : "memory", "cc");
}

static void count_between(struct mailbox *m, const char *from, const char *to)
{
	m->step_from = (word)from;
	m->step_to = (word)to;
	m->ret[0] = m->db.bs_counted;
	m->ret[1] = m->db.bs;
	m->db.seen = 0;
}

static void counted(struct mailbox *m)
{
	volatile struct db_counts *db = &m->db;

	m->step_from = m->step_to = 0;
	m->ret[0] = db->bs_counted - m->ret[0];
	m->ret[1] = db->bs - m->ret[1];
	m->ret[2] = db->seen;
}

GUEST_OP(step)
{
	const char *from = step_nops_end - m->arg[0];

	count_between(m, from, step_nops_end);
	step_nops_from(from);
	counted(m);
}

static void __attribute__((noinline)) step_over_store(word addr, word value)
{
	asm volatile(TF_ON
		     ".globl step_store_at, step_store_end\n"
		     "step_store_at:\n\t"
		     "mov %1, (%0)\n"
		     "step_store_end:\n\t"
		     TF_OFF
		     : : "r" (addr), "r" (value) : "memory", "cc");
}

GUEST_OP(step_store)
{
	count_between(m, step_store_at, step_store_end);
	step_over_store(m->arg[0], m->arg[1]);
	counted(m);
}

#else

static const char *check(const uint64_t *arg)
{
	return arg[0] > STEP_MAX ? "N: expected at most 1024" : NULL;
}

static bool steps(const struct mailbox *m, uint64_t expected, struct answer *out)
{
	unsigned long long got = m->ret[0];

	if (got != expected) {
		answer_add(out, "steps: expected %llu, got %llu", (unsigned long long)expected, got);
		return false;
	}
	answer_add(out, "steps=%llu total=%llu dr6=0x%llx", got,
		   (unsigned long long)m->ret[1], (unsigned long long)m->ret[2]);
	return true;
}

static bool answer_step(const struct mailbox *m, struct answer *out)
{
	return steps(m, m->arg[0], out);
}

static bool answer_step_store(const struct mailbox *m, struct answer *out)
{
	return steps(m, 1, out);
}

HOST_OP(step) = {
	.name = "step",
	.usage = "N",
	.proves = "the guest's single step: exactly N, total has those around them",
	.args = "v",
	.check = check,
	.answer = answer_step,
};

HOST_OP(step_store) = {
	.name = "step-store",
	.usage = "ADDR VALUE",
	.proves = "single step over a store of a machine word: both causes in one DR6",
	.args = "av",
	.answer = answer_step_store,
};

#endif
