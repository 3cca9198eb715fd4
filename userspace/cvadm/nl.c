// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <netlink/genl/ctrl.h>
#include <netlink/msg.h>

#include "attr.h"
#include "nl.h"

#define EVENT_RCVBUF	(4 << 20)
#define MESSAGE_MAX	16384

struct cvnl {
	struct nl_sock *sk;
	int family;
};

/* One request and what came of it. */
struct exchange {
	const struct nlmsghdr *request;
	cvnl_reply_fn *fn;
	void *arg;
	bool done;
	bool interrupted;		/* the dump changed under us */
	int error;			/* positive errno */
	char text[256];			/* extack */
	const struct nlattr *culprit;	/* in the request */
	int missing;			/* attribute type, 0 = none */
};

static void full(int rc)
{
	if (rc >= 0)
		return;
	fputs("cvadm: the request does not fit a netlink message\n", stderr);
	exit(CVX_USAGE);
}

void cvnl_u8(struct nl_msg *msg, int type, uint8_t v)
{
	full(nla_put_u8(msg, type, v));
}

void cvnl_u16(struct nl_msg *msg, int type, uint16_t v)
{
	full(nla_put_u16(msg, type, v));
}

void cvnl_u32(struct nl_msg *msg, int type, uint32_t v)
{
	full(nla_put_u32(msg, type, v));
}

void cvnl_u64(struct nl_msg *msg, int type, uint64_t v)
{
	full(nla_put_u64(msg, type, v));
}

void cvnl_string(struct nl_msg *msg, int type, const char *v)
{
	full(nla_put_string(msg, type, v));
}

void cvnl_bytes(struct nl_msg *msg, int type, const void *v, size_t len)
{
	full(nla_put(msg, type, len, v));
}

struct nlattr *cvnl_nest(struct nl_msg *msg, int type)
{
	struct nlattr *nest = nla_nest_start(msg, type | NLA_F_NESTED);

	full(nest ? 0 : -1);
	return nest;
}

static int cvnl_open(struct call *call)
{
	struct cvnl *nl = calloc(1, sizeof(*nl));
	int one = 1;

	call->nl = nl;
	nl->sk = nl_socket_alloc();
	if (!nl->sk || genl_connect(nl->sk))
		return fail(call, CVX_REFUSED, "cannot open a generic netlink socket: %s",
			    strerror(errno));
	setsockopt(nl_socket_get_fd(nl->sk), SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	/* dumps then refuse what they do not understand */
	setsockopt(nl_socket_get_fd(nl->sk), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one,
		   sizeof(one));
	nl->family = genl_ctrl_resolve(nl->sk, CV_GENL_NAME);
	if (nl->family < 0)
		return fail(call, CVX_ABSENT,
			    "the kernel module is not loaded: got no generic netlink family \""
			    CV_GENL_NAME "\"; load it with: modprobe cloudverifier");
	return CVX_OK;
}

void cvnl_close(struct call *call)
{
	if (!call->nl)
		return;
	nl_socket_free(call->nl->sk);
	free(call->nl);
	call->nl = NULL;
}

int cvnl_request(struct call *call, enum cv_cmd cmd, struct nl_msg **msg)
{
	int rc = call->nl ? CVX_OK : cvnl_open(call);

	if (rc)
		return rc;
	*msg = nlmsg_alloc_size(MESSAGE_MAX);
	full(*msg && genlmsg_put(*msg, NL_AUTO_PORT, NL_AUTO_SEQ, call->nl->family, 0, 0, cmd,
				 CV_GENL_VERSION) ? 0 : -1);
	return CVX_OK;
}

/* The attribute of the request, at any depth, that starts at p. */
static const struct nlattr *attr_at(const struct nlattr *head, int len, const void *p)
{
	const struct nlattr *nla;
	int rem;

	nla_for_each_attr(nla, head, len, rem) {
		if (nla == p)
			return nla;
		if (p > (const void *)nla && (const char *)p < (const char *)nla + nla->nla_len)
			return nla->nla_type & NLA_F_NESTED ?
			       attr_at(nla_data(nla), nla_len(nla), p) : nla;
	}
	return NULL;
}

static void extack_culprit(struct exchange *x, uint32_t offset)
{
	struct genlmsghdr *genl = genlmsg_hdr((struct nlmsghdr *)x->request);

	x->culprit = attr_at(genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0),
			     (const char *)x->request + offset);
}

static void extack_read(struct exchange *x, const struct nlattr *head, int len)
{
	const struct nlattr *nla;
	int rem;

	nla_for_each_attr(nla, head, len, rem) {
		switch (nla_type(nla)) {
		case NLMSGERR_ATTR_MSG:
			snprintf(x->text, sizeof(x->text), "%.*s", nla_len(nla),
				 (const char *)nla_data(nla));
			break;
		case NLMSGERR_ATTR_OFFS:
			if (nla_len(nla) == sizeof(uint32_t))
				extack_culprit(x, nla_get_u32(nla));
			break;
		case NLMSGERR_ATTR_MISS_TYPE:
			if (nla_len(nla) == sizeof(uint32_t))
				x->missing = nla_get_u32(nla);
			break;
		}
	}
}

/* hdr's payload: fixed bytes, then the TLVs. */
static void extack_of(struct exchange *x, const struct nlmsghdr *hdr, int fixed)
{
	int len = nlmsg_datalen(hdr) - NLMSG_ALIGN(fixed);

	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS && len > 0)
		extack_read(x, (void *)((char *)nlmsg_data(hdr) + NLMSG_ALIGN(fixed)), len);
}

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *genl = nlmsg_data(nlmsg_hdr(msg));
	struct nlattr *tb[CVNL_TB];
	struct exchange *x = arg;

	if (nla_parse(tb, CV_A_MAX, genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0), NULL))
		return NL_SKIP;
	if (x->fn)
		x->fn(tb, x->arg);
	return NL_OK;
}

static int on_ack(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	(void)msg;
	x->done = true;
	return NL_STOP;
}

/* The end of a dump carries its error. */
static int on_finish(struct nl_msg *msg, void *arg)
{
	const struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct exchange *x = arg;
	int error = 0;

	if (nlmsg_datalen(hdr) >= (int)sizeof(error))
		memcpy(&error, nlmsg_data(hdr), sizeof(error));
	if (error < 0) {
		x->error = -error;
		extack_of(x, hdr, sizeof(error));
	}
	x->done = true;
	return NL_STOP;
}

static int on_interrupted(struct nl_msg *msg, void *arg)
{
	struct exchange *x = arg;

	(void)msg;
	x->interrupted = true;
	return NL_OK;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	const struct nlmsghdr *hdr = (const void *)((char *)err - NLMSG_HDRLEN);
	struct exchange *x = arg;
	int fixed = sizeof(*err);

	(void)from;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		fixed += NLMSG_ALIGN(err->msg.nlmsg_len) - NLMSG_HDRLEN;
	x->error = -err->error;
	x->done = true;
	extack_of(x, hdr, fixed);
	return NL_STOP;
}

static const char *advice(int error)
{
	switch (error) {
	case EPERM:
		return "; needs CAP_NET_ADMIN in the initial user namespace: run it as root";
	case ENOENT:
		return "; the list and show commands show what there is";
	case EBUSY:
		return "; remove what uses it first, or choose another";
	case ENOSPC:
	case ERANGE:
		return "; the limits are in cvadm(8)";
	case ESHUTDOWN:
		return "; the object is being taken down, make a new one";
	default:
		return "";
	}
}

static const char *attr_name(int type)
{
	const struct attr_desc *d = attr_find(type);

	return d ? d->name : "of an unknown type";
}

static int refused(struct call *call, const struct exchange *x)
{
	const char *name = strerrorname_np(x->error);
	char blame[320] = "", value[200];

	if (x->culprit) {
		attr_text(x->culprit, value, sizeof(value));
		snprintf(blame, sizeof(blame), "; attribute %s, got %s",
			 attr_name(nla_type(x->culprit)), value);
	} else if (x->missing) {
		snprintf(blame, sizeof(blame), "; attribute %s is missing",
			 attr_name(x->missing));
	}
	return fail(call, CVX_REFUSED, "refused by the kernel: %s (%s)%s%s",
		    *x->text ? x->text : strerror(x->error), name ?: "unknown error", blame,
		    advice(x->error));
}

static struct nl_cb *exchange_cb(struct exchange *x)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	full(cb ? 0 : -1);
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, x);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, x);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, x);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, x);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, x);
	return cb;
}

static int exchange_run(struct call *call, struct nl_msg *msg, struct exchange *x)
{
	struct nl_cb *cb = exchange_cb(x);
	int rc = nl_send_auto(call->nl->sk, msg);

	x->request = nlmsg_hdr(msg);
	while (rc >= 0 && !x->done) {
		rc = nl_recvmsgs(call->nl->sk, cb);
		if (rc == -NLE_DUMP_INTR)
			x->interrupted = true, rc = 0;
	}
	nl_cb_put(cb);
	if (!x->done)
		return fail(call, CVX_REFUSED, "the netlink exchange failed: %s",
			    nl_geterror(rc));
	if (x->interrupted)
		fprintf(stderr, "cvadm: warning: objects changed while they were listed; "
			"the list may be incomplete, ask again\n");
	return x->error ? refused(call, x) : CVX_OK;
}

int cvnl_ask(struct call *call, struct nl_msg *msg, cvnl_reply_fn *fn, void *arg)
{
	struct exchange x = { .fn = fn, .arg = arg };
	int rc = exchange_run(call, msg, &x);

	nlmsg_free(msg);
	return rc;
}

int cvnl_dump(struct call *call, struct nl_msg *msg, cvnl_reply_fn *fn, void *arg)
{
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_DUMP;
	return cvnl_ask(call, msg, fn, arg);
}

int cvnl_events(struct call *call, int *fd)
{
	int size = EVENT_RCVBUF, group, rc;

	rc = call->nl ? CVX_OK : cvnl_open(call);
	if (rc)
		return rc;
	*fd = nl_socket_get_fd(call->nl->sk);
	group = genl_ctrl_resolve_grp(call->nl->sk, CV_GENL_NAME, CV_MCGRP_EVENTS);
	if (group < 0)
		return fail(call, CVX_ABSENT, "the family has no multicast group \""
			    CV_MCGRP_EVENTS "\": %s", nl_geterror(group));
	rc = nl_socket_add_membership(call->nl->sk, group);
	if (rc)
		return fail(call, CVX_REFUSED, "cannot join the events: %s; "
			    "needs CAP_NET_ADMIN: run it as root", nl_geterror(rc));
	if (setsockopt(*fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(*fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	nl_socket_set_nonblocking(call->nl->sk);
	return CVX_OK;
}

static void event_parse(struct call *call, struct nlmsghdr *hdr, cvnl_reply_fn *fn, void *arg)
{
	struct nlattr *tb[CVNL_TB];
	struct genlmsghdr *genl;

	if (hdr->nlmsg_type != call->nl->family || !genlmsg_valid_hdr(hdr, 0))
		return;
	genl = genlmsg_hdr(hdr);
	if (genl->cmd != CV_CMD_EVENT)
		return;
	if (!nla_parse(tb, CV_A_MAX, genlmsg_attrdata(genl, 0), genlmsg_attrlen(genl, 0), NULL))
		fn(tb, arg);
}

int cvnl_event_read(struct call *call, cvnl_reply_fn *fn, void *arg)
{
	static char buf[MESSAGE_MAX] __attribute__((aligned(8)));
	struct sockaddr_nl from = {};
	socklen_t from_len = sizeof(from);
	struct nlmsghdr *hdr = (void *)buf;
	int len;

	len = recvfrom(nl_socket_get_fd(call->nl->sk), buf, sizeof(buf), MSG_DONTWAIT,
		       (void *)&from, &from_len);
	if (len < 0)
		return -errno;
	if (from.nl_pid)	/* only the kernel is believed */
		return 0;
	for (; nlmsg_ok(hdr, len); hdr = nlmsg_next(hdr, &len))
		event_parse(call, hdr, fn, arg);
	return 0;
}
