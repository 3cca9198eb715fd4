// SPDX-License-Identifier: GPL-2.0
#include "nl.h"
#include "vm.h"
#include "watch.h"

const struct nla_policy cv_nl_watch_add[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_VM),
	CV_P_U64(CV_A_WATCH_ADDR),
	CV_P_U8(CV_A_WATCH_LEN),
	CV_P_NAME(CV_A_WATCH_NAME),
	[CV_A_WATCH_TRIGGER] = NLA_POLICY_MAX(NLA_U8, __CV_TRIGGERS - 1),
	CV_P_FLAGS(CV_A_WATCH_FLAGS, CV_WATCH_F_ALL),
};

const struct nla_policy cv_nl_watch[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_WATCH),
	CV_P_ID(CV_A_VM),
};

static int fill_id(struct sk_buff *skb, const void *object)
{
	const struct cv_watch *w = object;

	return nla_put_u32(skb, CV_A_WATCH, w->id);
}

static int check_place(u64 addr, u8 len, struct genl_info *info)
{
	if (len != 1 && len != 2 && len != 4 && len != 8) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[CV_A_WATCH_LEN],
				    "a watch has 1, 2, 4 or 8 bytes");
		return -EINVAL;
	}
	if (addr % len) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[CV_A_WATCH_ADDR],
				    "address is not a multiple of the length");
		return -EINVAL;
	}
	return 0;
}

CV_HANDLER(cv_nl_watch_add_doit)
{
	struct nlattr *addr = cv_nl_required(info, CV_A_WATCH_ADDR, "attribute missing: address");
	struct nlattr *len = cv_nl_required(info, CV_A_WATCH_LEN, "attribute missing: length");
	struct nlattr *name = info->attrs[CV_A_WATCH_NAME];
	struct nlattr *trigger = info->attrs[CV_A_WATCH_TRIGGER];
	struct nlattr *flags = info->attrs[CV_A_WATCH_FLAGS];
	struct cv_place place = {};
	struct cv_watch *w;
	int err;

	if (!addr || !len)
		return -EINVAL;
	err = check_place(nla_get_u64(addr), nla_get_u8(len), info);
	if (err)
		return err;
	place.addr = nla_get_u64(addr);
	place.len = nla_get_u8(len);
	place.name = name ? nla_data(name) : "";
	place.trigger = trigger ? nla_get_u8(trigger) : CV_TRIGGER_AUTO;
	place.flags = flags ? nla_get_u32(flags) : 0;
	w = cv_watch_add(cv_nl_object(info), &place, info->extack);
	if (IS_ERR(w))
		return PTR_ERR(w);
	return cv_nl_reply(info, fill_id, w);
}

CV_HANDLER(cv_nl_watch_del_doit)
{
	struct cv_watch *w = cv_nl_object(info);

	if (w->n_criteria) {
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[CV_A_WATCH],
				    "a set still has a criterion on this watch");
		return -EBUSY;
	}
	cv_watch_del(w);
	return 0;
}

static int fill_resolved(struct sk_buff *skb, const struct cv_watch *w)
{
	if (cv_watch_gpa(w) == INVALID_GPA)
		return 0;
	if (cv_nl_put_u64(skb, CV_A_WATCH_GPA, cv_watch_gpa(w)) ||
	    cv_nl_put_u64(skb, CV_A_WATCH_VALUE, READ_ONCE(w->value)))
		return -EMSGSIZE;
	return 0;
}

static int fill(struct sk_buff *skb, const void *object)
{
	const struct cv_watch *w = object;

	if (nla_put_u32(skb, CV_A_WATCH, w->id) ||
	    nla_put_u32(skb, CV_A_VM, w->vm->id) ||
	    nla_put_string(skb, CV_A_WATCH_NAME, w->name) ||
	    cv_nl_put_u64(skb, CV_A_WATCH_ADDR, w->addr) ||
	    nla_put_u8(skb, CV_A_WATCH_LEN, w->len) ||
	    nla_put_u8(skb, CV_A_WATCH_TRIGGER, cv_watch_trigger(w)) ||
	    nla_put_u32(skb, CV_A_WATCH_FLAGS, w->flags) ||
	    (w->slot != CV_NO_SLOT && nla_put_u8(skb, CV_A_WATCH_SLOT, w->slot)) ||
	    nla_put_u8(skb, CV_A_WATCH_STATE, READ_ONCE(w->state)) ||
	    cv_nl_put_u64(skb, CV_A_WATCH_HITS, w->hits) ||
	    cv_nl_put_u64(skb, CV_A_WATCH_CHANGES, w->changes) ||
	    cv_nl_put_u64(skb, CV_A_WATCH_LOST, w->lost))
		return -EMSGSIZE;
	return fill_resolved(skb, w);
}

CV_HANDLER(cv_nl_watch_get_doit)
{
	return cv_nl_reply(info, fill, cv_nl_object(info));
}

static bool wanted(const void *object, struct netlink_callback *cb)
{
	const struct cv_watch *w = object;

	return cv_nl_admits(cb, CV_A_VM, w->vm->id) &&
	       cv_nl_admits(cb, CV_A_WATCH, w->id);
}

static void *next(unsigned long *id)
{
	return cv_watch_next(id);
}

CV_DUMPER(cv_nl_watch_dump)
{
	return cv_nl_dump(skb, cb, CV_CMD_WATCH_GET, next, wanted, fill);
}
