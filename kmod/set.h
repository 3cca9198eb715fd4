/* SPDX-License-Identifier: GPL-2.0 */
/* A conjunction of criteria over one guest, owned by one session. */
#ifndef _CV_SET_H
#define _CV_SET_H

#include <linux/workqueue.h>
#include "gatekeeper.h"
#include "predicate.h"
#include "watch.h"

struct bpf_prog;
struct cv_session;
struct cv_set;
struct cv_vm;

struct cv_criterion {
	struct list_head on_watch;	/* watch->criteria */
	struct cv_set *set;
	u64 raw_mask, raw_value;	/* an equality, in the aligned word; or mask 0 */
	struct cv_watch *watch;
	struct cv_predicate pred;
	struct bpf_prog *prog;		/* owned; only with CV_PRED_BPF */
	struct sk_buff * __percpu *records;	/* what prog reads, one for each CPU */
};

struct cv_set {
	struct cv_gatekeeper gate;	/* the verdict word and its ports */
	u32 id;
	u64 since;			/* ns; of the verdict last reported */
	atomic64_t violations;
	struct cv_session *session;
	struct cv_vm *vm;
	struct list_head in_session;	/* RCU; changed under cv_config */
	struct list_head in_vm;		/* RCU; changed under cv_config */
	u8 digest[CV_DIGEST_LEN];
	struct work_struct cut;
	unsigned int n_criteria;
	struct rcu_head rcu;
	struct cv_criterion criteria[];
};

/* What a request asks for; prog is taken over on success only. */
struct cv_criterion_ask {
	struct cv_watch *watch;
	struct cv_predicate pred;
	struct bpf_prog *prog;
};

/* cv_config held; may sleep. */
struct cv_set *cv_set_add(struct cv_session *session, struct cv_vm *vm,
			  const u8 *digest, struct cv_criterion_ask *ask,
			  unsigned int n);
void cv_set_del(struct cv_set *set);
struct cv_set *cv_set_find(u32 id);
struct cv_set *cv_set_next(unsigned long *id);
void cv_set_reattest(struct cv_set *set);
bool cv_criterion_holds_now(const struct cv_criterion *c);
/* Waits for work of sets that were deleted. */
void cv_set_uninit(void);

/* Any context. Judging opens; blocking and judging close. */
void cv_set_judge(struct cv_set *set);
void cv_set_block(struct cv_set *set, u32 blockers);
void cv_set_unblock(struct cv_set *set, u32 blockers);
enum cv_verdict cv_set_verdict(const struct cv_set *set);

/* The same for every set with a criterion on a watch; judge.h has judging. */
void cv_criteria_block(struct list_head *criteria, u32 blockers);
void cv_criteria_unblock(struct list_head *criteria, u32 blockers);
/* CV_BLOCK_EXEC goes from sets none of whose watches has an execution that waits. */
void cv_criteria_read(struct list_head *criteria);

#endif /* _CV_SET_H */
