/* SPDX-License-Identifier: GPL-2.0 */
/*
 * One connection through a criteria port.
 *
 * A conntrack entry that belongs to a port carries the connection-tracking
 * helper "cloudverifier": conntrack calls it for each packet on its way out,
 * tells it when the entry dies, whoever killed it, keeps other helpers away,
 * and never offloads such entries to a flowtable. Its private data points at
 * the flow.
 *
 * A flow outlives its entry (a tomb) when that died in the middle of a
 * connection, so that what the guest still sends is not taken for a new
 * connection of the original port.
 */
#ifndef _CV_FLOW_H
#define _CV_FLOW_H

#include <linux/rhashtable-types.h>
#include <net/netfilter/nf_conntrack.h>
#include <net/netfilter/nf_conntrack_helper.h>
#include "port.h"

struct cv_net;

/* The guest's side of it: what its packets look like before translation. */
struct cv_flow_key {
	union nf_inet_addr guest;
	union nf_inet_addr client;
	__be16 guest_port;
	__be16 client_port;
	u8 family;
	u8 proto;
	u8 zero[2];
};

struct cv_flow {
	struct cv_gatekeeper *gate;	/* the port's; read for each packet */
	struct cv_port *port;		/* referenced */
	struct cv_flow_key key;
	struct rhash_head node;
	struct list_head on_port;	/* port->flows; its lock */
	struct nf_conn *ct;		/* referenced; NULL in a tomb; port->flows_lock */
	bool cut;			/* port->flows_lock */
	unsigned long expires;		/* jiffies; a tomb's end */
	struct rcu_head rcu;
};

/* Private data of the helper; 32 bytes are there. */
struct cv_helper_data {
	struct cv_flow *flow;		/* NULL before the first packet is out, and after */
	u32 port;			/* id */
};

extern struct nf_conntrack_helper cv_helper;

/* The helper's data if the entry belongs to a port, else NULL. RCU. */
static __always_inline struct cv_helper_data *cv_flow_data(const struct nf_conn *ct)
{
	struct nf_conn_help *help = nfct_help(ct);

	if (!help || rcu_access_pointer(help->helper) != &cv_helper)
		return NULL;
	return (struct cv_helper_data *)help->data;
}

static __always_inline bool cv_flow_is_open(const struct cv_flow *flow)
{
	return likely(cv_gate_is_open(flow->gate));
}

/* Softirq. Marks a new, unconfirmed entry as a connection of @port. */
bool cv_flow_mark(struct nf_conn *ct, const struct cv_port *port);
/* RCU. A flow or tomb that a packet of the guest belongs to. */
struct cv_flow *cv_flow_lookup(struct cv_net *cn, const struct cv_flow_key *key);

/* Process context, cv_ports_lock held. */
struct cv_cut {
	unsigned int conns;
	unsigned int resets;
	u64 last_tsc;		/* of the last connection's resets */
};
void cv_flows_cut(struct cv_port *port, struct cv_cut *cut);
void cv_flows_remove(struct cv_port *port);

int cv_flows_net_init(struct cv_net *cn);
void cv_flows_net_exit(struct cv_net *cn);
int cv_flow_init(void);
void cv_flow_uninit(void);

#endif /* _CV_FLOW_H */
