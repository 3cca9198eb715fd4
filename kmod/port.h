/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A criteria port: address, protocol and number that clients connect to, and
 * the service port behind it. It obeys the verdict word of its gatekeeper.
 */
#ifndef _CV_PORT_H
#define _CV_PORT_H

#include <linux/netfilter.h>
#include <linux/rhashtable-types.h>
#include "gatekeeper.h"

struct cv_net;
struct net;
struct netlink_ext_ack;

extern struct mutex cv_ports_lock;

/* What clients connect to. Compared as bytes: no padding that is not zero. */
struct cv_port_key {
	union nf_inet_addr addr;
	__be16 number;
	u8 family;		/* NFPROTO_IPV4 or NFPROTO_IPV6 */
	u8 proto;		/* IPPROTO_TCP or IPPROTO_UDP */
};

struct cv_port_stats {
	u64 passed;
	u64 dropped;
};

struct cv_port {
	struct rhash_head node;		/* cv_net->ports */
	struct cv_port_key key;
	__be16 service;
	bool dead;			/* being removed; flows_lock */
	bool bypassed;			/* bridged frames do not come to the IP hooks */
	u32 flags;			/* CV_PORT_F_* */
	int ifindex;			/* towards the guest; 0: no packet has gone there */
	u32 id;
	unsigned int users;		/* equal registrations; cv_config */
	struct cv_gatekeeper *gate;	/* outlives the port */
	struct cv_net *cn;
	struct list_head on_gate;	/* cv_ports_lock */
	spinlock_t flows_lock;
	struct list_head flows;		/* live; flows_lock */
	struct list_head tombs;		/* flows whose entry died early; flows_lock */
	unsigned int n_flows;		/* live ones; flows_lock */
	unsigned int n_tombs;		/* flows_lock */
	struct cv_port_stats __percpu *stats;
	atomic64_t resets;
	atomic64_t cut;
	struct kref ref;		/* the tables' and one for each flow */
	struct rcu_head rcu;
};

struct cv_port_ask {
	struct cv_port_key key;		/* number 0: a random one of the range */
	__be16 service;
	u16 min, max;
	bool ranged;			/* min and max were asked for */
	u32 flags;
};

/* cv_config held; may sleep. */
struct cv_port *cv_port_add(struct net *net, struct cv_gatekeeper *gate,
			    const struct cv_port_ask *ask, struct netlink_ext_ack *extack);
void cv_port_del(struct cv_port *port);
void cv_port_remove(struct cv_port *port);

/* RCU or cv_config. */
struct cv_port *cv_port_find(u32 id);
struct cv_port *cv_port_next(unsigned long *id);
struct cv_port *cv_port_lookup(struct cv_net *cn, const struct cv_port_key *key);
enum cv_port_state cv_port_state(const struct cv_port *port);
void cv_port_sum(const struct cv_port *port, struct cv_port_stats *sum);
struct net *cv_port_net(const struct cv_port *port);
void cv_port_put(struct cv_port *port);

/*
 * The set is violated, or going: cut every connection of its ports, or remove
 * the ports. May sleep; takes cv_ports_lock.
 */
void cv_ports_cut(struct cv_gatekeeper *gate);
void cv_ports_drop(struct cv_gatekeeper *gate);

int cv_ports_net_init(struct cv_net *cn);
void cv_ports_net_exit(struct cv_net *cn);
void cv_ports_uninit(void);

#endif /* _CV_PORT_H */
