/* SPDX-License-Identifier: GPL-2.0 */
/* What the two halves of conns share. */
#ifndef CONNS_H
#define CONNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

union address {
	struct sockaddr sa;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* Prints what failed, and errno; does not return. */
void die(const char *what) __attribute__((noreturn));
socklen_t make_address(union address *a, const char *text, unsigned int port);
socklen_t size_of(const union address *a);
unsigned int port_of(const union address *a);

/* unreach.c; returns the exit status. */
int unreach(bool quotes_udp, char **argv);

#endif
