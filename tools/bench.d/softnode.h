/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A node for benches: complete evidence, made up. Its TPM is in software: an
 * attestation key that signs quotes as a TPM does, over registers that the logs
 * replay to. Whatever cannot be made ends the program.
 */
#ifndef SOFTNODE_H
#define SOFTNODE_H

#include <cv/attester.h>

#define PCRS	0x7ff	/* that are quoted, of SHA-256 */

struct evp_pkey_st;

struct buffer {
	uint8_t *data;
	size_t len, size;
};

struct quoted {
	uint8_t attest[256], signature[128], der[80];	/* der: the signature as OpenSSL likes it */
	size_t attest_len, signature_len, der_len;
};

/* Ends the program unless @ok. */
void need(bool ok, const char *what);

void put(struct buffer *b, const void *data, size_t len);
void put_firmware_log(struct buffer *b, unsigned int events);
/* The list's first entry: the registers that the kernel found. */
void put_aggregate(struct buffer *b, const struct cv_pcr_bank *bank);
/* An entry with the content of file @i. */
void put_file(struct buffer *b, uint32_t i, uint32_t of);
void file_digest(uint32_t i, uint8_t digest[CV_HASH_MAX]);
/* Extends the registers by all of a list's entries. */
void replay_list(const struct buffer *list, struct cv_pcr_bank *bank);

/* A key on P-256, and its TPM2B_PUBLIC as an attestation or an endorsement key. */
struct evp_pkey_st *soft_key(bool endorsement, uint8_t public[512], size_t *len);

/* As TPM2_Quote would, of a primary key of the endorsement hierarchy. */
void soft_quote(struct quoted *q, struct evp_pkey_st *signer, const struct cv_key *key, const struct cv_pcr_bank *bank,
		uint64_t clock, const uint8_t nonce[32]);

/* As TPM2_ActivateCredential would. */
void soft_activate(struct evp_pkey_st *ek, const struct cv_key *ak, struct cv_bytes id_object, struct cv_bytes secret,
		   uint8_t credential[CV_CREDENTIAL_MAX], size_t *len);

#endif
