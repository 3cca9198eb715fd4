// SPDX-License-Identifier: GPL-2.0
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include "public.h"

bool public_read(TPM2B_PUBLIC *public, struct cv_bytes tpm2b, struct cv_error *err)
{
	struct cv_reader size = cv_reader(tpm2b);
	size_t at = 0;

	*public = (TPM2B_PUBLIC) {};
	/* tpm2-tss reads past what it believes to be the size. */
	return (cv_take_be(&size, 2) == size.left && !size.beyond &&
		!Tss2_MU_TPM2B_PUBLIC_Unmarshal(tpm2b.data, tpm2b.len, &at, public) && at == tpm2b.len) ||
	       cv_refuse(err, CV_E_KEY_FORMAT, "%zu bytes are not one marshalled TPM2B_PUBLIC", tpm2b.len);
}

const char *public_curve(TPMI_ECC_CURVE curve)
{
	switch (curve) {
	case TPM2_ECC_NIST_P256: return "P-256";
	case TPM2_ECC_NIST_P384: return "P-384";
	default: return NULL;
	}
}

size_t public_coordinate(TPMI_ECC_CURVE curve)
{
	return curve == TPM2_ECC_NIST_P256 ? 32 : 48;
}

static bool rsa_is_strong(const TPMT_PUBLIC *p, struct cv_error *err)
{
	const TPMS_RSA_PARMS *rsa = &p->parameters.rsaDetail;

	return ((rsa->keyBits == 2048 || rsa->keyBits == 3072) && p->unique.rsa.size == rsa->keyBits / 8 &&
		(!rsa->exponent || rsa->exponent == RSA_EXPONENT)) ||
	       cv_refuse(err, CV_E_KEY_TYPE, "the key is RSA of %u bits, exponent %u, expected 2048 or 3072 and %u",
			 rsa->keyBits, rsa->exponent, RSA_EXPONENT);
}

bool public_is_strong(const TPMT_PUBLIC *p, struct cv_error *err)
{
	switch (p->type) {
	case TPM2_ALG_RSA: return rsa_is_strong(p, err);
	case TPM2_ALG_ECC:
		return public_curve(p->parameters.eccDetail.curveID) ||
		       cv_refuse(err, CV_E_KEY_TYPE, "the key is on curve 0x%04x, expected P-256 or P-384",
				 p->parameters.eccDetail.curveID);
	}
	return cv_refuse(err, CV_E_KEY_TYPE, "the key is of type 0x%04x, expected RSA or ECC", p->type);
}

/* --- into OpenSSL's hands -------------------------------------------------------- */

static EVP_PKEY *make(const char *type, OSSL_PARAM_BLD *build)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	EVP_PKEY *pkey = NULL;

	if (!ctx || !params || EVP_PKEY_fromdata_init(ctx) <= 0 ||
	    EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) <= 0)
		pkey = NULL;
	OSSL_PARAM_free(params);
	EVP_PKEY_CTX_free(ctx);
	return pkey;
}

static EVP_PKEY *make_rsa(const TPMT_PUBLIC *p)
{
	BIGNUM *n = BN_bin2bn(p->unique.rsa.buffer, p->unique.rsa.size, NULL);
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY *pkey = NULL;

	if (n && build && OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, n) &&
	    OSSL_PARAM_BLD_push_uint32(build, OSSL_PKEY_PARAM_RSA_E, RSA_EXPONENT))
		pkey = make("RSA", build);
	OSSL_PARAM_BLD_free(build);
	BN_free(n);
	return pkey;
}

static EVP_PKEY *make_ecc(const TPMT_PUBLIC *p)
{
	const TPMS_ECC_POINT *at = &p->unique.ecc;
	size_t size = public_coordinate(p->parameters.eccDetail.curveID);
	uint8_t point[1 + 2 * 48] = { POINT_CONVERSION_UNCOMPRESSED };
	OSSL_PARAM_BLD *build;
	EVP_PKEY *pkey = NULL;

	if (at->x.size > size || at->y.size > size)
		return NULL;
	memcpy(point + 1 + size - at->x.size, at->x.buffer, at->x.size);
	memcpy(point + 1 + 2 * size - at->y.size, at->y.buffer, at->y.size);
	build = OSSL_PARAM_BLD_new();
	if (build &&
	    OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME,
					    public_curve(p->parameters.eccDetail.curveID), 0) &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size))
		pkey = make("EC", build);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

EVP_PKEY *public_pkey(const TPMT_PUBLIC *p)
{
	return p->type == TPM2_ALG_RSA ? make_rsa(p) : make_ecc(p);
}

bool public_name(const TPM2B_PUBLIC *public, struct cv_bytes tpm2b, const struct cv_hash **alg,
		 uint8_t name[CV_NAME_MAX], uint16_t *len, struct cv_error *err)
{
	const struct cv_hash *hash = cv_hash_by_alg(public->publicArea.nameAlg);
	struct cv_bytes area = { tpm2b.data + 2, tpm2b.len - 2 };

	if (!hash || hash->alg == CV_ALG_SHA1)
		return cv_refuse(err, CV_E_KEY_TYPE,
				 "the key's name is by hash 0x%04x, expected SHA-256, -384 or -512",
				 public->publicArea.nameAlg);
	*alg = hash;
	name[0] = hash->alg >> 8;
	name[1] = hash->alg & 0xff;
	*len = 2 + hash->size;
	return cv_hash_of(hash, &area, 1, name + 2) ||
	       cv_refuse(err, CV_E_HASH_UNKNOWN, "OpenSSL has no %s", hash->name);
}
