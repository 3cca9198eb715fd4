/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A connection from who says to be a node: admission, step by step, and then the
 * evidence that it is asked for again and again.
 */
#ifndef NODE_H
#define NODE_H

#include "members.h"

/* Takes @fd. */
void node_accept(struct cvd *cvd, int fd);

/* Tells it why, and ends the connection. It is nobody's member any more. */
void node_refuse(struct node *node, const struct verdict *verdict);

/* Every connection, at once and without a word: members stay members. */
void node_end_all(void);

/* Its member is gone. */
void node_detach(struct node *node);

/* Whatever says to be that node and is no member yet. */
void node_refuse_all(const char *id, const struct verdict *verdict);

#endif
