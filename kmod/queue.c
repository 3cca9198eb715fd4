// SPDX-License-Identifier: GPL-2.0
#include <linux/if_bridge.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/ip6_route.h>
#include <net/neighbour.h>
#include <net/pkt_sched.h>
#include <net/route.h>
#include <net/sch_generic.h>
#include "port.h"
#include "queue.h"

static struct dst_entry *route_to_guest(struct net *net, const struct cv_port_key *key)
{
	struct flowi4 fl4 = { .daddr = key->addr.ip };
	struct flowi6 fl6 = { .daddr = key->addr.in6 };
	struct rtable *rt;

	if (key->family == NFPROTO_IPV6)
		return ip6_route_output(net, NULL, &fl6);
	rt = ip_route_output_key(net, &fl4);
	return IS_ERR(rt) ? NULL : &rt->dst;
}

static void reset_locked(struct Qdisc *qdisc)
{
	spin_lock_bh(qdisc_lock(qdisc));
	qdisc_reset(qdisc);
	spin_unlock_bh(qdisc_lock(qdisc));
}

/* One that needs no lock to dequeue keeps its readers out by another. */
static void reset_queue(struct net_device *dev, struct netdev_queue *txq, void *unused)
{
	struct Qdisc *qdisc = rtnl_dereference(txq->qdisc_sleeping);

	if (!qdisc)
		return;
	if (!(qdisc->flags & TCQ_F_NOLOCK)) {
		reset_locked(qdisc);
		return;
	}
	spin_lock_bh(&qdisc->seqlock);
	reset_locked(qdisc);
	spin_unlock_bh(&qdisc->seqlock);
}

/* Across a bridge it is the bridge's port behind which the guest was seen. */
static struct net_device *device_to_guest(struct dst_entry *dst, const struct cv_port_key *key)
{
	struct net_device *dev = dst->dev;
	struct neighbour *neigh;

	if (!netif_is_bridge_master(dev))
		return dev;
	neigh = dst_neigh_lookup(dst, &key->addr);
	if (!neigh)
		return NULL;
	dev = br_fdb_find_port(dev, neigh->ha, 0);
	neigh_release(neigh);
	return dev;
}

void cv_queue_purge(struct cv_port *port)
{
	struct dst_entry *dst = route_to_guest(cv_port_net(port), &port->key);
	struct net_device *dev;

	if (!dst)
		return;
	rtnl_lock();
	dev = dst->error ? NULL : device_to_guest(dst, &port->key);
	if (dev && !(dev->flags & IFF_LOOPBACK))
		netdev_for_each_tx_queue(dev, reset_queue, NULL);
	rtnl_unlock();
	dst_release(dst);
}
