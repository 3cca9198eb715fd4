/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A service host keeps everybody but members away from what it serves: packets of others do not pass (nftset.h),
 * front ends find no certificate of theirs (peer/directory.h), and the connections they had are
 * ended (sockets.h). What it does is what the verifier says; what the verifier did not say for as long as a member
 * may be silent is over, and nobody is in.
 *
 * What cannot be done is tried again until it can, and not told as done before.
 */
#ifndef GATE_H
#define GATE_H

#include "cvnoded.h"

struct gate;
struct Cv__Node__Roster;

/* @done: everything up to that message is done; 0: all must be told anew, on another connection. NULL and @err. */
struct gate *gate_open(struct event_base *base, const struct config *config,
		       void (*done)(void *context, uint64_t sequence), void *context, struct cv_error *err);
void gate_close(struct gate *gate);

/* How long a word of the verifier's counts; from now on. */
void gate_lease(struct gate *gate, uint32_t ms);
void gate_roster(struct gate *gate, const struct Cv__Node__Roster *roster);

/* The host has another certificate: the front end is to use it. */
void gate_certified(struct gate *gate);

/* The connection is over: sequences begin anew. */
void gate_disconnected(struct gate *gate);

#endif
