/* SPDX-License-Identifier: GPL-2.0 */
/* The connection to the verifier: made, used to prove the node, and made again when it ends. */
#ifndef LINK_H
#define LINK_H

#include "cvnoded.h"

struct link;

/* Connects at once, and for as long as the loop runs. NULL and @err. */
struct link *link_open(struct event_base *base, const struct config *config, struct tpm *tpm, struct cv_error *err);
void link_close(struct link *link);

#endif
