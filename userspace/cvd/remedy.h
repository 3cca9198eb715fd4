/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A program of the operator's that does something about a machine that was ejected, as to write its image anew. It is
 * started by a process of its own, which keeps the rights that cvd began with; the network side names a node
 * and a reason, and is told how it ended. That is an event of the node's history ("remedied").
 */
#ifndef REMEDY_H
#define REMEDY_H

#include "cvd.h"

struct remedy;

/* Starts the process. Call it before rights are given up. NULL without @err: none is configured. */
struct remedy *remedy_start(const struct config *config, struct cv_error *err);

/* Answers are stored from now on. */
bool remedy_open(struct remedy *remedy, struct cvd *cvd, struct cv_error *err);
void remedy_stop(struct remedy *remedy);

/* For a node that is out, as the store says. Does not wait. NULL, or another reason than configured: does nothing. */
void remedy_run(struct remedy *remedy, const struct store_node *node);

#endif
