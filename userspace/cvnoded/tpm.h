/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The node's TPM: its endorsement key, and an attestation key that is made in the
 * endorsement hierarchy for each use, the same each time. Nothing is left in the TPM,
 * and it is not held, but for the time of a call. Calls block for as long as the TPM takes.
 *
 * TCG EK Credential Profile 2.5, templates L-1 and L-2; TPM 2.0 Library part 3.
 */
#ifndef TPM_H
#define TPM_H

#include <cv/bytes.h>
#include <cv/ek.h>
#include <cv/error.h>
#include <cv/quote.h>

#define TPM_PUBLIC_MAX		1024
#define TPM_ATTEST_MAX		2048
#define TPM_SIGNATURE_MAX	1024

struct tpm;

struct tpm_quote {
	uint8_t attest[TPM_ATTEST_MAX], signature[TPM_SIGNATURE_MAX];	/* TPMS_ATTEST, TPMT_SIGNATURE */
	size_t attest_len, signature_len;
};

/* @tcti: of tpm2-tss, "device:/dev/tpmrm0". NULL and @err; "no TPM" is one of its texts. */
struct tpm *tpm_open(const char *tcti, struct cv_error *err);
void tpm_close(struct tpm *tpm);

/* TPM2B_PUBLIC of the two keys, and the vendor's certificate (empty: the TPM has none). The tpm's. */
struct cv_bytes tpm_ek_public(const struct tpm *tpm);
struct cv_bytes tpm_ak_public(const struct tpm *tpm);
struct cv_bytes tpm_ek_certificate(const struct tpm *tpm);

/* TPM2_ActivateCredential. */
bool tpm_activate(struct tpm *tpm, struct cv_bytes id_object, struct cv_bytes secret,
		  uint8_t credential[CV_CREDENTIAL_MAX], size_t *len, struct cv_error *err);

/* TPM2_Quote by the attestation key. */
bool tpm_quote(struct tpm *tpm, struct cv_bytes qualifying, const struct cv_selection *wanted, unsigned int n_wanted,
	       struct tpm_quote *quote, struct cv_error *err);

#endif
