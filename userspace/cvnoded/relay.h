/* SPDX-License-Identifier: GPL-2.0 */
/* Connections to one place are led to another: of who is no member to the verifier, of a member to services. */
#ifndef RELAY_H
#define RELAY_H

#include <stdbool.h>
#include <cv/error.h>

struct event_base;
struct relay;
struct ssl_st;

struct relay_options {
	const char *what;		/* for errors: the entry of the configuration */
	const char *listen;		/* address:port, or a port alone: on every address */
	const char *to;			/* address:port */
	unsigned int at_a_time;		/* connections; the oldest goes */
	unsigned int life;		/* seconds of a connection; 0: as long as it likes */
	/* TLS towards @to, for one connection, which frees it; NULL: it cannot be now. Without it bytes go as they come. */
	struct ssl_st *(*secure)(void *context);
	void *context;
};

/* NULL and @err. Options are copied, what they point to is not. */
struct relay *relay_open(struct event_base *base, const struct relay_options *options, struct cv_error *err);
void relay_close(struct relay *relay);

/* Every connection ends. */
void relay_end_all(struct relay *relay);

#endif
