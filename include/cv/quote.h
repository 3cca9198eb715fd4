/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What a TPM says of its registers, and when: a signed TPMS_ATTEST of type
 * TPM_ST_ATTEST_QUOTE (TPM 2.0 Library part 2, 10.12.8; part 3, 18.4).
 */
#ifndef CV_QUOTE_H
#define CV_QUOTE_H

#include "ek.h"
#include "key.h"
#include "pcr.h"

#define CV_QUOTE_BANKS	4

struct cv_selection {
	uint16_t alg;		/* TPM_ALG_ID of the bank */
	uint32_t pcrs;		/* bit n: PCR n */
};

struct cv_quote {
	uint64_t clock;		/* ms the TPM has been powered, more or less */
	uint32_t reset_count;	/* restarts of the machine */
	uint32_t restart_count;	/* resumptions since */
	bool safe;		/* clock never told less than this before */
	uint64_t firmware;	/* version of the TPM's */
	unsigned int n_banks;
	struct cv_selection bank[CV_QUOTE_BANKS];
	uint16_t signer_len;
	uint8_t signer[CV_NAME_MAX];	/* the key's qualified name: itself, its parents, its hierarchy */
	const struct cv_hash *hash;	/* of pcr_digest */
	uint8_t pcr_digest[CV_HASH_MAX];
};

/*
 * The signature is @key's, over a quote that answers @nonce and selects just
 * @wanted, bank by bank, in any order. Registers of a bank are known by the
 * signed selection only.
 */
bool cv_quote_verify(struct cv_quote *quote, struct cv_bytes tpms_attest,
		     struct cv_bytes tpmt_signature, const struct cv_key *key,
		     struct cv_bytes nonce, const struct cv_selection *wanted,
		     unsigned int n_wanted, struct cv_error *err);

/* Are the quoted registers those of @banks? One bank for each of the quote's, in any order. */
bool cv_quote_matches(const struct cv_quote *quote, const struct cv_pcr_bank *const *banks,
		      unsigned int n_banks);

/*
 * Is the quote's key in the endorsement hierarchy, as a primary key or as a child
 * of @ek? Keys of others see counters and clock that are made up for them
 * (part 1, 36.7), and could not be told from one boot to the next. That the key is
 * in a TPM at all, and in which, credential activation tells.
 */
bool cv_quote_under_endorsement(const struct cv_quote *quote, const struct cv_key *key,
				const struct cv_ek *ek, struct cv_error *err);

#endif
