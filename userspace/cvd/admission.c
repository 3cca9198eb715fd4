// SPDX-License-Identifier: GPL-2.0
/* What is said on a connection: a node shows who it is, which TPM, what it runs, and that it still does. */
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include "connection.h"
#include "gates.h"

#define VERSION		1	/* of the protocol */
#define ASKED		4096	/* nodes that are told apart by when they were asked for the whole */
#define AGAIN_MS	1000

/* --- hello ---------------------------------------------------------------------------------------------- */

static struct cv_bytes bytes_of(ProtobufCBinaryData data)
{
	return (struct cv_bytes) { data.data, data.len };
}

static void to_hex(const uint8_t *bytes, size_t len, char *text)
{
	for (size_t i = 0; i < len; i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
}

static bool is_name(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_");

	/* One that could be the beginning of an id, of four digits or more, would be taken for it. */
	return len && len < CA_NAME && !name[len] && (len < 4 || name[strspn(name, "0123456789abcdef")]);
}

static bool speaks(const Cv__Node__Hello *hello, uint32_t version)
{
	for (size_t i = 0; i < hello->n_versions; i++)
		if (hello->versions[i] == version)
			return true;
	return false;
}

static bool read_public(struct node *n, struct cv_bytes public, struct cv_error *err)
{
	const uint8_t *at = public.data;
	EVP_PKEY *key = public.len <= sizeof(n->public) ? d2i_PUBKEY(NULL, &at, public.len) : NULL;
	char curve[32] = "";
	bool good = key && at == public.data + public.len && EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) == 1 &&
		    (!strcmp(curve, "prime256v1") || !strcmp(curve, "secp384r1"));

	EVP_PKEY_free(key);
	if (!good)
		return cv_refuse(err, CV_E_KEY_FORMAT, "the key for TLS is not one on P-256 or P-384");
	memcpy(n->public, public.data, n->public_len = public.len);
	return true;
}

/* Who shows a member's certificate is that member, or a thief. */
static bool certificate_fits(struct node *n)
{
	X509 *x = peer_certificate(n->peer);
	char uid[CA_ID] = "";

	return !x || (X509_NAME_get_text_by_NID(X509_get_subject_name(x), NID_userId, uid, sizeof(uid)) > 0 &&
		      !strcmp(uid, n->is.id));
}

/* A vendor's certificate may stand for an operator. Why not, is in n->why. */
static void look_for_approval(struct node *n, const Cv__Node__Hello *hello)
{
	struct cv_error err = {};

	if (n->is.approved)
		return;
	if (strcmp(n->cvd->config.enrol, "vendor"))
		cv_refuse(&err, CV_E_CERT_CHAIN, "an operator must approve it: cvadm node approve %.16s", n->is.id);
	else if (!hello->n_ek_certificates)
		cv_refuse(&err, CV_E_CERT_CHAIN, "it shows no certificate of its TPM's vendor");
	else
		n->is.approved = cv_ek_cert_verify(&n->who.ek, bytes_of(hello->ek_certificates[0]), &n->cvd->policy.vendors,
						   time(NULL), &err);
	snprintf(n->why, sizeof(n->why), "%s", err.text);
}

/* The name of a node that nobody approved is free: it may be anybody's invention. */
static bool name_is_taken(struct node *n, const char *name, struct store_node *holder, struct cv_error *err)
{
	char id[CA_ID];

	return store_node_named(n->cvd->store, name, id, err) && strcmp(id, n->is.id) &&
	       store_node_get(n->cvd->store, id, holder, err) && (holder->approved || holder->standing != STANDING_PENDING);
}

/* What is stored of it. False: it was refused. */
static bool take_record(struct node *n, const Cv__Node__Hello *hello)
{
	struct cv_error err = {};
	struct store_node known, holder;
	char text[STORE_TEXT];
	bool is_known = store_node_get(n->cvd->store, n->is.id, &known, &err);
	bool taken = !err.name && name_is_taken(n, hello->name, &holder, &err);

	if (err.name) {
		connection_refuse_error(n, &err);
		return false;
	}
	if (taken) {
		snprintf(text, sizeof(text), "the name %s is another node's, %.16s", hello->name, holder.id);
		connection_refuse(n, "name-taken", text);
		return false;
	}
	if (is_known && known.approved && (strcmp(known.type, hello->type) || strcmp(known.name, hello->name))) {
		snprintf(text, sizeof(text), "it was approved as %s of type %s, and says it is %.63s of type %s", known.name,
			 known.type, hello->name, hello->type);
		connection_refuse(n, "changed", text);
		return false;
	}
	if (is_known)
		n->is = known;
	snprintf(n->is.name, sizeof(n->is.name), "%s", hello->name);
	snprintf(n->is.type, sizeof(n->is.type), "%s", hello->type);
	snprintf(n->is.address, sizeof(n->is.address), "%s", peer_address(n->peer));
	return true;
}

/* So that an operator sees it. It has shown that it has that TPM, or a program that acts like one. */
static void remember_pending(struct node *n, const struct verdict *v)
{
	struct cv_error err = {};

	n->is.standing = STANDING_PENDING;
	snprintf(n->is.reason, sizeof(n->is.reason), "%s", v->reason);
	snprintf(n->is.text, sizeof(n->is.text), "%s", v->text);
	n->is.met = now_ms();
	if (!store_node_pending(n->cvd->store, &n->is, &err))
		say(LOG_ERR, "%s", err.text);
	connection_remember_refusal(n, v);
}

/* By what is stored now: an operator may have spoken since the hello. */
static bool is_approved(struct node *n)
{
	const struct verdict v = { "not-approved", n->why, "" };
	struct cv_error err = {};
	struct store_node now = { .standing = STANDING_OUT };
	bool is_known = store_node_get(n->cvd->store, n->is.id, &now, &err);

	if (err.name) {
		connection_refuse_error(n, &err);
		return false;
	}
	if (now.standing == STANDING_BARRED) {
		connection_refuse(n, "barred", "an operator ejected it; cvadm node approve lets it in again");
		return false;
	}
	n->is.approved = n->is.approved || now.approved;
	if (n->is.approved)
		return true;
	if (!is_known || strcmp(now.name, n->is.name) || strcmp(now.type, n->is.type) || now.standing == STANDING_OUT)
		remember_pending(n, &v);
	node_refuse(n, &v);
	return false;
}

static bool read_keys(struct node *n, const Cv__Node__Hello *hello, struct cv_error *err)
{
	return cv_ek_read(&n->who.ek, bytes_of(hello->ek_public), err) &&
	       cv_key_read(&n->who.key, bytes_of(hello->ak_public), err) && read_public(n, bytes_of(hello->tls_public), err);
}

static void challenge(struct node *n)
{
	Cv__Node__Challenge challenge = CV__NODE__CHALLENGE__INIT;
	Cv__Node__ToNode message = CV__NODE__TO_NODE__INIT;
	struct cv_error err = {};

	if (!cv_challenge_make(&n->challenge, &n->who.ek, n->who.key.name, n->who.key.name_len, &err)) {
		connection_refuse_error(n, &err);
		return;
	}
	challenge.version = VERSION;
	challenge.id_object = (ProtobufCBinaryData) { n->challenge.id_object_len, n->challenge.id_object };
	challenge.secret = (ProtobufCBinaryData) { n->challenge.secret_len, n->challenge.secret };
	message.body_case = CV__NODE__TO_NODE__BODY_CHALLENGE;
	message.challenge = &challenge;
	connection_send(n, &message);
	n->stage = STAGE_ANSWER;
}

/* A service host passes on who is no member. Its address would be taken for the node's. */
static bool came_through(struct node *n, const Cv__Node__Hello *hello, char verifier[PEER_ADDRESS])
{
	peer_local_address(n->peer, verifier);
	return *hello->reached && strcmp(hello->reached, verifier) && gates_are_at(n->cvd, peer_address(n->peer), n->is.id);
}

void admission_hello(struct node *n, const Cv__Node__ToVerifier *message)
{
	const Cv__Node__Hello *hello = message->hello;
	char verifier[PEER_ADDRESS];
	struct cv_error err = {};

	if (!speaks(hello, VERSION)) {
		connection_refuse(n, "version", "the verifier speaks version 1 of the protocol");
		return;
	}
	if (!is_name(hello->name) || !node_type_find(hello->type, &n->type)) {
		connection_refuse(n, "name", "a name is 1 to 63 letters, digits, \".\", \"-\" and \"_\", and no hexadecimal "
				  "number of four digits or more; a type is compute, network, api, service or verifier");
		return;
	}
	/* Certificates are for names of hosts, in which A and a are one. */
	if (n->type == NODE_SERVICE && hello->name[strcspn(hello->name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")]) {
		connection_refuse(n, "name", "the name of a service host has no capital letters");
		return;
	}
	if (!read_keys(n, hello, &err)) {
		connection_refuse_error(n, &err);
		return;
	}
	to_hex(n->who.ek.id, CV_EK_ID, n->is.id);
	if (came_through(n, hello, verifier)) {
		connection_redirect(n, verifier);
		return;
	}
	if (!certificate_fits(n)) {
		connection_refuse(n, "cert-key", "the certificate of this connection is another node's");
		return;
	}
	if (!take_record(n, hello))
		return;
	look_for_approval(n, hello);
	challenge(n);
}

/* --- questions ------------------------------------------------------------------------------------------- */

static unsigned int generation(const struct node *n)
{
	return n->cvd->policy.of[n->type].generation;
}

void admission_ask(struct node *n)
{
	bool whole = n->stage != STAGE_MEMBER || n->judged_by != generation(n);
	Cv__Node__Selection selection = CV__NODE__SELECTION__INIT, *selections[] = { &selection };
	Cv__Node__Ask question = CV__NODE__ASK__INIT;
	Cv__Node__ToNode message = CV__NODE__TO_NODE__INIT;

	if (RAND_bytes(n->nonce, sizeof(n->nonce)) != 1) {
		connection_refuse(n, "memory", "no random numbers");
		return;
	}
	n->nonce_is_open = true;
	n->asked = now_ms();
	n->asked_whole = whole;
	selection.bank = n->cvd->policy.wanted.alg;
	selection.registers = n->cvd->policy.wanted.pcrs;
	question.nonce = (ProtobufCBinaryData) { sizeof(n->nonce), n->nonce };
	question.n_selections = 1;
	question.selections = selections;
	question.whole = whole;
	question.ima_offset = whole ? 0 : n->who.attester.ima_bytes;
	message.body_case = CV__NODE__TO_NODE__BODY_ASK;
	message.ask = &question;
	connection_send(n, &message);
	if (n->member && n->member->gate)
		gate_tick(n->member->gate);
}

/*
 * Whole evidence costs the verifier far more than the node: of one node it is asked for once in a while. What is remembered
 * is by a part of the id: nodes that share it wait for each other, which is no harm.
 */
static bool is_soon(const struct node *n)
{
	static uint64_t asked[ASKED];
	unsigned int slot = 0;
	uint64_t now = now_ms();

	sscanf(n->is.id, "%4x", &slot);
	slot %= ASKED;
	if (now >= asked[slot] && now - asked[slot] < AGAIN_MS)
		return true;
	asked[slot] = now;
	return false;
}

void admission_answer(struct node *n, const Cv__Node__ToVerifier *message)
{
	static const struct verdict soon = { "soon", "it showed itself a moment ago", "" };
	struct cv_error err = {};

	if (!cv_challenge_answered(&n->challenge, bytes_of(message->answer->credential), &err)) {
		connection_refuse_error(n, &err);
		return;
	}
	cv_challenge_wipe(&n->challenge);
	if (!is_approved(n))
		return;
	if (is_soon(n)) {
		n->retry_ms = 2 * AGAIN_MS;
		node_refuse(n, &soon);
		return;
	}
	n->stage = STAGE_EVIDENCE;
	connection_only(n);
	peer_limit(n->peer, CVD_ROOM_MAX);
	admission_ask(n);
}

/* --- evidence ---------------------------------------------------------------------------------------------- */

/* The answer to the open question, which is closed by it. */
static bool read_evidence(struct node *n, const Cv__Node__Evidence *e, struct shown *shown)
{
	uint8_t channel[CV_QUESTION_CHANNEL];

	*shown = (struct shown) {
		.attest = bytes_of(e->attest), .signature = bytes_of(e->signature), .firmware_log = bytes_of(e->firmware_log),
		.ima_list = bytes_of(e->ima_list), .cmdline = bytes_of(e->cmdline), .roti = bytes_of(e->roti),
		.whole = n->asked_whole,
	};
	if (!n->nonce_is_open)
		return false;
	n->nonce_is_open = false;
	return peer_channel(n->peer, channel) &&
	       cv_question(n->nonce, channel, (struct cv_bytes) { n->public, n->public_len }, shown->question);
}

/* Who shows evidence for a key has it. */
static bool has_key(struct node *n, const Cv__Node__Evidence *e, const uint8_t question[CV_QUESTION])
{
	const uint8_t *at = n->public;
	EVP_PKEY *key = d2i_PUBKEY(NULL, &at, n->public_len);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool good = key && ctx && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key) > 0 &&
		    EVP_DigestVerify(ctx, e->tls_signature.data, e->tls_signature.len, question, CV_QUESTION) == 1;

	EVP_MD_CTX_free(ctx);
	EVP_PKEY_free(key);
	return good;
}

/* Before what was seen of this TPM: kept from then, or its state was put back. */
static const char *is_old(const struct store_node *is, const struct outcome *o)
{
	if (o->reset_count < is->reset_count)
		return "epoch-back";
	return o->reset_count == is->reset_count && o->clock < is->clock ? "epoch-clock" : NULL;
}

/* False: it is out. */
static bool appraise_evidence(struct node *n, const Cv__Node__Evidence *e, struct outcome *o)
{
	struct verdict v = { "protocol", "evidence that was not asked for", "" };
	struct shown shown;
	bool good;

	*o = (struct outcome) {};
	if (!read_evidence(n, e, &shown)) {
		connection_out(n, &v);
		return false;
	}
	if (shown.whole && !has_key(n, e, shown.question)) {
		v = (struct verdict) { "signature", "it has not shown that it has the key for TLS", "" };
		connection_out(n, &v);
		return false;
	}
	good = appraise(&n->cvd->policy, n->type, &n->who, &shown, o);
	if (good && (v.reason = is_old(&n->is, o))) {
		v.text = "the TPM was seen at a later time already";
		connection_out(n, &v);
		good = false;
	} else if (!good) {
		v = (struct verdict) { o->reason, o->text, o->rules ?: "" };
		connection_out(n, &v);
	}
	free(o->rules);
	o->rules = NULL;
	n->cvd->count.evidence++;
	if (good && shown.whole)
		n->judged_by = generation(n);
	return good;
}

static void note(struct store_node *is, const struct outcome *o)
{
	is->reset_count = o->reset_count;
	is->restart_count = o->restart_count;
	is->clock = o->clock;
}

/* --- membership --------------------------------------------------------------------------------------------- */

static bool certify(struct node *n, uint8_t der[CA_DER_MAX], size_t *len, struct cv_error *err)
{
	struct ca_subject subject = { .reset_count = n->is.reset_count, .restart_count = n->is.restart_count };
	uint8_t serial[CA_SERIAL];

	snprintf(subject.id, sizeof(subject.id), "%s", n->is.id);
	snprintf(subject.name, sizeof(subject.name), "%s", n->is.name);
	snprintf(subject.type, sizeof(subject.type), "%s", n->is.type);
	to_hex(n->who.key.name, n->who.key.name_len, subject.ak);
	if (!ca_certify_node(&n->cvd->ca, &subject, (struct cv_bytes) { n->public, n->public_len },
			     n->cvd->config.certificate_life / 1000, serial, der, len, err))
		return false;
	to_hex(serial, sizeof(serial), n->is.serial);
	return true;
}

static void welcome(struct node *n, const uint8_t *der, size_t len)
{
	Cv__Node__Member member = CV__NODE__MEMBER__INIT;
	Cv__Node__ToNode message = CV__NODE__TO_NODE__INIT;

	member.certificate = (ProtobufCBinaryData) { len, (uint8_t *)der };
	member.interval_ms = n->cvd->config.interval;
	member.timeout_ms = n->cvd->config.timeout;
	message.body_case = CV__NODE__TO_NODE__BODY_MEMBER;
	message.member = &member;
	connection_send(n, &message);
}

/* Into the store and the roster, with a certificate, and told so. False: it is refused, unless it is @again and stays. */
static bool admit(struct node *n, const char *what, bool again)
{
	const struct store_node before = n->is;
	uint8_t der[CA_DER_MAX];
	struct cv_error err = {};
	struct member *m = NULL;
	size_t len;

	n->is.standing = STANDING_MEMBER;
	n->is.seen = n->asked;
	n->is.reason[0] = 0;
	snprintf(n->is.text, sizeof(n->is.text), "boot %llu of its TPM", (unsigned long long)n->is.reset_count);
	if (certify(n, der, &len, &err))
		m = members_admit(n->cvd, &n->is, (struct cv_bytes) { der, len },
				  time(NULL) + n->cvd->config.certificate_life / 1000, what, &err);
	if (!m && again) {
		say(LOG_ERR, "%s: no new certificate: %s", n->is.name, err.text);
		n->is = before;
		return true;
	}
	if (!m) {
		connection_refuse_error(n, &err);
		return false;
	}
	n->certified = now_ms();
	if (m->node && m->node != n) {
		m->node->member = NULL;
		peer_close(m->node->peer, "the node connected anew");
		m->node->over = true;
	}
	n->member = m;
	m->node = n;
	welcome(n, der, len);
	if (m->gate && n->stage != STAGE_MEMBER)
		gate_connected(m->gate, n);
	return true;
}

static void plan_question(struct node *n)
{
	uint32_t ms = n->cvd->config.interval;
	struct timeval tv = { ms / 1000, ms % 1000 * 1000 };

	event_add(n->timer, &tv);
}

/* A member of another boot is out first: what it was let in for is over. */
static void end_earlier_boot(struct node *n, const struct outcome *o)
{
	struct member *m = members_find(n->cvd, n->is.id);
	const struct verdict v = { "epoch-reset", "the machine started again", "" };

	if (m && (m->is.reset_count != o->reset_count || m->is.restart_count != o->restart_count))
		members_eject(m, STANDING_OUT, &v);
}

void admission_first_evidence(struct node *n, const Cv__Node__ToVerifier *message)
{
	struct outcome o;

	if (!appraise_evidence(n, message->evidence, &o))
		return;
	end_earlier_boot(n, &o);
	note(&n->is, &o);
	if (!admit(n, "admitted", false))
		return;
	connection_admitted(n);
	n->cvd->count.admitted++;
	say(LOG_NOTICE, "%s (%.16s) at %s is admitted", n->is.name, n->is.id, n->is.address);
	plan_question(n);
}

/* The machine may have started again while somebody else kept its connection. */
static bool is_of_this_boot(struct node *n, const struct outcome *o)
{
	const struct verdict v = { "epoch-reset", "the machine started again", "" };

	if (o->reset_count == n->is.reset_count && o->restart_count == n->is.restart_count)
		return true;
	connection_out(n, &v);
	return false;
}

/* What cannot be renewed now may be at the next evidence, as long as the certificate holds. */
static bool renew(struct node *n)
{
	uint64_t age = now_ms() - n->certified;

	if (age < n->cvd->config.certificate_life / 2)
		return true;
	return admit(n, "renewed", age < n->cvd->config.certificate_life);
}

void admission_evidence(struct node *n, const Cv__Node__ToVerifier *message)
{
	struct outcome o;

	/* Criteria that were loaded since the question have not been satisfied yet. */
	if (n->nonce_is_open && !n->asked_whole && n->judged_by != generation(n)) {
		admission_ask(n);
		return;
	}
	if (!appraise_evidence(n, message->evidence, &o) || !is_of_this_boot(n, &o))
		return;
	note(&n->is, &o);
	note(&n->member->is, &o);
	members_seen(n->member, n->asked);
	n->is.seen = n->member->is.seen;
	if (renew(n))
		plan_question(n);
}
