/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the verifier must not forget: nodes, their certificates, and what happened.
 * Whatever it tells a node or a person was in here first. sqlite.c keeps it in one
 * file; another backend would be another file with these functions.
 *
 * All calls may block for as long as a disk takes. False and @err: nothing of what
 * was asked has happened, and the caller must not act as if it had.
 */
#ifndef STORE_H
#define STORE_H

#include <cv/error.h>
#include "ca.h"

#define STORE_TEXT	512	/* bytes of a sentence */

struct store;

enum standing {
	STANDING_PENDING,	/* known, and waits for an operator */
	STANDING_OUT,		/* was refused or ejected; may prove itself again */
	STANDING_MEMBER,
	STANDING_BARRED,	/* ejected by an operator, who must approve it again */
	N_STANDINGS
};

const char *standing_name(enum standing standing);	/* "pending" and the like; stable */

struct store_node {
	char id[CA_ID];
	char name[CA_NAME], type[16];
	enum standing standing;
	bool approved;			/* by an operator, or by its vendor's certificate */
	char reason[32];		/* stable: why it is out */
	char text[STORE_TEXT];		/* for people */
	char address[64];		/* it was last seen at */
	uint64_t met;			/* ms since 1970, when it first asked to be approved; 0: never */
	/* Of the last evidence that was accepted; 0: never. */
	uint64_t seen;			/* ms since 1970 */
	uint64_t reset_count, restart_count, clock;
	char serial[2 * CA_SERIAL + 1];	/* of its certificate, in hexadecimal; empty: none */
};

struct store *store_open(const char *path, struct cv_error *err);
void store_close(struct store *store);

/* What belongs together. A begin without commit, whatever happens, is nothing. */
bool store_begin(struct store *store, struct cv_error *err);
bool store_commit(struct store *store, struct cv_error *err);
void store_rollback(struct store *store);

/* False without @err->name set: there is none. */
bool store_node_get(struct store *store, const char *id, struct store_node *node, struct cv_error *err);
/* The id of the node of that name; false likewise. */
bool store_node_named(struct store *store, const char *name, char id[CA_ID], struct cv_error *err);
bool store_node_put(struct store *store, const struct store_node *node, struct cv_error *err);
/* One that nobody approved. Only the last 256 of those are kept: they may be inventions. Their names are free. */
bool store_node_pending(struct store *store, const struct store_node *node, struct cv_error *err);
/* Only that it was seen, and by which evidence. */
bool store_node_seen(struct store *store, const struct store_node *node, struct cv_error *err);
/* @each may return false to end it, and must not change nodes. */
bool store_nodes(struct store *store, bool (*each)(void *context, const struct store_node *node), void *context,
		 struct cv_error *err);

/* @not_after: seconds since 1970. */
bool store_certificate_add(struct store *store, const char *serial, const char *id, uint64_t not_after,
			   struct cv_error *err);
/* All of the node's. */
bool store_certificates_revoke(struct store *store, const char *id, struct cv_error *err);
/* Serials that are revoked and not over at @now (seconds since 1970); *@serials is the caller's to free. */
bool store_revoked(struct store *store, uint64_t now, uint8_t **serials, size_t *n, struct cv_error *err);

struct store_event {
	uint64_t seq;
	uint64_t time;			/* ms since 1970 */
	const char *id;			/* of the node; empty: the verifier's own */
	const char *what;		/* stable: "admitted", "ejected", "refused", "approved", … */
	const char *reason;		/* stable, or empty */
	const char *text;		/* for people */
	const char *rules;		/* JSON, or empty */
};

bool store_event_add(struct store *store, const struct store_event *event, struct cv_error *err);
/* The event, and its reason and text in the node's entry if there is one. */
bool store_refusal(struct store *store, const char *id, const struct store_event *event, struct cv_error *err);
/* The last @max of a node, or of all for NULL, oldest first. */
bool store_events(struct store *store, const char *id, unsigned int max,
		  bool (*each)(void *context, const struct store_event *event), void *context, struct cv_error *err);

#endif
