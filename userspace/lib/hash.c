// SPDX-License-Identifier: GPL-2.0
#include <openssl/evp.h>
#include <cv/hash.h>

static const struct cv_hash hashes[] = {
	{ CV_ALG_SHA1, 20, "sha1" },
	{ CV_ALG_SHA256, 32, "sha256" },
	{ CV_ALG_SHA384, 48, "sha384" },
	{ CV_ALG_SHA512, 64, "sha512" },
};

#define N_HASHES (sizeof(hashes) / sizeof(hashes[0]))

const struct cv_hash *cv_hash_by_alg(uint16_t alg)
{
	for (size_t i = 0; i < N_HASHES; i++)
		if (hashes[i].alg == alg)
			return &hashes[i];
	return NULL;
}

const struct cv_hash *cv_hash_by_name(const char *name, size_t len)
{
	for (size_t i = 0; i < N_HASHES; i++)
		if (strlen(hashes[i].name) == len && !memcmp(hashes[i].name, name, len))
			return &hashes[i];
	return NULL;
}

/* OpenSSL's own objects for them: no look-up, and nothing to free. */
static const EVP_MD *md_of(const struct cv_hash *hash)
{
	switch (hash->alg) {
	case CV_ALG_SHA1: return EVP_sha1();
	case CV_ALG_SHA256: return EVP_sha256();
	case CV_ALG_SHA384: return EVP_sha384();
	default: return EVP_sha512();
	}
}

bool cv_hash_of(const struct cv_hash *hash, const struct cv_bytes *parts, size_t n,
		uint8_t out[CV_HASH_MAX])
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool done = ctx && EVP_DigestInit_ex(ctx, md_of(hash), NULL);

	for (size_t i = 0; done && i < n; i++)
		done = EVP_DigestUpdate(ctx, parts[i].data, parts[i].len);
	done = done && EVP_DigestFinal_ex(ctx, out, NULL);
	EVP_MD_CTX_free(ctx);
	return done;
}
