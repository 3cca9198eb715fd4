/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Members of type service keep who is no member away from what they serve. They are told
 * who is one: all of them when they connect, then each that comes or goes. They say when it is
 * done; that an ejected node has no connection left is an event of its history ("isolated").
 *
 * One that is not connected is told all of it when it is again, and lets nobody in that
 * long (cv/node.proto, Roster).
 */
#ifndef GATES_H
#define GATES_H

#include "members.h"

struct gate;
struct Cv__Node__ToVerifier;

/* For a member of type service, for as long as it is one; others have none. NULL without memory. */
struct gate *gate_open(struct cvd *cvd, const struct store_node *is);
void gate_close(struct gate *gate);

/* Its connection, on which it is told all; NULL: it is over. */
void gate_connected(struct gate *gate, struct node *node);

/* With each question, so that it knows that the verifier is there. */
void gate_tick(struct gate *gate);

/* Who is a member from now on, and who not any more. */
void gates_come(struct cvd *cvd, const struct store_node *is, struct cv_bytes der);
void gates_gone(struct cvd *cvd, const char *id);
void gates_crl(struct cvd *cvd, struct cv_bytes der);

/* Is @address (with a port) the address of such a host that is not @id? */
bool gates_are_at(const struct cvd *cvd, const char *address, const char *id);

/* Has it done all that it was told? */
bool gate_is_settled(const struct gate *gate);

/* How many there are, and how many of those are settled. */
void gates_count(unsigned int *n, unsigned int *settled);

/* handler of connection.h */
void gate_applied(struct node *node, const struct Cv__Node__ToVerifier *message);

#endif
