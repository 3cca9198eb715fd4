// SPDX-License-Identifier: GPL-2.0
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>
#include "public.h"

#define WANTED (TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | \
		TPMA_OBJECT_SENSITIVEDATAORIGIN | TPMA_OBJECT_SIGN_ENCRYPT)

/* --- what the key is ---------------------------------------------------------- */

static bool attributes_fit(TPMA_OBJECT attributes, struct cv_error *err)
{
	if ((attributes & WANTED) == WANTED && !(attributes & TPMA_OBJECT_DECRYPT))
		return true;
	return cv_refuse(err, CV_E_KEY_ATTRIBUTES,
			 "the key's attributes are 0x%08x, expected 0x%08x (restricted, fixedTPM, fixedParent, sensitiveDataOrigin, sign) and not decrypt",
			 attributes, WANTED);
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

static bool type_fits(struct cv_key *key, const TPMT_PUBLIC *p, struct cv_error *err)
{
	TPMI_ALG_RSA_SCHEME rsa = p->parameters.rsaDetail.scheme.scheme;

	if (!public_is_strong(p, err))
		return false;
	if (p->type == TPM2_ALG_RSA)
		return scheme_fits(key, rsa, p->parameters.rsaDetail.scheme.details.anySig.hashAlg,
				   rsa == TPM2_ALG_RSASSA || rsa == TPM2_ALG_RSAPSS, err);
	return scheme_fits(key, p->parameters.eccDetail.scheme.scheme,
			   p->parameters.eccDetail.scheme.details.anySig.hashAlg,
			   p->parameters.eccDetail.scheme.scheme == TPM2_ALG_ECDSA, err);
}

bool cv_key_read(struct cv_key *key, struct cv_bytes tpm2b_public, struct cv_error *err)
{
	const struct cv_hash *name_alg;
	TPM2B_PUBLIC public;

	*key = (struct cv_key) {};
	if (!public_read(&public, tpm2b_public, err) ||
	    !attributes_fit(public.publicArea.objectAttributes, err) ||
	    !type_fits(key, &public.publicArea, err) ||
	    !public_name(&public, tpm2b_public, &name_alg, key->name, &key->name_len, err))
		return false;
	key->pkey = public_pkey(&public.publicArea);
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
