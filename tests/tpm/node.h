/* SPDX-License-Identifier: GPL-2.0 */
/* A node with a TPM of its own: what it measures, the keys it makes, the quotes it gives; and what the verifier says. */
#ifndef NODE_H
#define NODE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <cv/attester.h>
#include <cv/boot.h>
#include <cv/roti.h>
#include "swtpm.h"

#define PCRS	0x7ff	/* 0 to 10 */

static const struct key_kind eks[] = {
	{ "RSA-2048", TPM2_ALG_RSA, 2048, 0, CV_ALG_SHA256 }, { "P-256", TPM2_ALG_ECC, 256, 0, CV_ALG_SHA256 },
	{ "RSA-3072", TPM2_ALG_RSA, 3072, 0, CV_ALG_SHA384 }, { "P-384", TPM2_ALG_ECC, 384, 0, CV_ALG_SHA384 },
};

static const struct key_kind aks[] = {
	{ "RSA-2048 RSASSA SHA-256", TPM2_ALG_RSA, 2048, TPM2_ALG_RSASSA, CV_ALG_SHA256 },
	{ "RSA-2048 RSAPSS SHA-256", TPM2_ALG_RSA, 2048, TPM2_ALG_RSAPSS, CV_ALG_SHA256 },
	{ "RSA-3072 RSASSA SHA-384", TPM2_ALG_RSA, 3072, TPM2_ALG_RSASSA, CV_ALG_SHA384 },
	{ "RSA-3072 RSAPSS SHA-512", TPM2_ALG_RSA, 3072, TPM2_ALG_RSAPSS, CV_ALG_SHA512 },
	{ "P-256 ECDSA SHA-256", TPM2_ALG_ECC, 256, TPM2_ALG_ECDSA, CV_ALG_SHA256 },
	{ "P-384 ECDSA SHA-384", TPM2_ALG_ECC, 384, TPM2_ALG_ECDSA, CV_ALG_SHA384 },
	{ "P-256 ECDSA SHA-512", TPM2_ALG_ECC, 256, TPM2_ALG_ECDSA, CV_ALG_SHA512 },
};

static const uint16_t banks[] = { CV_ALG_SHA1, CV_ALG_SHA256, CV_ALG_SHA384, CV_ALG_SHA512 };

#define N(array)	((int)(sizeof(array) / sizeof((array)[0])))

static struct swtpm tpm;
static struct tpm_key ek_key, ak_key;
static struct cv_ek ek;
static struct cv_key key;
static struct cv_attester node;
static struct cv_proven proven;
static struct cv_error err;
static uint8_t log_bytes[4096], ima_bytes[4096];
static size_t log_len, ima_len;
static uint8_t nonce[32];
static struct tpm_quote quote;

/* --- the firmware's log of this TPM -------------------------------------------------------------- */

static void put(const void *data, size_t len)
{
	ck_assert_uint_le(log_len + len, sizeof(log_bytes));
	memcpy(log_bytes + log_len, data, len);
	log_len += len;
}

static void put_le(uint32_t n, unsigned int size)
{
	uint8_t bytes[4] = { n, n >> 8, n >> 16, n >> 24 };

	put(bytes, size);
}

static void begin_log(void)
{
	static const uint8_t zeros[20];

	log_len = 0;
	put_le(0, 4);
	put_le(CV_EV_NO_ACTION, 4);
	put(zeros, 20);
	put_le(16 + 8 + 4 + 4 * 4 + 1, 4);
	put("Spec ID Event03", 16);
	put_le(0, 4);
	put_le(0x02000200, 4);
	put_le(4, 4);
	for (int i = 0; i < 4; i++) {
		put_le(banks[i], 2);
		put_le(cv_hash_by_alg(banks[i])->size, 2);
	}
	put_le(0, 1);
}

/* Register and log: @data is measured, and the log tells of it by @body. */
static void measure_bytes(unsigned int pcr, uint32_t type, struct cv_bytes data, struct cv_bytes body)
{
	uint8_t digest[CV_HASH_MAX];

	swtpm_extend(&tpm, pcr, data, false);
	put_le(pcr, 4);
	put_le(type, 4);
	put_le(4, 4);
	for (int i = 0; i < 4; i++) {
		put_le(banks[i], 2);
		ck_assert(cv_hash_of(cv_hash_by_alg(banks[i]), &data, 1, digest));
		put(digest, cv_hash_by_alg(banks[i])->size);
	}
	put_le(body.len, 4);
	put(body.data, body.len);
}

static void measure_as(unsigned int pcr, const char *text, const char *body)
{
	measure_bytes(pcr, 0x0d, (struct cv_bytes) { (const uint8_t *)text, strlen(text) },
		      (struct cv_bytes) { (const uint8_t *)body, strlen(body) });
}

/* As the firmware would. */
static void measure(unsigned int pcr, const char *text)
{
	measure_as(pcr, text, text);
}

/* Measured as the kernel would: register 10 and list. */
static void list_file(const uint8_t content[32], const char *path, bool padded)
{
	uint8_t digest[CV_HASH_MAX], *begin = ima_bytes + ima_len, *at = begin;
	uint32_t numbers[] = { 10, 6, 4 + 8 + 32 + 4 + strlen(path) + 1, 8 + 32, strlen(path) + 1 };
	struct cv_bytes data;

	memcpy(at, &numbers[0], 4);
	memcpy(at += 4 + 20, &numbers[1], 4);
	memcpy(at += 4, "ima-ng", 6);
	memcpy(at += 6, &numbers[2], 4);
	data = (struct cv_bytes) { at += 4, numbers[2] };
	memcpy(at, &numbers[3], 4);
	memcpy(at += 4, "sha256:", 8);
	memcpy(at += 8, content, 32);
	memcpy(at += 32, &numbers[4], 4);
	memcpy(at += 4, path, numbers[4]);
	ima_len = at + numbers[4] - ima_bytes;
	ck_assert(cv_hash_of(cv_hash_by_alg(CV_ALG_SHA1), &data, 1, digest));
	memcpy(begin + 4, digest, 20);
	swtpm_extend(&tpm, 10, data, padded);
}

/* The kernel begins with the registers that it found. */
static void list_boot(bool padded)
{
	struct cv_bytes registers[10];
	uint8_t digest[CV_HASH_MAX];
	struct cv_pcr_bank bank;

	ck_assert(cv_fwlog_replay((struct cv_bytes) { log_bytes, log_len }, cv_hash_by_alg(CV_ALG_SHA256), &bank, &err));
	for (int i = 0; i < 10; i++)
		registers[i] = (struct cv_bytes) { bank.value[i], 32 };
	ck_assert(cv_hash_of(bank.hash, registers, 10, digest));
	list_file(digest, "boot_aggregate", padded);
}

static void execute(const char *path, bool padded)
{
	struct cv_bytes content = { (const uint8_t *)path, strlen(path) };
	uint8_t digest[CV_HASH_MAX];

	if (!ima_len)
		list_boot(padded);
	ck_assert(cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), &content, 1, digest));
	list_file(digest, path, padded);
}

/* --- a node ---------------------------------------------------------------------------------------- */

static struct cv_bytes public_of(const struct tpm_key *k)
{
	return (struct cv_bytes) { k->public, k->len };
}

static void make_keys(const struct key_kind *ek_kind, const struct key_kind *ak_kind)
{
	swtpm_ek(&tpm, ek_kind, &ek_key);
	swtpm_ak(&tpm, ak_kind, ESYS_TR_RH_ENDORSEMENT, 0, &ak_key);
	cv_ek_clear(&ek);
	cv_key_clear(&key);
	ck_assert_msg(cv_ek_read(&ek, public_of(&ek_key), &err), "%s", err.text);
	ck_assert_msg(cv_key_read(&key, public_of(&ak_key), &err), "%s", err.text);
}

static void boot(void)
{
	begin_log();
	ima_len = 0;
	measure(0, "firmware");
	measure(4, "boot loader");
	measure(7, "secure boot");
}

static void setup(void)
{
	swtpm_create(&tpm);
	cv_attester_forget(&node);
	boot();
}

static void teardown(void)
{
	cv_ek_clear(&ek);
	cv_key_clear(&key);
	swtpm_destroy(&tpm);
}

static inline bool accepted_as(uint16_t bank, uint32_t pcrs)
{
	struct cv_selection wanted = { bank, pcrs };
	struct cv_proof proof = {
		{ quote.attest, quote.attest_len }, { quote.signature, quote.signature_len }, { log_bytes, log_len },
		{ ima_bytes + node.ima_bytes, ima_len - node.ima_bytes },
	};

	err = (struct cv_error) {};
	return cv_attester_accept(&node, &proof, &key, &ek, (struct cv_bytes) { nonce, sizeof(nonce) }, &wanted, 1, &proven,
				  &err);
}

static void ask(uint16_t bank, uint32_t pcrs)
{
	nonce[0]++;
	swtpm_quote(&tpm, &ak_key, (struct cv_bytes) { nonce, sizeof(nonce) }, bank, pcrs, &quote);
}

static inline void proves_itself(uint16_t bank)
{
	ask(bank, PCRS);
	ck_assert_msg(accepted_as(bank, PCRS), "%s: %s", cv_error_name(err.name), err.text);
}

static inline void refused_as(uint16_t bank, uint32_t pcrs, enum cv_error_name name)
{
	ck_assert(!accepted_as(bank, pcrs));
	ck_assert_msg(err.name == name, "%s: %s", cv_error_name(err.name), err.text);
}

static inline bool activates(const struct key_kind *ek_kind, struct cv_challenge *c)
{
	uint8_t answer[64];
	size_t len;

	return swtpm_activate(&tpm, &ak_key, &ek_key, ek_kind->hash, (struct cv_bytes) { c->id_object, c->id_object_len },
			      (struct cv_bytes) { c->secret, c->secret_len }, answer, &len) &&
	       cv_challenge_answered(c, (struct cv_bytes) { answer, len }, &err);
}

#endif
