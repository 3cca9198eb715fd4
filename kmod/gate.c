// SPDX-License-Identifier: GPL-2.0
/*
 * The gate: what happens to packets.
 *
 *	PRE_ROUTING, LOCAL_OUT	just after conntrack: packets of a port's
 *				connections pass or not, in both directions,
 *				ICMP errors about them included; packets that
 *				conntrack does not know and that touch a
 *				criteria port are dropped (early gate)
 *	nat PRE_ROUTING, OUTPUT	a new connection to a criteria port is refused
 *				or translated to the service port
 *	nat POSTROUTING, INPUT	a new connection that others have translated to
 *				a criteria port is dropped
 *	POST_ROUTING, LOCAL_IN	the conntrack helper looks again, just before
 *				the packet leaves (late gate; flow.c)
 *	bridge FORWARD		frames that br_netfilter did not hand to the
 *				above are dropped if they touch a port
 *
 * An "accept" of another chain ends that chain only; all of these still run.
 */
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/ipv6.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/netfilter_ipv6.h>
#include <net/ipv6.h>
#include <net/netfilter/ipv4/nf_reject.h>
#include <net/netfilter/ipv6/nf_reject.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_nat.h>
#include "flow.h"
#include "main.h"
#include "net.h"
#include "port.h"
#include "reset.h"
#include "trace.h"

/* What a packet says of itself, without conntrack. */
struct ends {
	union nf_inet_addr src, dst;
	__be16 sport, dport;
	u8 family, proto;
	int transport;		/* where its header begins */
};

static unsigned int drop(struct cv_port *port, const struct sk_buff *skb)
{
	this_cpu_inc(port->stats->dropped);
	trace_cv_gate_drop(port->id, skb->len, port->gate->word);
	return NF_DROP;
}

/* No verdict says no: say so to a client, as a closed port would. */
static unsigned int refuse(struct cv_port *port, struct sk_buff *skb,
			   const struct nf_hook_state *state)
{
	if (port->key.proto == IPPROTO_TCP)
		atomic64_add(cv_reset_sender(state->net, skb, state->pf), &port->resets);
	else if (state->pf == NFPROTO_IPV4)
		nf_send_unreach(skb, ICMP_PORT_UNREACH, state->hook);
	else
		nf_send_unreach6(state->net, skb, ICMPV6_PORT_UNREACH, state->hook);
	return drop(port, skb);
}

/*
 * A violated connection whose end did not take the reset, or answers it with a
 * challenge: reset it by the number it expects. Otherwise silence, for an
 * UNKNOWN set may open again.
 */
static noinline unsigned int closed(struct cv_port *port, struct sk_buff *skb,
				    const struct nf_hook_state *state)
{
	if (port->key.proto == IPPROTO_TCP && READ_ONCE(port->gate->word) & CV_WORD_LATCH)
		atomic64_add(cv_reset_sender(state->net, skb, state->pf), &port->resets);
	return drop(port, skb);
}

static bool transport_ports(const struct sk_buff *skb, struct ends *e)
{
	__be16 _ports[2], *ports;

	if (e->proto != IPPROTO_TCP && e->proto != IPPROTO_UDP)
		return false;
	ports = skb_header_pointer(skb, e->transport, sizeof(_ports), _ports);
	if (!ports)
		return false;
	e->sport = ports[0];
	e->dport = ports[1];
	return true;
}

static bool ends4(const struct sk_buff *skb, int off, struct ends *e)
{
	struct iphdr _iph, *iph = skb_header_pointer(skb, off, sizeof(_iph), &_iph);

	if (!iph || iph->version != 4 || iph->ihl < 5 || iph->frag_off & htons(IP_OFFSET))
		return false;
	e->src.ip = iph->saddr;
	e->dst.ip = iph->daddr;
	e->proto = iph->protocol;
	e->transport = off + iph->ihl * 4;
	return transport_ports(skb, e);
}

static bool ends6(const struct sk_buff *skb, int off, struct ends *e)
{
	struct ipv6hdr _ip6h, *ip6h = skb_header_pointer(skb, off, sizeof(_ip6h), &_ip6h);
	__be16 frag;

	if (!ip6h || ip6h->version != 6)
		return false;
	e->src.in6 = ip6h->saddr;
	e->dst.in6 = ip6h->daddr;
	e->proto = ip6h->nexthdr;
	e->transport = ipv6_skip_exthdr(skb, off + sizeof(*ip6h), &e->proto, &frag);
	return e->transport >= 0 && !(frag & htons(~7)) && transport_ports(skb, e);
}

/* An error about a packet goes the other way than the packet it quotes. */
static bool ends_quoted(const struct sk_buff *skb, int off, struct ends *e)
{
	bool v4 = e->family == NFPROTO_IPV4;
	u8 _type, *type = skb_header_pointer(skb, off, sizeof(_type), &_type);
	struct ends quoted = { .family = e->family };

	off += 8;		/* both protocols' errors have eight bytes ahead */
	if (!type || !(v4 ? icmp_is_err(*type) : icmpv6_is_err(*type)))
		return false;
	if (!(v4 ? ends4(skb, off, &quoted) : ends6(skb, off, &quoted)))
		return false;
	*e = (struct ends){
		.src = quoted.dst, .dst = quoted.src,
		.sport = quoted.dport, .dport = quoted.sport,
		.family = quoted.family, .proto = quoted.proto,
	};
	return true;
}

/* One level: an error that quotes an error is not sent, nor asked about. */
static bool ends_of(const struct sk_buff *skb, u8 family, int off, struct ends *e)
{
	bool v4 = family == NFPROTO_IPV4;

	*e = (struct ends){ .family = family };
	if (v4 ? ends4(skb, off, e) : ends6(skb, off, e))
		return true;
	if (e->proto != (v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6) || e->transport < 0)
		return false;
	return ends_quoted(skb, e->transport, e);
}

static struct cv_port *port_at(struct cv_net *cn, const struct ends *e,
			       const union nf_inet_addr *addr, __be16 number)
{
	struct cv_port_key key = {
		.addr = *addr, .number = number, .family = e->family, .proto = e->proto,
	};

	return cv_port_lookup(cn, &key);
}

/* What the guest sends on a connection that conntrack has lost. */
static struct cv_port *port_of_lost_flow(struct cv_net *cn, const struct ends *e)
{
	struct cv_flow_key key = {
		.guest = e->src, .client = e->dst,
		.guest_port = e->sport, .client_port = e->dport,
		.family = e->family, .proto = e->proto,
	};
	struct cv_flow *flow = cv_flow_lookup(cn, &key);

	return flow ? flow->port : NULL;
}

/*
 * A packet of no known connection. Nothing reaches or leaves a criteria port
 * untranslated, though the guest may listen there itself; nothing of a lost
 * connection passes as one of the original port.
 */
static struct cv_port *port_touched(struct cv_net *cn, const struct ends *e)
{
	return port_at(cn, e, &e->dst, e->dport) ?:
	       port_at(cn, e, &e->src, e->sport) ?:
	       port_of_lost_flow(cn, e);
}

/* Somebody else's translation, by a rule or for an expected connection, ends at a port. */
static bool is_translated_to_port(struct cv_net *cn, const struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	struct cv_port_key key = {
		.addr = reply->src.u3, .number = reply->src.u.all,
		.family = reply->src.l3num, .proto = reply->dst.protonum,
	};

	return ct->status & IPS_DST_NAT && !cv_flow_data(ct) && cv_port_lookup(cn, &key);
}

static noinline unsigned int no_connection(struct cv_net *cn, struct sk_buff *skb,
					   const struct nf_hook_state *state, bool tracked)
{
	struct cv_port *port;
	struct ends e;

	if (tracked && is_translated_to_port(cn, (struct nf_conn *)skb_nfct(skb)))
		return NF_DROP;
	if (!ends_of(skb, state->pf, skb_network_offset(skb), &e))
		return NF_ACCEPT;
	/* To a port and tracked: the nat hook refuses or translates it. */
	if (tracked && port_at(cn, &e, &e.dst, e.dport))
		return NF_ACCEPT;
	port = port_touched(cn, &e);
	return port ? closed(port, skb, state) : NF_ACCEPT;
}

/*
 * Cheap, for the packets of all others: only the first packet is looked at
 * more. That of an expected connection is "related", as errors are.
 */
static __always_inline bool is_established(const struct sk_buff *skb)
{
	unsigned long info = skb->_nfct & NFCT_INFOMASK;

	return skb_nfct(skb) && info != IP_CT_NEW && info != IP_CT_RELATED;
}

static noinline unsigned int unknown(struct sk_buff *skb, const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (ct && nf_ct_is_confirmed(ct))
		return NF_ACCEPT;
	/* What the host sends to itself has been through LOCAL_OUT. */
	if (!ct && state->in && state->in->flags & IFF_LOOPBACK)
		return NF_ACCEPT;
	return no_connection(cv_net_of(state->net), skb, state, ct);
}

/* Of a port, but its first packet is not out yet, or its flow is gone. */
static noinline unsigned int without_flow(const struct sk_buff *skb)
{
	enum ip_conntrack_info ctinfo;

	return nf_ct_is_confirmed(nf_ct_get(skb, &ctinfo)) ? NF_DROP : NF_ACCEPT;
}

static unsigned int early_gate(void *priv, struct sk_buff *skb,
			       const struct nf_hook_state *state)
{
	struct nf_conn *ct = (struct nf_conn *)skb_nfct(skb);
	struct cv_helper_data *data;
	struct cv_flow *flow;

	data = ct ? cv_flow_data(ct) : NULL;
	if (!data)
		return is_established(skb) ? NF_ACCEPT : unknown(skb, state);
	flow = READ_ONCE(data->flow);
	if (unlikely(!flow))
		return without_flow(skb);
	if (!cv_flow_is_open(flow))
		return closed(flow->port, skb, state);
	this_cpu_inc(flow->port->stats->passed);
	return NF_ACCEPT;
}

/* First packet of a connection: called from the nat core, which is at dstnat. */
static unsigned int translate(void *priv, struct sk_buff *skb,
			      const struct nf_hook_state *state)
{
	struct cv_net *cn = cv_net_of(state->net);
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);
	const struct nf_conntrack_tuple *tuple;
	struct nf_nat_range2 range = { .flags = NF_NAT_RANGE_PROTO_SPECIFIED };
	struct cv_port_key key = {};
	struct cv_port *port;
	unsigned int verdict;

	if (!ct || nf_ct_is_confirmed(ct))
		return NF_ACCEPT;
	tuple = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	key.addr = tuple->dst.u3;
	key.number = tuple->dst.u.all;
	key.family = tuple->src.l3num;
	key.proto = tuple->dst.protonum;
	port = cv_port_lookup(cn, &key);
	if (!port)
		return NF_ACCEPT;
	if (!cv_gate_passes(port->gate))
		return refuse(port, skb, state);

	if (port->bypassed && nf_bridge_info_exists(skb))
		WRITE_ONCE(port->bypassed, false);
	range.min_proto.all = port->service;
	range.max_proto.all = port->service;
	verdict = nf_nat_setup_info(ct, &range, NF_NAT_MANIP_DST);
	if (verdict != NF_ACCEPT || !cv_flow_mark(ct, port))
		return drop(port, skb);
	this_cpu_inc(port->stats->passed);
	return NF_ACCEPT;
}

/* Called from the nat core for a new connection, once others have translated. */
static unsigned int untranslated(void *priv, struct sk_buff *skb,
				 const struct nf_hook_state *state)
{
	enum ip_conntrack_info ctinfo;
	struct nf_conn *ct = nf_ct_get(skb, &ctinfo);

	if (ct && !nf_ct_is_confirmed(ct) && is_translated_to_port(cv_net_of(state->net), ct))
		return NF_DROP;
	return NF_ACCEPT;
}

/*
 * Frames that cross a bridge. br_netfilter marks those that it has shown to
 * the hooks above; any other that touches a port stays here.
 */
static unsigned int bridge_gate(void *priv, struct sk_buff *skb,
				const struct nf_hook_state *state)
{
	int off = skb_network_offset(skb);
	__be16 protocol = skb->protocol;
	struct cv_port *port;
	struct ends e;
	u8 family;

	if (nf_bridge_info_exists(skb))
		return NF_ACCEPT;
	if (protocol == htons(ETH_P_IP))
		family = NFPROTO_IPV4;
	else if (protocol == htons(ETH_P_IPV6))
		family = NFPROTO_IPV6;
	else
		return NF_ACCEPT;
	if (!ends_of(skb, family, off, &e))
		return NF_ACCEPT;
	port = port_touched(cv_net_of(state->net), &e);
	if (!port)
		return NF_ACCEPT;
	WRITE_ONCE(port->bypassed, true);
	return drop(port, skb);
}

#define EARLY(family, num) {				\
	.hook = early_gate, .pf = family, .hooknum = num,	\
	.priority = NF_IP_PRI_CONNTRACK + 1,		\
}

static const struct nf_hook_ops gate_ops[] = {
	EARLY(NFPROTO_IPV4, NF_INET_PRE_ROUTING),
	EARLY(NFPROTO_IPV4, NF_INET_LOCAL_OUT),
	EARLY(NFPROTO_IPV6, NF_INET_PRE_ROUTING),
	EARLY(NFPROTO_IPV6, NF_INET_LOCAL_OUT),
	{
		.hook = bridge_gate, .pf = NFPROTO_BRIDGE,
		.hooknum = NF_BR_FORWARD, .priority = NF_BR_PRI_LAST,
	},
};

/* Ahead of any nat chain there can be: the first to translate decides. */
#define NAT(fn, family, num) {				\
	.hook = fn, .pf = family, .hooknum = num,	\
	.priority = NF_IP_PRI_FIRST,			\
}

static const struct nf_hook_ops nat_ops[] = {
	NAT(translate, NFPROTO_IPV4, NF_INET_PRE_ROUTING),
	NAT(translate, NFPROTO_IPV4, NF_INET_LOCAL_OUT),
	NAT(untranslated, NFPROTO_IPV4, NF_INET_POST_ROUTING),
	NAT(untranslated, NFPROTO_IPV4, NF_INET_LOCAL_IN),
	NAT(translate, NFPROTO_IPV6, NF_INET_PRE_ROUTING),
	NAT(translate, NFPROTO_IPV6, NF_INET_LOCAL_OUT),
	NAT(untranslated, NFPROTO_IPV6, NF_INET_POST_ROUTING),
	NAT(untranslated, NFPROTO_IPV6, NF_INET_LOCAL_IN),
};

static int nat_register(struct net *net, const struct nf_hook_ops *ops)
{
	return ops->pf == NFPROTO_IPV4 ? nf_nat_ipv4_register_fn(net, ops) :
					 nf_nat_ipv6_register_fn(net, ops);
}

static void nat_unregister(struct net *net, const struct nf_hook_ops *ops)
{
	if (ops->pf == NFPROTO_IPV4)
		nf_nat_ipv4_unregister_fn(net, ops);
	else
		nf_nat_ipv6_unregister_fn(net, ops);
}

int cv_gate_enable(struct cv_net *cn)
{
	unsigned int i;
	int err;

	lockdep_assert_held(&cv_ports_lock);
	err = nf_ct_netns_get(cn->net, NFPROTO_INET);
	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(nat_ops); i++) {
		err = nat_register(cn->net, &nat_ops[i]);
		if (err)
			goto err_nat;
	}
	err = nf_register_net_hooks(cn->net, gate_ops, ARRAY_SIZE(gate_ops));
	if (!err)
		return 0;
err_nat:
	while (i--)
		nat_unregister(cn->net, &nat_ops[i]);
	nf_ct_netns_put(cn->net, NFPROTO_INET);
	return err;
}

void cv_gate_disable(struct cv_net *cn)
{
	unsigned int i;

	lockdep_assert_held(&cv_ports_lock);
	nf_unregister_net_hooks(cn->net, gate_ops, ARRAY_SIZE(gate_ops));
	for (i = 0; i < ARRAY_SIZE(nat_ops); i++)
		nat_unregister(cn->net, &nat_ops[i]);
	nf_ct_netns_put(cn->net, NFPROTO_INET);
}
