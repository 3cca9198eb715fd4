// SPDX-License-Identifier: GPL-2.0
/*
 * Many ports of one set, without a process for each:
 *
 *	ports SET ADDRESS NUMBER SERVICE N
 *
 * adds the UDP ports NUMBER, NUMBER + 1, … to services SERVICE, SERVICE + 1, …
 */
#include <arpa/inet.h>
#include <linux/cloudverifier.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdio.h>
#include <stdlib.h>

static int add(struct nl_sock *sk, int family, uint32_t set, uint32_t address,
	       uint16_t number, uint16_t service)
{
	struct nl_msg *msg = nlmsg_alloc();
	int err;

	if (!msg || !genlmsg_put(msg, 0, 0, family, 0, 0, CV_CMD_PORT_ADD, CV_GENL_VERSION))
		return -1;
	nla_put_u32(msg, CV_A_SET, set);
	nla_put_u32(msg, CV_A_PORT_ADDR4, address);
	nla_put_u8(msg, CV_A_PORT_PROTO, IPPROTO_UDP);
	nla_put_u16(msg, CV_A_PORT_SERVICE, service);
	nla_put_u16(msg, CV_A_PORT_NUMBER, number);
	/* The answer is the port, or the error: one datagram. */
	err = nl_send_auto(sk, msg);
	nlmsg_free(msg);
	return err < 0 ? err : nl_recvmsgs_default(sk);
}

int main(int argc, char **argv)
{
	struct nl_sock *sk = nl_socket_alloc();
	int family, i, n, err = 0;

	if (argc != 6 || !sk || genl_connect(sk))
		return 2;
	family = genl_ctrl_resolve(sk, CV_GENL_NAME);
	nl_socket_disable_auto_ack(sk);
	n = atoi(argv[5]);
	for (i = 0; i < n && err >= 0; i++)
		err = add(sk, family, atoi(argv[1]), inet_addr(argv[2]), atoi(argv[3]) + i,
			  atoi(argv[4]) + i);
	if (err < 0)
		fprintf(stderr, "ports: port %d: %s\n", i, nl_geterror(err));
	return err < 0;
}
