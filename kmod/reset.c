// SPDX-License-Identifier: GPL-2.0
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip6_checksum.h>
#include <net/ip6_route.h>
#include <net/ipv6.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/route.h>
#include <net/tcp.h>
#include "reset.h"

struct reset {
	union nf_inet_addr src, dst;
	__be16 sport, dport;
	u32 seq, ack;
	bool with_ack;
	u8 family;
};

static struct dst_entry *route4(struct net *net, const struct reset *r)
{
	struct flowi4 fl4 = {
		.daddr = r->dst.ip,
		.saddr = r->src.ip,
		.flowi4_proto = IPPROTO_TCP,
		.flowi4_flags = FLOWI_FLAG_ANYSRC,	/* the source is the other end's */
	};
	struct rtable *rt = ip_route_output_key(net, &fl4);

	return IS_ERR(rt) ? NULL : &rt->dst;
}

static struct dst_entry *route6(struct net *net, const struct reset *r)
{
	struct flowi6 fl6 = {
		.daddr = r->dst.in6,
		.saddr = r->src.in6,
		.flowi6_proto = IPPROTO_TCP,
		.flowi6_flags = FLOWI_FLAG_ANYSRC,
	};
	struct dst_entry *dst = ip6_route_output(net, NULL, &fl6);

	if (!dst->error)
		return dst;
	dst_release(dst);
	return NULL;
}

static void put_tcp(struct sk_buff *skb, const struct reset *r)
{
	struct tcphdr *th = skb_put_zero(skb, sizeof(*th));

	skb->transport_header = (u8 *)th - skb->head;
	th->source = r->sport;
	th->dest = r->dport;
	th->seq = htonl(r->seq);
	th->ack_seq = htonl(r->ack);
	th->ack = r->with_ack;
	th->rst = 1;
	th->doff = sizeof(*th) / 4;
}

static void put_ip4(struct sk_buff *skb, const struct reset *r, struct dst_entry *dst)
{
	struct tcphdr *th;
	struct iphdr *iph;

	skb_reset_network_header(skb);
	iph = skb_put_zero(skb, sizeof(*iph));
	put_tcp(skb, r);
	th = tcp_hdr(skb);
	th->check = tcp_v4_check(sizeof(*th), r->src.ip, r->dst.ip,
				 csum_partial(th, sizeof(*th), 0));
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->frag_off = htons(IP_DF);
	iph->ttl = ip4_dst_hoplimit(dst);
	iph->protocol = IPPROTO_TCP;
	iph->saddr = r->src.ip;
	iph->daddr = r->dst.ip;
	iph->tot_len = htons(skb->len);
	ip_send_check(iph);
	skb->protocol = htons(ETH_P_IP);
}

static void put_ip6(struct sk_buff *skb, const struct reset *r, struct dst_entry *dst)
{
	struct ipv6hdr *ip6h;
	struct tcphdr *th;

	skb_reset_network_header(skb);
	ip6h = skb_put_zero(skb, sizeof(*ip6h));
	put_tcp(skb, r);
	th = tcp_hdr(skb);
	th->check = tcp_v6_check(sizeof(*th), &r->src.in6, &r->dst.in6,
				 csum_partial(th, sizeof(*th), 0));
	ip6_flow_hdr(ip6h, 0, 0);
	ip6h->nexthdr = IPPROTO_TCP;
	ip6h->hop_limit = ip6_dst_hoplimit(dst);
	ip6h->saddr = r->src.in6;
	ip6h->daddr = r->dst.in6;
	ip6h->payload_len = htons(sizeof(struct tcphdr));
	skb->protocol = htons(ETH_P_IPV6);
}

/*
 * Sent past the local-output hooks: a host firewall that filters what the host
 * itself sends must not keep a cut connection alive. Untracked: to conntrack
 * it belongs to no connection any more.
 */
static unsigned int send(struct net *net, const struct reset *r)
{
	bool v4 = r->family == NFPROTO_IPV4;
	struct dst_entry *dst = v4 ? route4(net, r) : route6(net, r);
	struct sk_buff *skb;

	if (!dst)
		return 0;
	skb = alloc_skb(LL_RESERVED_SPACE(dst->dev) + sizeof(struct ipv6hdr) +
			sizeof(struct tcphdr), GFP_ATOMIC);
	if (!skb) {
		dst_release(dst);
		return 0;
	}
	skb_reserve(skb, LL_RESERVED_SPACE(dst->dev));
	if (v4)
		put_ip4(skb, r, dst);
	else
		put_ip6(skb, r, dst);
	skb_dst_set(skb, dst);
	skb->dev = dst->dev;
	nf_ct_set(skb, NULL, IP_CT_UNTRACKED);
	local_bh_disable();
	dst_output(net, NULL, skb);
	local_bh_enable();
	return 1;
}

/*
 * One end. A reset is taken only if its sequence number is exactly what the
 * receiver expects next. That is what the other side last sent, or, if the
 * last of it was lost, what the receiver last acknowledged; if the two differ,
 * both go. A receiver that expects something else still answers with a
 * challenge, and the closed gate answers that with the number it names.
 */
static unsigned int reset_end(struct net *net, struct reset *r,
			      const struct ip_ct_tcp_state *sender,
			      const struct ip_ct_tcp_state *receiver)
{
	unsigned int sent;

	r->ack = receiver->td_end;
	r->with_ack = true;
	r->seq = sender->td_end;
	sent = send(net, r);
	if (receiver->td_maxack && receiver->td_maxack != r->seq) {
		r->seq = receiver->td_maxack;
		sent += send(net, r);
	}
	return sent;
}

unsigned int cv_reset_both(struct net *net, struct nf_conn *ct)
{
	const struct nf_conntrack_tuple *orig = &ct->tuplehash[IP_CT_DIR_ORIGINAL].tuple;
	const struct nf_conntrack_tuple *reply = &ct->tuplehash[IP_CT_DIR_REPLY].tuple;
	struct ip_ct_tcp_state seen[IP_CT_DIR_MAX];
	struct reset client = {
		.src = orig->dst.u3, .dst = orig->src.u3, .family = nf_ct_l3num(ct),
		.sport = orig->dst.u.all, .dport = orig->src.u.all,
	};
	struct reset guest = {
		.src = reply->dst.u3, .dst = reply->src.u3, .family = nf_ct_l3num(ct),
		.sport = reply->dst.u.all, .dport = reply->src.u.all,
	};

	if (nf_ct_protonum(ct) != IPPROTO_TCP)
		return 0;
	spin_lock_bh(&ct->lock);
	memcpy(seen, ct->proto.tcp.seen, sizeof(seen));
	spin_unlock_bh(&ct->lock);
	return reset_end(net, &client, &seen[IP_CT_DIR_REPLY], &seen[IP_CT_DIR_ORIGINAL]) +
	       reset_end(net, &guest, &seen[IP_CT_DIR_ORIGINAL], &seen[IP_CT_DIR_REPLY]);
}

static bool addresses(const struct sk_buff *skb, struct reset *r, int *thoff)
{
	const struct ipv6hdr *ip6h = ipv6_hdr(skb);
	const struct iphdr *iph = ip_hdr(skb);
	__be16 frag;
	u8 proto;

	if (r->family == NFPROTO_IPV4) {
		r->src.ip = iph->daddr;
		r->dst.ip = iph->saddr;
		*thoff = skb_network_offset(skb) + iph->ihl * 4;
		return iph->protocol == IPPROTO_TCP && !ip_is_fragment(iph);
	}
	proto = ip6h->nexthdr;
	r->src.in6 = ip6h->daddr;
	r->dst.in6 = ip6h->saddr;
	*thoff = ipv6_skip_exthdr(skb, skb_network_offset(skb) + sizeof(*ip6h), &proto, &frag);
	return *thoff >= 0 && proto == IPPROTO_TCP && !(frag & htons(~7));
}

/* RFC 9293 3.10.7.1: from the ACK if there is one, else acknowledging all of it. */
unsigned int cv_reset_sender(struct net *net, struct sk_buff *skb, u8 family)
{
	struct reset r = { .family = family };
	struct tcphdr _th, *th;
	int thoff;

	if (!addresses(skb, &r, &thoff))
		return 0;
	th = skb_header_pointer(skb, thoff, sizeof(_th), &_th);
	if (!th || th->rst)
		return 0;
	r.sport = th->dest;
	r.dport = th->source;
	if (th->ack) {
		r.seq = ntohl(th->ack_seq);
	} else {
		r.with_ack = true;
		r.ack = ntohl(th->seq) + th->syn + th->fin + skb->len - thoff - th->doff * 4;
	}
	return send(net, &r);
}
