/* SPDX-License-Identifier: GPL-2.0 */
/* cvd: the verifier. What its parts share; each part's own header says more. */
#ifndef CVD_H
#define CVD_H

#include <event2/event.h>
#include <peer/say.h>
#include "ca.h"
#include "policy.h"
#include "store.h"

#define CVD_ROOM_MAX	(16u << 20)	/* bytes of evidence of one node */

struct remedy;
struct roster;
struct members;

struct config {
	char *text;			/* the file, of which the others are parts; the owner's to free */
	const char *listen;		/* address:port of nodes */
	const char *state;		/* directory */
	const char *control;		/* socket of cvadm */
	const char *criteria;		/* directory */
	const char *vendors;		/* directory, or NULL */
	const char *enrol;		/* approval or vendor */
	const char *members;		/* directory of members' certificates */
	const char *metrics;		/* address:port, or NULL */
	const char *user;		/* to run as, or NULL */
	const char *remedy;		/* program for who is ejected, or NULL */
	const char *remedy_for;		/* reasons, with blanks between */
	uint32_t remedy_timeout;	/* ms */
	uint32_t interval, timeout;	/* ms */
	uint32_t certificate_life;	/* ms */
	uint32_t joining;		/* at most so many nodes at a time that are not members */
};

struct cvd {
	struct event_base *base;
	struct config config;
	struct ca ca;
	struct store *store;
	struct policy policy;
	struct roster *roster;
	struct remedy *remedy;		/* or NULL */
	struct members *members;
	struct ssl_ctx_st *tls;
	/* For metrics. */
	struct {
		uint64_t admitted, refused, ejected, evidence, store_errors;
	} count;
};

uint64_t now_ms(void);		/* since 1970 */

#endif
