// SPDX-License-Identifier: GPL-2.0
/* Events, from the ring to the multicast group of the initial namespace. */
#include "event.h"
#include "nl.h"

static int fill_sight(struct sk_buff *skb, const struct cv_event *ev)
{
	if (!ev->seen)
		return 0;
	if (ev->vcpu != CV_NO_VCPU && nla_put_u32(skb, CV_A_EV_VCPU, ev->vcpu))
		return -EMSGSIZE;
	if (nla_put_u32(skb, CV_A_VM, ev->vm) ||
	    nla_put_u32(skb, CV_A_WATCH, ev->watch) ||
	    nla_put_u8(skb, CV_A_EV_SOURCE, ev->source) ||
	    cv_nl_put_u64(skb, CV_A_EV_EXIT, ev->since) ||
	    cv_nl_put_u64(skb, CV_A_EV_OLD, ev->old) ||
	    cv_nl_put_u64(skb, CV_A_EV_NEW, ev->value))
		return -EMSGSIZE;
	return 0;
}

static int fill_verdict(struct sk_buff *skb, const struct cv_event *ev)
{
	if (nla_put_u32(skb, CV_A_SET, ev->set) ||
	    nla_put_u8(skb, CV_A_EV_FROM, ev->from) ||
	    nla_put_u8(skb, CV_A_SET_STATE, ev->state) ||
	    nla_put_u32(skb, CV_A_SET_BLOCKERS, ev->blockers))
		return -EMSGSIZE;
	return fill_sight(skb, ev);
}

static int fill_cut(struct sk_buff *skb, const struct cv_event *ev)
{
	if (nla_put_u32(skb, CV_A_SET, ev->set) ||
	    nla_put_u32(skb, CV_A_PORT, ev->port) ||
	    cv_nl_put_u64(skb, CV_A_PORT_CUT, ev->cut) ||
	    cv_nl_put_u64(skb, CV_A_PORT_RESETS, ev->resets) ||
	    cv_nl_put_u64(skb, CV_A_EV_DONE, ev->done))
		return -EMSGSIZE;
	return 0;
}

static int fill_vcpu(struct sk_buff *skb, const struct cv_event *ev)
{
	if (nla_put_u32(skb, CV_A_VM, ev->vm) || nla_put_u32(skb, CV_A_EV_VCPU, ev->vcpu))
		return -EMSGSIZE;
	return 0;
}

static int fill_watch(struct sk_buff *skb, const struct cv_event *ev)
{
	if (nla_put_u32(skb, CV_A_WATCH, ev->watch) ||
	    nla_put_u8(skb, CV_A_WATCH_STATE, ev->state))
		return -EMSGSIZE;
	return 0;
}

static int fill_kind(struct sk_buff *skb, const struct cv_event *ev)
{
	switch (ev->type) {
	case CV_EV_VERDICT:
		return fill_verdict(skb, ev);
	case CV_EV_CUT:
		return fill_cut(skb, ev);
	case CV_EV_VM_GONE:
	case CV_EV_VM_RESTART:
		return nla_put_u32(skb, CV_A_VM, ev->vm);
	case CV_EV_LEASE_END:
		return nla_put_u32(skb, CV_A_SESSION, ev->session);
	case CV_EV_DEBUGGER:
	case CV_EV_UNSERVED:
		return fill_vcpu(skb, ev);
	case CV_EV_WATCH:
		return fill_watch(skb, ev);
	}
	return 0;
}

static int fill(struct sk_buff *skb, const struct cv_event *ev)
{
	if (nla_put_u8(skb, CV_A_EV_TYPE, ev->type) ||
	    cv_nl_put_u64(skb, CV_A_EV_SEQ, ev->seq) ||
	    cv_nl_put_u64(skb, CV_A_EV_LOST, ev->lost) ||
	    cv_nl_put_u64(skb, CV_A_EV_TIME, ev->time))
		return -EMSGSIZE;
	return fill_kind(skb, ev);
}

static void send(const struct cv_event *ev)
{
	struct sk_buff *msg = genlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
	void *hdr;

	if (!msg)
		return;		/* the reader sees the gap in the sequence */
	hdr = genlmsg_put(msg, 0, 0, &cv_nl_family, 0, CV_CMD_EVENT);
	if (!hdr || fill(msg, ev)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, hdr);
	genlmsg_multicast_netns(&cv_nl_family, &init_net, msg, 0, 0, GFP_KERNEL);
}

void cv_nl_send_events(struct work_struct *work)
{
	struct cv_event ev;

	while (cv_event_take(&ev))
		send(&ev);
}
