/* SPDX-License-Identifier: GPL-2.0 */
/* What a network namespace with criteria ports holds. */
#ifndef _CV_NET_H
#define _CV_NET_H

#include <linux/rhashtable-types.h>
#include <linux/workqueue.h>
#include <net/net_namespace.h>

struct cv_net {
	struct net *net;
	struct rhashtable ports;	/* cv_port by key; changed under cv_ports_lock */
	struct rhashtable flows;	/* cv_flow by key; flow.c */
	unsigned int n_ports;		/* cv_ports_lock; hooks are in place while > 0 */
	struct delayed_work sweep;
};

struct cv_net *cv_net_of(const struct net *net);

/* Netfilter hooks of the gate; cv_config held, may sleep. */
int cv_gate_enable(struct cv_net *cn);
void cv_gate_disable(struct cv_net *cn);

int cv_net_init(void);
void cv_net_uninit(void);

#endif /* _CV_NET_H */
