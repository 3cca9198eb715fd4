/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a changed word to the verdict: what runs while the guest's store is the
 * last thing that happened. Every instruction here is counted by
 * "tools/bench remediation"; nothing waits, allocates or takes a lock.
 */
#ifndef _CV_JUDGE_H
#define _CV_JUDGE_H

#include <linux/rculist.h>
#include "set.h"
#include "watch.h"

/* What is told of an exit, once it has closed something. */
struct cv_sight {
	const struct cv_watch *watch;
	u64 old, value;
	u64 exit_tsc;
	u32 vcpu;
};

/* Cold: the gate obeys since @tsc. @exit_tsc: the low half, at the exit. */
void cv_set_latched(struct cv_set *set, const struct cv_watch *w, u64 old, u64 value,
		    u32 vcpu, u32 exit_tsc, u64 tsc);
bool cv_criterion_judge_value(const struct cv_criterion *c, u64 value, u64 old);

/* Does an equality hold in the aligned word? Others (mask 0) are judged later. */
static __always_inline bool cv_equality_broken(const struct cv_criterion *c, u64 raw)
{
	return (raw & c->raw_mask) != c->raw_value;
}

/*
 * First round, hot: one atomic bit closes every port of a set. It calls nothing,
 * so that no register is saved before the gate is closed.
 */
static __always_inline void cv_criteria_close(struct cv_watch *w, u64 raw)
{
	struct cv_criterion *c;

	list_for_each_entry_rcu(c, &w->criteria, on_watch, irqs_disabled())
		if (cv_equality_broken(c, raw))
			set_bit(CV_WORD_LATCH_BIT, &c->set->gate.word);
}

/* Second round: the criteria that take a call, and telling what has closed. */
static __always_inline void cv_criteria_tell(struct cv_watch *w, u64 old, u64 value, u32 vcpu,
					     u32 exit_tsc, u64 tsc)
{
	struct cv_criterion *c;

	list_for_each_entry_rcu(c, &w->criteria, on_watch, irqs_disabled()) {
		if (!c->raw_mask && !cv_criterion_judge_value(c, value, old)) {
			set_bit(CV_WORD_LATCH_BIT, &c->set->gate.word);
			tsc = rdtsc();
		}
		if (!(READ_ONCE(c->set->gate.word) & CV_WORD_LATCH))
			continue;
		if (!test_and_set_bit(CV_WORD_TOLD_BIT, &c->set->gate.word))
			cv_set_latched(c->set, w, old, value, vcpu, exit_tsc, tsc);
	}
}

#endif /* _CV_JUDGE_H */
