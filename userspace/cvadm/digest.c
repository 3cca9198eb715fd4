// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "digest.h"

static int digest_hex(struct call *call, const char *hex, uint8_t *digest)
{
	unsigned int byte;
	int used = 0;

	if (strlen(hex) != 2 * CV_DIGEST_LEN ||
	    strspn(hex, "0123456789abcdefABCDEF") != 2 * CV_DIGEST_LEN)
		return fail(call, CVX_USAGE, "--digest: got \"%s\", expected %d hexadecimal digits",
			    hex, 2 * CV_DIGEST_LEN);
	for (int i = 0; i < CV_DIGEST_LEN; i++) {
		sscanf(hex + 2 * i, "%2x%n", &byte, &used);
		digest[i] = byte;
	}
	return CVX_OK;
}

static int digest_file(struct call *call, const char *path, EVP_MD_CTX *ctx)
{
	FILE *f = fopen(path, "re");
	int rc = CVX_OK;
	char buf[4096];
	size_t n;

	if (!f)
		return fail(call, CVX_USAGE, "--text %s: cannot open it: %s", path,
			    strerror(errno));
	while ((n = fread(buf, 1, sizeof(buf), f)))
		EVP_DigestUpdate(ctx, buf, n);
	if (ferror(f))
		rc = fail(call, CVX_USAGE, "--text %s: cannot read it: %s", path, strerror(errno));
	fclose(f);
	return rc;
}

static void digest_operands(struct call *call, EVP_MD_CTX *ctx)
{
	for (int i = 0; i < call->n_operands; i++) {
		EVP_DigestUpdate(ctx, call->operands[i], strlen(call->operands[i]));
		EVP_DigestUpdate(ctx, "\n", 1);
	}
}

int digest_of_call(struct call *call, uint8_t digest[CV_DIGEST_LEN])
{
	const char *hex = args_get(call, "digest"), *path = args_get(call, "text");
	EVP_MD_CTX *ctx;
	int rc = CVX_OK;

	if (hex && path)
		return fail(call, CVX_USAGE, "got --digest and --text, expected one of them");
	if (hex)
		return digest_hex(call, hex, digest);
	ctx = EVP_MD_CTX_new();
	if (!ctx || !EVP_DigestInit_ex(ctx, EVP_sha256(), NULL))
		rc = fail(call, CVX_USAGE, "OpenSSL has no SHA-256 here");
	else if (path)
		rc = digest_file(call, path, ctx);
	else
		digest_operands(call, ctx);
	if (!rc && !EVP_DigestFinal_ex(ctx, digest, NULL))
		rc = fail(call, CVX_USAGE, "SHA-256 failed");
	EVP_MD_CTX_free(ctx);
	return rc;
}
