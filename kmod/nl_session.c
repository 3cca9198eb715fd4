// SPDX-License-Identifier: GPL-2.0
#include "nl.h"
#include "session.h"

#define CV_P_LEASE [CV_A_SESSION_LEASE] = \
	NLA_POLICY_FULL_RANGE(NLA_U32, &lease_range)

static struct netlink_range_validation lease_range = {
	.min = CV_LEASE_MIN_MS, .max = CV_LEASE_MAX_MS,
};

const struct nla_policy cv_nl_session_add[CV_A_MAX + 1] = {
	CV_P_NAME(CV_A_SESSION_OWNER),
	CV_P_LEASE,
};

const struct nla_policy cv_nl_session_renew[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_SESSION),
	CV_P_LEASE,
};

const struct nla_policy cv_nl_session_id[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_SESSION),
};

static int fill_id(struct sk_buff *skb, const void *object)
{
	const struct cv_session *session = object;

	return nla_put_u32(skb, CV_A_SESSION, session->id);
}

CV_HANDLER(cv_nl_session_add_doit)
{
	struct nlattr *owner = cv_nl_required(info, CV_A_SESSION_OWNER, "attribute missing: owner");
	struct nlattr *lease = cv_nl_required(info, CV_A_SESSION_LEASE, "attribute missing: lease");
	struct cv_session *session;

	if (!owner || !lease)
		return -EINVAL;
	session = cv_session_add(nla_data(owner), nla_get_u32(lease));
	if (IS_ERR(session))
		return PTR_ERR(session);
	return cv_nl_reply(info, fill_id, session);
}

CV_HANDLER(cv_nl_session_renew_doit)
{
	struct cv_session *session = cv_nl_session(info);
	struct nlattr *lease = info->attrs[CV_A_SESSION_LEASE];

	cv_session_renew(session, lease ? nla_get_u32(lease) : session->lease_ms);
	return 0;
}

CV_HANDLER(cv_nl_session_del_doit)
{
	cv_session_del(cv_nl_session(info));
	return 0;
}

static int fill(struct sk_buff *skb, const void *object)
{
	const struct cv_session *session = object;

	if (nla_put_u32(skb, CV_A_SESSION, session->id) ||
	    nla_put_string(skb, CV_A_SESSION_OWNER, session->owner) ||
	    nla_put_u32(skb, CV_A_SESSION_LEASE, session->lease_ms) ||
	    nla_put_u32(skb, CV_A_SESSION_LEFT, cv_session_left_ms(session)))
		return -EMSGSIZE;
	return 0;
}

CV_HANDLER(cv_nl_session_get_doit)
{
	return cv_nl_reply(info, fill, cv_nl_session(info));
}

static bool wanted(const void *object, struct netlink_callback *cb)
{
	const struct cv_session *session = object;

	return cv_nl_admits(cb, CV_A_SESSION, session->id);
}

static void *next(unsigned long *id)
{
	return cv_session_next(id);
}

CV_DUMPER(cv_nl_session_dump)
{
	return cv_nl_dump(skb, cb, CV_CMD_SESSION_GET, next, wanted, fill);
}
