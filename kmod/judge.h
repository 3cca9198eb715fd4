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

/* Who looked at the bytes, and when. */
struct cv_look {
	u8 source;		/* enum cv_source */
	u32 vcpu;		/* that exited, or CV_NO_VCPU (event.h) */
	u64 since;		/* cycle counter: at the exit; when the look began */
	u64 tsc;		/* what it broke last is closed since then */
};

/* What is told of a look, once it has closed something. */
struct cv_sight {
	const struct cv_look *look;
	const struct cv_watch *watch;
	u64 old, value;
};

/* Cold: the gate obeys since @tsc. */
void cv_set_latched(struct cv_set *set, const struct cv_sight *sight, u64 tsc);
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

/* Tells of every set that is closed and that nobody has told of yet. */
static inline void cv_criteria_tell_closed(struct cv_watch *w, u64 old, u64 value,
					   const struct cv_look *look)
{
	struct cv_sight sight = { .look = look, .watch = w, .old = old, .value = value };
	struct cv_criterion *c;

	list_for_each_entry_rcu(c, &w->criteria, on_watch, irqs_disabled())
		if ((READ_ONCE(c->set->gate.word) & CV_WORD_LATCH) &&
		    !test_and_set_bit(CV_WORD_TOLD_BIT, &c->set->gate.word))
			cv_set_latched(c->set, &sight, look->tsc);
}

/* Second round: the criteria that take a call, and telling what has closed. */
static inline void cv_criteria_tell(struct cv_watch *w, u64 old, u64 value,
				    struct cv_look *look)
{
	struct cv_criterion *c;

	cv_criteria_tell_closed(w, old, value, look);
	list_for_each_entry_rcu(c, &w->criteria, on_watch, irqs_disabled()) {
		if (c->raw_mask || cv_criterion_judge_value(c, value, old))
			continue;
		set_bit(CV_WORD_LATCH_BIT, &c->set->gate.word);
		look->tsc = rdtsc();
		cv_criteria_tell_closed(w, old, value, look);
	}
}

#endif /* _CV_JUDGE_H */
