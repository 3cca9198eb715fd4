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
	[CV_A_CAPTURE_REG] = NLA_POLICY_MAX(NLA_U8, __CV_REGS - 1),
	[CV_A_CAPTURE_PATH] = { .type = NLA_BINARY, .len = CV_CAPTURE_STEPS * sizeof(s32) },
	[CV_A_CAPTURE_LEN] = NLA_POLICY_RANGE(NLA_U16, 1, CV_CAPTURE_MAX),
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

static int read_path(struct cv_capture *capture, struct nlattr *path, struct genl_info *info)
{
	if (!nla_len(path) || nla_len(path) % sizeof(s32)) {
		NL_SET_ERR_MSG_ATTR(info->extack, path, "path is not a whole number of s32");
		return -EINVAL;
	}
	capture->steps = nla_len(path) / sizeof(s32);
	nla_memcpy(capture->path, path, sizeof(capture->path));
	return 0;
}

static int read_capture(struct cv_place *place, struct genl_info *info)
{
	struct nlattr *reg = info->attrs[CV_A_CAPTURE_REG];
	struct nlattr *path = info->attrs[CV_A_CAPTURE_PATH];
	struct nlattr *len = info->attrs[CV_A_CAPTURE_LEN];

	if (!reg && !path && !len)
		return 0;
	if (place->trigger != CV_TRIGGER_EXEC) {
		NL_SET_ERR_MSG_ATTR(info->extack, reg ?: path ?: len,
				    "only an execution watch captures");
		return -EINVAL;
	}
	if (!reg || !path || !len) {
		NL_SET_ERR_MSG_ATTR(info->extack, reg ?: path ?: len,
				    "a capture has a register, a path and a length");
		return -EINVAL;
	}
	place->capture.reg = nla_get_u8(reg);
	place->capture.len = nla_get_u16(len);
	return read_path(&place->capture, path, info);
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
	err = read_capture(&place, info);
	if (err)
		return err;
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

static int fill_capture(struct sk_buff *skb, const struct cv_capture *c)
{
	if (!c->len)
		return 0;
	if (nla_put_u8(skb, CV_A_CAPTURE_REG, c->reg) ||
	    nla_put(skb, CV_A_CAPTURE_PATH, c->steps * sizeof(s32), c->path) ||
	    nla_put_u16(skb, CV_A_CAPTURE_LEN, c->len))
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
	    cv_nl_put_u64(skb, CV_A_WATCH_LOST, w->lost) ||
	    fill_capture(skb, &w->capture))
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
