// SPDX-License-Identifier: GPL-2.0
#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/skbuff.h>
#include "program.h"
#include "vm.h"

struct bpf_prog *cv_program_get(u32 fd)
{
	return bpf_prog_get_type_dev(fd, BPF_PROG_TYPE_SOCKET_FILTER, false);
}

struct cv_whole_record {
	struct cv_record record;
	struct cv_execution execution;
};

static void free_records(struct sk_buff * __percpu *records)
{
	int cpu;

	for_each_possible_cpu(cpu)
		kfree_skb(*per_cpu_ptr(records, cpu));
	free_percpu(records);
}

/* Made beforehand: nothing is allocated when a guest waits. */
struct sk_buff * __percpu *cv_program_records(void)
{
	struct sk_buff * __percpu *records = alloc_percpu(struct sk_buff *);
	struct sk_buff *skb;
	int cpu;

	if (!records)
		return NULL;
	for_each_possible_cpu(cpu) {
		skb = alloc_skb(sizeof(struct cv_whole_record), GFP_KERNEL);
		if (!skb) {
			free_records(records);
			return NULL;
		}
		*per_cpu_ptr(records, cpu) = skb;
	}
	return records;
}

void cv_program_free(struct bpf_prog *prog, struct sk_buff * __percpu *records)
{
	bpf_prog_put(prog);
	free_records(records);
}

/* Nothing of an earlier record lies within @size once it is written. */
static struct cv_whole_record *record_in(struct sk_buff *skb, const struct cv_watch *w,
					 size_t size)
{
	struct cv_whole_record *whole = (void *)skb->data;

	lockdep_assert_irqs_disabled();
	skb->len = size;
	skb_set_tail_pointer(skb, size);
	whole->record = (struct cv_record){
		.size = size,
		.vm = w->vm->id,
		.watch = w->id,
		.len = w->len,
		.addr = w->addr,
	};
	return whole;
}

static bool run(struct bpf_prog *prog, struct sk_buff *skb)
{
	bool holds;

	rcu_read_lock();
	holds = bpf_prog_run_clear_cb(prog, skb) != 0;
	rcu_read_unlock();
	return holds;
}

bool cv_program_holds(struct bpf_prog *prog, struct sk_buff * __percpu *records,
		      const struct cv_watch *w, u64 value, u64 old)
{
	struct sk_buff *skb = *this_cpu_ptr(records);
	struct cv_whole_record *whole = record_in(skb, w, sizeof(whole->record));

	whole->record.value = value;
	whole->record.old = old;
	return run(prog, skb);
}

bool cv_program_allows(struct bpf_prog *prog, struct sk_buff * __percpu *records,
		       const struct cv_watch *w, const struct cv_execution *execution)
{
	struct sk_buff *skb = *this_cpu_ptr(records);
	struct cv_whole_record *whole = record_in(skb, w, sizeof(*whole));

	whole->record.value = READ_ONCE(w->value);
	whole->record.old = whole->record.value;
	whole->record.execution = offsetof(struct cv_whole_record, execution);
	whole->execution = *execution;
	return run(prog, skb);
}
