// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <stdlib.h>
#include <sys/socket.h>
#include "sockets.h"

#define ALL_STATES	(~((1u << TCP_LISTEN) | (1u << TCP_TIME_WAIT)))

struct look {
	const struct ports *ports;
	void (*each)(struct look *look, const struct inet_diag_msg *m);
	/* of sockets_end() */
	bool (*may_stay)(void *context, const char *address);
	void *context;
	struct inet_diag_msg *ending;
	unsigned int found;
	/* of sockets_listeners() */
	uint64_t sum;
};

static bool fail(int error, struct cv_error *err)
{
	return cv_refuse(err, CV_E_FILE, "connections cannot be looked at: %s", nl_geterror(error));
}

static struct nl_sock *connect_diag(struct cv_error *err)
{
	struct nl_sock *sk = nl_socket_alloc();
	int rc = sk ? nl_connect(sk, NETLINK_SOCK_DIAG) : -NLE_NOMEM;

	if (!rc)
		return sk;
	nl_socket_free(sk);
	fail(rc, err);
	return NULL;
}

static int take(struct nl_msg *msg, void *context)
{
	struct nlmsghdr *h = nlmsg_hdr(msg);
	struct look *look = context;
	const struct inet_diag_msg *m = nlmsg_data(h);

	if (h->nlmsg_len < NLMSG_LENGTH(sizeof(*m)))
		return NL_SKIP;
	for (unsigned int i = 0; i < look->ports->n; i++)
		if (ntohs(m->id.idiag_sport) == look->ports->port[i])
			look->each(look, m);
	return NL_OK;
}

static bool dump(struct nl_sock *sk, uint8_t family, uint32_t states, struct look *look, struct cv_error *err)
{
	struct inet_diag_req_v2 request = { .sdiag_family = family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = states };
	int rc;

	nl_socket_modify_cb(sk, NL_CB_VALID, NL_CB_CUSTOM, take, look);
	rc = nl_send_simple(sk, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request));
	if (rc >= 0)
		rc = nl_recvmsgs_default(sk);
	return rc >= 0 || fail(rc, err);
}

static bool dump_both(struct nl_sock *sk, uint32_t states, struct look *look, struct cv_error *err)
{
	return dump(sk, AF_INET, states, look, err) && dump(sk, AF_INET6, states, look, err);
}

/* An IPv4 peer of an IPv6 socket is one all the same. */
static void print_peer(const struct inet_diag_msg *m, char text[INET6_ADDRSTRLEN])
{
	const struct in6_addr *six = (const struct in6_addr *)m->id.idiag_dst;

	if (m->idiag_family == AF_INET)
		inet_ntop(AF_INET, m->id.idiag_dst, text, INET6_ADDRSTRLEN);
	else if (IN6_IS_ADDR_V4MAPPED(six))
		inet_ntop(AF_INET, &six->s6_addr[12], text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, six, text, INET6_ADDRSTRLEN);
}

static void choose(struct look *look, const struct inet_diag_msg *m)
{
	char peer[INET6_ADDRSTRLEN];

	print_peer(m, peer);
	if (look->may_stay(look->context, peer))
		return;
	if (look->found < SOCKETS_AT_A_TIME)
		look->ending[look->found] = *m;
	look->found++;
}

/* One that went by itself meanwhile is as good. */
static bool end_one(struct nl_sock *sk, const struct inet_diag_msg *m, struct cv_error *err)
{
	struct inet_diag_req_v2 request = {
		.sdiag_family = m->idiag_family, .sdiag_protocol = IPPROTO_TCP, .idiag_states = ~0u, .id = m->id,
	};
	int rc = nl_send_simple(sk, SOCK_DESTROY, NLM_F_ACK, &request, sizeof(request));

	if (rc >= 0)
		rc = nl_wait_for_ack(sk);
	if (rc >= 0 || rc == -NLE_OBJ_NOTFOUND)
		return true;
	return cv_refuse(err, CV_E_FILE, "a connection cannot be ended: %s", nl_geterror(rc));
}

bool sockets_end(const struct ports *ports, bool (*may_stay)(void *context, const char *address), void *context,
		 unsigned int *found, struct cv_error *err)
{
	struct look look = { .ports = ports, .each = choose, .may_stay = may_stay, .context = context };
	struct nl_sock *sk = connect_diag(err);
	bool good;

	look.ending = sk ? calloc(SOCKETS_AT_A_TIME, sizeof(*look.ending)) : NULL;
	good = look.ending && dump_both(sk, ALL_STATES, &look, err);
	for (unsigned int i = 0; good && i < look.found && i < SOCKETS_AT_A_TIME; i++)
		good = end_one(sk, &look.ending[i], err);
	if (sk && !look.ending)
		cv_refuse(err, CV_E_MEMORY, "no memory to look at connections");
	*found = look.found;
	free(look.ending);
	nl_socket_free(sk);
	return good;
}

static void add(struct look *look, const struct inet_diag_msg *m)
{
	look->sum += m->idiag_inode;
}

bool sockets_listeners(const struct ports *ports, uint64_t *sum, struct cv_error *err)
{
	struct look look = { .ports = ports, .each = add };
	struct nl_sock *sk = connect_diag(err);
	bool good = sk && dump_both(sk, 1u << TCP_LISTEN, &look, err);

	*sum = look.sum;
	nl_socket_free(sk);
	return good;
}
