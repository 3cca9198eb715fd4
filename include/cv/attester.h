/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A node that proves itself again and again: what is remembered of it between
 * two quotes, and what a new quote must be. RATS (RFC 9334): the verifier's part
 * of appraising evidence, before criteria.
 *
 * The first quote must be explained by the whole firmware log and the whole
 * list of measured files; the later ones by what the list has more. A boot
 * epoch (TPM reset and restart count) never continues another.
 */
#ifndef CV_ATTESTER_H
#define CV_ATTESTER_H

#include "fwlog.h"
#include "ima.h"
#include "quote.h"

struct cv_attester {
	bool admitted;			/* a quote was accepted in this epoch */
	uint32_t reset_count, restart_count;
	uint64_t clock;			/* ms, of the last quote; two may be made in one */
	uint8_t last[CV_HASH_MAX];	/* SHA-256 of that quote */
	unsigned int n_banks;
	struct cv_pcr_bank bank[CV_QUOTE_BANKS];	/* with all that was proven */
	uint32_t at_start;		/* bit n: registers 0 to 9 of bank[n] are proven to be as the kernel found them */
	enum cv_imalog_banks how;	/* the node's kernel extends them */
	bool how_is_known;		/* entries were proven */
	size_t ima_bytes;		/* of the list, proven */
	unsigned int ima_entries;
};

struct cv_proof {
	struct cv_bytes tpms_attest, tpmt_signature;
	struct cv_bytes firmware_log;	/* not needed again within an epoch */
	struct cv_bytes ima_list;	/* from attester.ima_bytes on */
};

struct cv_proven {
	struct cv_quote quote;
	/*
	 * The entries of @ima_list that the quote covers: those that are new. What
	 * was violated before in the epoch stays so, which is the caller's to keep.
	 */
	struct cv_ima ima;
	unsigned int ahead;		/* entries that it does not cover yet */
	bool violations;		/* files that were open for writing are among them */
};

/* Forgets all: the next quote is a first one. */
void cv_attester_forget(struct cv_attester *attester);

/*
 * Takes a proof, or refuses it and leaves @attester as it was. @wanted: the
 * registers that were asked for; each bank of them must be in the firmware log.
 * @ek: the key must be in its hierarchy; NULL for evidence of which it is not
 * known. No allocation grows with the logs.
 */
bool cv_attester_accept(struct cv_attester *attester, const struct cv_proof *proof,
			const struct cv_key *key, const struct cv_ek *ek, struct cv_bytes nonce,
			const struct cv_selection *wanted, unsigned int n_wanted,
			struct cv_proven *proven, struct cv_error *err);

#endif
