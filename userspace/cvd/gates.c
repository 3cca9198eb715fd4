// SPDX-License-Identifier: GPL-2.0
#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include "connection.h"
#include "gates.h"
#include "roster.h"

#define BATCH	32	/* members in one message; the next is sent when they are in */

/* Somebody that is out, until the gate has said that it has no connection left. */
struct isolation {
	TAILQ_ENTRY(isolation) in_gate;
	char id[CA_ID];
	uint64_t since;			/* ms */
	uint64_t sequence;		/* of the message that told it; 0: the next that is complete */
};

struct gate {
	LIST_ENTRY(gate) in_all;
	struct cvd *cvd;
	char id[CA_ID], name[CA_NAME], address[64];
	struct node *node;		/* NULL: not connected */
	uint64_t sent, applied, named;	/* sequences on this connection; named: of the last message of name_some() */
	uint64_t complete;		/* the message that named the last of all; 0: not sent yet */
	/* Those who are still to be named. */
	char (*ids)[CA_ID];
	size_t n_ids, next, room;
	TAILQ_HEAD(, isolation) isolations;
};

/* Of the event loop's only thread. */
static LIST_HEAD(, gate) all = LIST_HEAD_INITIALIZER(all);

/* --- what is said ----------------------------------------------------------------------------------- */

static void send_roster(struct gate *g, Cv__Node__Roster *roster)
{
	Cv__Node__ToNode message = CV__NODE__TO_NODE__INIT;

	roster->sequence = ++g->sent;
	message.body_case = CV__NODE__TO_NODE__BODY_ROSTER;
	message.roster = roster;
	connection_send(g->node, &message);
}

/* "192.0.2.1" of "192.0.2.1:7510" and of "[192.0.2.1]:7510" */
static void host_of(const char *address, char host[64])
{
	const char *end = strrchr(address, ':') ?: strchr(address, 0);

	if (*address == '[') {
		address++;
		end = strchr(address, ']') ?: end;
	}
	snprintf(host, 64, "%.*s", (int)(end - address), address);
}

struct coming {
	Cv__Node__Roster__Come come;
	char address[64];
};

static void fill(struct coming *c, const struct store_node *is, struct cv_bytes der)
{
	c->come = (Cv__Node__Roster__Come)CV__NODE__ROSTER__COME__INIT;
	host_of(is->address, c->address);
	c->come.id = (char *)is->id;
	c->come.address = c->address;
	c->come.certificate = (ProtobufCBinaryData) { der.len, (uint8_t *)der.data };
}

/* The next of those who are to be named. False: he is none any more, or has no certificate in the roster as yet. */
static bool fill_next(struct gate *g, struct coming *c)
{
	struct member *m = members_find(g->cvd, g->ids[g->next++]);
	size_t len = 0;
	uint8_t *der = m ? roster_get(g->cvd->roster, m->is.id, &len) : NULL;

	if (der)
		fill(c, &m->is, (struct cv_bytes) { der, len });
	return der;
}

/* Who was put out meanwhile may be in again: the connections that it had end all the same. */
static void name_gone(struct gate *g, Cv__Node__Roster *roster)
{
	struct isolation *i;
	size_t n = 0;

	TAILQ_FOREACH(i, &g->isolations, in_gate)
		n++;
	roster->gone = calloc(n + 1, sizeof(char *));
	if (!roster->gone)
		abort();	/* it would be told as done */
	TAILQ_FOREACH(i, &g->isolations, in_gate)
		roster->gone[roster->n_gone++] = i->id;
}

static void name_some(struct gate *g)
{
	Cv__Node__Roster roster = CV__NODE__ROSTER__INIT;
	Cv__Node__Roster__Come *come[BATCH];
	struct coming coming[BATCH];

	roster.begin = !g->next;
	roster.come = come;
	while (g->next < g->n_ids && roster.n_come < BATCH)
		if (fill_next(g, &coming[roster.n_come])) {
			come[roster.n_come] = &coming[roster.n_come].come;
			roster.n_come++;
		}
	roster.complete = g->next == g->n_ids;
	if (roster.begin)
		name_gone(g, &roster);
	send_roster(g, &roster);
	free(roster.gone);
	g->named = g->sent;
	for (size_t i = 0; i < roster.n_come; i++)
		OPENSSL_free(come[i]->certificate.data);
	if (roster.complete)
		g->complete = g->sent;
}

void gates_come(struct cvd *cvd, const struct store_node *is, struct cv_bytes der)
{
	Cv__Node__Roster roster = CV__NODE__ROSTER__INIT;
	Cv__Node__Roster__Come *come;
	struct coming coming;
	struct gate *g;

	(void)cvd;
	fill(&coming, is, der);
	come = &coming.come;
	roster.n_come = 1;
	roster.come = &come;
	LIST_FOREACH(g, &all, in_all)
		if (g->node)
			send_roster(g, &roster);
}

void gates_crl(struct cvd *cvd, struct cv_bytes der)
{
	Cv__Node__Roster roster = CV__NODE__ROSTER__INIT;
	struct gate *g;

	(void)cvd;
	roster.crl = (ProtobufCBinaryData) { der.len, (uint8_t *)der.data };
	LIST_FOREACH(g, &all, in_all)
		if (g->node)
			send_roster(g, &roster);
}

void gate_tick(struct gate *g)
{
	Cv__Node__Roster roster = CV__NODE__ROSTER__INIT;

	if (g->node)
		send_roster(g, &roster);
}

/* --- who is out ----------------------------------------------------------------------------------------- */

static void remember(struct gate *g, const char *id)
{
	struct isolation *i = calloc(1, sizeof(*i));

	if (!i)
		return;		/* it is done all the same, only not told */
	snprintf(i->id, sizeof(i->id), "%s", id);
	i->since = now_ms();
	i->sequence = g->node ? g->sent : 0;
	TAILQ_INSERT_TAIL(&g->isolations, i, in_gate);
}

void gates_gone(struct cvd *cvd, const char *id)
{
	Cv__Node__Roster roster = CV__NODE__ROSTER__INIT;
	char *gone = (char *)id;
	struct gate *g;

	(void)cvd;
	roster.n_gone = 1;
	roster.gone = &gone;
	LIST_FOREACH(g, &all, in_all) {
		if (!strcmp(g->id, id))
			continue;
		if (g->node)
			send_roster(g, &roster);
		remember(g, id);
	}
}

static bool is_done(const struct gate *g, const struct isolation *i)
{
	return g->complete && g->applied >= g->complete && g->applied >= i->sequence;
}

static bool tell(struct gate *g, const struct isolation *i, struct cv_error *err)
{
	char text[STORE_TEXT];
	const struct store_event event = {
		.time = now_ms(), .id = i->id, .what = "isolated", .reason = "", .text = text, .rules = "",
	};

	snprintf(text, sizeof(text), "%s has no connection of it left, %llu ms after it was out", g->name,
		 (unsigned long long)(now_ms() - i->since));
	return store_event_add(g->cvd->store, &event, err);
}

/* What cannot be stored is told at the gate's next word. */
static bool tell_done(struct gate *g)
{
	struct cv_error err = {};
	struct isolation *i;
	bool good = store_begin(g->cvd->store, &err);

	TAILQ_FOREACH(i, &g->isolations, in_gate)
		if (good && is_done(g, i))
			good = tell(g, i, &err);
	if (good && store_commit(g->cvd->store, &err))
		return true;
	store_rollback(g->cvd->store);
	g->cvd->count.store_errors++;
	say(LOG_ERR, "%s", err.text);
	return false;
}

static void forget_done(struct gate *g)
{
	struct isolation *i, *next;

	for (i = TAILQ_FIRST(&g->isolations); i; i = next) {
		next = TAILQ_NEXT(i, in_gate);
		if (!is_done(g, i))
			continue;
		TAILQ_REMOVE(&g->isolations, i, in_gate);
		free(i);
	}
}

static bool any_done(const struct gate *g)
{
	const struct isolation *i;

	TAILQ_FOREACH(i, &g->isolations, in_gate)
		if (is_done(g, i))
			return true;
	return false;
}

void gate_applied(struct node *n, const Cv__Node__ToVerifier *message)
{
	const struct verdict wrong = { "protocol", "it says that it has done what it was not told", "" };
	struct gate *g = n->member->gate;

	if (!g || g->node != n || message->applied->sequence > g->sent) {
		connection_out(n, &wrong);
		return;
	}
	g->applied = message->applied->sequence;
	if (g->applied >= g->named && g->next < g->n_ids)
		name_some(g);
	if (any_done(g) && tell_done(g))
		forget_done(g);
}

bool gate_is_settled(const struct gate *g)
{
	return g->node && g->complete && g->applied == g->sent;
}

void gates_count(unsigned int *n, unsigned int *settled)
{
	const struct gate *g;

	*n = *settled = 0;
	LIST_FOREACH(g, &all, in_all) {
		++*n;
		*settled += gate_is_settled(g);
	}
}

/* --- connections ------------------------------------------------------------------------------------------- */

static bool add_id(void *gate, const struct member *m)
{
	struct gate *g = gate;

	if (g->n_ids == g->room)
		return false;
	snprintf(g->ids[g->n_ids++], CA_ID, "%s", m->is.id);
	return true;
}

static void disconnect(struct gate *g)
{
	struct isolation *i;

	free(g->ids);
	g->ids = NULL;
	g->n_ids = g->next = g->room = 0;
	g->sent = g->applied = g->named = g->complete = 0;
	g->node = NULL;
	TAILQ_FOREACH(i, &g->isolations, in_gate)
		i->sequence = 0;
}

void gate_connected(struct gate *g, struct node *node)
{
	disconnect(g);
	if (!node)
		return;
	g->room = members_count(g->cvd);
	g->ids = calloc(g->room + 1, CA_ID);
	if (!g->ids) {
		say(LOG_ERR, "no memory to tell %s who is a member", g->name);
		return;		/* it lets nobody in */
	}
	g->node = node;
	snprintf(g->address, sizeof(g->address), "%s", peer_address(node->peer));
	members_each(g->cvd, add_id, g);
	name_some(g);
}

bool gates_are_at(const struct cvd *cvd, const char *address, const char *id)
{
	char host[64], its[64];
	struct gate *g;

	(void)cvd;
	host_of(address, host);
	LIST_FOREACH(g, &all, in_all) {
		host_of(g->address, its);
		if (!strcmp(host, its) && strcmp(g->id, id))
			return true;
	}
	return false;
}

/* --- the whole ------------------------------------------------------------------------------------------------- */

struct gate *gate_open(struct cvd *cvd, const struct store_node *is)
{
	struct gate *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->cvd = cvd;
	TAILQ_INIT(&g->isolations);
	snprintf(g->id, sizeof(g->id), "%s", is->id);
	snprintf(g->name, sizeof(g->name), "%s", is->name);
	snprintf(g->address, sizeof(g->address), "%s", is->address);
	LIST_INSERT_HEAD(&all, g, in_all);
	return g;
}

void gate_close(struct gate *g)
{
	struct isolation *i;

	while ((i = TAILQ_FIRST(&g->isolations))) {
		TAILQ_REMOVE(&g->isolations, i, in_gate);
		free(i);
	}
	free(g->ids);
	LIST_REMOVE(g, in_all);
	free(g);
}
