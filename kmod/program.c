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
		skb = alloc_skb(sizeof(struct cv_record), GFP_KERNEL);
		if (!skb) {
			free_records(records);
			return NULL;
		}
		skb_put_zero(skb, sizeof(struct cv_record));
		*per_cpu_ptr(records, cpu) = skb;
	}
	return records;
}

void cv_program_free(struct bpf_prog *prog, struct sk_buff * __percpu *records)
{
	bpf_prog_put(prog);
	free_records(records);
}

bool cv_program_holds(struct bpf_prog *prog, struct sk_buff * __percpu *records,
		      const struct cv_watch *w, u64 value, u64 old)
{
	struct sk_buff *skb = *this_cpu_ptr(records);
	bool holds;

	lockdep_assert_irqs_disabled();
	*(struct cv_record *)skb->data = (struct cv_record){
		.size = sizeof(struct cv_record),
		.vm = w->vm->id,
		.watch = w->id,
		.len = w->len,
		.addr = w->addr,
		.value = value,
		.old = old,
	};
	rcu_read_lock();
	holds = bpf_prog_run_clear_cb(prog, skb) != 0;
	rcu_read_unlock();
	return holds;
}
