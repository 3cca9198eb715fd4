// SPDX-License-Identifier: GPL-2.0
/* Whatever the bytes: they are no token of a key they were not signed by; signed, they are one of good claims or none. */
#include <cv/token.h>
#include "sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char header[] = "{\"alg\":\"ES256\",\"typ\":\"JWT\"}";
	static const uint8_t nonce[] = "12345678";
	static EVP_PKEY *key;
	struct cv_bytes bytes = { data, size }, asked = { nonce, 8 };
	struct cv_error err = {};
	struct cv_token says;
	char *token;

	if (!key)
		key = EVP_EC_gen("P-256");
	require(!cv_token_verify(&says, bytes, key, asked, 1796000000, &err) && *err.text);
	token = sign_jwt(key, (struct cv_bytes) { (const uint8_t *)header, sizeof(header) - 1 }, bytes);
	if (cv_token_verify(&says, (struct cv_bytes) { (uint8_t *)token, strlen(token) }, key, asked, 1796000000, &err))
		require(says.subject[0] && says.expires > says.issued && says.nonce_len == 8);
	else
		require(*err.text);
	free(token);
	token = sign_jwt(key, bytes, bytes);
	cv_token_verify(&says, (struct cv_bytes) { (uint8_t *)token, strlen(token) }, key, asked, 1796000000, &err);
	free(token);
	return 0;
}
