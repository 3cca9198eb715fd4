/* SPDX-License-Identifier: GPL-2.0 */
/* Signs any header and claims as a JWT by ES256: what libcv itself would never write. */
#ifndef SIGN_H
#define SIGN_H

#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cv/bytes.h>

static inline size_t base64url(const uint8_t *in, size_t len, char *out)
{
	size_t n = EVP_EncodeBlock((unsigned char *)out, in, len);

	while (n && out[n - 1] == '=')
		n--;
	for (size_t i = 0; i < n; i++)
		out[i] = out[i] == '+' ? '-' : out[i] == '/' ? '_' : out[i];
	out[n] = 0;
	return n;
}

/* The caller frees. */
static inline char *sign_jwt(EVP_PKEY *key, struct cv_bytes header, struct cv_bytes claims)
{
	char *token = malloc(2 * (header.len + claims.len) + 256);
	size_t len = base64url(header.data, header.len, token), sig_len = 80;
	uint8_t der[80], raw[64];
	const uint8_t *at = der;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	ECDSA_SIG *sig;

	token[len++] = '.';
	len += base64url(claims.data, claims.len, token + len);
	EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL);
	EVP_DigestSign(ctx, der, &sig_len, (uint8_t *)token, len);
	sig = d2i_ECDSA_SIG(NULL, &at, sig_len);
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + 32, 32);
	ECDSA_SIG_free(sig);
	EVP_MD_CTX_free(ctx);
	token[len++] = '.';
	base64url(raw, sizeof(raw), token + len);
	return token;
}

#endif
