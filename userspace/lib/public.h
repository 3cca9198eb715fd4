/* SPDX-License-Identifier: GPL-2.0 */
/* A TPM's public areas (TPM 2.0 Library part 2, 12.2) in OpenSSL's hands. */
#ifndef PUBLIC_H
#define PUBLIC_H

#include <openssl/evp.h>
#include <tss2/tss2_mu.h>
#include <cv/key.h>

#define RSA_EXPONENT	65537

/* Exactly one marshalled TPM2B_PUBLIC. */
bool public_read(TPM2B_PUBLIC *public, struct cv_bytes tpm2b, struct cv_error *err);

/* "P-256" or "P-384", or NULL. */
const char *public_curve(TPMI_ECC_CURVE curve);
/* Bytes of a coordinate on one of them. */
size_t public_coordinate(TPMI_ECC_CURVE curve);

/* RSA of 2048 or 3072 bits with the usual exponent, or on a curve above? */
bool public_is_strong(const TPMT_PUBLIC *p, struct cv_error *err);

/* The caller frees. NULL: its numbers are no public key, as a point that is not on the curve. */
EVP_PKEY *public_pkey(const TPMT_PUBLIC *p);

/* Algorithm and digest of the public area as it was marshalled; part 1, 16. SHA-1 does not name. */
bool public_name(const TPM2B_PUBLIC *public, struct cv_bytes tpm2b, const struct cv_hash **alg,
		 uint8_t name[CV_NAME_MAX], uint16_t *len, struct cv_error *err);

#endif
