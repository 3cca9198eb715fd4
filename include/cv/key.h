/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A TPM's attestation key, from its marshalled TPM2B_PUBLIC (TPM 2.0 Library
 * part 2, 12.2.5), which is the form everybody exchanges.
 */
#ifndef CV_KEY_H
#define CV_KEY_H

#include "error.h"
#include "hash.h"

struct evp_pkey_st;		/* OpenSSL's EVP_PKEY */

#define CV_NAME_MAX	(2 + CV_HASH_MAX)

struct cv_key {
	struct evp_pkey_st *pkey;
	const struct cv_hash *hash;	/* of its signatures */
	uint16_t scheme;		/* TPM_ALG_RSASSA, _RSAPSS or _ECDSA */
	uint16_t name_len;
	uint8_t name[CV_NAME_MAX];	/* as the TPM computes it; part 1, 16 */
};

/*
 * Takes keys that can sign nothing but what their TPM vouches for: restricted,
 * fixedTPM, fixedParent, sensitiveDataOrigin, sign, not decrypt; RSA of 2048 or
 * 3072 bits, or on P-256 or P-384; with a scheme and SHA-256, -384 or -512. The
 * caller frees with cv_key_clear(), after a refusal too.
 */
bool cv_key_read(struct cv_key *key, struct cv_bytes tpm2b_public, struct cv_error *err);
void cv_key_clear(struct cv_key *key);

/* A marshalled TPMT_SIGNATURE over @message. */
bool cv_key_verify(const struct cv_key *key, struct cv_bytes message,
		   struct cv_bytes tpmt_signature, struct cv_error *err);

#endif
