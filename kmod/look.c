// SPDX-License-Identifier: GPL-2.0
/*
 * Looking at watched words: at every exit and entry of a vCPU, for every packet
 * of a port, by timer. Whoever finds a word that is not what was last judged
 * judges it.
 */
#include <linux/kvm_host.h>
#include "event.h"
#include "gatekeeper.h"
#include "judge.h"
#include "look.h"
#include "trace.h"
#include "truth.h"
#include "vm.h"
#include "walk.h"

const u64 cv_no_word;

bool cv_watch_read(const struct cv_watch *w, u64 *value)
{
	const u64 *ptr = READ_ONCE(w->truth->bytes.ptr);

	if (ptr == &cv_no_word)
		return false;
	*value = cv_watch_value_in(w, READ_ONCE(*ptr));
	return true;
}

static void note(struct cv_watch *w, u64 value, const struct cv_look *look)
{
	u64 old = xchg(&w->value, value);

	if (value == old)
		return;		/* a neighbour in the aligned word, or another look was first */
	w->changes++;
	trace_cv_change(w->id, look->vcpu, old, value);
}

/* The low half, without the instructions that put both halves together. */
static __always_inline u32 rdtsc_low(void)
{
	u32 low;

	asm volatile("rdtsc" : "=a" (low) : : "edx");
	return low;
}

/*
 * A word that was taken away meanwhile (cv_no_word) is nobody's. It counts as
 * judged only after what it breaks is closed; see cv_gate_passes(). And it is
 * judged again after it counts: a set may have been opened in between, by a
 * judgement of other bytes, and from now on nobody looks while they stay.
 */
static void tell(struct cv_word *word, struct cv_look *look)
{
	const u64 *ptr = READ_ONCE(word->ptr);
	struct cv_watch *w;
	u64 raw, value, old;

	if (ptr == &cv_no_word)
		return;
	raw = READ_ONCE(*ptr);
	w = rcu_dereference_check(word->watch, irqs_disabled());
	/* Before telling: who told first may note the new value any moment after. */
	old = READ_ONCE(w->value);
	value = cv_watch_value_in(w, raw);
	cv_criteria_close(w, raw);
	if (look->source != CV_SOURCE_EXIT)	/* has closed it before, and knows when */
		look->tsc = rdtsc();
	cv_criteria_tell(w, old, value, look);
	WRITE_ONCE(word->last, raw);
	smp_mb();	/* counts before the set is looked at again: opening sets, then looks */
	cv_criteria_close(w, raw);
	cv_criteria_tell(w, old, value, look);
	note(w, value, look);
}

/*
 * What was closed at an exit is told even if the bytes are back to what they
 * were, or the page is gone, by the time somebody comes to tell.
 */
static void tell_closed(struct cv_word *word, const struct cv_look *look)
{
	struct cv_watch *w = rcu_dereference_check(word->watch, irqs_disabled());
	u64 value;

	if (!w)
		return;
	value = READ_ONCE(w->value);
	cv_criteria_tell_closed(w, value, value, look);
}

/*
 * Two vCPUs may come here for one change; both close, the first to tell a set's
 * latch tells it. A watch stays in its word until nobody can hold another
 * pointer to it.
 */
u32 notrace cv_word_close(struct cv_word *word)
{
	u32 exit_tsc = rdtsc_low();
	const u64 *ptr = READ_ONCE(word->ptr);

	if (likely(ptr != &cv_no_word))
		cv_criteria_close(rcu_dereference_check(word->watch, irqs_disabled()),
				  READ_ONCE(*ptr));
	return exit_tsc;
}

void cv_vm_tell(struct cv_vm *vm, struct kvm_vcpu *vcpu, u32 exit_tsc, u64 tsc)
{
	struct cv_look look = {
		.source = CV_SOURCE_EXIT, .vcpu = vcpu->vcpu_id,
		.since = tsc - (u32)((u32)tsc - exit_tsc), .tsc = tsc,
	};
	int i;

	for (i = 0; i < CV_VM_SLOTS; i++) {
		if (cv_word_is_new(&vm->truth[i].bytes))
			tell(&vm->truth[i].bytes, &look);
		tell_closed(&vm->truth[i].bytes, &look);
	}
}

/* The processor marks entries as used and written; anything else moves the address. */
static bool is_moved(struct cv_word *entry)
{
	u64 raw = READ_ONCE(*READ_ONCE(entry->ptr));
	u64 last = READ_ONCE(entry->last);

	if ((raw ^ last) & ~(CV_PTE_ACCESSED | CV_PTE_DIRTY))
		return true;
	cmpxchg(&entry->last, last, raw);
	return false;
}

static void look_at_tables(struct cv_truth *truth)
{
	struct cv_watch *w = rcu_dereference_check(truth->table[0].watch, irqs_disabled());
	int i;

	for (i = 0; w && i < CV_TABLES; i++)
		if (cv_word_is_new(&truth->table[i]) && is_moved(&truth->table[i]))
			cv_watch_moved(w);
}

/* Tables first: bytes that an address does not mean any more are nobody's. */
static void look_at(struct cv_truth *truth, enum cv_source source, u32 vcpu)
{
	struct cv_look look = { .source = source, .vcpu = vcpu };
	unsigned long flags;

	if (!cv_truth_is_new(truth))
		return;
	local_irq_save(flags);		/* programs expect to stay on their CPU */
	look_at_tables(truth);
	look.since = rdtsc();
	look.tsc = look.since;
	if (cv_word_is_new(&truth->bytes))
		tell(&truth->bytes, &look);
	local_irq_restore(flags);
}

bool cv_gate_look(struct cv_gatekeeper *gate)
{
	u32 i;

	for (i = 0; i < gate->n_truths; i++)
		look_at(gate->truths[i], CV_SOURCE_PACKET, CV_NO_VCPU);
	return cv_gate_is_open(gate);
}

void cv_gate_settle(struct cv_gatekeeper *gate)
{
	struct cv_look look = { .source = CV_SOURCE_OPENING, .vcpu = CV_NO_VCPU };
	u32 i;

	look.since = rdtsc();
	look.tsc = look.since;
	for (i = 0; i < gate->n_truths; i++)
		tell(&gate->truths[i]->bytes, &look);
}

void cv_watch_look(struct cv_watch *w, enum cv_source source, u32 vcpu)
{
	look_at(w->truth, source, vcpu);
}

void cv_vm_look_at(struct cv_vm *vm, gfn_t gfn, enum cv_source source, u32 vcpu)
{
	struct cv_watch *w;

	hash_for_each_possible_rcu(vm->by_gfn, w, by_gfn, gfn)
		if (cv_watch_gpa(w) >> PAGE_SHIFT == gfn)
			cv_watch_look(w, source, vcpu);
}
