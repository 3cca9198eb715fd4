/* SPDX-License-Identifier: GPL-2.0 */
/* Packets that passed the gate and still wait in a queue of the host. */
#ifndef _CV_QUEUE_H
#define _CV_QUEUE_H

struct cv_port;
struct sk_buff;

/*
 * Notes by which device packets leave towards the port's guest: for a bridged
 * guest the bridge's port, whatever the host knows of addresses behind it. A
 * guest that moves to another device is followed at its next connection.
 * Softirq; called as the first packet of a connection leaves.
 */
void cv_queue_note(struct cv_port *port, const struct sk_buff *skb);

/*
 * Empties the queueing discipline of that device. It serves the guest alone;
 * what else it held is sent again by its senders. May sleep; takes the RTNL.
 */
void cv_queue_purge(struct cv_port *port);

#endif /* _CV_QUEUE_H */
