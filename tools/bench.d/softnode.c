// SPDX-License-Identifier: GPL-2.0
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <tss2/tss2_mu.h>
#include "softnode.h"

void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "bench: %s\n", what);
	exit(1);
}

/* --- logs ---------------------------------------------------------------------------------- */

void put(struct buffer *b, const void *data, size_t len)
{
	if (b->len + len > b->size) {
		b->size = 2 * (b->len + len);
		b->data = realloc(b->data, b->size);
		need(b->data, "no memory");
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void put_le(struct buffer *b, uint32_t n, unsigned int size)
{
	uint8_t bytes[4] = { n, n >> 8, n >> 16, n >> 24 };

	put(b, bytes, size);
}

static void digest_of(uint16_t alg, const void *data, size_t len, uint8_t *digest)
{
	struct cv_bytes part = { data, len };

	need(cv_hash_of(cv_hash_by_alg(alg), &part, 1, digest), "no hash");
}

static void put_digest(struct buffer *b, uint16_t alg, const void *data, size_t len)
{
	uint8_t digest[CV_HASH_MAX];

	digest_of(alg, data, len, digest);
	put(b, digest, cv_hash_by_alg(alg)->size);
}

void put_firmware_log(struct buffer *b, unsigned int events)
{
	static const uint8_t zeros[20];
	char text[32];

	put_le(b, 0, 4);
	put_le(b, CV_EV_NO_ACTION, 4);
	put(b, zeros, 20);
	put_le(b, 16 + 8 + 4 + 2 * 4 + 1, 4);
	put(b, "Spec ID Event03", 16);
	put(b, zeros, 8);
	put_le(b, 2, 4);
	put_le(b, CV_ALG_SHA1 | 20 << 16, 4);
	put_le(b, CV_ALG_SHA256 | 32 << 16, 4);
	put(b, zeros, 1);
	for (int i = 0; i < (int)events; i++) {
		int len = snprintf(text, sizeof(text), "event %d", i);

		put_le(b, i % 8, 4);
		put_le(b, 5, 4);
		put_le(b, 2, 4);
		put_le(b, CV_ALG_SHA1, 2);
		put_digest(b, CV_ALG_SHA1, text, len);
		put_le(b, CV_ALG_SHA256, 2);
		put_digest(b, CV_ALG_SHA256, text, len);
		put_le(b, len, 4);
		put(b, text, len);
	}
}

/* The content of file @i; those of the list are the first. */
void file_digest(uint32_t i, uint8_t digest[CV_HASH_MAX])
{
	digest_of(CV_ALG_SHA256, &i, sizeof(i), digest);
}

static void put_entry(struct buffer *b, const uint8_t digest[CV_HASH_MAX], const char *path)
{
	struct buffer data = {};
	int len = strlen(path) + 1;

	put_le(&data, 8 + 32, 4);
	put(&data, "sha256:", 8);
	put(&data, digest, 32);
	put_le(&data, len, 4);
	put(&data, path, len);
	put_le(b, 10, 4);
	put_digest(b, CV_ALG_SHA1, data.data, data.len);
	put_le(b, 6, 4);
	put(b, "ima-ng", 6);
	put_le(b, data.len, 4);
	put(b, data.data, data.len);
	free(data.data);
}

void put_file(struct buffer *b, uint32_t i, uint32_t of)
{
	uint8_t digest[CV_HASH_MAX];
	char path[64];

	snprintf(path, sizeof(path), "/usr/lib/x86_64-linux-gnu/library-%u.so", i);
	file_digest(i % of, digest);
	put_entry(b, digest, path);
}

/* The registers that the kernel found. */
void put_aggregate(struct buffer *b, const struct cv_pcr_bank *bank)
{
	struct cv_bytes registers[10];
	uint8_t digest[CV_HASH_MAX];

	for (int i = 0; i < 10; i++)
		registers[i] = (struct cv_bytes) { bank->value[i], bank->hash->size };
	need(cv_hash_of(bank->hash, registers, 10, digest), "no hash");
	put_entry(b, digest, "boot_aggregate");
}

void replay_list(const struct buffer *list, struct cv_pcr_bank *bank)
{
	struct cv_imalog_entry entry;
	struct cv_imalog log;
	struct cv_error err;

	cv_imalog_begin(&log, (struct cv_bytes) { list->data, list->len });
	while (cv_imalog_next(&log, &entry, &err) == CV_IMALOG_ENTRY)
		need(cv_imalog_extend(&entry, CV_IMALOG_OWN, bank), "no hash");
}

/* --- a TPM in software ------------------------------------------------------------------------- */

#define ATTESTS	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
		 TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT)
#define ENDORSES	(TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN | \
			 TPMA_OBJECT_ADMINWITHPOLICY | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT)

EVP_PKEY *soft_key(bool endorsement, uint8_t public[512], size_t *public_len)
{
	TPM2B_PUBLIC p = { .publicArea = { .type = TPM2_ALG_ECC, .nameAlg = TPM2_ALG_SHA256 } };
	TPMS_ECC_PARMS *ecc = &p.publicArea.parameters.eccDetail;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	uint8_t point[65];
	size_t len;

	need(key && EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len) &&
	     len == sizeof(point), "no key");
	p.publicArea.objectAttributes = endorsement ? ENDORSES : ATTESTS;
	ecc->symmetric.algorithm = endorsement ? TPM2_ALG_AES : TPM2_ALG_NULL;
	ecc->symmetric.keyBits.aes = 128;
	ecc->symmetric.mode.aes = TPM2_ALG_CFB;
	ecc->scheme.scheme = endorsement ? TPM2_ALG_NULL : TPM2_ALG_ECDSA;
	ecc->scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
	ecc->curveID = TPM2_ECC_NIST_P256;
	ecc->kdf.scheme = TPM2_ALG_NULL;
	p.publicArea.unique.ecc.x.size = p.publicArea.unique.ecc.y.size = 32;
	memcpy(p.publicArea.unique.ecc.x.buffer, point + 1, 32);
	memcpy(p.publicArea.unique.ecc.y.buffer, point + 33, 32);
	*public_len = 0;
	need(!Tss2_MU_TPM2B_PUBLIC_Marshal(&p, public, 512, public_len), "no public area");
	return key;
}

static void make_quote(struct quoted *q, const struct cv_key *key, const struct cv_pcr_bank *bank, uint64_t clock,
		       const uint8_t nonce[32])
{
	static const uint8_t endorsement[] = { 0x40, 0, 0, 0x0b };
	struct cv_bytes name[] = { { endorsement, 4 }, { key->name, key->name_len } }, registers[11];
	TPMS_ATTEST a = { .magic = TPM2_GENERATED_VALUE, .type = TPM2_ST_ATTEST_QUOTE };
	TPMS_QUOTE_INFO *info = &a.attested.quote;
	uint8_t digest[CV_HASH_MAX];

	need(cv_hash_of(key->hash, name, 2, digest), "no hash");
	a.qualifiedSigner.size = 34;
	memcpy(a.qualifiedSigner.name, key->name, 2);
	memcpy(a.qualifiedSigner.name + 2, digest, 32);
	a.extraData.size = 32;
	memcpy(a.extraData.buffer, nonce, 32);
	a.clockInfo = (TPMS_CLOCK_INFO) { .clock = clock, .resetCount = 1, .safe = TPM2_YES };
	info->pcrSelect.count = 1;
	info->pcrSelect.pcrSelections[0] = (TPMS_PCR_SELECTION) { .hash = TPM2_ALG_SHA256, .sizeofSelect = 3 };
	memcpy(info->pcrSelect.pcrSelections[0].pcrSelect, (uint8_t []) { PCRS & 0xff, PCRS >> 8, 0 }, 3);
	for (int i = 0; i < 11; i++)
		registers[i] = (struct cv_bytes) { bank->value[i], 32 };
	need(cv_hash_of(bank->hash, registers, 11, digest), "no hash");
	info->pcrDigest.size = 32;
	memcpy(info->pcrDigest.buffer, digest, 32);
	q->attest_len = 0;
	need(!Tss2_MU_TPMS_ATTEST_Marshal(&a, q->attest, sizeof(q->attest), &q->attest_len), "no quote");
}

static void sign_quote(struct quoted *q, EVP_PKEY *signer)
{
	TPMT_SIGNATURE t = { .sigAlg = TPM2_ALG_ECDSA, .signature.ecdsa.hash = TPM2_ALG_SHA256 };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const uint8_t *at = q->der;
	ECDSA_SIG *sig;

	q->der_len = sizeof(q->der);
	need(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, signer, NULL) > 0 &&
	     EVP_DigestSign(ctx, q->der, &q->der_len, q->attest, q->attest_len) > 0, "no signature");
	EVP_MD_CTX_free(ctx);
	sig = d2i_ECDSA_SIG(NULL, &at, q->der_len);
	t.signature.ecdsa.signatureR.size = t.signature.ecdsa.signatureS.size = 32;
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), t.signature.ecdsa.signatureR.buffer, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), t.signature.ecdsa.signatureS.buffer, 32);
	ECDSA_SIG_free(sig);
	q->signature_len = 0;
	need(!Tss2_MU_TPMT_SIGNATURE_Marshal(&t, q->signature, sizeof(q->signature), &q->signature_len), "no signature");
}

void soft_quote(struct quoted *q, EVP_PKEY *signer, const struct cv_key *key, const struct cv_pcr_bank *bank, uint64_t clock,
		const uint8_t nonce[32])
{
	make_quote(q, key, bank, clock, nonce);
	sign_quote(q, signer);
}

/* --- credentials (TPM 2.0 Library part 1, 24 and C.6.1) ------------------------------------------- */

static EVP_PKEY *public_from(const uint8_t *x, const uint8_t *y)
{
	uint8_t point[65] = { 4 };
	EVP_PKEY *key = EVP_EC_gen("P-256");

	memcpy(point + 1, x, 32);
	memcpy(point + 33, y, 32);
	need(key && EVP_PKEY_set1_encoded_public_key(key, point, sizeof(point)) == 1, "no ephemeral key");
	return key;
}

static void derive(EVP_PKEY *own, EVP_PKEY *other, uint8_t z[32])
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	size_t len = 32;

	need(ctx && EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, other) > 0 &&
	     EVP_PKEY_derive(ctx, z, &len) > 0 && len == 32, "no shared secret");
	EVP_PKEY_CTX_free(ctx);
}

/* KDFe and KDFa of one block each. */
static void seed_of(const uint8_t z[32], const uint8_t *ephemeral_x, const uint8_t *own_x, uint8_t seed[CV_HASH_MAX])
{
	static const uint8_t one[] = { 0, 0, 0, 1 };
	const struct cv_bytes parts[] = { { one, 4 }, { z, 32 }, { (const uint8_t *)"IDENTITY", 9 }, { ephemeral_x, 32 }, { own_x, 32 } };

	need(cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), parts, 5, seed), "no hash");
}

static void key_of(const uint8_t seed[32], const struct cv_key *ak, uint8_t key[32])
{
	uint8_t text[4 + 8 + CV_NAME_MAX + 4] = { 0, 0, 0, 1 };
	size_t len = 12 + ak->name_len;

	memcpy(text + 4, "STORAGE", 8);
	memcpy(text + 12, ak->name, ak->name_len);
	memcpy(text + len, (uint8_t []) { 0, 0, 0, 128 }, 4);
	need(HMAC(EVP_sha256(), seed, 32, text, len + 4, key, NULL), "no HMAC");
}

/* TPM2B_ID_OBJECT: two sizes, the HMAC with its own, then a TPM2B_DIGEST that is encrypted. */
static void decrypt(const uint8_t key[16], struct cv_bytes id_object, uint8_t credential[CV_CREDENTIAL_MAX], size_t *len)
{
	static const uint8_t iv[16];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	uint8_t plain[64];
	int n = 0;

	need(id_object.len > 36 && id_object.len <= 36 + sizeof(plain), "a challenge that is none");
	need(ctx && EVP_DecryptInit_ex(ctx, EVP_aes_128_cfb128(), NULL, key, iv) > 0 &&
	     EVP_DecryptUpdate(ctx, plain, &n, id_object.data + 36, id_object.len - 36) > 0, "no decryption");
	EVP_CIPHER_CTX_free(ctx);
	*len = plain[0] << 8 | plain[1];
	need(*len <= CV_CREDENTIAL_MAX && (int)*len + 2 == n, "a challenge for another key");
	memcpy(credential, plain + 2, *len);
}

void soft_activate(EVP_PKEY *ek, const struct cv_key *ak, struct cv_bytes id_object, struct cv_bytes secret,
		   uint8_t credential[CV_CREDENTIAL_MAX], size_t *len)
{
	uint8_t z[32], seed[CV_HASH_MAX], key[32], own[65];
	EVP_PKEY *ephemeral;
	size_t own_len;

	/* TPM2B_ENCRYPTED_SECRET of a TPMS_ECC_POINT: sizes of 2 bytes before all, x and y. */
	need(secret.len == 2 + 2 * 34, "a secret that is none");
	ephemeral = public_from(secret.data + 4, secret.data + 38);
	need(EVP_PKEY_get_octet_string_param(ek, OSSL_PKEY_PARAM_PUB_KEY, own, sizeof(own), &own_len), "no key");
	derive(ek, ephemeral, z);
	seed_of(z, secret.data + 4, own + 1, seed);
	key_of(seed, ak, key);
	decrypt(key, id_object, credential, len);
	EVP_PKEY_free(ephemeral);
}
