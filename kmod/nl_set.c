// SPDX-License-Identifier: GPL-2.0
#include <linux/bpf.h>
#include <linux/slab.h>
#include "nl.h"
#include "program.h"
#include "session.h"
#include "set.h"
#include "vm.h"

static const struct nla_policy criterion_policy[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_WATCH),
	[CV_A_PRED_TYPE] = NLA_POLICY_RANGE(NLA_U8, 1, CV_PRED_MAX),
	CV_P_U64(CV_A_PRED_MASK),
	CV_P_U64(CV_A_PRED_A),
	CV_P_U64(CV_A_PRED_B),
	[CV_A_PRED_VALUES] = { .type = NLA_BINARY, .len = CV_PRED_VALUES * sizeof(u64) },
	CV_P_U32(CV_A_PRED_FD),
};

const struct nla_policy cv_nl_set_add[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_SESSION),
	CV_P_ID(CV_A_VM),
	[CV_A_SET_DIGEST] = NLA_POLICY_EXACT_LEN(CV_DIGEST_LEN),
	[CV_A_CRITERIA] = { .type = NLA_NESTED },
};

const struct nla_policy cv_nl_set[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_SET),
};

const struct nla_policy cv_nl_set_dump[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_SET),
	CV_P_ID(CV_A_SESSION),
	CV_P_ID(CV_A_VM),
};

static int refuse(struct netlink_ext_ack *extack, struct nlattr *attr, const char *why)
{
	NL_SET_BAD_ATTR(extack, attr);
	cv_extack_say(extack, why);
	return -EINVAL;
}

static u64 u64_or(struct nlattr *attr, u64 otherwise)
{
	return attr ? nla_get_u64(attr) : otherwise;
}

static int read_predicate(struct cv_criterion_ask *ask, struct nlattr **tb,
			  struct nlattr *nest, struct netlink_ext_ack *extack)
{
	struct nlattr *values = tb[CV_A_PRED_VALUES];
	struct cv_predicate *p = &ask->pred;
	const char *fault;

	p->mask = u64_or(tb[CV_A_PRED_MASK], ~0ULL);
	p->a = u64_or(tb[CV_A_PRED_A], 0);
	p->b = u64_or(tb[CV_A_PRED_B], 0);
	if (p->type == CV_PRED_IN ? !values : !tb[CV_A_PRED_A])
		return refuse(extack, nest, "criterion lacks its operand");
	if (p->type == CV_PRED_RANGE && !tb[CV_A_PRED_B])
		return refuse(extack, nest, "range lacks its upper bound");
	if (values) {
		if (nla_len(values) % sizeof(u64))
			return refuse(extack, values, "values are not a whole number of u64");
		p->n_values = nla_len(values) / sizeof(u64);
		nla_memcpy(p->values, values, sizeof(p->values));
	}
	fault = cv_predicate_fault(p, ask->watch->len);
	return fault ? refuse(extack, nest, fault) : 0;
}

static int read_program(struct cv_criterion_ask *ask, struct nlattr **tb,
			struct nlattr *nest, struct netlink_ext_ack *extack)
{
	struct bpf_prog *prog;

	if (!tb[CV_A_PRED_FD])
		return refuse(extack, nest, "criterion lacks its program");
	prog = cv_program_get(nla_get_u32(tb[CV_A_PRED_FD]));
	if (IS_ERR(prog)) {
		refuse(extack, tb[CV_A_PRED_FD], "not a loaded socket-filter program of the caller");
		return PTR_ERR(prog);
	}
	ask->prog = prog;
	return 0;
}

/* Criteria of this request on the watch of the newest. */
static unsigned int n_asked(const struct cv_criterion_ask *first,
			    const struct cv_criterion_ask *newest)
{
	const struct cv_criterion_ask *ask;
	unsigned int n = 0;

	for (ask = first; ask <= newest; ask++)
		n += ask->watch == newest->watch;
	return n;
}

static int read_criterion(const struct cv_criterion_ask *first,
			  struct cv_criterion_ask *ask, struct cv_vm *vm,
			  struct nlattr *nest, struct netlink_ext_ack *extack)
{
	struct nlattr *tb[CV_A_MAX + 1];
	int err = nla_parse_nested(tb, CV_A_MAX, nest, criterion_policy, extack);

	if (err)
		return err;
	if (!tb[CV_A_WATCH] || !tb[CV_A_PRED_TYPE])
		return refuse(extack, nest, "a criterion names a watch and a predicate");
	ask->watch = cv_watch_find(nla_get_u32(tb[CV_A_WATCH]));
	if (!ask->watch || ask->watch->vm != vm) {
		refuse(extack, tb[CV_A_WATCH], "this vm has no watch with this id");
		return -ENOENT;
	}
	if (ask->watch->n_criteria + n_asked(first, ask) > CV_WATCH_CRITERIA) {
		refuse(extack, tb[CV_A_WATCH], "this watch has 64 criteria already");
		return -ENOSPC;
	}
	ask->pred.type = nla_get_u8(tb[CV_A_PRED_TYPE]);
	if (ask->pred.type == CV_PRED_BPF)
		return read_program(ask, tb, nest, extack);
	return read_predicate(ask, tb, nest, extack);
}

static int read_criteria(struct cv_criterion_ask *ask, struct cv_vm *vm,
			 struct nlattr *criteria, struct netlink_ext_ack *extack)
{
	struct nlattr *nest;
	int err, rem, n = 0;

	nla_for_each_nested(nest, criteria, rem) {
		if (nla_type(nest) != CV_A_CRITERION)
			return refuse(extack, nest, "not a criterion");
		if (n == CV_SET_CRITERIA) {
			refuse(extack, nest, "a set has at most 64 criteria");
			return -ENOSPC;
		}
		err = read_criterion(ask, &ask[n++], vm, nest, extack);
		if (err)
			return err;
	}
	return n ?: refuse(extack, criteria, "a set without criteria would always hold");
}

static int fill_added(struct sk_buff *skb, const void *object)
{
	const struct cv_set *set = object;

	if (nla_put_u32(skb, CV_A_SET, set->id) ||
	    nla_put_u8(skb, CV_A_SET_STATE, cv_set_verdict(set)))
		return -EMSGSIZE;
	return 0;
}

static int add(struct genl_info *info, struct cv_criterion_ask *ask,
	       struct nlattr *criteria, const u8 *digest)
{
	struct cv_vm *vm = cv_nl_object(info);
	struct cv_set *set;
	int n = read_criteria(ask, vm, criteria, info->extack);

	if (n < 0)
		return n;
	set = cv_set_add(cv_nl_session(info), vm, digest, ask, n);
	if (IS_ERR(set))
		return PTR_ERR(set);
	return cv_nl_reply(info, fill_added, set);
}

CV_HANDLER(cv_nl_set_add_doit)
{
	struct nlattr *criteria = cv_nl_required(info, CV_A_CRITERIA, "attribute missing: criteria");
	struct nlattr *digest = cv_nl_required(info, CV_A_SET_DIGEST, "attribute missing: digest");
	struct cv_criterion_ask *ask;
	int err, i;

	if (!criteria || !digest)
		return -EINVAL;
	ask = kvcalloc(CV_SET_CRITERIA, sizeof(*ask), GFP_KERNEL);
	if (!ask)
		return -ENOMEM;
	err = add(info, ask, criteria, nla_data(digest));
	for (i = 0; i < CV_SET_CRITERIA; i++)
		if (ask[i].prog)	/* not taken over */
			bpf_prog_put(ask[i].prog);
	kvfree(ask);
	return err;
}

CV_HANDLER(cv_nl_set_del_doit)
{
	cv_set_del(cv_nl_object(info));
	return 0;
}

static int fill_state(struct sk_buff *skb, const void *object)
{
	const struct cv_set *set = object;

	return nla_put_u8(skb, CV_A_SET_STATE, cv_set_verdict(set));
}

CV_HANDLER(cv_nl_set_reattest_doit)
{
	cv_set_reattest(cv_nl_object(info));
	return cv_nl_reply(info, fill_state, cv_nl_object(info));
}

static int fill_predicate(struct sk_buff *skb, const struct cv_predicate *p)
{
	if (nla_put_u8(skb, CV_A_PRED_TYPE, p->type))
		return -EMSGSIZE;
	if (p->type == CV_PRED_BPF)
		return 0;
	if (cv_nl_put_u64(skb, CV_A_PRED_MASK, p->mask))
		return -EMSGSIZE;
	if (p->type == CV_PRED_IN)
		return nla_put(skb, CV_A_PRED_VALUES, p->n_values * sizeof(u64), p->values);
	if (cv_nl_put_u64(skb, CV_A_PRED_A, p->a))
		return -EMSGSIZE;
	return p->type == CV_PRED_RANGE ? cv_nl_put_u64(skb, CV_A_PRED_B, p->b) : 0;
}

static int fill_criterion(struct sk_buff *skb, const struct cv_criterion *c)
{
	struct nlattr *nest = nla_nest_start(skb, CV_A_CRITERION);

	if (!nest || nla_put_u32(skb, CV_A_WATCH, c->watch->id) ||
	    nla_put_u8(skb, CV_A_CRITERION_HOLDS, cv_criterion_holds_now(c)) ||
	    fill_predicate(skb, &c->pred))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill_criteria(struct sk_buff *skb, const struct cv_set *set)
{
	struct nlattr *nest = nla_nest_start(skb, CV_A_CRITERIA);
	unsigned int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = 0; i < set->n_criteria; i++)
		if (fill_criterion(skb, &set->criteria[i]))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

static int fill(struct sk_buff *skb, const void *object)
{
	const struct cv_set *set = object;
	u32 word = READ_ONCE(set->gate.word);

	if (nla_put_u32(skb, CV_A_SET, set->id) ||
	    nla_put_u32(skb, CV_A_SESSION, set->session->id) ||
	    nla_put_u32(skb, CV_A_VM, set->vm->id) ||
	    nla_put(skb, CV_A_SET_DIGEST, CV_DIGEST_LEN, set->digest) ||
	    nla_put_u8(skb, CV_A_SET_STATE, cv_word_verdict(word)) ||
	    nla_put_u32(skb, CV_A_SET_BLOCKERS, cv_word_blockers(word)) ||
	    cv_nl_put_u64(skb, CV_A_SET_VIOLATIONS, atomic64_read(&set->violations)) ||
	    cv_nl_put_u64(skb, CV_A_SET_SINCE, READ_ONCE(set->since)))
		return -EMSGSIZE;
	return fill_criteria(skb, set);
}

CV_HANDLER(cv_nl_set_get_doit)
{
	return cv_nl_reply(info, fill, cv_nl_object(info));
}

static bool wanted(const void *object, struct netlink_callback *cb)
{
	const struct cv_set *set = object;

	return cv_nl_admits(cb, CV_A_SET, set->id) &&
	       cv_nl_admits(cb, CV_A_SESSION, set->session->id) &&
	       cv_nl_admits(cb, CV_A_VM, set->vm->id);
}

static void *next(unsigned long *id)
{
	return cv_set_next(id);
}

/* A message of a dump holds a whole set. */
int cv_nl_set_dump_start(struct netlink_callback *cb)
{
	cb->min_dump_alloc = CV_NL_MSG_SIZE;
	return 0;
}

CV_DUMPER(cv_nl_set_dump_dumpit)
{
	return cv_nl_dump(skb, cb, CV_CMD_SET_GET, next, wanted, fill);
}
