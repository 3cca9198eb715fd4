/* SPDX-License-Identifier: GPL-2.0 */
/* A TPM of the test's own (swtpm), which loses power, restarts and resumes as the test wants. */
#ifndef SWTPM_H
#define SWTPM_H

#include <sys/types.h>
#include <tss2/tss2_esys.h>
#include <cv/bytes.h>

struct swtpm {
	char dir[64];
	pid_t pid;
	ESYS_CONTEXT *esys;
	TSS2_TCTI_CONTEXT *tcti;
};

enum swtpm_start { SWTPM_CLEAR, SWTPM_STATE };

/* All of these fail the test if they cannot. */
void swtpm_create(struct swtpm *tpm);				/* with new seeds; it runs */
void swtpm_power_cut(struct swtpm *tpm);
void swtpm_power_on(struct swtpm *tpm, enum swtpm_start start);
void swtpm_shutdown(struct swtpm *tpm, TPM2_SU type);		/* ordered, then off */
void swtpm_destroy(struct swtpm *tpm);

/* Banks that are kept from the next start on; bit CV_ALG_… of a list that ends with 0. */
void swtpm_allocate(struct swtpm *tpm, const uint16_t *algs);

/* --- keys -------------------------------------------------------------------------------- */

struct key_kind {
	const char *name;
	uint16_t type;		/* TPM2_ALG_RSA or _ECC */
	uint16_t bits;		/* or of the curve */
	uint16_t scheme, hash;	/* of an attestation key; the hash also names */
};

struct tpm_key {
	ESYS_TR handle;
	uint8_t public[1024];	/* marshalled TPM2B_PUBLIC */
	size_t len;
};

void swtpm_ek(struct swtpm *tpm, const struct key_kind *kind, struct tpm_key *key);
/* A primary key of @hierarchy. @attributes: beyond, or with ~, without those of an attestation key. */
void swtpm_ak(struct swtpm *tpm, const struct key_kind *kind, ESYS_TR hierarchy, TPMA_OBJECT without,
	      struct tpm_key *key);
void swtpm_flush(struct swtpm *tpm, struct tpm_key *key);

/* TPM2_ActivateCredential; false if the TPM refuses. */
bool swtpm_activate(struct swtpm *tpm, const struct tpm_key *ak, const struct tpm_key *ek, uint16_t ek_hash,
		    struct cv_bytes id_object, struct cv_bytes secret, uint8_t answer[64], size_t *len);

struct tpm_quote {
	uint8_t attest[1024], signature[1024];
	size_t attest_len, signature_len;
};

void swtpm_quote(struct swtpm *tpm, const struct tpm_key *ak, struct cv_bytes nonce, uint16_t bank, uint32_t pcrs,
		 struct tpm_quote *quote);

/* Every bank, by its digest of @content; or @padded, by the SHA-1 digest, filled up with zeros. */
void swtpm_extend(struct swtpm *tpm, unsigned int pcr, struct cv_bytes content, bool padded);

#endif
