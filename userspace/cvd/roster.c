// SPDX-License-Identifier: GPL-2.0
#include <openssl/crypto.h>
#include <peer/directory.h>
#include <stdio.h>
#include <stdlib.h>
#include "gates.h"
#include "members.h"
#include "roster.h"

#define AGAIN_S		1
#define GATHER_MS	50	/* what is revoked by then is in one list */
#define CRL_LIFE	(24 * 3600)	/* seconds; made anew each half of it */

/* The order of work does not matter: there is one at most of a member. */
struct work {
	struct work *next;
	char id[CA_ID];
	size_t der_len;			/* 0: the member goes */
	uint8_t der[];
};

struct roster {
	struct cvd *cvd;
	struct directory *directory;
	struct event *again;
	struct work *todo;		/* at most one of a member */
	bool crl_is_old;
	char why[160];			/* what could not be done */
};

static bool put_in(struct roster *r, const struct work *w)
{
	return directory_put(r->directory, w->id, (struct cv_bytes) { w->der, w->der_len });
}

static bool take_out(struct roster *r, const struct work *w)
{
	return directory_remove(r->directory, w->id);
}

/* --- what is revoked ---------------------------------------------------------------------------------- */

static bool write_crl(struct roster *r)
{
	uint8_t *serials = NULL, *der = NULL;
	struct cv_error err = {};
	size_t n, len;
	bool good;

	if (store_revoked(r->cvd->store, now_ms() / 1000, &serials, &n, &err) &&
	    ca_revoke(&r->cvd->ca, serials, n, CRL_LIFE, &der, &len, &err)) {
		good = directory_put_crl(r->directory, (struct cv_bytes) { der, len });
		gates_crl(r->cvd, (struct cv_bytes) { der, len });
		snprintf(r->why, sizeof(r->why), "%s", good ? "" : directory_why(r->directory));
	} else {
		good = false;
		snprintf(r->why, sizeof(r->why), "crl.pem: %.140s", err.text);
	}
	free(der);
	free(serials);
	return good;
}

/* --- until it is done ------------------------------------------------------------------------ */

static void do_work(struct roster *r, bool coming)
{
	struct work **at = &r->todo, *w;

	while ((w = *at)) {
		if (coming != (w->der_len > 0) || !(coming ? put_in(r, w) : take_out(r, w))) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

/* False: something is left, and is tried again. */
static bool settle(struct roster *r)
{
	/* Whoever is to go goes, whatever else cannot be done. */
	do_work(r, false);
	do_work(r, true);
	if (!r->todo)
		return true;
	snprintf(r->why, sizeof(r->why), "%s", directory_why(r->directory));
	say(LOG_ERR, "the roster is not as it should be: %s", r->why);
	if (!event_pending(r->again, EV_TIMEOUT, NULL))
		event_add(r->again, &(struct timeval) { AGAIN_S, 0 });
	return false;
}

/* A list is made anew before it is over, whether there is more in it or not. */
static void settle_all(evutil_socket_t fd, short what, void *context)
{
	struct timeval again = { AGAIN_S, 0 }, later = { CRL_LIFE / 2, 0 };
	struct roster *r = context;
	bool good;

	(void)fd;
	(void)what;
	good = settle(r);
	r->crl_is_old = !write_crl(r);
	if (r->crl_is_old)
		say(LOG_ERR, "the roster is not as it should be: %s", r->why);
	event_add(r->again, r->crl_is_old || !good ? &again : &later);
}

/* What was to be done of this member before is done with. */
static void forget(struct roster *r, const char *id)
{
	struct work **at = &r->todo, *w;

	while ((w = *at)) {
		if (strcmp(w->id, id)) {
			at = &w->next;
			continue;
		}
		*at = w->next;
		free(w);
	}
}

static void add_work(struct roster *r, const char *id, struct cv_bytes der)
{
	struct work **end = &r->todo, *w = malloc(sizeof(*w) + der.len);

	if (!w)
		abort();	/* who is out would stay in the roster; a new process makes it anew */
	forget(r, id);
	while (*end)
		end = &(*end)->next;
	*w = (struct work) { .der_len = der.len };
	snprintf(w->id, sizeof(w->id), "%s", id);
	memcpy(w->der, der.data ?: (const uint8_t *)"", der.len);
	*end = w;
	settle(r);
}

void roster_add(struct roster *r, const char *id, struct cv_bytes der)
{
	add_work(r, id, der);
}

void roster_remove(struct roster *r, const char *id)
{
	add_work(r, id, (struct cv_bytes) {});
}

/* Who is out is out of the directory already: the list may wait for others. */
void roster_revoked(struct roster *r)
{
	struct timeval soon = { 0, GATHER_MS * 1000 };

	if (!r->crl_is_old)
		event_add(r->again, &soon);
	r->crl_is_old = true;
}

bool roster_is_settled(const struct roster *r, const char **why)
{
	*why = r->why;
	return !r->todo && !r->crl_is_old;
}

/* --- opening --------------------------------------------------------------------------------------------- */

static bool is_member(void *cvd, const char *id)
{
	return members_find(cvd, id);
}

struct roster *roster_open(struct cvd *cvd, struct cv_error *err)
{
	struct roster *r = calloc(1, sizeof(*r));

	if (!r) {
		cv_refuse(err, CV_E_MEMORY, "no memory for the roster");
		return NULL;
	}
	r->cvd = cvd;
	r->directory = directory_open(cvd->config.members, err);
	r->again = event_new(cvd->base, -1, 0, settle_all, r);
	if (!r->directory)
		goto out;
	if (!r->again) {
		cv_refuse(err, CV_E_MEMORY, "no memory for the roster");
		goto out;
	}
	if (!directory_sweep(r->directory, is_member, cvd)) {
		cv_refuse(err, CV_E_FILE, "%s; it is nobody's that is a member", directory_why(r->directory));
		goto out;
	}
	settle_all(-1, 0, r);
	return r;
out:
	roster_close(r);
	return NULL;
}

uint8_t *roster_get(const struct roster *r, const char *id, size_t *len)
{
	return directory_get(r->directory, id, len);
}

void roster_close(struct roster *r)
{
	while (r->todo) {
		struct work *w = r->todo;

		r->todo = w->next;
		free(w);
	}
	if (r->again)
		event_free(r->again);
	if (r->directory)
		directory_close(r->directory);
	free(r);
}
