/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Who is in the cloud, and until when. A member is one in the store first; its
 * deadline is the time of its last accepted evidence there, plus the timeout, so a
 * verifier that was away keeps nobody longer than one that was not.
 */
#ifndef MEMBERS_H
#define MEMBERS_H

#include "cvd.h"

struct node;
struct gate;

struct member {
	struct store_node is;
	struct node *node;		/* its connection, or NULL */
	struct gate *gate;		/* of type service; others: NULL */
	struct event *deadline;
	struct cvd *cvd;
	bool unsaved;			/* was seen since it was saved */
	bool leaving;			/* is out, but the store does not know yet */
	struct member *next_unsaved;
};

/* Why somebody is out, or was not let in. */
struct verdict {
	const char *reason;		/* stable */
	const char *text;
	const char *rules;		/* JSON, or "" */
};

/* Takes the members from the store; those whose time is over are ejected. */
struct members *members_open(struct cvd *cvd, struct cv_error *err);
void members_close(struct members *members);

struct member *members_find(struct cvd *cvd, const char *id);
size_t members_count(const struct cvd *cvd);

/* In the order of their ids. @each may return false to end it, and must not change them. */
void members_each(struct cvd *cvd, bool (*each)(void *context, const struct member *member), void *context);

/*
 * Into the store, then into the roster. @der: its certificate, with that serial. NULL and @err: it is no member. A member
 * of the same id is this one from now on.
 */
struct member *members_admit(struct cvd *cvd, const struct store_node *is, struct cv_bytes der, uint64_t not_after,
			     const char *what, struct cv_error *err);

/*
 * Evidence was accepted: is.reset_count and so on are set. The deadline moves. What counts is when it was @asked for: the
 * quote may be as old.
 */
void members_seen(struct member *member, uint64_t asked);

/*
 * Out of the roster, told to the gates, out of the store: certificates revoked, the event told, the connection
 * ended. What cannot be stored now is tried again until it is. @member is freed.
 */
void members_eject(struct member *member, enum standing standing, const struct verdict *verdict);

#endif
