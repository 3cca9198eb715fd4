// SPDX-License-Identifier: GPL-2.0
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include "gates.h"
#include "members.h"
#include "node.h"
#include "remedy.h"
#include "roster.h"

#define SAVE_MS		200	/* between a member's evidence and its time in the store, at most */
#define AGAIN_MS	1000	/* between attempts to store an ejection */

struct members {
	void *by_id;			/* of tsearch(3) */
	size_t n;
	struct member *unsaved;
	struct event *save;
};

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->is.id, ((const struct member *)b)->is.id);
}

struct member *members_find(struct cvd *cvd, const char *id)
{
	struct member key = {}, **found;

	snprintf(key.is.id, sizeof(key.is.id), "%s", id);
	found = tfind(&key, &cvd->members->by_id, by_id);
	return found && !(*found)->leaving ? *found : NULL;
}

size_t members_count(const struct cvd *cvd)
{
	return cvd->members->n;
}

struct walk {
	bool (*each)(void *context, const struct member *member);
	void *context;
	bool over;
};

static void visit(const void *found, VISIT which, void *walk)
{
	const struct member *m = *(struct member *const *)found;
	struct walk *w = walk;

	if ((which == postorder || which == leaf) && !w->over && !m->leaving)
		w->over = !w->each(w->context, m);
}

void members_each(struct cvd *cvd, bool (*each)(void *context, const struct member *member), void *context)
{
	struct walk walk = { each, context, false };

	twalk_r(cvd->members->by_id, visit, &walk);
}

static struct timeval tv_of(uint64_t ms)
{
	return (struct timeval) { ms / 1000, ms % 1000 * 1000 };
}

/* --- the time that a member has ----------------------------------------------------------------- */

static void silent(evutil_socket_t fd, short what, void *context)
{
	struct member *m = context;
	char text[STORE_TEXT];
	const struct verdict verdict = { "silent", text, "" };

	(void)fd;
	(void)what;
	if (now_ms() < m->is.seen)
		snprintf(text, sizeof(text), "its last evidence is of a time to come: the verifier's clock went back");
	else
		snprintf(text, sizeof(text), "no evidence for %.1f s, expected some every %.1f s", (now_ms() - m->is.seen) / 1e3,
			 m->cvd->config.interval / 1e3);
	members_eject(m, STANDING_OUT, &verdict);
}

/* What is left of it; a clock that went back gives nobody more. */
static void set_deadline(struct member *m)
{
	uint64_t now = now_ms(), timeout = m->cvd->config.timeout, gone = now >= m->is.seen ? now - m->is.seen : timeout;
	struct timeval left = tv_of(gone < timeout ? timeout - gone : 0);

	event_add(m->deadline, &left);
}

/* --- saving -------------------------------------------------------------------------------------- */

static void plan_save(struct members *all)
{
	struct timeval tv = tv_of(SAVE_MS);

	if (!event_pending(all->save, EV_TIMEOUT, NULL))
		event_add(all->save, &tv);
}

/* All that were seen in one transaction. What is lost with the process only makes deadlines earlier. */
static void save(evutil_socket_t fd, short what, void *context)
{
	struct cvd *cvd = context;
	struct members *all = cvd->members;
	struct cv_error err = {};
	bool good = store_begin(cvd->store, &err);

	(void)fd;
	(void)what;
	for (struct member *m = all->unsaved; m && good; m = m->next_unsaved)
		good = store_node_seen(cvd->store, &m->is, &err);
	if (!good || !store_commit(cvd->store, &err)) {
		store_rollback(cvd->store);
		cvd->count.store_errors++;
		say(LOG_ERR, "%s; times of members are not saved", err.text);
		plan_save(all);
		return;
	}
	for (struct member *m = all->unsaved; m; m = m->next_unsaved)
		m->unsaved = false;
	all->unsaved = NULL;
}

void members_seen(struct member *m, uint64_t asked)
{
	struct members *all = m->cvd->members;

	m->is.seen = asked;
	set_deadline(m);
	if (m->unsaved)
		return;
	m->unsaved = true;
	m->next_unsaved = all->unsaved;
	all->unsaved = m;
	plan_save(all);
}

static void forget_unsaved(struct member *m)
{
	struct member **at = &m->cvd->members->unsaved;

	while (*at && *at != m)
		at = &(*at)->next_unsaved;
	if (*at)
		*at = m->next_unsaved;
}

/* --- coming -------------------------------------------------------------------------------------------- */

static void free_member(void *member)
{
	struct member *m = member;

	if (m->gate)
		gate_close(m->gate);
	if (m->deadline)
		event_free(m->deadline);
	free(m);
}

static struct member *add(struct cvd *cvd, const struct store_node *is)
{
	bool service = !strcmp(is->type, node_type_name(NODE_SERVICE));
	struct member *m = calloc(1, sizeof(*m)), **found;

	if (!m)
		return NULL;
	m->is = *is;
	m->cvd = cvd;
	m->deadline = event_new(cvd->base, -1, 0, silent, m);
	m->gate = service ? gate_open(cvd, is) : NULL;
	found = m->deadline && !service == !m->gate ? tsearch(m, &cvd->members->by_id, by_id) : NULL;
	if (!found || *found != m) {	/* no memory, or one of this id is still leaving */
		free_member(m);
		return NULL;
	}
	cvd->members->n++;
	return m;
}

static void drop(struct member *m)
{
	if (m->unsaved)
		forget_unsaved(m);
	tdelete(m, &m->cvd->members->by_id, by_id);
	m->cvd->members->n--;
	free_member(m);
}

/* As it stands now, not as it stood when the connection began: an operator may have spoken meanwhile. */
static bool may_be_member(struct cvd *cvd, const struct store_node *is, struct cv_error *err)
{
	struct cv_error why = {};
	struct store_node now = {};

	if (!store_node_get(cvd->store, is->id, &now, &why) && why.name)
		return cv_refuse(err, why.name, "%s", why.text);
	if (now.standing == STANDING_BARRED)
		return cv_refuse(err, CV_E_CERT_CHAIN, "an operator ejected it; cvadm node approve lets it in again");
	if (now.approved && (strcmp(now.name, is->name) || strcmp(now.type, is->type)))
		return cv_refuse(err, CV_E_CERT_CHAIN, "it was approved as %s of type %s", now.name, now.type);
	return now.approved || !strcmp(cvd->config.enrol, "vendor") ||
	       cv_refuse(err, CV_E_CERT_CHAIN, "it is not approved any more");
}

static bool store_admission(struct cvd *cvd, const struct store_node *is, uint64_t not_after, const char *what,
			    struct cv_error *err)
{
	const struct store_event event = {
		.time = now_ms(), .id = is->id, .what = what, .reason = "", .text = is->text, .rules = "",
	};

	if (store_begin(cvd->store, err) && may_be_member(cvd, is, err) && store_node_put(cvd->store, is, err) &&
	    store_certificates_revoke(cvd->store, is->id, err) &&
	    store_certificate_add(cvd->store, is->serial, is->id, not_after, err) &&
	    store_event_add(cvd->store, &event, err) && store_commit(cvd->store, err))
		return true;
	store_rollback(cvd->store);
	cvd->count.store_errors++;
	return false;
}

struct member *members_admit(struct cvd *cvd, const struct store_node *is, struct cv_bytes der, uint64_t not_after,
			     const char *what, struct cv_error *err)
{
	struct member *m = members_find(cvd, is->id);

	if (!store_admission(cvd, is, not_after, what, err))
		return NULL;
	if (m)
		m->is = *is;
	else
		m = add(cvd, is);
	if (!m) {
		cv_refuse(err, CV_E_MEMORY, "no memory for a member, or its ejection is not stored yet");
		return NULL;	/* the store's deadline ends it */
	}
	set_deadline(m);
	roster_add(cvd->roster, is->id, der);
	gates_come(cvd, is, der);
	roster_revoked(cvd->roster);	/* the certificate that it had */
	return m;
}

/* --- going ---------------------------------------------------------------------------------------------- */

static bool store_ejection(struct cvd *cvd, const struct store_node *is, const struct verdict *v, struct cv_error *err)
{
	const struct store_event event = {
		.time = now_ms(), .id = is->id, .what = "ejected", .reason = v->reason, .text = v->text, .rules = v->rules,
	};

	if (store_begin(cvd->store, err) && store_node_put(cvd->store, is, err) &&
	    store_certificates_revoke(cvd->store, is->id, err) && store_event_add(cvd->store, &event, err) &&
	    store_commit(cvd->store, err))
		return true;
	store_rollback(cvd->store);
	cvd->count.store_errors++;
	return false;
}

/* The store says so: what an operator wants done about it may begin. */
static void left(struct member *m)
{
	roster_revoked(m->cvd->roster);
	remedy_run(m->cvd->remedy, &m->is);
	drop(m);
}

/* With what the node's record says: the rules are lost. */
static void leave_again(evutil_socket_t fd, short what, void *context)
{
	struct member *m = context;
	const struct verdict verdict = { m->is.reason, m->is.text, "" };
	struct cv_error err = {};
	struct timeval tv = tv_of(AGAIN_MS);
	struct store_node now;

	(void)fd;
	(void)what;
	/* What an operator said meanwhile stands. */
	if (store_node_get(m->cvd->store, m->is.id, &now, &err) && now.standing == STANDING_BARRED) {
		m->is.standing = STANDING_BARRED;
		m->is.approved = false;
	}
	if (store_ejection(m->cvd, &m->is, &verdict, &err)) {
		left(m);
		return;
	}
	say(LOG_ERR, "%s; that %s is ejected is not stored", err.text, m->is.name);
	event_add(m->deadline, &tv);
}

static void note_ejection(struct member *m, enum standing standing, const struct verdict *v)
{
	m->is.standing = standing;
	m->is.approved = m->is.approved && standing != STANDING_BARRED;
	m->is.serial[0] = 0;
	snprintf(m->is.reason, sizeof(m->is.reason), "%s", v->reason);
	snprintf(m->is.text, sizeof(m->is.text), "%s", v->text);
	m->cvd->count.ejected++;
	say(LOG_WARNING, "%s (%.16s) is ejected: %s: %s", m->is.name, m->is.id, v->reason, v->text);
}

/* Until the store takes it. */
static void leave_later(struct member *m)
{
	m->leaving = true;
	event_free(m->deadline);
	m->deadline = event_new(m->cvd->base, -1, 0, leave_again, m);
	if (!m->deadline)
		abort();	/* it would be a member again after a restart */
	leave_again(-1, 0, m);
}

void members_eject(struct member *m, enum standing standing, const struct verdict *v)
{
	struct cvd *cvd = m->cvd;
	struct cv_error err = {};

	roster_remove(cvd->roster, m->is.id);
	gates_gone(cvd, m->is.id);
	note_ejection(m, standing, v);
	if (m->node) {
		node_detach(m->node);
		node_refuse(m->node, v);
		m->node = NULL;
	}
	if (m->gate) {
		gate_close(m->gate);
		m->gate = NULL;
	}
	if (store_ejection(cvd, &m->is, v, &err))
		left(m);
	else
		leave_later(m);
}

/* --- the whole -------------------------------------------------------------------------------------------- */

static bool take(void *context, const struct store_node *is)
{
	struct cvd *cvd = context;
	struct member *m;

	if (is->standing != STANDING_MEMBER)
		return true;
	m = add(cvd, is);
	if (m)
		set_deadline(m);
	return m;
}

struct members *members_open(struct cvd *cvd, struct cv_error *err)
{
	struct members *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	cvd->members = all;
	all->save = event_new(cvd->base, -1, 0, save, cvd);
	if (all->save && store_nodes(cvd->store, take, cvd, err))
		return all;
	if (!err->name)
		cv_refuse(err, CV_E_MEMORY, "no memory for members");
	return NULL;
}

void members_close(struct members *all)
{
	tdestroy(all->by_id, free_member);
	if (all->save)
		event_free(all->save);
	free(all);
}
