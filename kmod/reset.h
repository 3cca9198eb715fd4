/* SPDX-License-Identifier: GPL-2.0 */
/* TCP resets made from what conntrack knows of a connection. RFC 9293, 5961. */
#ifndef _CV_RESET_H
#define _CV_RESET_H

#include <linux/skbuff.h>
#include <net/netfilter/nf_conntrack.h>

struct net;

/* Both ends, whether or not anything was sent lately. Returns resets sent. */
unsigned int cv_reset_both(struct net *net, struct nf_conn *ct);
/* The sender of @skb, a TCP packet that the IP hooks see. Returns resets sent. */
unsigned int cv_reset_sender(struct net *net, struct sk_buff *skb, u8 family);

#endif /* _CV_RESET_H */
