/* SPDX-License-Identifier: GPL-2.0 */
/* TCP connections of this machine: which there are, and their end. sock_diag(7), SOCK_DESTROY. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <stdbool.h>
#include <stdint.h>
#include <cv/error.h>

#define SOCKETS_PORTS		16
#define SOCKETS_AT_A_TIME	1024	/* connections are ended; the rest is found again */

struct ports {
	uint16_t port[SOCKETS_PORTS];
	unsigned int n;
};

/*
 * Ends every connection to one of @ports whose other side, "192.0.2.1" or "2001:db8::1", @may_stay does not
 * let stay. Both ends are told. *@found: how many those were; they may not be gone yet. Needs
 * CAP_NET_ADMIN.
 */
bool sockets_end(const struct ports *ports, bool (*may_stay)(void *context, const char *address), void *context,
		 unsigned int *found, struct cv_error *err);

/* A number that is another one when somebody has listened anew on one of @ports; 0: nobody does. */
bool sockets_listeners(const struct ports *ports, uint64_t *sum, struct cv_error *err);

#endif
