// SPDX-License-Identifier: GPL-2.0
#include <node.pb-c.h>
#include <peer/directory.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <time.h>
#include "frontend.h"
#include "gate.h"
#include "nftset.h"
#include "places.h"
#include "relay.h"
#include "sockets.h"

#define AGAIN_MS	1000	/* between attempts at what cannot be done */
#define LOOK_MS		20	/* between looks at a front end that reads its directory anew */
#define FIRST_LEASE_MS	30000	/* of who is in when the agent starts */
#define ID		64	/* hexadecimal digits */

struct listed {
	TAILQ_ENTRY(listed) in_todo;
	char id[ID + 1], address[PLACE];
	bool gone;			/* on its way out, and not to be found any more */
	bool named;			/* since the last Roster.begin */
	bool todo;			/* is in that list */
	uint8_t *der;			/* of its certificate, until it is in the directory */
	size_t der_len;
};

TAILQ_HEAD(listing, listed);

struct gate {
	const struct config *config;
	struct directory *directory;
	struct nftset *set;
	struct relay *relay;
	char join[8];			/* the port that it listens on */
	struct frontend *frontend;
	struct ports ports;
	void (*done)(void *context, uint64_t sequence);
	void *context;
	void *by_id;			/* of tsearch(3): who is in, or is to be */
	struct places places;		/* their addresses */
	struct listing todo;
	struct listing leaving;		/* out of set and directory: their connections are to end */
	bool complete;			/* all were named once; before, nothing is done */
	bool naming;			/* they are being named */
	bool lost;			/* the lease ran out: nothing counts before they are named anew */
	bool whole;			/* the set is to be made anew, and the directory looked through */
	bool cutting;			/* connections of who is out may be left */
	bool reread;			/* the front end is to read its directory anew, before connections are ended the last time */
	uint64_t heard, told;		/* sequences: taken into todo; told as done */
	uint32_t lease_ms;
	uint64_t lease_end;		/* monotonic, ms */
	struct event *lease, *again;
};

static uint64_t monotonic_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000ull + t.tv_nsec / 1000000;
}

static int by_id(const void *a, const void *b)
{
	return strcmp(((const struct listed *)a)->id, ((const struct listed *)b)->id);
}

static void plan(struct gate *g, uint32_t ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(g->again, &tv);
}

/* --- who is in ------------------------------------------------------------------------------------------- */

static struct listed *find(struct gate *g, const char *id)
{
	struct listed key, **found;

	snprintf(key.id, sizeof(key.id), "%s", id);
	found = tfind(&key, &g->by_id, by_id);
	return found ? *found : NULL;
}

struct walk {
	void (*each)(struct listed *e, void *context);
	void *context;
};

static void visit(const void *found, VISIT which, void *walk)
{
	struct walk *w = walk;

	if (which == postorder || which == leaf)
		w->each(*(struct listed *const *)found, w->context);
}

static void each_entry(struct gate *g, void (*each)(struct listed *e, void *context), void *context)
{
	struct walk walk = { each, context };

	twalk_r(g->by_id, visit, &walk);
}

static void add_todo(struct gate *g, struct listed *e)
{
	if (!e->todo)
		TAILQ_INSERT_TAIL(&g->todo, e, in_todo);
	e->todo = true;
}

static void free_entry(struct listed *e)
{
	free(e->der);
	free(e);
}

static void take_out(struct gate *g, struct listed *e)
{
	tdelete(e, &g->by_id, by_id);
	places_leave(&g->places, e->address);
	e->gone = true;
	add_todo(g, e);
}

static bool is_id(const char *id)
{
	return strlen(id) == ID && !id[strspn(id, "0123456789abcdef")];
}

static void take_in(struct gate *g, const Cv__Node__Roster__Come *come)
{
	struct listed *e = is_id(come->id) ? find(g, come->id) : NULL;

	if (!is_id(come->id) || !nftset_is_address(come->address) || strlen(come->address) >= PLACE) {
		say(LOG_ERR, "the verifier names a member \"%.64s\" at \"%.48s\", which is none", come->id, come->address);
		return;
	}
	if (e && strcmp(e->address, come->address)) {
		take_out(g, e);
		e = NULL;
	}
	if (!e) {
		e = calloc(1, sizeof(*e));
		if (!e)
			abort();	/* it would be told as done; a new process is told all of it */
		snprintf(e->id, sizeof(e->id), "%s", come->id);
		snprintf(e->address, sizeof(e->address), "%s", come->address);
		if (!tsearch(e, &g->by_id, by_id))
			abort();
		places_use(&g->places, e->address);
	}
	free(e->der);
	e->der = malloc(come->certificate.len + 1);
	if (!e->der)
		abort();
	memcpy(e->der, come->certificate.data, e->der_len = come->certificate.len);
	e->named = true;
	add_todo(g, e);
}

/* --- out, then in ------------------------------------------------------------------------------------------- */

static bool fail(const struct cv_error *err)
{
	say(LOG_ERR, "the gate is not as it should be: %s", err->text);
	return false;
}

static bool fail_directory(struct gate *g)
{
	say(LOG_ERR, "the gate is not as it should be: %s", directory_why(g->directory));
	return false;
}

static void add_to_set(struct listed *e, void *set)
{
	nftset_add(set, e->address);
}

static bool close_set(struct gate *g)
{
	struct cv_error err = {};
	struct listed *e;

	nftset_begin(g->set);
	TAILQ_FOREACH(e, &g->todo, in_todo)
		if (e->gone && !places_have(&g->places, e->address))
			nftset_remove(g->set, e->address);
	return nftset_end(g->set, &err) || fail(&err);
}

static bool is_known(void *gate, const char *id)
{
	return find(gate, id);
}

static bool close_directory(struct gate *g)
{
	struct listed *e, *next;
	bool good = true;

	if (g->whole && !directory_sweep(g->directory, is_known, g))
		good = fail_directory(g);
	for (e = TAILQ_FIRST(&g->todo); e; e = next) {
		next = TAILQ_NEXT(e, in_todo);
		if (!e->gone)
			continue;
		if (!directory_remove(g->directory, e->id)) {
			good = fail_directory(g);
			continue;
		}
		TAILQ_REMOVE(&g->todo, e, in_todo);
		TAILQ_INSERT_TAIL(&g->leaving, e, in_todo);
		g->reread = true;
	}
	return good;
}

static bool open_directory(struct gate *g)
{
	struct listed *e;

	TAILQ_FOREACH(e, &g->todo, in_todo)
		if (e->der && !directory_put(g->directory, e->id, (struct cv_bytes) { e->der, e->der_len }))
			return fail_directory(g);
	return true;
}

static bool open_set(struct gate *g)
{
	uint64_t now = monotonic_ms();
	struct cv_error err = {};
	struct listed *e;

	nftset_begin(g->set);
	if (g->whole) {
		nftset_flush(g->set);
		each_entry(g, add_to_set, g->set);
	}
	nftset_lease(g->set, now < g->lease_end ? g->lease_end - now : 0);
	TAILQ_FOREACH(e, &g->todo, in_todo)
		nftset_add(g->set, e->address);
	if (!nftset_end(g->set, &err))
		return fail(&err);
	while ((e = TAILQ_FIRST(&g->todo))) {
		TAILQ_REMOVE(&g->todo, e, in_todo);
		e->todo = false;
		free(e->der);
		e->der = NULL;
	}
	return true;
}

static bool settle(struct gate *g)
{
	bool closed = close_set(g);

	/* What can be closed is, whatever else cannot be done; who comes, comes when all can. */
	closed = close_directory(g) && closed;
	g->reread = g->reread || g->whole;
	if (!closed || !open_directory(g) || !open_set(g))
		return false;
	g->whole = false;
	return true;
}

/* --- connections --------------------------------------------------------------------------------------------- */

static bool may_stay(void *gate, const char *address)
{
	struct gate *g = gate;
	struct listed *e;

	TAILQ_FOREACH(e, &g->leaving, in_todo)
		if (!strcmp(e->address, address))
			return false;
	return places_have(&g->places, address);
}

static void forget_leaving(struct gate *g)
{
	struct listed *e;

	while ((e = TAILQ_FIRST(&g->leaving))) {
		TAILQ_REMOVE(&g->leaving, e, in_todo);
		free_entry(e);
	}
}

enum cut { CUT_DONE, CUT_NOT_YET, CUT_FAILED };

/*
 * Done: the front end knew nobody of who is out any more, and then every connection of theirs was ended. Before that they are
 * ended as they are found.
 */
static enum cut cut(struct gate *g)
{
	struct cv_error err = {};
	unsigned int found = 0;
	bool settled, ended;

	if (g->reread)
		frontend_reread(g->frontend);
	g->reread = false;
	settled = frontend_is_settled(g->frontend, &err);
	if (err.name)
		fail(&err);
	ended = sockets_end(&g->ports, may_stay, g, &found, &err);
	if (!ended)
		fail(&err);
	if (!ended || err.name)
		return CUT_FAILED;
	return settled && found <= SOCKETS_AT_A_TIME ? CUT_DONE : CUT_NOT_YET;
}

static bool is_quiet(const struct gate *g)
{
	return !g->cutting && !g->reread && TAILQ_EMPTY(&g->leaving);
}

static void say_done(struct gate *g)
{
	if (g->told == g->heard)
		return;
	g->told = g->heard;
	g->done(g->context, g->told);
}

static void work(struct gate *g)
{
	enum cut how = CUT_DONE;
	bool settled;

	if (g->naming)
		say_done(g);	/* that it is heard: what is done is said after the last name */
	if (!g->complete)
		return;
	settled = settle(g);
	if (!is_quiet(g))
		how = cut(g);
	g->cutting = how != CUT_DONE;
	if (!settled) {
		g->whole = true;	/* somebody may have emptied the sets */
		plan(g, AGAIN_MS);
	} else if (g->cutting) {
		plan(g, how == CUT_FAILED ? AGAIN_MS : LOOK_MS);
	} else {
		forget_leaving(g);
		say_done(g);
	}
}

static void work_again(evutil_socket_t fd, short what, void *gate)
{
	(void)fd;
	(void)what;
	work(gate);
}

/* --- what the verifier says --------------------------------------------------------------------------------------- */

static void unname(struct listed *e, void *context)
{
	(void)context;
	e->named = false;
}

struct gone {
	struct listed **entries;
	size_t n, room;
};

static void gather_unnamed(struct listed *e, void *context)
{
	struct gone *gone = context;

	if (e->named)
		return;
	if (gone->n == gone->room) {
		gone->room = 2 * gone->room + 64;
		gone->entries = realloc(gone->entries, gone->room * sizeof(struct listed *));
		if (!gone->entries)
			abort();
	}
	gone->entries[gone->n++] = e;
}

static void take_out_unnamed(struct gate *g)
{
	struct gone gone = {};

	each_entry(g, gather_unnamed, &gone);
	for (size_t i = 0; i < gone.n; i++)
		take_out(g, gone.entries[i]);
	free(gone.entries);
	g->complete = g->whole = true;
}

void gate_lease(struct gate *g, uint32_t ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	g->lease_ms = ms;
	g->lease_end = monotonic_ms() + ms;
	event_add(g->lease, &tv);
}

void gate_roster(struct gate *g, const Cv__Node__Roster *r)
{
	struct listed *e;

	if (g->lost && !r->begin)
		return;
	g->lost = false;
	gate_lease(g, g->lease_ms);
	if (r->begin) {
		each_entry(g, unname, NULL);
		g->naming = true;
	}
	for (size_t i = 0; i < r->n_gone; i++)
		if ((e = find(g, r->gone[i])))
			take_out(g, e);
	for (size_t i = 0; i < r->n_come; i++)
		take_in(g, r->come[i]);
	if (r->complete) {
		take_out_unnamed(g);
		g->naming = false;
	}
	if (r->crl.len && !directory_put_crl(g->directory, (struct cv_bytes) { r->crl.data, r->crl.len }))
		fail_directory(g);
	g->heard = r->sequence;
	work(g);
}

void gate_certified(struct gate *g)
{
	g->reread = true;
	work(g);
}

void gate_disconnected(struct gate *g)
{
	g->heard = g->told = 0;
}

static void lease_over(evutil_socket_t fd, short what, void *gate)
{
	struct gate *g = gate;

	(void)fd;
	(void)what;
	say(LOG_ERR, "nothing is heard of the verifier for %.1f s: nobody is let in", g->lease_ms / 1e3);
	each_entry(g, unname, NULL);
	take_out_unnamed(g);
	g->lost = true;
	g->naming = false;
	work(g);
	g->done(g->context, 0);
}

/* --- opening -------------------------------------------------------------------------------------------------------- */

static bool read_ports(const char *text, struct ports *ports, struct cv_error *err)
{
	char *end;

	for (const char *at = text; *at; at = end + strspn(end, " \t")) {
		unsigned long port = strtoul(at, &end, 10);

		if (end == at || port < 1 || port > 65535 || ports->n == SOCKETS_PORTS)
			return cv_refuse(err, CV_E_FILE, "gate_ports: got \"%.60s\", expected 1 to %u ports, as 5671 5433", text,
					 SOCKETS_PORTS);
		ports->port[ports->n++] = port;
	}
	return ports->n || cv_refuse(err, CV_E_FILE, "gate_ports is empty");
}

/*
 * Nobody needs longer to be told where to go. So few that the verifier, which lets one address have sixteen connections of
 * nobody, still has room for this host's own.
 */
static bool open_relay(struct gate *g, struct event_base *base, struct cv_error *err)
{
	struct relay_options options = { .what = "gate_join", .to = g->config->verifier, .at_a_time = 8, .life = 60 };

	snprintf(g->join, sizeof(g->join), "%u", g->config->gate_join);
	options.listen = g->join;
	g->relay = relay_open(base, &options, err);
	return g->relay;
}

static bool open_parts(struct gate *g, struct event_base *base, struct cv_error *err)
{
	const struct config *c = g->config;

	mkdir(c->gate_members, 0755);
	if (!read_ports(c->gate_ports, &g->ports, err) || !(g->directory = directory_open(c->gate_members, err)) ||
	    !(g->set = nftset_open(err)) || !(g->frontend = frontend_open(c->gate_reload, &g->ports, err)) ||
	    !open_relay(g, base, err))
		return false;
	g->again = event_new(base, -1, 0, work_again, g);
	g->lease = event_new(base, -1, 0, lease_over, g);
	return (g->again && g->lease) || cv_refuse(err, CV_E_MEMORY, "no memory for the gate");
}

/* Who was in when an earlier process ended stays so, for as long as its lease may be; then, or by what is heard, they go. */
struct gate *gate_open(struct event_base *base, const struct config *config,
		       void (*done)(void *context, uint64_t sequence), void *context, struct cv_error *err)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (!g) {
		cv_refuse(err, CV_E_MEMORY, "no memory for the gate");
		return NULL;
	}
	g->config = config;
	g->done = done;
	g->context = context;
	TAILQ_INIT(&g->todo);
	TAILQ_INIT(&g->leaving);
	if (open_parts(g, base, err)) {
		gate_lease(g, FIRST_LEASE_MS);
		return g;
	}
	gate_close(g);
	return NULL;
}

static void free_found(void *entry)
{
	free_entry(entry);
}

void gate_close(struct gate *g)
{
	struct listed *e, *next;

	for (e = TAILQ_FIRST(&g->todo); e; e = next) {
		next = TAILQ_NEXT(e, in_todo);
		if (e->gone)
			free_entry(e);
	}
	forget_leaving(g);
	tdestroy(g->by_id, free_found);
	places_clear(&g->places);
	if (g->lease)
		event_free(g->lease);
	if (g->again)
		event_free(g->again);
	if (g->relay)
		relay_close(g->relay);
	if (g->frontend)
		frontend_close(g->frontend);
	if (g->set)
		nftset_close(g->set);
	if (g->directory)
		directory_close(g->directory);
	free(g);
}
