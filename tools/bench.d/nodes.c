// SPDX-License-Identifier: GPL-2.0
/*
 * nodes ADDRESS:PORT CA.PEM VENDOR-DIRECTORY COUNT: that many nodes with TPMs in software, of a vendor whose root it leaves in
 * the directory, join the verifier there and go on proving themselves. Reads commands from standard input:
 *
 *	join		all join, at most sixteen at a time; answers "joined SECONDS"
 *	attack KIND	one more node joins in a way that no honest one does; answers "refused REASON", or "member":
 *			replay		shows what it showed on an earlier connection
 *			relay		shows what was quoted for another connection
 *			other-ak	quotes by another key than the one that it said hello with
 *			other-tls	has not the key that its certificate is to be for
 *			hurry		is honest, and joins twice within a second
 *			none		is honest
 *	evil N		the next N evidences show a file that is not allowed; answers "ejected N P50 P99 MAX" (ms, from the
 *			evidence to the refusal)
 *
 * and says "lost WHY" for each connection that ends otherwise. All nodes boot alike and have the same list of 500
 * files; keys are their own.
 */
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <node.pb-c.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <peer/peer.h>
#include <peer/tls.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "softnode.h"

#define AT_A_TIME	16
#define FILES		500
#define EVIL		4000000000u

struct simulated {
	EVP_PKEY *ek, *ak;
	struct cv_key key;
	uint8_t ek_public[512], ak_public[512];
	size_t ek_len, ak_len;
	struct peer *peer;
	struct cv_pcr_bank bank;
	uint64_t clock;
	bool member;
	const char *attack;	/* or NULL */
	bool again, replays;	/* is to connect again; has shown once */
	struct quoted shown;	/* last, for replay */
	double evil_since;	/* 0: it is not */
};

static struct event_base *base;
static SSL_CTX *tls;
static EVP_PKEY *tls_keys, *root_key;
static X509 *root;
static uint8_t tls_spki[512];
static size_t tls_spki_len;
static struct sockaddr_storage address;
static int address_len = sizeof(address);
static struct buffer firmware, list, evil_entry;
static struct cv_pcr_bank booted;
static struct simulated *nodes;
static unsigned int count, started, members, evil_left, evil_out, evil_wanted;
static double *latency, began;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/* --- certificates of the vendor -------------------------------------------------------------- */

static X509 *certificate(EVP_PKEY *of, const char *name, X509 *issuer, EVP_PKEY *by, bool ca, long serial)
{
	X509 *x = X509_new();
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 365 * 24 * 3600);
	X509_set_pubkey(x, of);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer ?: x));
	X509V3_set_ctx(&ctx, issuer ?: x, x, NULL, NULL, 0);
	e = X509V3_EXT_nconf_nid(NULL, &ctx, NID_basic_constraints, ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
	need(X509_sign(x, by, EVP_sha256()), "no certificate");
	return x;
}

static void make_vendor(const char *directory)
{
	char path[512];
	FILE *f;

	root_key = EVP_EC_gen("P-256");
	root = certificate(root_key, "bench vendor", NULL, root_key, true, 1);
	snprintf(path, sizeof(path), "%s/root.pem", directory);
	f = fopen(path, "w");
	need(f && PEM_write_X509(f, root), path);
	fclose(f);
}

/* --- what a node says ----------------------------------------------------------------------------- */

static bool attacks(const struct simulated *n, const char *kind)
{
	return n->attack && !strcmp(n->attack, kind);
}

static void send_message(struct simulated *n, Cv__Node__ToVerifier *m)
{
	uint8_t room[262144];
	size_t len = cv__node__to_verifier__get_packed_size(m);

	need(len <= sizeof(room), "a message that is too long");
	cv__node__to_verifier__pack(m, room);
	need(peer_send(n->peer, (struct cv_bytes) { room, len }), "cannot send");
}

static void say_hello(struct peer *peer, void *context)
{
	Cv__Node__ToVerifier m = CV__NODE__TO_VERIFIER__INIT;
	Cv__Node__Hello hello = CV__NODE__HELLO__INIT;
	struct simulated *n = context;
	uint8_t *der = NULL;
	ProtobufCBinaryData ek_certificate;
	uint32_t version = 1;
	char name[32];
	X509 *x;

	peer_limit(peer, 1 << 20);
	snprintf(name, sizeof(name), "node-%zu", (size_t)(n - nodes));
	x = certificate(n->ek, name, root, root_key, false, 2 + (n - nodes));
	ek_certificate.len = i2d_X509(x, &der);
	ek_certificate.data = der;
	hello.n_versions = 1;
	hello.versions = &version;
	hello.name = name;
	hello.type = "compute";
	hello.ek_public = (ProtobufCBinaryData) { n->ek_len, n->ek_public };
	hello.n_ek_certificates = 1;
	hello.ek_certificates = &ek_certificate;
	hello.ak_public = (ProtobufCBinaryData) { n->ak_len, n->ak_public };
	hello.tls_public = (ProtobufCBinaryData) { tls_spki_len, tls_spki };
	m.body_case = CV__NODE__TO_VERIFIER__BODY_HELLO;
	m.hello = &hello;
	send_message(n, &m);
	OPENSSL_free(der);
	X509_free(x);
}

static void answer(struct simulated *n, const Cv__Node__Challenge *c)
{
	Cv__Node__ToVerifier m = CV__NODE__TO_VERIFIER__INIT;
	Cv__Node__Answer a = CV__NODE__ANSWER__INIT;
	uint8_t credential[CV_CREDENTIAL_MAX];
	size_t len;

	soft_activate(n->ek, &n->key, (struct cv_bytes) { c->id_object.data, c->id_object.len },
		      (struct cv_bytes) { c->secret.data, c->secret.len }, credential, &len);
	a.credential = (ProtobufCBinaryData) { len, credential };
	m.body_case = CV__NODE__TO_VERIFIER__BODY_ANSWER;
	m.answer = &a;
	send_message(n, &m);
}

/* By the key for TLS, which all of them have. */
static size_t sign(EVP_PKEY *key, const uint8_t question[CV_QUESTION], uint8_t signature[128])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	size_t len = 128;

	need(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key) > 0 &&
	     EVP_DigestSign(ctx, signature, &len, question, CV_QUESTION) > 0, "no signature");
	EVP_MD_CTX_free(ctx);
	return len;
}

/* The first node's connection is another one that is open, and its key another one. */
static void quote(struct simulated *n, const Cv__Node__Ask *ask, const uint8_t question[CV_QUESTION], struct quoted *q)
{
	uint8_t channel[CV_QUESTION_CHANNEL], other[CV_QUESTION];

	memcpy(other, question, sizeof(other));
	if (attacks(n, "relay"))
		need(peer_channel(nodes[0].peer, channel) &&
		     cv_question(ask->nonce.data, channel, (struct cv_bytes) { tls_spki, tls_spki_len }, other), "no question");
	soft_quote(q, attacks(n, "other-ak") ? nodes[0].ak : n->ak, &n->key, &n->bank, n->clock += 100, other);
	if (attacks(n, "replay") && n->shown.attest_len)
		*q = n->shown;
	n->shown = *q;
}

static void show(struct simulated *n, const Cv__Node__Ask *ask)
{
	Cv__Node__ToVerifier m = CV__NODE__TO_VERIFIER__INIT;
	Cv__Node__Evidence e = CV__NODE__EVIDENCE__INIT;
	uint8_t channel[CV_QUESTION_CHANNEL], question[CV_QUESTION];
	uint8_t signature[128];
	struct quoted q;

	if (!ask->whole && evil_left) {
		evil_left--;
		n->evil_since = now();
		replay_list(&evil_entry, &n->bank);
		e.ima_list = (ProtobufCBinaryData) { evil_entry.len, evil_entry.data };
	}
	need(peer_channel(n->peer, channel) &&
	     cv_question(ask->nonce.data, channel, (struct cv_bytes) { tls_spki, tls_spki_len }, question), "no question");
	quote(n, ask, question, &q);
	e.attest = (ProtobufCBinaryData) { q.attest_len, q.attest };
	e.signature = (ProtobufCBinaryData) { q.signature_len, q.signature };
	if (ask->whole) {
		e.tls_signature = (ProtobufCBinaryData) {
			sign(attacks(n, "other-tls") ? nodes[0].ak : tls_keys, question, signature), signature
		};
		e.firmware_log = (ProtobufCBinaryData) { firmware.len, firmware.data };
		e.ima_list = (ProtobufCBinaryData) { list.len, list.data };
	}
	m.body_case = CV__NODE__TO_VERIFIER__BODY_EVIDENCE;
	m.evidence = &e;
	send_message(n, &m);
}

/* --- joining, and how it ends ------------------------------------------------------------------------- */

static void heard(struct peer *peer, struct cv_bytes bytes, void *context);
static void gone(struct peer *peer, const char *why, void *context);
static const struct peer_ops ops = { say_hello, heard, gone };

static void connect_one(struct simulated *n)
{
	n->peer = peer_connect(base, tls, (struct sockaddr *)&address, address_len, &ops, n);
	need(n->peer, "cannot connect");
}

static void start_one(void)
{
	connect_one(&nodes[started++]);
}

/* How it ended, but for the first time of a replay. False: it is no attacker. */
static bool attacked(struct simulated *n, const char *how)
{
	if (!n->attack)
		return false;
	if (!strcmp(how, "soon") && !attacks(n, "hurry"))
		return n->again = true;		/* the verifier wants it to wait: it asks until it has */
	if ((attacks(n, "replay") || attacks(n, "hurry")) && !n->replays) {
		n->again = n->replays = true;
		peer_close(n->peer, "once more");
		return true;
	}
	printf("%s%s\n", strcmp(how, "member") ? "refused " : "", how);
	fflush(stdout);
	peer_close(n->peer, how);
	return true;
}

static void joined(struct simulated *n)
{
	if (n->member)
		return;		/* renewed */
	if (attacked(n, "member"))
		return;
	n->member = true;
	members++;
	if (started < count)
		start_one();
	else if (members == count)
		printf("joined %.3f\n", now() - began);
	fflush(stdout);
}

static int by_value(const void *a, const void *b)
{
	double d = *(const double *)a - *(const double *)b;

	return d < 0 ? -1 : d > 0;
}

static void ejected(struct simulated *n)
{
	latency[evil_out++] = 1000 * (now() - n->evil_since);
	if (evil_out < evil_wanted)
		return;
	qsort(latency, evil_out, sizeof(*latency), by_value);
	printf("ejected %u %.2f %.2f %.2f\n", evil_out, latency[evil_out / 2], latency[evil_out * 99 / 100], latency[evil_out - 1]);
	fflush(stdout);
}

static void heard(struct peer *peer, struct cv_bytes bytes, void *context)
{
	Cv__Node__ToNode *m = cv__node__to_node__unpack(NULL, bytes.len, bytes.data);
	struct simulated *n = context;

	need(m, "no message of the protocol");
	switch (m->body_case) {
	case CV__NODE__TO_NODE__BODY_CHALLENGE: answer(n, m->challenge); break;
	case CV__NODE__TO_NODE__BODY_ASK: show(n, m->ask); break;
	case CV__NODE__TO_NODE__BODY_MEMBER: joined(n); break;
	case CV__NODE__TO_NODE__BODY_REFUSAL:
		if (n->attack)
			attacked(n, m->refusal->reason);
		else if (n->evil_since)
			ejected(n);
		else
			printf("lost %s: %s\n", m->refusal->reason, m->refusal->text);
		peer_close(peer, "refused");
		break;
	default: break;
	}
	cv__node__to_node__free_unpacked(m, NULL);
}

static void gone(struct peer *peer, const char *why, void *context)
{
	struct simulated *n = context;

	(void)peer;
	n->peer = NULL;
	if (n->attack && n->again) {
		n->again = false;
		connect_one(n);
		return;
	}
	if (n->attack || n->evil_since)
		return;
	printf("lost %s\n", why);
	fflush(stdout);
}

#define ATTACKERS	8

static void make_node(struct simulated *n);

static void attack(const char *kind)
{
	static unsigned int attackers;
	struct simulated *n = &nodes[count + attackers++];

	need(attackers <= ATTACKERS, "no more attackers");
	make_node(n);
	n->attack = strdup(kind);
	connect_one(n);
}

static void command(evutil_socket_t fd, short what, void *context)
{
	char line[64] = "";
	ssize_t len = read(fd, line, sizeof(line) - 1);

	(void)what;
	(void)context;
	if (len <= 0)
		exit(0);
	if (!strncmp(line, "join", 4)) {
		began = now();
		for (unsigned int i = 0; i < AT_A_TIME && started < count; i++)
			start_one();
	} else if (!strncmp(line, "attack ", 7)) {
		line[strcspn(line, "\n")] = 0;
		attack(line + 7);
	} else if (sscanf(line, "evil %u", &evil_wanted) == 1) {
		evil_left = evil_wanted;
		latency = calloc(evil_wanted, sizeof(*latency));
	}
}

/* --- before that ----------------------------------------------------------------------------------------- */

static void boot(void)
{
	struct cv_error err;

	put_firmware_log(&firmware, 100);
	need(cv_fwlog_replay((struct cv_bytes) { firmware.data, firmware.len }, cv_hash_by_alg(CV_ALG_SHA256), &booted, &err),
	     err.text);
	put_aggregate(&list, &booted);
	for (uint32_t i = 0; i < FILES; i++)
		put_file(&list, i, FILES);
	replay_list(&list, &booted);
	put_file(&evil_entry, EVIL, UINT32_MAX);
}

static void make_node(struct simulated *n)
{
	struct cv_error err;

	n->ek = soft_key(true, n->ek_public, &n->ek_len);
	n->ak = soft_key(false, n->ak_public, &n->ak_len);
	need(cv_key_read(&n->key, (struct cv_bytes) { n->ak_public, n->ak_len }, &err), err.text);
	n->bank = booted;
	n->clock = 1000;
}

/* The list of allowed files, for the criteria. */
static void print_allowed(const char *directory)
{
	uint8_t digest[CV_HASH_MAX];
	char path[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/allowed", directory);
	f = fopen(path, "w");
	need(f, path);
	for (uint32_t i = 0; i < FILES; i++) {
		file_digest(i, digest);
		for (int j = 0; j < 32; j++)
			fprintf(f, "%02x", digest[j]);
		fputc('\n', f);
	}
	fclose(f);
}

int main(int argc, char **argv)
{
	struct rlimit limit;
	struct cv_error err = {};
	struct event *input;
	X509 *authority;
	char go[8];

	need(argc == 5, "usage: nodes ADDRESS:PORT CA.PEM DIRECTORY COUNT");
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	count = atoi(argv[4]);
	need(count + 20 < limit.rlim_max, "this machine allows fewer descriptors than that (ulimit -Hn)");
	nodes = calloc(count + ATTACKERS, sizeof(*nodes));
	need(nodes && !evutil_parse_sockaddr_port(argv[1], (struct sockaddr *)&address, &address_len), argv[1]);
	make_vendor(argv[3]);
	print_allowed(argv[3]);
	boot();
	for (unsigned int i = 0; i < count; i++)
		make_node(&nodes[i]);
	puts("ready");
	fflush(stdout);
	/* The verifier starts when it has the vendor's root. */
	setvbuf(stdin, NULL, _IONBF, 0);
	need(fgets(go, sizeof(go), stdin), "no verifier");
	authority = tls_certificate_file(argv[2], &err);
	need(authority, err.text);
	tls_keys = EVP_EC_gen("P-256");
	tls_spki_len = tls_public(tls_keys, tls_spki, sizeof(tls_spki));
	tls = tls_client(&(struct tls_identity) { tls_keys, NULL, authority }, TLS_VERIFIER, &err);
	need(tls, err.text);
	base = event_base_new();
	input = event_new(base, 0, EV_READ | EV_PERSIST, command, NULL);
	event_add(input, NULL);
	event_base_dispatch(base);
	return 0;
}
