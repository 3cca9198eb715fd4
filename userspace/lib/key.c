// SPDX-License-Identifier: GPL-2.0
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <tss2/tss2_mu.h>
#include <cv/key.h>

#define WANTED (TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | \
		TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_SIGN_ENCRYPT)
#define RSA_EXPONENT	65537

/* --- what the key is ---------------------------------------------------------- */

static bool attributes_fit(TPMA_OBJECT attributes, struct cv_error *err)
{
	if ((attributes & WANTED) == WANTED && !(attributes & TPMA_OBJECT_DECRYPT))
		return true;
	return cv_refuse(err, CV_E_KEY_ATTRIBUTES,
			 "the key's attributes are 0x%08x, expected 0x%08x (restricted, fixedTPM, fixedParent, sensitiveDataOrigin, sign) and not decrypt",
			 attributes, WANTED);
}

static const char *curve_of(TPMI_ECC_CURVE curve)
{
	switch (curve) {
	case TPM2_ECC_NIST_P256: return "P-256";
	case TPM2_ECC_NIST_P384: return "P-384";
	default: return NULL;
	}
}

/* Scheme and hash; SHA-1 is not good enough for signatures. */
static bool scheme_fits(struct cv_key *key, uint16_t scheme, uint16_t alg, bool possible,
			struct cv_error *err)
{
	key->scheme = scheme;
	key->hash = alg == TPM2_ALG_SHA1 ? NULL : cv_hash_by_alg(alg);
	if (possible && key->hash)
		return true;
	return cv_refuse(err, CV_E_KEY_TYPE,
			 "the key signs by scheme 0x%04x with hash 0x%04x, expected RSASSA, RSAPSS or ECDSA with SHA-256, -384 or -512",
			 scheme, alg);
}

static bool rsa_fits(struct cv_key *key, const TPMT_PUBLIC *p, struct cv_error *err)
{
	const TPMS_RSA_PARMS *rsa = &p->parameters.rsaDetail;
	TPMI_ALG_RSA_SCHEME scheme = rsa->scheme.scheme;

	if ((rsa->keyBits != 2048 && rsa->keyBits != 3072) ||
	    p->unique.rsa.size != rsa->keyBits / 8 ||
	    (rsa->exponent && rsa->exponent != RSA_EXPONENT))
		return cv_refuse(err, CV_E_KEY_TYPE,
				 "the key is RSA of %u bits, exponent %u, expected 2048 or 3072 and %u",
				 rsa->keyBits, rsa->exponent, RSA_EXPONENT);
	return scheme_fits(key, scheme, rsa->scheme.details.anySig.hashAlg,
			   scheme == TPM2_ALG_RSASSA || scheme == TPM2_ALG_RSAPSS, err);
}

static bool ecc_fits(struct cv_key *key, const TPMT_PUBLIC *p, struct cv_error *err)
{
	const TPMS_ECC_PARMS *ecc = &p->parameters.eccDetail;

	if (!curve_of(ecc->curveID))
		return cv_refuse(err, CV_E_KEY_TYPE,
				 "the key is on curve 0x%04x, expected P-256 or P-384", ecc->curveID);
	return scheme_fits(key, ecc->scheme.scheme, ecc->scheme.details.anySig.hashAlg,
			   ecc->scheme.scheme == TPM2_ALG_ECDSA, err);
}

static bool type_fits(struct cv_key *key, const TPMT_PUBLIC *p, struct cv_error *err)
{
	switch (p->type) {
	case TPM2_ALG_RSA: return rsa_fits(key, p, err);
	case TPM2_ALG_ECC: return ecc_fits(key, p, err);
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

/* OpenSSL refuses points that are not on the curve. */
static EVP_PKEY *make_ecc(const TPMT_PUBLIC *p)
{
	const TPMS_ECC_POINT *at = &p->unique.ecc;
	size_t size = p->parameters.eccDetail.curveID == TPM2_ECC_NIST_P256 ? 32 : 48;
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
					    curve_of(p->parameters.eccDetail.curveID), 0) &&
	    OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * size))
		pkey = make("EC", build);
	OSSL_PARAM_BLD_free(build);
	return pkey;
}

/* The name is the algorithm and the digest of the public area as it was marshalled. */
static bool name_key(struct cv_key *key, const TPM2B_PUBLIC *public, struct cv_bytes tpm2b,
		     struct cv_error *err)
{
	const struct cv_hash *hash = cv_hash_by_alg(public->publicArea.nameAlg);
	struct cv_bytes area = { tpm2b.data + 2, tpm2b.len - 2 };

	if (!hash || hash->alg == CV_ALG_SHA1)
		return cv_refuse(err, CV_E_KEY_TYPE,
				 "the key's name is by hash 0x%04x, expected SHA-256, -384 or -512",
				 public->publicArea.nameAlg);
	key->name[0] = hash->alg >> 8;
	key->name[1] = hash->alg & 0xff;
	key->name_len = 2 + hash->size;
	return cv_hash_of(hash, &area, 1, key->name + 2) ||
	       cv_refuse(err, CV_E_HASH_UNKNOWN, "OpenSSL has no %s", hash->name);
}

bool cv_key_read(struct cv_key *key, struct cv_bytes tpm2b_public, struct cv_error *err)
{
	struct cv_reader size = cv_reader(tpm2b_public);
	TPM2B_PUBLIC public = {};
	size_t at = 0;

	*key = (struct cv_key) {};
	/* tpm2-tss reads past what it believes to be the size. */
	if (cv_take_be(&size, 2) != size.left || size.beyond ||
	    Tss2_MU_TPM2B_PUBLIC_Unmarshal(tpm2b_public.data, tpm2b_public.len, &at, &public) ||
	    at != tpm2b_public.len)
		return cv_refuse(err, CV_E_KEY_FORMAT,
				 "%zu bytes are not one marshalled TPM2B_PUBLIC", tpm2b_public.len);
	if (!attributes_fit(public.publicArea.objectAttributes, err) ||
	    !type_fits(key, &public.publicArea, err) || !name_key(key, &public, tpm2b_public, err))
		return false;
	key->pkey = public.publicArea.type == TPM2_ALG_RSA ? make_rsa(&public.publicArea) :
							      make_ecc(&public.publicArea);
	return key->pkey || cv_refuse(err, CV_E_KEY_TYPE, "the key's numbers are not a public key");
}

void cv_key_clear(struct cv_key *key)
{
	EVP_PKEY_free(key->pkey);
	*key = (struct cv_key) {};
}

/* --- signatures ------------------------------------------------------------------- */

/* r and s as ASN.1, for OpenSSL. The caller frees. */
static unsigned char *ecdsa_der(const TPMS_SIGNATURE_ECC *ecc, int *len)
{
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(ecc->signatureR.buffer, ecc->signatureR.size, NULL);
	BIGNUM *s = BN_bin2bn(ecc->signatureS.buffer, ecc->signatureS.size, NULL);
	unsigned char *der = NULL;

	if (!sig || !r || !s || !ECDSA_SIG_set0(sig, r, s)) {
		BN_free(r);
		BN_free(s);
		ECDSA_SIG_free(sig);
		return NULL;
	}
	*len = i2d_ECDSA_SIG(sig, &der);
	ECDSA_SIG_free(sig);
	return *len > 0 ? der : NULL;
}

static bool pss(const struct cv_key *key, EVP_PKEY_CTX *ctx)
{
	return key->scheme != TPM2_ALG_RSAPSS ||
	       (EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
		EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_AUTO) > 0);
}

static bool holds(const struct cv_key *key, struct cv_bytes message, const unsigned char *sig,
		  size_t len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx = NULL;
	bool good;

	good = ctx && EVP_DigestVerifyInit_ex(ctx, &pctx, key->hash->name, NULL, NULL, key->pkey, NULL) > 0 &&
	       pss(key, pctx) &&
	       EVP_DigestVerify(ctx, sig, len, message.data, message.len) == 1;
	EVP_MD_CTX_free(ctx);
	return good;
}

static bool verify(const struct cv_key *key, struct cv_bytes message, const TPMT_SIGNATURE *sig)
{
	const TPM2B_PUBLIC_KEY_RSA *rsa = &sig->signature.rsassa.sig;	/* RSAPSS has the same form */
	unsigned char *der;
	bool good;
	int len;

	if (key->scheme != TPM2_ALG_ECDSA)
		return holds(key, message, rsa->buffer, rsa->size);
	der = ecdsa_der(&sig->signature.ecdsa, &len);
	good = der && holds(key, message, der, len);
	OPENSSL_free(der);
	return good;
}

bool cv_key_verify(const struct cv_key *key, struct cv_bytes message,
		   struct cv_bytes tpmt_signature, struct cv_error *err)
{
	TPMT_SIGNATURE sig = {};
	size_t at = 0;

	if (Tss2_MU_TPMT_SIGNATURE_Unmarshal(tpmt_signature.data, tpmt_signature.len, &at, &sig) ||
	    at != tpmt_signature.len)
		return cv_refuse(err, CV_E_SIGNATURE_FORMAT,
				 "%zu bytes are not one marshalled TPMT_SIGNATURE", tpmt_signature.len);
	if (sig.sigAlg != key->scheme || sig.signature.any.hashAlg != key->hash->alg)
		return cv_refuse(err, CV_E_SIGNATURE,
				 "the signature is by scheme 0x%04x with hash 0x%04x, the key's are 0x%04x and 0x%04x",
				 sig.sigAlg, sig.signature.any.hashAlg, key->scheme, key->hash->alg);
	return verify(key, message, &sig) ||
	       cv_refuse(err, CV_E_SIGNATURE, "the signature is not this key's over these %zu bytes",
			 message.len);
}
