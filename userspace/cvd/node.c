// SPDX-License-Identifier: GPL-2.0
/* Connections: who may come, how long, which message has its time, and how they end. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "connection.h"
#include "gates.h"

#define JOIN_S		60	/* from the connection to membership */
#define PER_SOURCE	16	/* connections of one address that are not members' */
#define RETRY_MS	10000	/* for who is to ask again */

static const char *const stage_names[] = {
	[STAGE_HELLO] = "has not said who it is", [STAGE_ANSWER] = "was challenged", [STAGE_EVIDENCE] = "was asked for evidence",
	[STAGE_MEMBER] = "is a member",
};

/* Of the event loop's only thread: those that are not members, oldest first. */
static TAILQ_HEAD(joining, node) joining = TAILQ_HEAD_INITIALIZER(joining);
static unsigned int n_joining;
static LIST_HEAD(, node) all = LIST_HEAD_INITIALIZER(all);

/* --- ends -------------------------------------------------------------------------------------------- */

static void leave_joining(struct node *n)
{
	if (n->stage == STAGE_MEMBER)
		return;
	TAILQ_REMOVE(&joining, n, in_joining);
	n_joining--;
}

static void free_node(struct node *n)
{
	leave_joining(n);
	LIST_REMOVE(n, in_all);
	if (n->member) {
		n->member->node = NULL;
		if (n->member->gate)
			gate_connected(n->member->gate, NULL);
	}
	cv_challenge_wipe(&n->challenge);
	cv_ek_clear(&n->who.ek);
	cv_key_clear(&n->who.key);
	event_free(n->timer);
	free(n);
}

static void gone(struct peer *peer, const char *why, void *context)
{
	struct node *n = context;

	(void)peer;
	if (n->member)
		say(LOG_INFO, "%s: the connection is over: %s", n->is.name, why);
	free_node(n);
}

void node_refuse_all(const char *id, const struct verdict *v)
{
	struct node *n;

	TAILQ_FOREACH(n, &joining, in_joining)
		if (!strcmp(n->is.id, id))
			node_refuse(n, v);
}

void node_end_all(void)
{
	struct node *n;

	while ((n = LIST_FIRST(&all))) {
		peer_free(n->peer);
		free_node(n);
	}
}

void connection_send(struct node *n, Cv__Node__ToNode *message)
{
	size_t len = cv__node__to_node__get_packed_size(message);
	uint8_t *packed = malloc(len);

	if (packed)
		cv__node__to_node__pack(message, packed);
	if (!packed || !peer_send(n->peer, (struct cv_bytes) { packed, len }))
		peer_close(n->peer, "cannot send");
	free(packed);
}

void node_detach(struct node *n)
{
	n->member = NULL;
}

static void refuse(struct node *n, const struct verdict *v, const char *verifier)
{
	Cv__Node__Refusal refusal = CV__NODE__REFUSAL__INIT;
	Cv__Node__ToNode message = CV__NODE__TO_NODE__INIT;

	if (n->over)
		return;
	n->over = true;
	event_del(n->timer);
	refusal.reason = (char *)v->reason;
	refusal.text = (char *)v->text;
	refusal.retry_ms = verifier ? 0 : n->retry_ms ?: RETRY_MS;
	refusal.out = n->stage == STAGE_MEMBER || !members_find(n->cvd, n->is.id);
	refusal.verifier = (char *)(verifier ?: "");
	message.body_case = CV__NODE__TO_NODE__BODY_REFUSAL;
	message.refusal = &refusal;
	connection_send(n, &message);
	peer_close(n->peer, v->reason);
}

void node_refuse(struct node *n, const struct verdict *v)
{
	refuse(n, v, NULL);
}

void connection_redirect(struct node *n, const char *verifier)
{
	const struct verdict v = { "redirected", "it came through a service host: the verifier is to be asked itself", "" };

	refuse(n, &v, verifier);
}

/* A refusal that is remembered of who has shown its TPM; the same one once. */
void connection_remember_refusal(struct node *n, const struct verdict *v)
{
	struct store_event event = {
		.time = now_ms(), .id = n->is.id, .what = "refused", .reason = v->reason, .text = v->text, .rules = v->rules,
	};
	struct cv_error err = {};

	n->cvd->count.refused++;
	say(LOG_WARNING, "%s (%.16s) at %s is refused: %s: %s", *n->is.name ? n->is.name : "?", *n->is.id ? n->is.id : "?",
	    peer_address(n->peer), v->reason, v->text);
	if (n->stage < STAGE_EVIDENCE || (!strcmp(n->is.reason, v->reason) && !strcmp(n->is.text, v->text)))
		return;
	snprintf(n->is.reason, sizeof(n->is.reason), "%s", v->reason);
	snprintf(n->is.text, sizeof(n->is.text), "%s", v->text);
	if (!store_refusal(n->cvd->store, n->is.id, &event, &err))
		say(LOG_ERR, "%s", err.text);
}

void connection_refuse(struct node *n, const char *reason, const char *text)
{
	const struct verdict v = { reason, text, "" };

	connection_remember_refusal(n, &v);
	node_refuse(n, &v);
}

void connection_refuse_error(struct node *n, const struct cv_error *err)
{
	connection_refuse(n, cv_error_name(err->name), err->text);
}

/* Who answered the challenge is that node, whatever else it shows: the member that it may still be is out as well. */
void connection_out(struct node *n, const struct verdict *v)
{
	struct member *m = n->stage == STAGE_EVIDENCE ? members_find(n->cvd, n->is.id) : n->member;

	if (m)
		members_eject(m, STANDING_OUT, v);
	else
		connection_remember_refusal(n, v);
	node_refuse(n, v);	/* not twice */
}

/* At once, so that a crowd takes no more memory than those that may stay. */
static void evict(struct node *n)
{
	peer_free(n->peer);
	free_node(n);
}

/* It alone may go on: what it shows takes memory. */
void connection_only(const struct node *n)
{
	struct node *other, *next;

	for (other = TAILQ_FIRST(&joining); other; other = next) {
		next = TAILQ_NEXT(other, in_joining);
		if (other != n && other->stage == STAGE_EVIDENCE && !strcmp(other->is.id, n->is.id))
			evict(other);
	}
}

void connection_admitted(struct node *n)
{
	leave_joining(n);
	n->stage = STAGE_MEMBER;
}

/* --- who may say what, and when ------------------------------------------------------------------------------- */

static handler *const handlers[N_STAGES][CV__NODE__TO_VERIFIER__BODY_APPLIED + 1] = {
	[STAGE_HELLO][CV__NODE__TO_VERIFIER__BODY_HELLO] = admission_hello,
	[STAGE_ANSWER][CV__NODE__TO_VERIFIER__BODY_ANSWER] = admission_answer,
	[STAGE_EVIDENCE][CV__NODE__TO_VERIFIER__BODY_EVIDENCE] = admission_first_evidence,
	[STAGE_MEMBER][CV__NODE__TO_VERIFIER__BODY_EVIDENCE] = admission_evidence,
	[STAGE_MEMBER][CV__NODE__TO_VERIFIER__BODY_APPLIED] = gate_applied,
};

/* Many small fields take more memory than they are long: a message may take so much and no more. */
struct budget {
	size_t left;
};

static void *budget_alloc(void *budget, size_t size)
{
	struct budget *b = budget;

	if (size > b->left)
		return NULL;
	b->left -= size;
	return malloc(size);
}

static void budget_free(void *budget, void *memory)
{
	(void)budget;
	free(memory);
}

static void heard(struct peer *peer, struct cv_bytes bytes, void *context)
{
	struct budget budget = { 2 * bytes.len + 65536 };
	ProtobufCAllocator allocator = { budget_alloc, budget_free, &budget };
	Cv__Node__ToVerifier *message = cv__node__to_verifier__unpack(&allocator, bytes.len, bytes.data);
	struct node *n = context;
	char text[STORE_TEXT];
	struct verdict v = { "protocol", text, "" };
	handler *handle = NULL;

	(void)peer;
	if (n->over)
		goto out;
	if (message && message->body_case <= CV__NODE__TO_VERIFIER__BODY_APPLIED)
		handle = handlers[n->stage][message->body_case];
	if (handle) {
		handle(n, message);
	} else {
		snprintf(text, sizeof(text), "%s, but it %s", message ? "a message that has its time" : "no message of the protocol",
			 stage_names[n->stage]);
		connection_out(n, &v);
	}
out:
	if (message)
		cv__node__to_verifier__free_unpacked(message, &allocator);
}

/* --- beginnings ---------------------------------------------------------------------------------------------- */

static void timed_out(evutil_socket_t fd, short what, void *context)
{
	struct node *n = context;

	(void)fd;
	(void)what;
	if (n->over)
		return;
	if (n->stage != STAGE_MEMBER) {
		connection_refuse(n, "late", "it did not prove itself in time");
		return;
	}
	admission_ask(n);
}

static void ready(struct peer *peer, void *context)
{
	(void)peer;
	(void)context;		/* the other side begins */
}

static bool same_source(const char *a, const char *b)
{
	const char *port = strrchr(a, ':');

	return !strncmp(a, b, port - a + 1) && !strchr(b + (port - a + 1), ':');
}

/*
 * Room for one more: of one source there are only so many, and of all the oldest
 * goes. Who has shown its TPM stays; if all have, the new one goes.
 */
static void make_room(struct cvd *cvd, struct node *of)
{
	struct node *n, *oldest = NULL, *oldest_there = NULL;
	unsigned int same = 0;

	TAILQ_FOREACH(n, &joining, in_joining) {
		if (n->stage >= STAGE_EVIDENCE)
			continue;
		oldest = oldest ?: n;
		if (!same_source(peer_address(of->peer), peer_address(n->peer)))
			continue;
		oldest_there = oldest_there ?: n;
		same++;
	}
	if (same > PER_SOURCE)
		evict(oldest_there);
	else if (n_joining > cvd->config.joining)
		evict(oldest);
}

void node_accept(struct cvd *cvd, int fd)
{
	static const struct peer_ops ops = { ready, heard, gone };
	struct timeval tv = { JOIN_S, 0 };
	struct node *n = calloc(1, sizeof(*n));

	if (n)
		n->timer = event_new(cvd->base, -1, 0, timed_out, n);
	if (!n || !n->timer) {
		free(n);
		close(fd);
		return;
	}
	n->cvd = cvd;
	n->peer = peer_accept(cvd->base, cvd->tls, fd, &ops, n);
	if (!n->peer) {
		event_free(n->timer);
		free(n);
		return;
	}
	LIST_INSERT_HEAD(&all, n, in_all);
	TAILQ_INSERT_TAIL(&joining, n, in_joining);
	n_joining++;
	event_add(n->timer, &tv);
	make_room(cvd, n);
}
