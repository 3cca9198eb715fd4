// SPDX-License-Identifier: GPL-2.0
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <net/dst.h>
#include <net/pkt_sched.h>
#include <net/sch_generic.h>
#include "port.h"
#include "queue.h"

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

void cv_queue_note(struct cv_port *port, const struct sk_buff *skb)
{
	const struct dst_entry *dst = skb_dst(skb);

	if (dst && !(dst->dev->flags & IFF_LOOPBACK))
		WRITE_ONCE(port->ifindex, skb->dev->ifindex);
}

void cv_queue_purge(struct cv_port *port)
{
	struct net_device *dev;

	rtnl_lock();
	dev = __dev_get_by_index(cv_port_net(port), READ_ONCE(port->ifindex));
	if (dev)
		netdev_for_each_tx_queue(dev, reset_queue, NULL);
	rtnl_unlock();
}
