// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "wire.h"

uint16_t wire_family;
uint32_t wire_events;

static _Thread_local uint32_t sequence;

static void *payload(const struct nlattr *nla)
{
	return (char *)nla + NLA_HDRLEN;
}

static void die(const char *what)
{
	printf("%s: %s\n", what, strerror(errno));
	exit(1);
}

/* --- building ----------------------------------------------------------- */

void msg_begin(struct msg *m, uint8_t cmd, uint16_t flags)
{
	struct genlmsghdr *g = NLMSG_DATA(&m->h);

	memset(m, 0, NLMSG_LENGTH(GENL_HDRLEN));
	m->h.nlmsg_len = NLMSG_LENGTH(GENL_HDRLEN);
	m->h.nlmsg_type = wire_family;
	m->h.nlmsg_flags = NLM_F_REQUEST | flags;
	m->h.nlmsg_seq = ++sequence;
	g->cmd = cmd;
	g->version = CV_GENL_VERSION;
}

struct nlattr *msg_put(struct msg *m, uint16_t type, const void *data, size_t len)
{
	struct nlattr *nla = (void *)(m->bytes + NLMSG_ALIGN(m->h.nlmsg_len));
	size_t end = NLMSG_ALIGN(m->h.nlmsg_len) + NLA_ALIGN(NLA_HDRLEN + len);

	if (end > sizeof(m->bytes)) {
		errno = EMSGSIZE;
		die("message");
	}
	memset(nla, 0, NLA_ALIGN(NLA_HDRLEN + len));
	nla->nla_type = type;
	nla->nla_len = NLA_HDRLEN + len;
	if (len)
		memcpy(payload(nla), data, len);
	m->h.nlmsg_len = end;
	return nla;
}

struct nlattr *msg_u8(struct msg *m, uint16_t type, uint8_t v)
{
	return msg_put(m, type, &v, sizeof(v));
}

struct nlattr *msg_u16(struct msg *m, uint16_t type, uint16_t v)
{
	return msg_put(m, type, &v, sizeof(v));
}

struct nlattr *msg_u32(struct msg *m, uint16_t type, uint32_t v)
{
	return msg_put(m, type, &v, sizeof(v));
}

struct nlattr *msg_u64(struct msg *m, uint16_t type, uint64_t v)
{
	return msg_put(m, type, &v, sizeof(v));
}

struct nlattr *msg_string(struct msg *m, uint16_t type, const char *v)
{
	return msg_put(m, type, v, strlen(v) + 1);
}

struct nlattr *msg_nest(struct msg *m, uint16_t type)
{
	return msg_put(m, type | NLA_F_NESTED, NULL, 0);
}

void msg_nest_end(struct msg *m, struct nlattr *nest)
{
	nest->nla_len = m->bytes + m->h.nlmsg_len - (char *)nest;
}

int msg_offset(const struct msg *m, const void *at)
{
	return (const char *)at - m->bytes;
}

/* --- reading ------------------------------------------------------------ */

uint64_t wire_uint(const struct nlattr *nla)
{
	uint64_t v = 0;

	if (nla)
		memcpy(&v, payload(nla), nla->nla_len - NLA_HDRLEN > 8 ? 8 : nla->nla_len - NLA_HDRLEN);
	return v;
}

static const struct nlattr *next_attr(const struct nlattr *nla, int *len)
{
	int step = NLA_ALIGN(nla->nla_len);

	*len -= step;
	return (const void *)((const char *)nla + step);
}

static bool attr_fits(const struct nlattr *nla, int len)
{
	return len >= (int)NLA_HDRLEN && nla->nla_len >= NLA_HDRLEN && nla->nla_len <= len;
}

void wire_parse(const struct nlmsghdr *h, const struct nlattr *attr[WIRE_ATTRS])
{
	const struct nlattr *nla = (const void *)((const char *)NLMSG_DATA(h) + GENL_HDRLEN);
	int len = h->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN);

	memset(attr, 0, WIRE_ATTRS * sizeof(*attr));
	for (; attr_fits(nla, len); nla = next_attr(nla, &len))
		if ((nla->nla_type & NLA_TYPE_MASK) < WIRE_ATTRS)
			attr[nla->nla_type & NLA_TYPE_MASK] = nla;
}

/* The TLVs from offset on in an error or the end of a dump. */
static void read_extack(const struct nlmsghdr *h, size_t offset, struct answer *a)
{
	const struct nlattr *nla = (const void *)((const char *)h + NLMSG_ALIGN(offset));
	int len = (int)h->nlmsg_len - (int)NLMSG_ALIGN(offset);

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	for (; attr_fits(nla, len); nla = next_attr(nla, &len)) {
		switch (nla->nla_type & NLA_TYPE_MASK) {
		case NLMSGERR_ATTR_MSG:
			snprintf(a->text, sizeof(a->text), "%s", (char *)payload(nla));
			break;
		case NLMSGERR_ATTR_OFFS:
			a->offset = wire_uint(nla);
			break;
		}
	}
}

static void read_error(const struct nlmsghdr *h, struct answer *a)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);
	size_t offset = NLMSG_LENGTH(sizeof(*e));

	if (!(h->nlmsg_flags & NLM_F_CAPPED))
		offset += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	a->error = -e->error;
	read_extack(h, offset, a);
}

static void read_done(const struct nlmsghdr *h, struct answer *a)
{
	int error = 0;

	if (h->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(h), sizeof(error));
	a->error = -error;
	read_extack(h, NLMSG_LENGTH(sizeof(error)), a);
}

struct reader {
	struct answer *a;
	wire_each *each;
	void *arg;
	uint32_t seq;
	bool done;
};

static void read_reply(const struct nlmsghdr *h, struct reader *r)
{
	memcpy(r->a->bytes, h, h->nlmsg_len);
	wire_parse((void *)r->a->bytes, r->a->attr);
	if (r->each)
		r->each(r->a->attr, r->arg);
}

static void read_message(const struct nlmsghdr *h, struct reader *r)
{
	if (h->nlmsg_seq != r->seq)
		return;
	switch (h->nlmsg_type) {
	case NLMSG_ERROR:
		read_error(h, r->a);
		r->done = true;
		break;
	case NLMSG_DONE:
		read_done(h, r->a);
		r->done = true;
		break;
	default:
		read_reply(h, r);
	}
}

static int converse(int sock, struct msg *m, struct reader *r)
{
	static _Thread_local char buf[WIRE_MAX] __attribute__((aligned(8)));
	const struct nlmsghdr *h;
	int len;

	memset(r->a, 0, offsetof(struct answer, bytes));
	r->a->offset = -1;
	r->seq = m->h.nlmsg_seq;
	if (send(sock, m, m->h.nlmsg_len, 0) < 0)
		return r->a->error = errno;
	while (!r->done) {
		len = recv(sock, NULL, 0, MSG_PEEK | MSG_TRUNC);
		if (len >= 0)
			len = recv(sock, buf, len > WIRE_PART ? sizeof(buf) : WIRE_PART, 0);
		if (len < 0)
			return r->a->error = errno;
		r->a->parts++;
		for (h = (void *)buf; NLMSG_OK(h, (unsigned int)len); h = NLMSG_NEXT(h, len))
			read_message(h, r);
	}
	return r->a->error;
}

int wire_ask(int sock, struct msg *m, struct answer *a)
{
	struct reader r = { .a = a };

	m->h.nlmsg_flags |= NLM_F_ACK;
	return converse(sock, m, &r);
}

int wire_dump(int sock, struct msg *m, struct answer *a, wire_each *each, void *arg)
{
	struct reader r = { .a = a, .each = each, .arg = arg };

	m->h.nlmsg_flags |= NLM_F_DUMP;
	return converse(sock, m, &r);
}

/* --- the family --------------------------------------------------------- */

/* The one multicast group: nests of nests in CTRL_ATTR_MCAST_GROUPS. */
static void read_group(const struct nlattr *groups)
{
	const struct nlattr *group = payload(groups), *nla = payload(group);
	int len = group->nla_len - NLA_HDRLEN;

	for (; attr_fits(nla, len); nla = next_attr(nla, &len))
		if (nla->nla_type == CTRL_ATTR_MCAST_GRP_ID)
			wire_events = wire_uint(nla);
}

static void read_family(const struct nlattr *const attr[WIRE_ATTRS], void *arg)
{
	(void)arg;
	wire_family = wire_uint(attr[CTRL_ATTR_FAMILY_ID]);
	if (attr[CTRL_ATTR_MCAST_GROUPS])
		read_group(attr[CTRL_ATTR_MCAST_GROUPS]);
}

static int find_family(int sock)
{
	static struct answer a;
	struct reader r = { .a = &a, .each = read_family };
	static struct msg m;

	msg_begin(&m, CTRL_CMD_GETFAMILY, NLM_F_ACK);
	m.h.nlmsg_type = GENL_ID_CTRL;
	msg_string(&m, CTRL_ATTR_FAMILY_NAME, CV_GENL_NAME);
	errno = converse(sock, &m, &r);
	return errno ? -1 : 0;
}

int wire_try_open(void)
{
	int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC), one = 1;
	struct sockaddr_nl self = { .nl_family = AF_NETLINK };

	if (sock < 0)
		return -1;
	setsockopt(sock, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	setsockopt(sock, SOL_NETLINK, NETLINK_CAP_ACK, &one, sizeof(one));
	setsockopt(sock, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	if (!bind(sock, (void *)&self, sizeof(self)) && (wire_family || !find_family(sock)))
		return sock;
	close(sock);
	return -1;
}

int wire_open(void)
{
	int sock = wire_try_open();

	if (sock < 0)
		die("netlink family " CV_GENL_NAME);
	return sock;
}
