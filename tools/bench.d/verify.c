// SPDX-License-Identifier: GPL-2.0
/*
 * How many nodes one core admits and keeps verifying, against how many
 * signatures OpenSSL verifies on it in the same run. The evidence is synthetic
 * but complete: an attestation key in software signs quotes as a TPM does, over
 * registers that the logs replay to. The endorsement key and its certificates are
 * those of tests/evidence/verity.
 */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <cv/boot.h>
#include <cv/criteria.h>
#include <cv/tpm.h>
#include "softnode.h"

#define FIRMWARE_EVENTS		100
#define IMA_ENTRIES		5000
#define NEW_ENTRIES		10
#define ALLOWED			1000000
#define ROUNDS			2000	/* re-verifications that are prepared */
#define SECONDS			4	/* each measurement lasts about that long */
#define NOW			1796000000

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static struct cv_bytes load(const char *name, uint8_t *room, size_t size)
{
	char path[128];
	struct cv_bytes bytes = { room, 0 };
	FILE *f;

	snprintf(path, sizeof(path), "tests/evidence/verity/%s", name);
	f = fopen(path, "r");
	need(f, path);
	bytes.len = fread(room, 1, size, f);
	fclose(f);
	return bytes;
}

static int order(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* The compiled form, in memory as a mapped file would be. */
static void make_list(struct cv_list *list)
{
	uint8_t *digests = malloc(ALLOWED * 32ul), digest[CV_HASH_MAX];
	struct buffer file = {};
	struct cv_list head = { .type = CV_DIGEST, .n = ALLOWED, .hash = cv_hash_by_alg(CV_ALG_SHA256) };
	uint8_t header[CV_LIST_HEADER];
	struct cv_error err;

	need(digests, "no memory");
	for (uint32_t i = 0; i < ALLOWED; i++) {
		file_digest(i, digest);
		memcpy(digests + 32ul * i, digest, 32);
	}
	qsort(digests, ALLOWED, 32, order);
	cv_list_header(&head, header);
	put(&file, header, sizeof(header));
	put(&file, digests, ALLOWED * 32ul);
	free(digests);
	need(cv_list_view(list, (struct cv_bytes) { file.data, file.len }, &err), err.text);
}

static EVP_PKEY *signer;
static uint8_t public[512];
static size_t public_len;

/* --- what is measured ---------------------------------------------------------------------------- */

static const struct cv_selection wanted = { CV_ALG_SHA256, PCRS };
static uint8_t nonce[32] = "what is asked is not what counts";
static struct buffer firmware, ima[ROUNDS + 1];		/* the first list is the whole one */
static struct quoted quotes[ROUNDS + 1];
static struct cv_list allowed;
static struct cv_criteria *criteria;
static struct cv_vendors vendors;
static uint8_t rooms[4][8192];
static struct cv_bytes ek_public, ek_cert;

static const struct cv_list *open_list(void *context, const char *name, enum cv_type type, struct cv_error *err)
{
	(void)name;
	(void)type;
	(void)err;
	return context;
}

static void prepare(void)
{
	static const struct cv_module *const modules[] = { &cv_boot_module, &cv_ima_module, &cv_tpm_module };
	static const struct cv_catalog catalog = { modules, 3 };
	static const char text[] = "criteria \"bench\" { every ima.file: digest in file(\"allowed\")\n no ima.file: violation == true }";
	struct cv_criteria_env env = { &catalog, open_list, &allowed };
	struct cv_pcr_bank bank;
	struct cv_error err;
	struct cv_spot spot;
	struct cv_key key;

	make_list(&allowed);
	criteria = cv_criteria_parse((struct cv_bytes) { (const uint8_t *)text, sizeof(text) - 1 }, &env, &spot, &err);
	need(criteria, err.text);
	put_firmware_log(&firmware, FIRMWARE_EVENTS);
	signer = soft_key(false, public, &public_len);
	need(cv_key_read(&key, (struct cv_bytes) { public, public_len }, &err), err.text);
	need(cv_fwlog_replay((struct cv_bytes) { firmware.data, firmware.len }, cv_hash_by_alg(CV_ALG_SHA256), &bank, &err), err.text);
	put_aggregate(&ima[0], &bank);
	for (uint32_t round = 0, file = 0; round <= ROUNDS; round++) {
		for (uint32_t i = 0; i < (round ? NEW_ENTRIES : IMA_ENTRIES); i++)
			put_file(&ima[round], file++, ALLOWED);
		replay_list(&ima[round], &bank);
		soft_quote(&quotes[round], signer, &key, &bank, 1000 * (round + 1), nonce);
	}
	cv_key_clear(&key);
	ek_public = load("ek.tpm2b_public", rooms[0], sizeof(rooms[0]));
	ek_cert = load("ek.crt", rooms[1], sizeof(rooms[1]));
	need(cv_vendors_begin(&vendors, &err) &&
	     cv_vendors_add(&vendors, load("root.pem", rooms[2], sizeof(rooms[2])), true, &err) &&
	     cv_vendors_add(&vendors, load("issuer.pem", rooms[3], sizeof(rooms[3])), false, &err), "no vendors");
}

static void appraise(struct cv_attester *node, const struct cv_key *key, const struct cv_ek *ek, unsigned int round,
		     unsigned int entries)
{
	struct cv_proof proof = {
		{ quotes[round].attest, quotes[round].attest_len }, { quotes[round].signature, quotes[round].signature_len },
		{ firmware.data, firmware.len }, { ima[round].data, ima[round].len },
	};
	struct cv_evidence evidence[2] = { { &cv_ima_module, NULL } };
	struct cv_proven proven;
	struct cv_error err;
	unsigned int before = node->ima_entries;

	need(cv_attester_accept(node, &proof, key, ek, (struct cv_bytes) { nonce, 32 }, &wanted, 1, &proven, &err), err.text);
	need(node->ima_entries - before == entries, "not all entries are proven");
	evidence[0].data = &proven.ima;
	need(cv_criteria_judge(criteria, evidence, 1, NULL, NULL) == CV_SATISFIED, "not satisfied");
}

/* All of it, as for a node that was never seen. */
static void admit(struct cv_attester *node, struct cv_key *key, struct cv_ek *ek)
{
	struct cv_challenge challenge;
	struct cv_boot boot;
	struct cv_error err;

	cv_attester_forget(node);
	need(cv_ek_read(ek, ek_public, &err) && cv_ek_cert_verify(ek, ek_cert, &vendors, NOW, &err) &&
	     cv_key_read(key, (struct cv_bytes) { public, public_len }, &err) &&
	     cv_challenge_make(&challenge, ek, key->name, key->name_len, &err) &&
	     cv_challenge_answered(&challenge, (struct cv_bytes) { challenge.credential, CV_CREDENTIAL_MAX }, &err), err.text);
	cv_challenge_wipe(&challenge);
	appraise(node, key, ek, 0, 1 + IMA_ENTRIES);
	need(cv_boot_read(&boot, (struct cv_bytes) { firmware.data, firmware.len }, node, 0, PCRS,
			  (struct cv_bytes) { NULL, 0 }, &err), err.text);
}

static double admissions(void)
{
	double begin = seconds(), spent;
	struct cv_attester node;
	unsigned int n = 0;
	struct cv_key key;
	struct cv_ek ek;

	do {
		admit(&node, &key, &ek);
		cv_key_clear(&key);
		cv_ek_clear(&ek);
		n++;
		spent = seconds() - begin;
	} while (spent < SECONDS);
	return n / spent;
}

static double reverifications(void)
{
	double begin, spent = 0;
	struct cv_attester node;
	unsigned int n = 0;
	struct cv_key key;
	struct cv_ek ek;

	while (spent < SECONDS) {
		admit(&node, &key, &ek);
		begin = seconds();
		for (unsigned int round = 1; round <= ROUNDS; round++)
			appraise(&node, &key, &ek, round, NEW_ENTRIES);
		spent += seconds() - begin;
		n += ROUNDS;
		cv_key_clear(&key);
		cv_ek_clear(&ek);
	}
	return n / spent;
}

/* What OpenSSL alone does with these very signatures, in the form it likes best. */
static double signatures(void)
{
	double begin = seconds(), spent;
	unsigned int n = 0;

	do {
		for (unsigned int i = 0; i <= ROUNDS; i++, n++) {
			EVP_MD_CTX *ctx = EVP_MD_CTX_new();

			need(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, signer) > 0 &&
			     EVP_DigestVerify(ctx, quotes[i].der, quotes[i].der_len, quotes[i].attest, quotes[i].attest_len) == 1,
			     "a signature does not hold");
			EVP_MD_CTX_free(ctx);
		}
		spent = seconds() - begin;
	} while (spent < SECONDS);
	return n / spent;
}

static void print(const char *metric, double value, const char *unit)
{
	printf("{\"bench\":\"verify\",\"metric\":\"%s\",\"value\":%.2f,\"unit\":\"%s\",\"kernel\":\"-\"}\n", metric, value, unit);
}

int main(void)
{
	double again, raw;

	prepare();
	print("admissions_per_second", admissions(), "1/s");
	again = reverifications();
	raw = signatures();
	print("reverifications_per_second", again, "1/s");
	print("signatures_per_second", raw, "1/s");
	print("signatures_per_reverification", raw / again, "ratio");
	print("allowlist_bytes_per_digest", (double)(CV_LIST_HEADER + allowed.n * allowed.hash->size) / allowed.n, "B");
	return 0;
}
