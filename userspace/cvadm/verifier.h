/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to the verifier on this machine, by its control socket. */
#ifndef VERIFIER_H
#define VERIFIER_H

#include <jansson.h>

#include "args.h"

#define VERIFIER_SOCKET	"/run/cvd/control"

/* For the table of options of commands that ask the verifier. */
#define VERIFIER_OPTION	\
	{ "socket", "PATH", "cvd's control socket, instead of " VERIFIER_SOCKET, 0 }

/*
 * Asks, and leaves the answer in *@answer, which the caller frees; @request is freed. What the verifier refuses is said on
 * standard error.
 */
int verifier_ask(const struct call *call, json_t *request, json_t **answer);

/* The same, for commands of which nothing but the answer's member @key is shown: by @show, or as JSON. */
int verifier_show(const struct call *call, json_t *request, const char *key, void (*show)(const json_t *value));

/* A string member, or "". */
const char *verifier_text(const json_t *object, const char *key);

#endif /* VERIFIER_H */
