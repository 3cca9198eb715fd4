// SPDX-License-Identifier: GPL-2.0
#include <linux/filter.h>
#include <linux/slab.h>
#include "event.h"
#include "ids.h"
#include "judge.h"
#include "look.h"
#include "main.h"
#include "port.h"
#include "program.h"
#include "session.h"
#include "set.h"
#include "trace.h"
#include "vm.h"

static struct cv_ids set_ids = CV_IDS(set_ids);

struct cv_set *cv_set_find(u32 id)
{
	return cv_ids_find(&set_ids, id);
}

struct cv_set *cv_set_next(unsigned long *id)
{
	return cv_ids_next(&set_ids, id);
}

enum cv_verdict cv_set_verdict(const struct cv_set *set)
{
	return cv_word_verdict(READ_ONCE(set->gate.word));
}

/* After the word: whoever waits for the verdict does not wait for this. */
static void report(struct cv_set *set, u32 from, u32 to, const struct cv_sight *sight,
		   u64 tsc)
{
	enum cv_verdict was = cv_word_verdict(from), is = cv_word_verdict(to);
	u64 time;

	if (was == is)
		return;
	WARN_ON_ONCE(!cv_verdict_may(was, is));
	trace_cv_verdict(set->id, was, is, sight ? sight->look->since : 0, tsc);
	time = cv_time_of(tsc);
	WRITE_ONCE(set->since, time);
	cv_event_verdict(set->id, was, to, sight, tsc, time);
	if (is == CV_VIOLATED) {
		atomic64_inc(&set->violations);
		queue_work(cv_wq, &set->cut);
	}
}

void cv_set_latched(struct cv_set *set, const struct cv_sight *sight, u64 tsc)
{
	u32 before = READ_ONCE(set->gate.word) & ~(CV_WORD_LATCH | CV_WORD_TOLD);

	report(set, before, before | CV_WORD_LATCH, sight, tsc);
}

bool cv_criterion_judge_value(const struct cv_criterion *c, u64 value, u64 old)
{
	if (c->prog)
		return cv_program_holds(c->prog, c->records, c->watch, value, old);
	return cv_predicate_holds(&c->pred, value);
}

void cv_criteria_block(struct list_head *criteria, u32 blockers)
{
	struct cv_criterion *c;

	rcu_read_lock();
	list_for_each_entry_rcu(c, criteria, on_watch)
		cv_set_block(c->set, blockers);
	rcu_read_unlock();
}

void cv_criteria_unblock(struct list_head *criteria, u32 blockers)
{
	struct cv_criterion *c;

	rcu_read_lock();
	list_for_each_entry_rcu(c, criteria, on_watch)
		cv_set_unblock(c->set, blockers);
	rcu_read_unlock();
}

static bool any_unread(const struct cv_set *set)
{
	unsigned int i;

	for (i = 0; i < set->n_criteria; i++)
		if (atomic_read(&set->criteria[i].watch->unread))
			return true;
	return false;
}

void cv_criteria_read(struct list_head *criteria)
{
	struct cv_criterion *c;

	rcu_read_lock();
	list_for_each_entry_rcu(c, criteria, on_watch) {
		if (any_unread(c->set))
			continue;
		cv_set_unblock(c->set, CV_BLOCK_EXEC);
		smp_mb();	/* unblocked before they are counted: the next counts, then blocks */
		if (any_unread(c->set))
			cv_set_block(c->set, CV_BLOCK_EXEC);
	}
	rcu_read_unlock();
}

bool cv_criterion_holds_now(const struct cv_criterion *c)
{
	unsigned long flags;
	bool holds;
	u64 value;

	local_irq_save(flags);		/* programs expect to stay on their CPU */
	holds = cv_watch_read(c->watch, &value) && cv_criterion_judge_value(c, value, value);
	local_irq_restore(flags);
	return holds;
}

static enum cv_finding find(const struct cv_set *set)
{
	unsigned int i;
	u64 value;

	for (i = 0; i < set->n_criteria; i++) {
		const struct cv_criterion *c = &set->criteria[i];

		if (!cv_watch_read(c->watch, &value))
			return CV_FINDS_NOTHING;
		if (!cv_criterion_judge_value(c, value, value))
			return CV_FINDS_BROKEN;
	}
	return CV_FINDS_HOLDS;
}

/*
 * Judge the bytes as they are. The word is replaced only if it is still what
 * it was before the bytes were read: a violation or a blocker that came in
 * between has changed it and wins. Once open, look again: what broke before the
 * word was SATISFIED may have found nothing to close, and what counts as judged
 * may be bytes that this set has never been judged by.
 */
void cv_set_judge(struct cv_set *set)
{
	unsigned long word, next;
	unsigned long flags;

	local_irq_save(flags);		/* programs expect to stay on their CPU */
	word = READ_ONCE(set->gate.word);
	while (!(word & CV_WORD_LATCH)) {
		next = cv_word_judged(word, find(set));
		if (next == word)
			break;
		if (!try_cmpxchg(&set->gate.word, &word, next))
			continue;
		report(set, word, next, NULL, rdtsc());
		if (!cv_word_open(next))
			break;
		smp_mb();		/* word before the bytes, once more */
		cv_gate_settle(&set->gate);
		break;
	}
	local_irq_restore(flags);
}

void cv_set_block(struct cv_set *set, u32 blockers)
{
	unsigned long word = READ_ONCE(set->gate.word), next;

	do {
		next = word | (unsigned long)blockers << CV_WORD_BLOCK_SHIFT;
	} while (!try_cmpxchg(&set->gate.word, &word, next));
	report(set, word, next, NULL, rdtsc());
}

void cv_set_unblock(struct cv_set *set, u32 blockers)
{
	unsigned long word = READ_ONCE(set->gate.word), next;

	do {
		next = cv_word_unblocked(word, blockers);
	} while (!try_cmpxchg(&set->gate.word, &word, next));
	cv_set_judge(set);
}

void cv_set_reattest(struct cv_set *set)
{
	unsigned long word, next;

	cv_set_unblock(set, CV_BLOCK_RESTART);
	word = READ_ONCE(set->gate.word);
	do {
		if (!(word & CV_WORD_LATCH))
			return;
		/* Who has closed it is about to tell; it must not be too late then. */
		if (!test_and_set_bit(CV_WORD_TOLD_BIT, &set->gate.word))
			report(set, word & ~CV_WORD_LATCH, word, NULL, rdtsc());
		word |= CV_WORD_TOLD;
		next = cv_word_reattested(word);
	} while (!try_cmpxchg(&set->gate.word, &word, next));
	report(set, word, CV_PENDING, NULL, rdtsc());
	report(set, CV_PENDING, next, NULL, rdtsc());	/* blockers that stayed */
	cv_set_judge(set);
}

static void cut_work(struct work_struct *work)
{
	struct cv_set *set = container_of(work, struct cv_set, cut);

	cv_ports_cut(&set->gate);
}

static void free_criteria(struct cv_set *set)
{
	unsigned int i;

	for (i = 0; i < set->n_criteria; i++)
		if (set->criteria[i].prog)
			cv_program_free(set->criteria[i].prog, set->criteria[i].records);
}

static void prepare_equality(struct cv_criterion *c)
{
	if (c->pred.type != CV_PRED_EQ)
		return;
	c->raw_mask = (c->pred.mask & c->watch->mask) << c->watch->shift;
	c->raw_value = c->pred.a << c->watch->shift;
}

static int take_criteria(struct cv_set *set, struct cv_criterion_ask *ask, unsigned int n)
{
	struct cv_criterion *c;

	for (c = set->criteria; set->n_criteria < n; c++, ask++) {
		c->set = set;
		c->watch = ask->watch;
		set->gate.truths[set->n_criteria] = c->watch->truth;
		c->pred = ask->pred;
		prepare_equality(c);
		if (ask->prog) {
			c->records = cv_program_records();
			if (!c->records)
				return -ENOMEM;
			c->prog = ask->prog;
			ask->prog = NULL;
		}
		set->n_criteria++;
	}
	return 0;
}

static void bind(struct cv_set *set)
{
	struct cv_criterion *c;

	for (c = set->criteria; c < set->criteria + set->n_criteria; c++) {
		list_add_tail_rcu(&c->on_watch, &c->watch->criteria);
		c->watch->n_criteria++;
	}
	list_add_tail_rcu(&set->in_vm, &set->vm->sets);
	list_add_tail_rcu(&set->in_session, &set->session->sets);
}

static void unbind(struct cv_set *set)
{
	struct cv_criterion *c;

	for (c = set->criteria; c < set->criteria + set->n_criteria; c++) {
		list_del_rcu(&c->on_watch);
		c->watch->n_criteria--;
	}
	list_del_rcu(&set->in_vm);
	list_del_rcu(&set->in_session);
}

/* Blockers are looked at after the lists: who sets one later finds the set. */
static u32 standing_blockers(struct cv_set *set)
{
	u32 blockers = READ_ONCE(set->vm->blockers);
	unsigned int i;

	if (cv_session_expired(set->session))
		blockers |= CV_BLOCK_LEASE;
	for (i = 0; i < set->n_criteria; i++) {
		u8 state = READ_ONCE(set->criteria[i].watch->state);

		if (state == CV_WATCH_UNRESOLVED)
			blockers |= CV_BLOCK_UNRESOLVED;
		else if (state == CV_WATCH_LOST)
			blockers |= CV_BLOCK_PAGE;
		if (atomic_read(&set->criteria[i].watch->unread))
			blockers |= CV_BLOCK_EXEC;
	}
	return blockers;
}

struct cv_set *cv_set_add(struct cv_session *session, struct cv_vm *vm,
			  const u8 *digest, struct cv_criterion_ask *ask,
			  unsigned int n)
{
	struct cv_set *set;
	u32 blockers;
	int err;

	lockdep_assert_held(&cv_config);
	set = kzalloc(struct_size(set, criteria, n), GFP_KERNEL);
	if (!set)
		return ERR_PTR(-ENOMEM);
	set->session = session;
	set->vm = vm;
	memcpy(set->digest, digest, CV_DIGEST_LEN);
	INIT_LIST_HEAD(&set->gate.ports);
	INIT_WORK(&set->cut, cut_work);
	err = take_criteria(set, ask, n);
	if (!err)
		err = cv_ids_add(&set_ids, set, &set->id);
	if (err) {
		free_criteria(set);
		kfree(set);
		return ERR_PTR(err);
	}
	set->gate.set = set->id;
	set->gate.n_truths = n;

	bind(set);
	smp_mb();	/* listed before the states; who changes a state looks at the lists after it */
	blockers = standing_blockers(set);
	cv_set_block(set, blockers);
	smp_mb();	/* who took a state away before it was blocked found nothing to unblock */
	cv_set_unblock(set, blockers & ~standing_blockers(set));
	return set;
}

static void free_set(struct rcu_head *head)
{
	kfree(container_of(head, struct cv_set, rcu));
}

/*
 * Two phases. The gate closes and the set leaves every list; then, when no vCPU
 * exit, timer or notifier can still hold it, its work is waited for and its
 * ports, whose packets read the word, go.
 */
void cv_set_del(struct cv_set *set)
{
	lockdep_assert_held(&cv_config);
	cv_set_block(set, CV_BLOCK_GUEST);
	unbind(set);
	cv_ids_del(&set_ids, set->id);
	synchronize_rcu();
	cv_ports_drop(&set->gate);
	cancel_work_sync(&set->cut);
	free_criteria(set);
	call_rcu(&set->rcu, free_set);
}

void cv_set_uninit(void)
{
	rcu_barrier();
	WARN_ON(!xa_empty(&set_ids.xa));
}
