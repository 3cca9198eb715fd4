// SPDX-License-Identifier: GPL-2.0
/*
 * Credential activation, the verifier's half. A seed goes to the endorsement
 * key; keys that are derived from it encrypt the credential and bind it to the
 * name of the attestation key (TPM 2.0 Library part 1, 24.4 and 24.5).
 */
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <cv/ek.h>
#include "public.h"

#define COORDINATE_MAX	48

struct seed {
	uint8_t bytes[CV_HASH_MAX];
	size_t len;		/* of the name algorithm's digest */
};

static bool derive(const char *kdf_name, OSSL_PARAM *params, uint8_t *out, size_t len)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, kdf_name, NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	bool done = ctx && EVP_KDF_derive(ctx, out, len, params) > 0;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return done;
}

/* KDFa, part 1, 11.4.10.2: SP800-108 in counter mode; the zero behind the label is its separator. */
static bool kdf_a(const struct cv_hash *hash, const struct seed *seed, const char *label, struct cv_bytes context,
		  uint8_t *out, size_t len)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MODE, "counter", 0),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_MAC, "HMAC", 0),
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)hash->name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)seed->bytes, seed->len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, (void *)label, strlen(label)),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (void *)context.data, context.len),
		OSSL_PARAM_construct_end(),
	};

	return derive("KBKDF", params, out, len);
}

/* KDFe, 11.4.10.3: SP800-56A; label with its zero, then both public x. */
static bool kdf_e(const struct cv_hash *hash, struct cv_bytes z, const char *label, struct cv_bytes u,
		  struct cv_bytes v, struct seed *seed)
{
	uint8_t info[16 + 2 * COORDINATE_MAX];
	size_t label_len = strlen(label) + 1;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)hash->name, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, (void *)z.data, z.len),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info, label_len + u.len + v.len),
		OSSL_PARAM_construct_end(),
	};

	memcpy(info, label, label_len);
	memcpy(info + label_len, u.data, u.len);
	memcpy(info + label_len + u.len, v.data, v.len);
	return derive("SSKDF", params, seed->bytes, seed->len);
}

/* --- the seed, to the endorsement key ------------------------------------------------------- */

static size_t put_be16(uint8_t *to, size_t n)
{
	to[0] = n >> 8;
	to[1] = n;
	return 2;
}

/* B.10.4: OAEP by the name algorithm, with the label "IDENTITY" and its zero. */
static bool seed_by_rsa(const struct cv_ek *ek, struct seed *seed, struct cv_challenge *c)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(ek->pkey, NULL);
	size_t len = sizeof(c->secret) - 2;
	char *label = OPENSSL_strdup("IDENTITY");
	bool done;

	done = ctx && label && RAND_bytes(seed->bytes, seed->len) == 1 && EVP_PKEY_encrypt_init(ctx) > 0 &&
	       EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_oaep_md_name(ctx, ek->name_alg->name, NULL) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md_name(ctx, ek->name_alg->name, NULL) > 0;
	if (done && EVP_PKEY_CTX_set0_rsa_oaep_label(ctx, label, sizeof("IDENTITY")) > 0)
		label = NULL;		/* is the context's now */
	done = done && !label && EVP_PKEY_encrypt(ctx, c->secret + 2, &len, seed->bytes, seed->len) > 0;
	OPENSSL_free(label);
	EVP_PKEY_CTX_free(ctx);
	c->secret_len = put_be16(c->secret, len) + len;
	return done;
}

/* x and y, each as wide as the curve. */
static bool point_of(EVP_PKEY *pkey, size_t width, uint8_t point[2 * COORDINATE_MAX])
{
	uint8_t octets[1 + 2 * COORDINATE_MAX];
	size_t len;

	if (!EVP_PKEY_set_utf8_string_param(pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, "uncompressed") ||
	    !EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, octets, sizeof(octets), &len) ||
	    len != 1 + 2 * width)
		return false;
	memcpy(point, octets + 1, 2 * width);
	return true;
}

static bool agree(EVP_PKEY *own, EVP_PKEY *peer, uint8_t z[COORDINATE_MAX], size_t *len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(own, NULL);
	bool done = ctx && EVP_PKEY_derive_init(ctx) > 0 && EVP_PKEY_derive_set_peer(ctx, peer) > 0 &&
		    EVP_PKEY_derive(ctx, z, len) > 0;

	EVP_PKEY_CTX_free(ctx);
	return done;
}

/* C.6.4: a key for this once; both points give the seed, and ours goes along. */
static bool seed_by_ecc(const struct cv_ek *ek, struct seed *seed, struct cv_challenge *c)
{
	size_t width = EVP_PKEY_get_bits(ek->pkey) == 256 ? 32 : 48, z_len = COORDINATE_MAX, at = 2;
	EVP_PKEY *once = EVP_EC_gen(width == 32 ? "P-256" : "P-384");
	uint8_t own[2 * COORDINATE_MAX], theirs[2 * COORDINATE_MAX], z[COORDINATE_MAX];
	bool done;

	done = once && point_of(once, width, own) && point_of(ek->pkey, width, theirs) &&
	       agree(once, ek->pkey, z, &z_len) && z_len == width &&
	       kdf_e(ek->name_alg, (struct cv_bytes) { z, z_len }, "IDENTITY", (struct cv_bytes) { own, width },
		     (struct cv_bytes) { theirs, width }, seed);
	for (unsigned int i = 0; done && i < 2; i++) {
		at += put_be16(c->secret + at, width);
		memcpy(c->secret + at, own + i * width, width);
		at += width;
	}
	put_be16(c->secret, at - 2);
	c->secret_len = at;
	OPENSSL_cleanse(z, sizeof(z));
	EVP_PKEY_free(once);
	return done;
}

/* --- the credential, to whom holds the seed ---------------------------------------------------- */

/* AES in CFB mode, from zero; part 1, 24.4. */
static bool encrypt(const struct cv_ek *ek, const uint8_t *key, const uint8_t *in, uint8_t *out, int len)
{
	static const uint8_t iv[16];
	const EVP_CIPHER *cipher = ek->aes_bits == 128 ? EVP_aes_128_cfb128() :
				   ek->aes_bits == 192 ? EVP_aes_192_cfb128() : EVP_aes_256_cfb128();
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int got = 0;
	bool done = ctx && EVP_EncryptInit_ex(ctx, cipher, NULL, key, iv) == 1 &&
		    EVP_EncryptUpdate(ctx, out, &got, in, len) == 1 && got == len;

	EVP_CIPHER_CTX_free(ctx);
	return done;
}

/* HMAC over what is encrypted and the name; part 1, 24.5. */
static bool authenticate(const struct cv_hash *hash, const uint8_t *key, struct cv_bytes encrypted, struct cv_bytes name,
			 uint8_t *mac)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)hash->name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;
	size_t len;
	bool done = ctx && EVP_MAC_init(ctx, key, hash->size, params) && EVP_MAC_update(ctx, encrypted.data, encrypted.len) &&
		    EVP_MAC_update(ctx, name.data, name.len) && EVP_MAC_final(ctx, mac, &len, hash->size);

	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(hmac);
	return done;
}

/* TPM2B_ID_OBJECT: the HMAC as TPM2B_DIGEST, then the encrypted TPM2B_DIGEST of the credential. */
static bool make_id_object(const struct cv_ek *ek, const struct seed *seed, struct cv_bytes name, struct cv_challenge *c)
{
	const struct cv_hash *hash = ek->name_alg;
	uint8_t aes[32], hmac[CV_HASH_MAX], plain[2 + CV_CREDENTIAL_MAX], *mac = c->id_object + 4;
	uint8_t *encrypted = mac + hash->size;
	struct cv_bytes nothing = { (const uint8_t *)"", 0 };
	bool done;

	put_be16(plain, CV_CREDENTIAL_MAX);
	memcpy(plain + 2, c->credential, CV_CREDENTIAL_MAX);
	put_be16(c->id_object + 2, hash->size);
	done = kdf_a(hash, seed, "STORAGE", name, aes, ek->aes_bits / 8) &&
	       kdf_a(hash, seed, "INTEGRITY", nothing, hmac, hash->size) &&
	       encrypt(ek, aes, plain, encrypted, sizeof(plain)) &&
	       authenticate(hash, hmac, (struct cv_bytes) { encrypted, sizeof(plain) }, name, mac);
	c->id_object_len = 4 + hash->size + sizeof(plain);
	put_be16(c->id_object, c->id_object_len - 2);
	OPENSSL_cleanse(plain, sizeof(plain));
	OPENSSL_cleanse(aes, sizeof(aes));
	OPENSSL_cleanse(hmac, sizeof(hmac));
	return done;
}

bool cv_challenge_make(struct cv_challenge *challenge, const struct cv_ek *ek, const uint8_t *name, size_t name_len,
		       struct cv_error *err)
{
	struct seed seed = { .len = ek->name_alg->size };
	bool done;

	*challenge = (struct cv_challenge) {};
	done = RAND_bytes(challenge->credential, sizeof(challenge->credential)) == 1 &&
	       (EVP_PKEY_get_base_id(ek->pkey) == EVP_PKEY_RSA ? seed_by_rsa(ek, &seed, challenge) :
								 seed_by_ecc(ek, &seed, challenge)) &&
	       make_id_object(ek, &seed, (struct cv_bytes) { name, name_len }, challenge);
	OPENSSL_cleanse(&seed, sizeof(seed));
	if (done)
		return true;
	cv_challenge_wipe(challenge);
	return cv_refuse(err, CV_E_MEMORY, "OpenSSL cannot make a challenge");
}

bool cv_challenge_answered(const struct cv_challenge *challenge, struct cv_bytes answer, struct cv_error *err)
{
	/* One that was wiped, or could not be made, has no answer. */
	return (challenge->id_object_len && answer.len == CV_CREDENTIAL_MAX &&
		!CRYPTO_memcmp(answer.data, challenge->credential, CV_CREDENTIAL_MAX)) ||
	       cv_refuse(err, CV_E_CHALLENGE, "the credential is not the one that was encrypted for this TPM and key");
}

void cv_challenge_wipe(struct cv_challenge *challenge)
{
	OPENSSL_cleanse(challenge, sizeof(*challenge));
}
