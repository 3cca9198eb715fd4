// SPDX-License-Identifier: GPL-2.0
#include <net/ipv6.h>
#include "net.h"
#include "nl.h"
#include "port.h"
#include "set.h"

const struct nla_policy cv_nl_port_add[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_SET),
	CV_P_U32(CV_A_PORT_ADDR4),
	[CV_A_PORT_ADDR6] = NLA_POLICY_EXACT_LEN(sizeof(struct in6_addr)),
	CV_P_U8(CV_A_PORT_PROTO),
	[CV_A_PORT_SERVICE] = NLA_POLICY_MIN(NLA_U16, 1),
	[CV_A_PORT_NUMBER] = NLA_POLICY_MIN(NLA_U16, 1),
	[CV_A_PORT_MIN] = NLA_POLICY_MIN(NLA_U16, 1),
	[CV_A_PORT_MAX] = NLA_POLICY_MIN(NLA_U16, 1),
	CV_P_FLAGS(CV_A_PORT_FLAGS, CV_PORT_F_ALL),
};

const struct nla_policy cv_nl_port[CV_A_MAX + 1] = {
	CV_P_ID(CV_A_PORT),
	CV_P_ID(CV_A_SET),
};

static int refuse(struct genl_info *info, int attr, const char *why)
{
	if (info->attrs[attr])
		NL_SET_BAD_ATTR(info->extack, info->attrs[attr]);
	cv_extack_say(info->extack, why);
	return -EINVAL;
}

static int read_address(struct genl_info *info, struct cv_port_key *key)
{
	struct nlattr *addr4 = info->attrs[CV_A_PORT_ADDR4];
	struct nlattr *addr6 = info->attrs[CV_A_PORT_ADDR6];

	if (!addr4 == !addr6)
		return refuse(info, CV_A_PORT_ADDR6, "give one address, IPv4 or IPv6");
	if (addr4) {
		key->family = NFPROTO_IPV4;
		key->addr.ip = nla_get_in_addr(addr4);
		if (ipv4_is_zeronet(key->addr.ip) || ipv4_is_multicast(key->addr.ip) ||
		    ipv4_is_lbcast(key->addr.ip) || ipv4_is_loopback(key->addr.ip))
			return refuse(info, CV_A_PORT_ADDR4, "not an address a guest can have");
	} else {
		key->family = NFPROTO_IPV6;
		key->addr.in6 = nla_get_in6_addr(addr6);
		if (ipv6_addr_any(&key->addr.in6) || ipv6_addr_loopback(&key->addr.in6) ||
		    ipv6_addr_is_multicast(&key->addr.in6) ||
		    ipv6_addr_v4mapped(&key->addr.in6))
			return refuse(info, CV_A_PORT_ADDR6, "not an address a guest can have");
	}
	return 0;
}

static int read_numbers(struct genl_info *info, struct cv_port_ask *ask)
{
	struct nlattr *number = info->attrs[CV_A_PORT_NUMBER];
	struct nlattr *min = info->attrs[CV_A_PORT_MIN], *max = info->attrs[CV_A_PORT_MAX];

	if (!min != !max || (number && min))
		return refuse(info, CV_A_PORT_MIN, "give a number, or both ends of a range, or neither");
	ask->ranged = min;
	ask->min = min ? nla_get_u16(min) : CV_PORT_MIN_DEFAULT;
	ask->max = max ? nla_get_u16(max) : CV_PORT_MAX_DEFAULT;
	if (ask->min > ask->max)
		return refuse(info, CV_A_PORT_MIN, "range is empty");
	ask->key.number = number ? htons(nla_get_u16(number)) : 0;
	return 0;
}

static int read_ask(struct genl_info *info, struct cv_port_ask *ask)
{
	struct nlattr *proto = cv_nl_required(info, CV_A_PORT_PROTO, "attribute missing: protocol");
	struct nlattr *service = cv_nl_required(info, CV_A_PORT_SERVICE, "attribute missing: service port");
	struct nlattr *flags = info->attrs[CV_A_PORT_FLAGS];
	int err;

	if (!proto || !service)
		return -EINVAL;
	ask->key.proto = nla_get_u8(proto);
	if (ask->key.proto != IPPROTO_TCP && ask->key.proto != IPPROTO_UDP)
		return refuse(info, CV_A_PORT_PROTO, "protocol is neither TCP nor UDP");
	ask->service = htons(nla_get_u16(service));
	ask->flags = flags ? nla_get_u32(flags) : 0;
	err = read_address(info, &ask->key);
	return err ?: read_numbers(info, ask);
}

static int fill_added(struct sk_buff *skb, const void *object)
{
	const struct cv_port *port = object;

	if (nla_put_u32(skb, CV_A_PORT, port->id) ||
	    nla_put_u16(skb, CV_A_PORT_NUMBER, ntohs(port->key.number)) ||
	    nla_put_u8(skb, CV_A_PORT_STATE, cv_port_state(port)))
		return -EMSGSIZE;
	return 0;
}

CV_HANDLER(cv_nl_port_add_doit)
{
	struct cv_set *set = cv_nl_object(info);
	struct cv_port_ask ask = {};
	struct cv_port *port;
	int err = read_ask(info, &ask);

	if (err)
		return err;
	port = cv_port_add(genl_info_net(info), &set->gate, &ask, info->extack);
	if (IS_ERR(port)) {
		if (info->attrs[CV_A_PORT_NUMBER])
			NL_SET_BAD_ATTR(info->extack, info->attrs[CV_A_PORT_NUMBER]);
		return PTR_ERR(port);
	}
	return cv_nl_reply(info, fill_added, port);
}

CV_HANDLER(cv_nl_port_del_doit)
{
	cv_port_del(cv_nl_object(info));
	return 0;
}

static int fill_address(struct sk_buff *skb, const struct cv_port_key *key)
{
	if (key->family == NFPROTO_IPV4)
		return nla_put_in_addr(skb, CV_A_PORT_ADDR4, key->addr.ip);
	return nla_put_in6_addr(skb, CV_A_PORT_ADDR6, &key->addr.in6);
}

static int fill_counts(struct sk_buff *skb, const struct cv_port *port)
{
	struct cv_port_stats sum;

	cv_port_sum(port, &sum);
	if (nla_put_u32(skb, CV_A_PORT_USERS, port->users) ||
	    nla_put_u32(skb, CV_A_PORT_CONNS, READ_ONCE(port->n_flows)) ||
	    cv_nl_put_u64(skb, CV_A_PORT_PASSED, sum.passed) ||
	    cv_nl_put_u64(skb, CV_A_PORT_DROPPED, sum.dropped) ||
	    cv_nl_put_u64(skb, CV_A_PORT_RESETS, atomic64_read(&port->resets)) ||
	    cv_nl_put_u64(skb, CV_A_PORT_CUT, atomic64_read(&port->cut)))
		return -EMSGSIZE;
	return 0;
}

static int fill(struct sk_buff *skb, const void *object)
{
	const struct cv_port *port = object;

	if (nla_put_u32(skb, CV_A_SET, port->gate->set) ||
	    nla_put_u8(skb, CV_A_PORT_PROTO, port->key.proto) ||
	    nla_put_u16(skb, CV_A_PORT_SERVICE, ntohs(port->service)) ||
	    nla_put_u32(skb, CV_A_PORT_FLAGS, port->flags) ||
	    fill_added(skb, port) || fill_address(skb, &port->key))
		return -EMSGSIZE;
	return fill_counts(skb, port);
}

CV_HANDLER(cv_nl_port_get_doit)
{
	return cv_nl_reply(info, fill, cv_nl_object(info));
}

static bool wanted(const void *object, struct netlink_callback *cb)
{
	const struct cv_port *port = object;

	return net_eq(cv_port_net(port), sock_net(cb->skb->sk)) &&
	       cv_nl_admits(cb, CV_A_PORT, port->id) &&
	       cv_nl_admits(cb, CV_A_SET, port->gate->set);
}

static void *next(unsigned long *id)
{
	return cv_port_next(id);
}

CV_DUMPER(cv_nl_port_dump)
{
	return cv_nl_dump(skb, cb, CV_CMD_PORT_GET, next, wanted, fill);
}
