/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Installation proofs (root of trust for installation): what was installed on
 * a node, from which disk image, by which installer, signed by the node's TPM
 * while the installer ran. Format: Documentation/roti.md.
 *
 * The proof stays true for ever, of that installation; that it is the one that
 * runs is told by the boot, whose measured command line carries the root hash of
 * the file system: "boot.roothash == roti.filesystem".
 */
#ifndef CV_ROTI_H
#define CV_ROTI_H

#include "fact.h"
#include "quote.h"

#define CV_ROTI_LABEL_MAX	256	/* bytes */
#define CV_ROTI_MAX		4096	/* bytes of a proof */
#define CV_ROTI_DIGEST		32	/* SHA-256 */

/* What is stated. Views into the caller's bytes, or into the proof that was read. */
struct cv_roti_statement {
	const uint8_t *installer, *image, *filesystem;	/* CV_ROTI_DIGEST bytes; the last: dm-verity's root hash */
	uint64_t time;			/* of the installer's clock, s since 1970; informational */
	struct cv_bytes label;		/* of the image, for people */
};

struct cv_roti {
	struct cv_roti_statement statement;
	struct cv_bytes stated;		/* what the quote's nonce is the SHA-256 of */
	struct cv_bytes signer, attest, signature;	/* signer: name of the key */
	/* After cv_roti_verify(): of the installer's own boot. */
	struct cv_quote quote;
};

/* Reads the frame, and believes nothing yet. */
bool cv_roti_read(struct cv_roti *roti, struct cv_bytes bytes, struct cv_error *err);

/*
 * @key signed the statement, with the registers @wanted of the installer's boot.
 * It is the node's attestation key, which credential activation showed to be in
 * the node's TPM: nothing else tells on which machine the proof was made.
 */
bool cv_roti_verify(struct cv_roti *roti, const struct cv_key *key, const struct cv_selection *wanted,
		    unsigned int n_wanted, struct cv_error *err);

/* The TPM's part of making a proof: a quote that answers @nonce, marshalled into the two rooms, which keep their sizes. */
struct cv_roti_signer {
	const uint8_t *name;		/* of the key */
	size_t name_len;
	bool (*quote)(void *context, struct cv_bytes nonce, uint8_t *attest, size_t *attest_len,
		      uint8_t *signature, size_t *signature_len);
	void *context;
};

/* Makes a proof, at most CV_ROTI_MAX bytes. */
bool cv_roti_make(const struct cv_roti_statement *statement, const struct cv_roti_signer *signer,
		  uint8_t proof[CV_ROTI_MAX], size_t *len, struct cv_error *err);

extern const struct cv_module cv_roti_module;	/* its evidence is a struct cv_roti that was verified */

#endif
