// SPDX-License-Identifier: GPL-2.0
#include <event2/util.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <peer/peer.h>
#include <peer/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cv/file.h>
#include <node.pb-c.h>
#include "gate.h"
#include "link.h"
#include "tunnel.h"

#define BACKOFF_MS	500	/* doubled with each attempt that leads to nothing */
#define BACKOFF_MAX_MS	60000
#define JOINING_MS	60000	/* that the verifier may be silent before the node is a member */
#define MESSAGE_MAX	(32u << 20)
#define PUBLIC_MAX	512

struct link {
	struct event_base *base;
	const struct config *config;
	struct tpm *tpm;
	EVP_PKEY *key;			/* for TLS, and for the node's certificate */
	X509 *authority, *certificate;	/* certificate: NULL until it is a member */
	uint8_t public[PUBLIC_MAX];
	size_t public_len;
	struct peer *peer;		/* or NULL: waits for the timer */
	struct event *timer;		/* to connect; or, connected, how long the verifier may be silent */
	uint32_t patience_ms;
	uint32_t backoff_ms;
	uint32_t retry_ms;		/* that the verifier asked for */
	bool member;			/* as far as is known */
	bool welcome;			/* on this connection */
	char verifier[80];		/* address:port, if the next connection is to be elsewhere than is configured */
	char reached[80];		/* address:port of this one */
	struct gate *gate;		/* of a service host; NULL */
	struct tunnel *queue, *database;	/* or NULL */
};

static void add_timer(struct link *l, uint32_t ms)
{
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(l->timer, &tv);
}

/* --- what is sent --------------------------------------------------------------------------------- */

static void send_message(struct link *l, Cv__Node__ToVerifier *message)
{
	size_t len = cv__node__to_verifier__get_packed_size(message);
	uint8_t *packed = malloc(len);

	if (packed)
		cv__node__to_verifier__pack(message, packed);
	if (!packed || !peer_send(l->peer, (struct cv_bytes) { packed, len }))
		peer_close(l->peer, "cannot send");
	free(packed);
}

static ProtobufCBinaryData data_of(struct cv_bytes bytes)
{
	return (ProtobufCBinaryData) { bytes.len, (uint8_t *)bytes.data };
}

static void say_hello(struct peer *peer, void *context)
{
	struct link *l = context;
	Cv__Node__Hello hello = CV__NODE__HELLO__INIT;
	Cv__Node__ToVerifier message = CV__NODE__TO_VERIFIER__INIT;
	ProtobufCBinaryData certificate = data_of(tpm_ek_certificate(l->tpm));
	uint32_t version = 1;

	(void)peer;
	add_timer(l, l->patience_ms = JOINING_MS);
	peer_limit(l->peer, MESSAGE_MAX);
	hello.n_versions = 1;
	hello.versions = &version;
	hello.name = (char *)l->config->name;
	hello.type = (char *)l->config->type;
	hello.ek_public = data_of(tpm_ek_public(l->tpm));
	hello.n_ek_certificates = certificate.len ? 1 : 0;
	hello.ek_certificates = &certificate;
	hello.ak_public = data_of(tpm_ak_public(l->tpm));
	hello.reached = l->reached;
	hello.tls_public = (ProtobufCBinaryData) { l->public_len, l->public };
	message.body_case = CV__NODE__TO_VERIFIER__BODY_HELLO;
	message.hello = &hello;
	send_message(l, &message);
}

static void close_for(struct link *l, const struct cv_error *err)
{
	say(LOG_ERR, "%s", err->text);
	peer_close(l->peer, cv_error_name(err->name));
}

static void take_challenge(struct link *l, const Cv__Node__ToNode *m)
{
	const Cv__Node__Challenge *c = m->challenge;
	Cv__Node__Answer answer = CV__NODE__ANSWER__INIT;
	Cv__Node__ToVerifier message = CV__NODE__TO_VERIFIER__INIT;
	uint8_t credential[CV_CREDENTIAL_MAX];
	struct cv_error err = {};
	size_t len;

	if (!tpm_activate(l->tpm, (struct cv_bytes) { c->id_object.data, c->id_object.len },
			  (struct cv_bytes) { c->secret.data, c->secret.len }, credential, &len, &err)) {
		close_for(l, &err);
		return;
	}
	answer.credential = (ProtobufCBinaryData) { len, credential };
	message.body_case = CV__NODE__TO_VERIFIER__BODY_ANSWER;
	message.answer = &answer;
	send_message(l, &message);
	explicit_bzero(credential, sizeof(credential));
}

/* --- evidence --------------------------------------------------------------------------------------- */

struct shown {
	struct tpm_quote quote;
	struct cv_file firmware, ima, cmdline, roti;
};

/* What is not there is not shown: the verifier knows what it needs. */
static void open_if_there(const char *path, struct cv_file *file)
{
	struct cv_error err = {};

	if (path && !cv_file_open(file, path, &err)) {
		*file = (struct cv_file) {};
		say(LOG_WARNING, "%s", err.text);
	}
}

static bool sign(EVP_PKEY *key, const uint8_t question[CV_QUESTION], uint8_t *signature, size_t *len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = ctx && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) > 0 &&
		    EVP_DigestSign(ctx, signature, len, question, CV_QUESTION) > 0;

	EVP_MD_CTX_free(ctx);
	return good;
}

static bool quote(struct link *l, const Cv__Node__Ask *ask, struct tpm_quote *q, uint8_t question[CV_QUESTION],
		  struct cv_error *err)
{
	struct cv_selection wanted[CV_QUOTE_BANKS];
	uint8_t channel[CV_QUESTION_CHANNEL];

	if (ask->n_selections > CV_QUOTE_BANKS || ask->nonce.len != CV_QUESTION_NONCE)
		return cv_refuse(err, CV_E_QUOTE_FORMAT, "the verifier asks for what this node does not know");
	for (size_t i = 0; i < ask->n_selections; i++)
		wanted[i] = (struct cv_selection) { ask->selections[i]->bank, ask->selections[i]->registers };
	return peer_channel(l->peer, channel) &&
	       cv_question(ask->nonce.data, channel, (struct cv_bytes) { l->public, l->public_len }, question) &&
	       tpm_quote(l->tpm, (struct cv_bytes) { question, CV_QUESTION }, wanted, ask->n_selections, q, err);
}

/* The list is read after the quote: it may be ahead of it, and never behind. */
static void take_ask(struct link *l, const Cv__Node__ToNode *m)
{
	const Cv__Node__Ask *ask = m->ask;
	Cv__Node__Evidence evidence = CV__NODE__EVIDENCE__INIT;
	Cv__Node__ToVerifier message = CV__NODE__TO_VERIFIER__INIT;
	struct shown shown = {};
	struct cv_error err = {};
	uint8_t question[CV_QUESTION], signature[128];
	size_t signature_len = sizeof(signature);

	if (!quote(l, ask, &shown.quote, question, &err)) {
		close_for(l, &err);
		return;
	}
	open_if_there(l->config->ima_list, &shown.ima);
	if (ask->whole) {
		open_if_there(l->config->firmware_log, &shown.firmware);
		open_if_there(l->config->cmdline, &shown.cmdline);
		open_if_there(l->config->roti, &shown.roti);
		if (sign(l->key, question, signature, &signature_len))
			evidence.tls_signature = (ProtobufCBinaryData) { signature_len, signature };
	}
	evidence.attest = (ProtobufCBinaryData) { shown.quote.attest_len, shown.quote.attest };
	evidence.signature = (ProtobufCBinaryData) { shown.quote.signature_len, shown.quote.signature };
	evidence.firmware_log = data_of(shown.firmware.bytes);
	if (shown.ima.bytes.len > ask->ima_offset)
		evidence.ima_list = data_of((struct cv_bytes) { shown.ima.bytes.data + ask->ima_offset,
								shown.ima.bytes.len - ask->ima_offset });
	evidence.cmdline = data_of(shown.cmdline.bytes);
	evidence.roti = data_of(shown.roti.bytes);
	message.body_case = CV__NODE__TO_VERIFIER__BODY_EVIDENCE;
	message.evidence = &evidence;
	send_message(l, &message);
	cv_file_close(&shown.ima);
	cv_file_close(&shown.firmware);
	cv_file_close(&shown.cmdline);
	cv_file_close(&shown.roti);
}

/* --- what the verifier says ------------------------------------------------------------------------------ */

static bool write_certificate(const struct link *l, X509 *x)
{
	char path[512], fresh[520];
	FILE *f;
	bool good;

	snprintf(path, sizeof(path), "%s/node.pem", l->config->state);
	snprintf(fresh, sizeof(fresh), "%s.new", path);
	f = fopen(fresh, "we");
	good = f && PEM_write_X509(f, x) == 1 && PEM_write_X509(f, l->authority) == 1 && !fflush(f);
	if (f)
		good = !fclose(f) && good;
	return good && !rename(fresh, path);
}

/* @certificate: NULL: it is no member. */
static void use_tunnels(struct link *l, X509 *certificate)
{
	if (l->queue)
		tunnel_use(l->queue, l->key, certificate, l->authority);
	if (l->database)
		tunnel_use(l->database, l->key, certificate, l->authority);
}

/* For whoever builds tunnels with it: node.key and node.pem, which is whole whenever it is read. */
static void take_member(struct link *l, const Cv__Node__ToNode *m)
{
	const uint8_t *at = m->member->certificate.data;
	X509 *x = d2i_X509(NULL, &at, m->member->certificate.len);

	if (!x || X509_check_private_key(x, l->key) != 1 || !write_certificate(l, x)) {
		say(LOG_ERR, "the verifier's certificate cannot be used, or not be written to %s", l->config->state);
		X509_free(x);
		peer_close(l->peer, "no certificate");
		return;
	}
	X509_free(l->certificate);
	l->certificate = x;
	l->backoff_ms = BACKOFF_MS;
	l->patience_ms = m->member->timeout_ms;
	use_tunnels(l, x);
	if (l->gate) {
		gate_lease(l->gate, m->member->timeout_ms);
		gate_certified(l->gate);
	}
	say(LOG_NOTICE, "%s: evidence is due every %.1f s", l->welcome ? "certificate renewed" : "member of the cloud",
	    m->member->interval_ms / 1e3);
	l->member = l->welcome = true;
}

static void take_refusal(struct link *l, const Cv__Node__ToNode *m)
{
	const Cv__Node__Refusal *r = m->refusal;

	say(LOG_ERR, "%s: %s: %s", l->member && r->out ? "ejected" : "refused", r->reason, r->text);
	l->retry_ms = r->retry_ms;
	if (r->out) {
		use_tunnels(l, NULL);
		l->member = false;
	}
	snprintf(l->verifier, sizeof(l->verifier), "%s", r->verifier);
	if (*l->verifier)
		l->backoff_ms = BACKOFF_MS;
	peer_close(l->peer, r->reason);
}

static void take_roster(struct link *l, const Cv__Node__ToNode *m)
{
	if (l->gate && l->member)
		gate_roster(l->gate, m->roster);
}

static void tell_applied(void *context, uint64_t sequence)
{
	Cv__Node__Applied applied = CV__NODE__APPLIED__INIT;
	Cv__Node__ToVerifier message = CV__NODE__TO_VERIFIER__INIT;
	struct link *l = context;

	if (!sequence && l->peer)
		peer_close(l->peer, "the verifier was silent for too long");
	if (!sequence)
		return;
	applied.sequence = sequence;
	message.body_case = CV__NODE__TO_VERIFIER__BODY_APPLIED;
	message.applied = &applied;
	if (l->peer)
		send_message(l, &message);
}

typedef void handler(struct link *l, const Cv__Node__ToNode *message);

static handler *const handlers[] = {
	[CV__NODE__TO_NODE__BODY_CHALLENGE] = take_challenge, [CV__NODE__TO_NODE__BODY_ASK] = take_ask,
	[CV__NODE__TO_NODE__BODY_MEMBER] = take_member, [CV__NODE__TO_NODE__BODY_REFUSAL] = take_refusal,
	[CV__NODE__TO_NODE__BODY_ROSTER] = take_roster,
};

/* What a later verifier adds is ignored. */
static void heard(struct peer *peer, struct cv_bytes bytes, void *context)
{
	Cv__Node__ToNode *m = cv__node__to_node__unpack(NULL, bytes.len, bytes.data);
	struct link *l = context;

	if (!m) {
		peer_close(peer, "no message of the protocol");
		return;
	}
	if (m->body_case < sizeof(handlers) / sizeof(handlers[0]) && handlers[m->body_case])
		handlers[m->body_case](l, m);
	add_timer(l, l->patience_ms);
	cv__node__to_node__free_unpacked(m, NULL);
}

/* --- connecting -------------------------------------------------------------------------------------------- */

/* Not all nodes at one moment: half of it is chance. */
static void connect_later(struct link *l)
{
	uint32_t ms = l->retry_ms ?: l->backoff_ms;
	uint16_t chance;

	if (RAND_bytes((uint8_t *)&chance, sizeof(chance)) != 1)
		chance = 0;
	ms = ms / 2 + (uint64_t)ms * chance / (2 * UINT16_MAX);
	add_timer(l, ms);
	l->retry_ms = 0;
	l->backoff_ms = l->backoff_ms * 2 < BACKOFF_MAX_MS ? l->backoff_ms * 2 : BACKOFF_MAX_MS;
}

static void gone(struct peer *peer, const char *why, void *context)
{
	struct link *l = context;

	(void)peer;
	say(LOG_WARNING, "the connection to the verifier is over: %s", why);
	l->peer = NULL;
	if (l->gate)
		gate_disconnected(l->gate);
	/* Perhaps the certificate is why; without one the node is admitted anew. */
	if (!strncmp(why, "TLS", 3)) {
		X509_free(l->certificate);
		l->certificate = NULL;
	}
	connect_later(l);
}

static void connect_now(struct link *l)
{
	static const struct peer_ops ops = { say_hello, heard, gone };
	struct tls_identity identity = { l->key, l->certificate, l->authority };
	struct sockaddr_storage address = {};
	int len = sizeof(address);
	struct cv_error err = {};
	SSL_CTX *tls = tls_client(&identity, TLS_VERIFIER, &err);

	/* Once: who is not there either is looked for where the configuration says. */
	snprintf(l->reached, sizeof(l->reached), "%s", *l->verifier ? l->verifier : l->config->verifier);
	*l->verifier = 0;
	l->welcome = false;
	if (tls && !evutil_parse_sockaddr_port(l->reached, (struct sockaddr *)&address, &len))
		l->peer = peer_connect(l->base, tls, (struct sockaddr *)&address, len, &ops, l);
	SSL_CTX_free(tls);
	if (l->peer)
		return;
	say(LOG_ERR, "cannot connect to %s: %s", l->reached, *err.text ? err.text : "the network says no");
	connect_later(l);
}

/* A verifier that went without a word leaves a connection that looks alive. */
static void timed_out(evutil_socket_t fd, short what, void *context)
{
	struct link *l = context;

	(void)fd;
	(void)what;
	if (l->peer)
		peer_close(l->peer, "nothing is heard of the verifier");
	else
		connect_now(l);
}

/* --- opening --------------------------------------------------------------------------------------------------- */

static bool load(struct link *l, struct cv_error *err)
{
	struct sockaddr_storage address;
	int len = sizeof(address);
	char path[512];

	if (evutil_parse_sockaddr_port(l->config->verifier, (struct sockaddr *)&address, &len))
		return cv_refuse(err, CV_E_FILE, "verifier: got \"%.60s\", expected address:port", l->config->verifier);
	snprintf(path, sizeof(path), "%s/node.key", l->config->state);
	l->authority = tls_certificate_file(l->config->authority, err);
	l->key = l->authority ? tls_key_file(path, err) : NULL;
	if (!l->key)
		return false;
	l->public_len = tls_public(l->key, l->public, sizeof(l->public));
	l->timer = event_new(l->base, -1, 0, timed_out, l);
	return (l->public_len && l->timer) || cv_refuse(err, CV_E_MEMORY, "no memory for the connection");
}

static bool open_ways(struct link *l, struct cv_error *err)
{
	const struct config *c = l->config;

	return (!c->gate_members || (l->gate = gate_open(l->base, c, tell_applied, l, err))) &&
	       (!c->queue || (l->queue = tunnel_open(l->base, "queue", c->queue, c->queue_listen, err))) &&
	       (!c->database || (l->database = tunnel_open(l->base, "database", c->database, c->database_listen, err)));
}

struct link *link_open(struct event_base *base, const struct config *config, struct tpm *tpm, struct cv_error *err)
{
	struct link *l = calloc(1, sizeof(*l));

	if (!l) {
		cv_refuse(err, CV_E_MEMORY, "no memory for the connection");
		return NULL;
	}
	l->base = base;
	l->config = config;
	l->tpm = tpm;
	l->backoff_ms = BACKOFF_MS;
	if (load(l, err) && open_ways(l, err)) {
		connect_now(l);
		return l;
	}
	link_close(l);
	return NULL;
}

void link_close(struct link *l)
{
	if (l->peer)
		peer_free(l->peer);
	if (l->queue)
		tunnel_close(l->queue);
	if (l->database)
		tunnel_close(l->database);
	if (l->gate)
		gate_close(l->gate);
	if (l->timer)
		event_free(l->timer);
	X509_free(l->authority);
	X509_free(l->certificate);
	EVP_PKEY_free(l->key);
	free(l);
}
