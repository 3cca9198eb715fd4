/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Which TPM it is: the endorsement key, what its vendor certifies, and the
 * proof that an attestation key lives in the same TPM (credential activation).
 * TCG EK Credential Profile 2.5; TPM 2.0 Library part 1, 24 and B.10.4, C.6.4.
 */
#ifndef CV_EK_H
#define CV_EK_H

#include <time.h>
#include "key.h"

#define CV_CREDENTIAL_MAX	32	/* bytes; fits the smallest name algorithm taken */
#define CV_EK_CERT_MAX		8192	/* bytes */
#define CV_ID_OBJECT_MAX	256	/* bytes of a marshalled TPM2B_ID_OBJECT */
#define CV_SECRET_MAX		520	/* bytes of a marshalled TPM2B_ENCRYPTED_SECRET */

struct x509_st;			/* OpenSSL's X509 */
struct x509_store_st;		/* and X509_STORE */
struct stack_st_X509;

#define CV_EK_ID		32	/* bytes */

struct cv_ek {
	struct evp_pkey_st *pkey;
	/*
	 * The node's identity: SHA-256 of the public key, as certificates have it
	 * (SubjectPublicKeyInfo). Not the name: that binds attributes and policy too,
	 * which no certificate vouches for, so one TPM could have many.
	 */
	uint8_t id[CV_EK_ID];
	const struct cv_hash *name_alg;
	uint16_t aes_bits;		/* of its storage protection, in CFB mode */
	uint16_t name_len;
	uint8_t name[CV_NAME_MAX];	/* for keys below it */
};

/*
 * From a marshalled TPM2B_PUBLIC: a storage key that never leaves its TPM
 * (restricted, decrypt, fixedTPM, fixedParent, not sign), RSA of 2048 or 3072
 * bits, or on P-256 or P-384. The caller frees with cv_ek_clear(), after a refusal too.
 */
bool cv_ek_read(struct cv_ek *ek, struct cv_bytes tpm2b_public, struct cv_error *err);
void cv_ek_clear(struct cv_ek *ek);

/* --- certificates ------------------------------------------------------------------------ */

/* Vendors that are believed: roots, and intermediates that lead to them. */
struct cv_vendors {
	struct x509_store_st *roots;
	struct stack_st_X509 *intermediates;
};

bool cv_vendors_begin(struct cv_vendors *vendors, struct cv_error *err);
/* A file's content, PEM with any number of certificates, or DER. @root: believed by itself. */
bool cv_vendors_add(struct cv_vendors *vendors, struct cv_bytes content, bool root,
		    struct cv_error *err);
void cv_vendors_clear(struct cv_vendors *vendors);

/*
 * The certificate within what a TPM's non-volatile memory or a file holds: an
 * OCTET STRING, the header of a stored certificate and padding are taken away.
 */
bool cv_ek_cert_find(struct cv_bytes stored, struct cv_bytes *der, struct cv_error *err);

/* The certificate is of this key, for an endorsement key, and leads to a root at the time @now. */
bool cv_ek_cert_verify(const struct cv_ek *ek, struct cv_bytes stored,
		       const struct cv_vendors *vendors, time_t now, struct cv_error *err);

/* --- credential activation --------------------------------------------------------------- */

struct cv_challenge {
	uint8_t credential[CV_CREDENTIAL_MAX];	/* the secret; wipe it */
	uint8_t id_object[CV_ID_OBJECT_MAX];	/* TPM2B_ID_OBJECT, for TPM2_ActivateCredential */
	size_t id_object_len;
	uint8_t secret[CV_SECRET_MAX];		/* TPM2B_ENCRYPTED_SECRET, likewise */
	size_t secret_len;
};

/* A secret that only the TPM of @ek can tell, and only if it holds a key of this name. */
bool cv_challenge_make(struct cv_challenge *challenge, const struct cv_ek *ek,
		       const uint8_t *name, size_t name_len, struct cv_error *err);

/* In constant time. */
bool cv_challenge_answered(const struct cv_challenge *challenge, struct cv_bytes answer,
			   struct cv_error *err);
void cv_challenge_wipe(struct cv_challenge *challenge);

#endif
