/* SPDX-License-Identifier: GPL-2.0 */
/* What the netlink handlers share. A handler runs with cv_config held. */
#ifndef _CV_NL_H
#define _CV_NL_H

#include <net/genetlink.h>
#include "compat/compat.h"
#include "../include/uapi/linux/cloudverifier.h"

/* What pre_doit resolves for an op, or refuses; bits of internal_flags. */
#define CV_NEED_VM	BIT(0)
#define CV_NEED_WATCH	BIT(1)
#define CV_NEED_SESSION	BIT(2)
#define CV_NEED_SET	BIT(3)
#define CV_NEED_PORT	BIT(4)
#define CV_ONLY_ID	BIT(5)	/* and no attribute but its id */

/* Resolved objects: of one op, at most a session besides another object. */
#define cv_nl_object(info)	((info)->user_ptr[0])
#define cv_nl_session(info)	((info)->user_ptr[1])

extern struct genl_family cv_nl_family;

/* Each attribute has one type everywhere; a policy lists those of one command. */
#define CV_P_U8(a)	[a] = { .type = NLA_U8 }
#define CV_P_U16(a)	[a] = { .type = NLA_U16 }
#define CV_P_U32(a)	[a] = { .type = NLA_U32 }
#define CV_P_U64(a)	[a] = { .type = NLA_U64 }
#define CV_P_NAME(a)	[a] = { .type = NLA_NUL_STRING, .len = CV_NAME_MAX }
#define CV_P_FLAGS(a, m) [a] = NLA_POLICY_MASK(NLA_U32, m)
#define CV_P_ID(a)	[a] = NLA_POLICY_MIN(NLA_U32, 1)

extern const struct nla_policy cv_nl_none[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_vm_attach[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_vm[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_watch_add[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_watch[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_session_add[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_session_renew[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_session_id[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_set_add[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_set[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_set_dump[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_port_add[CV_A_MAX + 1];
extern const struct nla_policy cv_nl_port[CV_A_MAX + 1];

#define CV_HANDLER(name) int name(struct sk_buff *skb, struct genl_info *info)
#define CV_DUMPER(name) int name(struct sk_buff *skb, struct netlink_callback *cb)

void cv_nl_send_events(struct work_struct *work);
CV_HANDLER(cv_nl_status_get);
CV_HANDLER(cv_nl_vm_attach_doit);
CV_HANDLER(cv_nl_vm_detach_doit);
CV_HANDLER(cv_nl_vm_get_doit);
CV_DUMPER(cv_nl_vm_dump);
CV_HANDLER(cv_nl_watch_add_doit);
CV_HANDLER(cv_nl_watch_del_doit);
CV_HANDLER(cv_nl_watch_get_doit);
CV_DUMPER(cv_nl_watch_dump);
CV_HANDLER(cv_nl_session_add_doit);
CV_HANDLER(cv_nl_session_renew_doit);
CV_HANDLER(cv_nl_session_del_doit);
CV_HANDLER(cv_nl_session_get_doit);
CV_DUMPER(cv_nl_session_dump);
CV_HANDLER(cv_nl_set_add_doit);
CV_HANDLER(cv_nl_set_del_doit);
CV_HANDLER(cv_nl_set_reattest_doit);
CV_HANDLER(cv_nl_set_get_doit);
int cv_nl_set_dump_start(struct netlink_callback *cb);
CV_DUMPER(cv_nl_set_dump_dumpit);
CV_HANDLER(cv_nl_port_add_doit);
CV_HANDLER(cv_nl_port_del_doit);
CV_HANDLER(cv_nl_port_get_doit);
CV_DUMPER(cv_nl_port_dump);

/*
 * Room for the largest object, a set of CV_SET_CRITERIA criteria with
 * CV_PRED_VALUES values each: 64 times 168 bytes, and less than 256.
 */
#define CV_NL_MSG_SIZE	12288

/* Fills one object's attributes; -EMSGSIZE when they do not fit. */
typedef int (*cv_nl_fill)(struct sk_buff *skb, const void *object);

/* Answers a request with one message. */
int cv_nl_reply(struct genl_info *info, cv_nl_fill fill, const void *object);

/*
 * A dump by ids: goes on after the last id that was sent, so that objects may
 * come and go between two parts of it; none is sent twice.
 */
typedef void *(*cv_nl_next)(unsigned long *id);
typedef bool (*cv_nl_wanted)(const void *object, struct netlink_callback *cb);
int cv_nl_dump(struct sk_buff *skb, struct netlink_callback *cb, u8 cmd,
	       cv_nl_next next, cv_nl_wanted wanted, cv_nl_fill fill);

/* The attribute or NULL with extack naming what is missing. */
struct nlattr *cv_nl_required(struct genl_info *info, int attr, const char *name);

static inline int cv_nl_put_u64(struct sk_buff *skb, int attr, u64 value)
{
	return nla_put_u64_64bit(skb, attr, value, CV_A_PAD);
}

/* Does a filter attribute of a dump admit this id? */
static inline bool cv_nl_admits(struct netlink_callback *cb, int attr, u32 id)
{
	struct nlattr **attrs = cv_dump_attrs(cb);

	return !attrs || !attrs[attr] || nla_get_u32(attrs[attr]) == id;
}

#endif /* _CV_NL_H */
