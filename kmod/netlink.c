// SPDX-License-Identifier: GPL-2.0
/* The generic netlink family: which commands there are and who may ask. */
#include <linux/module.h>
#include "event.h"
#include "kvmhook.h"
#include "main.h"
#include "net.h"
#include "netlink.h"
#include "nl.h"
#include "port.h"
#include "session.h"
#include "set.h"
#include "vm.h"
#include "watch.h"

struct need {
	u8 flag;
	u8 attr;
	void *(*find)(u32 id);
	const char *missing;
	const char *unknown;
};

#define NEED(what, Name, text) {					\
	.flag = CV_NEED_##what, .attr = CV_A_##what, .find = find_##Name, \
	.missing = "attribute missing: " text " id", .unknown = "no " text " with this id", \
}

static void *find_vm(u32 id) { return cv_vm_find(id); }
static void *find_watch(u32 id) { return cv_watch_find(id); }
static void *find_session(u32 id) { return cv_session_find(id); }
static void *find_set(u32 id) { return cv_set_find(id); }

/* A port belongs to the namespace that it was made in. */
static void *find_port(u32 id) { return cv_port_find(id); }

static const struct need needs[] = {
	NEED(VM, vm, "vm"),
	NEED(WATCH, watch, "watch"),
	NEED(SET, set, "set"),
	NEED(PORT, port, "port"),
	NEED(SESSION, session, "session"),
};

static int resolve(const struct need *need, struct genl_info *info)
{
	struct nlattr *attr = info->attrs[need->attr];
	void *object;

	if (!attr) {
		cv_extack_say(info->extack, need->missing);
		return -EINVAL;
	}
	object = need->find(nla_get_u32(attr));
	if (need->flag == CV_NEED_PORT && object &&
	    !net_eq(cv_port_net(object), genl_info_net(info)))
		object = NULL;
	if (!object) {
		NL_SET_BAD_ATTR(info->extack, attr);
		cv_extack_say(info->extack, need->unknown);
		return -ENOENT;
	}
	info->user_ptr[need->flag == CV_NEED_SESSION] = object;
	return 0;
}

/* Policies of commands that also dump admit filters; a do names its object only. */
static int refuse_filters(u8 own, struct genl_info *info)
{
	int attr;

	for (attr = 1; attr <= CV_A_MAX; attr++) {
		if (attr == own || !info->attrs[attr])
			continue;
		NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[attr],
				    "only a dump takes this attribute");
		return -EINVAL;
	}
	return 0;
}

static int pre_doit(const cv_genl_pre_ops *ops, struct sk_buff *skb, struct genl_info *info)
{
	unsigned int i;
	int err = 0;

	mutex_lock(&cv_config);
	for (i = 0; !err && i < ARRAY_SIZE(needs); i++) {
		if (!(ops->internal_flags & needs[i].flag))
			continue;
		if (ops->internal_flags & CV_ONLY_ID)
			err = refuse_filters(needs[i].attr, info);
		err = err ?: resolve(&needs[i], info);
	}
	if (err)
		mutex_unlock(&cv_config);
	return err;
}

static void post_doit(const cv_genl_pre_ops *ops, struct sk_buff *skb, struct genl_info *info)
{
	mutex_unlock(&cv_config);
}

struct nlattr *cv_nl_required(struct genl_info *info, int attr, const char *missing)
{
	if (!info->attrs[attr])
		cv_extack_say(info->extack, missing);
	return info->attrs[attr];
}

int cv_nl_reply(struct genl_info *info, cv_nl_fill fill, const void *object)
{
	struct sk_buff *msg = genlmsg_new(CV_NL_MSG_SIZE, GFP_KERNEL);
	void *hdr;
	int err;

	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put_reply(msg, info, &cv_nl_family, 0, info->genlhdr->cmd);
	err = hdr ? fill(msg, object) : -EMSGSIZE;
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

static int dump_one(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd,
		    cv_nl_fill fill, const void *object)
{
	void *hdr = genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
				&cv_nl_family, NLM_F_MULTI, cmd);
	int err = hdr ? fill(skb, object) : -EMSGSIZE;

	if (err) {
		if (hdr)
			genlmsg_cancel(skb, hdr);
		return err;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int cv_nl_dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd,
	       cv_nl_next next, cv_nl_wanted wanted, cv_nl_fill fill)
{
	unsigned long id = cb->args[0];
	void *object;
	int err = 0;

	mutex_lock(&cv_config);
	for (; (object = next(&id)); id++) {
		if (!wanted(object, cb))
			continue;
		err = dump_one(skb, cb, cmd, fill, object);
		if (err)
			break;
	}
	mutex_unlock(&cv_config);
	cb->args[0] = id;
	return skb->len ?: err;
}

static unsigned int count(cv_nl_next next)
{
	unsigned long id = 0;
	unsigned int n = 0;

	for (; next(&id); id++)
		n++;
	return n;
}

static void *next_vm(unsigned long *id) { return cv_vm_next(id); }
static void *next_watch(unsigned long *id) { return cv_watch_next(id); }
static void *next_session(unsigned long *id) { return cv_session_next(id); }
static void *next_set(unsigned long *id) { return cv_set_next(id); }

static void count_ports(const struct net *net, u32 *ports, u32 *conns)
{
	unsigned long id = 0;
	struct cv_port *port;

	for (; (port = cv_port_next(&id)); id++) {
		if (!net_eq(cv_port_net(port), net))
			continue;
		(*ports)++;
		*conns += READ_ONCE(port->n_flows);
	}
}

static int fill_status(struct sk_buff *skb, const void *net)
{
	u32 ports = 0, conns = 0;

	count_ports(net, &ports, &conns);
	if (nla_put_string(skb, CV_A_ST_VERSION, THIS_MODULE->version) ||
	    nla_put_u8(skb, CV_A_ST_KERNEL_HOOKS, cv_kvmhook_installed()) ||
	    nla_put_u32(skb, CV_A_ST_VMS, count(next_vm)) ||
	    nla_put_u32(skb, CV_A_ST_WATCHES, count(next_watch)) ||
	    nla_put_u32(skb, CV_A_ST_SESSIONS, count(next_session)) ||
	    nla_put_u32(skb, CV_A_ST_SETS, count(next_set)) ||
	    nla_put_u32(skb, CV_A_ST_PORTS, ports) ||
	    nla_put_u32(skb, CV_A_ST_CONNS, conns))
		return -EMSGSIZE;
	return 0;
}

CV_HANDLER(cv_nl_status_get)
{
	return cv_nl_reply(info, fill_status, genl_info_net(info));
}

#define OP(command, pol, needed, ...) {				\
	.cmd = CV_CMD_##command, .policy = pol, .maxattr = CV_A_MAX,	\
	.flags = GENL_ADMIN_PERM, .internal_flags = needed, __VA_ARGS__ \
}

static const struct genl_ops ops[] = {
	OP(STATUS, cv_nl_none, 0, .doit = cv_nl_status_get),
	OP(VM_ATTACH, cv_nl_vm_attach, 0, .doit = cv_nl_vm_attach_doit),
	OP(VM_DETACH, cv_nl_vm, CV_NEED_VM, .doit = cv_nl_vm_detach_doit),
	OP(VM_GET, cv_nl_vm, CV_NEED_VM,
	   .doit = cv_nl_vm_get_doit, .dumpit = cv_nl_vm_dump),
	OP(WATCH_ADD, cv_nl_watch_add, CV_NEED_VM, .doit = cv_nl_watch_add_doit),
	OP(WATCH_DEL, cv_nl_watch, CV_NEED_WATCH | CV_ONLY_ID, .doit = cv_nl_watch_del_doit),
	OP(WATCH_GET, cv_nl_watch, CV_NEED_WATCH | CV_ONLY_ID,
	   .doit = cv_nl_watch_get_doit, .dumpit = cv_nl_watch_dump),
	OP(SESSION_ADD, cv_nl_session_add, 0, .doit = cv_nl_session_add_doit),
	OP(SESSION_RENEW, cv_nl_session_renew, CV_NEED_SESSION, .doit = cv_nl_session_renew_doit),
	OP(SESSION_DEL, cv_nl_session_id, CV_NEED_SESSION, .doit = cv_nl_session_del_doit),
	OP(SESSION_GET, cv_nl_session_id, CV_NEED_SESSION,
	   .doit = cv_nl_session_get_doit, .dumpit = cv_nl_session_dump),
	OP(SET_ADD, cv_nl_set_add, CV_NEED_SESSION | CV_NEED_VM, .doit = cv_nl_set_add_doit),
	OP(SET_DEL, cv_nl_set, CV_NEED_SET, .doit = cv_nl_set_del_doit),
	OP(SET_REATTEST, cv_nl_set, CV_NEED_SET, .doit = cv_nl_set_reattest_doit),
	OP(SET_GET, cv_nl_set_dump, CV_NEED_SET | CV_ONLY_ID,
	   .doit = cv_nl_set_get_doit, .start = cv_nl_set_dump_start,
	   .dumpit = cv_nl_set_dump_dumpit),
	OP(PORT_ADD, cv_nl_port_add, CV_NEED_SET, .doit = cv_nl_port_add_doit),
	OP(PORT_DEL, cv_nl_port, CV_NEED_PORT | CV_ONLY_ID, .doit = cv_nl_port_del_doit),
	OP(PORT_GET, cv_nl_port, CV_NEED_PORT | CV_ONLY_ID,
	   .doit = cv_nl_port_get_doit, .dumpit = cv_nl_port_dump),
};

static const struct genl_multicast_group groups[] = {
	{ .name = CV_MCGRP_EVENTS, .flags = GENL_MCAST_CAP_NET_ADMIN },
};

struct genl_family cv_nl_family __ro_after_init = {
	.name = CV_GENL_NAME,
	.version = CV_GENL_VERSION,
	.module = THIS_MODULE,
	.netnsok = true,
	.parallel_ops = true,		/* cv_config serialises */
	.pre_doit = pre_doit,
	.post_doit = post_doit,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
	.ops = ops,
	.n_ops = ARRAY_SIZE(ops),
};

const struct nla_policy cv_nl_none[CV_A_MAX + 1] = {};

int cv_netlink_init(void)
{
	cv_event_init(cv_nl_send_events);
	return genl_register_family(&cv_nl_family);
}

void cv_netlink_uninit(void)
{
	genl_unregister_family(&cv_nl_family);
}
