// SPDX-License-Identifier: GPL-2.0
/*
 * Whatever a key signs: it is a quote or none, and an accepted one says what was
 * asked for. The key is in software: no TPM would sign such things.
 */
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <stdlib.h>
#include <tss2/tss2_mu.h>
#include <cv/quote.h>
#include "sign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static EVP_PKEY *signer;
static struct cv_key key;

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void setup(void)
{
	TPM2B_PUBLIC p = { .publicArea = { .type = TPM2_ALG_ECC, .nameAlg = TPM2_ALG_SHA256 } };
	TPMS_ECC_PARMS *ecc = &p.publicArea.parameters.eccDetail;
	uint8_t point[65], public[256];
	size_t len, public_len = 0;

	signer = EVP_EC_gen("P-256");
	require(signer && EVP_PKEY_get_octet_string_param(signer, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len));
	p.publicArea.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
					TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT;
	ecc->symmetric.algorithm = TPM2_ALG_NULL;
	ecc->scheme.scheme = TPM2_ALG_ECDSA;
	ecc->scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
	ecc->curveID = TPM2_ECC_NIST_P256;
	ecc->kdf.scheme = TPM2_ALG_NULL;
	p.publicArea.unique.ecc.x.size = p.publicArea.unique.ecc.y.size = 32;
	memcpy(p.publicArea.unique.ecc.x.buffer, point + 1, 32);
	memcpy(p.publicArea.unique.ecc.y.buffer, point + 33, 32);
	require(!Tss2_MU_TPM2B_PUBLIC_Marshal(&p, public, sizeof(public), &public_len));
	require(cv_key_read(&key, (struct cv_bytes) { public, public_len }, NULL));
}

/* TPMT_SIGNATURE: ECDSA, SHA-256, r and s. */
static void sign(struct cv_bytes message, uint8_t signature[72])
{
	static const uint8_t head[] = { 0x00, 0x18, 0x00, 0x0b };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t der[80];
	const uint8_t *at = der;
	size_t len = sizeof(der);
	ECDSA_SIG *sig;

	require(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, signer, NULL) == 1 &&
		EVP_DigestSign(ctx, der, &len, message.data, message.len) == 1);
	EVP_MD_CTX_free(ctx);
	sig = d2i_ECDSA_SIG(NULL, &at, len);
	require(sig);
	memcpy(signature, head, 4);
	signature[4] = signature[38] = 0;
	signature[5] = signature[39] = 32;
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), signature + 6, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), signature + 40, 32);
	ECDSA_SIG_free(sig);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* What the boots in tests/evidence were asked. */
	static const struct cv_selection wanted = { CV_ALG_SHA256, 0x7fff };
	static const uint8_t nonce[32];
	struct cv_bytes message = { data, size };
	struct cv_error err = {};
	struct cv_quote quote;
	uint8_t signature[72];

	if (!signer)
		setup();
	sign(message, signature);
	if (!cv_quote_verify(&quote, message, (struct cv_bytes) { signature, sizeof(signature) }, &key,
			     (struct cv_bytes) { nonce, sizeof(nonce) }, &wanted, 1, &err)) {
		require(err.name != CV_E_NONE && err.name != CV_E_SIGNATURE && err.name != CV_E_SIGNATURE_FORMAT);
		return 0;
	}
	require(quote.n_banks == 1 && quote.bank[0].alg == CV_ALG_SHA256 && quote.bank[0].pcrs == 0x7fff);
	require(quote.hash == cv_hash_by_alg(CV_ALG_SHA256));
	return 0;
}
