/* SPDX-License-Identifier: GPL-2.0 */
/* Packets that passed the gate and still wait in a queue of the host. */
#ifndef _CV_QUEUE_H
#define _CV_QUEUE_H

struct cv_port;

/*
 * Empties the queueing discipline of the device that leads to the port's guest.
 * It serves that guest alone; what else it held is sent again by its senders.
 * May sleep; takes the RTNL.
 */
void cv_queue_purge(struct cv_port *port);

#endif /* _CV_QUEUE_H */
