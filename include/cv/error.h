/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why something was refused. Each refusal has a name that programs, tests and
 * criteria use, and a text for a person: the thing, what was got, what was
 * expected.
 */
#ifndef CV_ERROR_H
#define CV_ERROR_H

#include <stdbool.h>

#define CV_ERROR_LIST \
	CV_ERROR(NONE, "none") \
	CV_ERROR(LOG_ABSENT, "log-absent")		/* zero bytes: no log, which is not an empty one */ \
	CV_ERROR(LOG_TRUNCATED, "log-truncated")	/* ends in the middle of an event */ \
	CV_ERROR(LOG_PCR, "log-pcr")			/* an event for a PCR that does not exist */ \
	CV_ERROR(LOG_HEADER, "log-header")		/* a Spec ID event that contradicts itself */ \
	CV_ERROR(LOG_DIGEST, "log-digest")		/* a digest of an undeclared or repeated bank */ \
	CV_ERROR(LOG_LOCALITY, "log-locality")		/* a start of PCR 0 after it was extended */ \
	CV_ERROR(LOG_CMDLINE, "log-cmdline")		/* longer than any kernel takes */ \
	CV_ERROR(LOG_TEMPLATE, "log-template")		/* an IMA template that cannot be told apart */ \
	CV_ERROR(LOG_ENTRY, "log-entry")		/* an entry's digest is not that of its data */ \
	CV_ERROR(LOG_AGGREGATE, "log-aggregate")	/* the list of measured files does not begin with this boot */ \
	CV_ERROR(LOG_MISMATCH, "log-mismatch")		/* does not replay to the quoted registers */ \
	CV_ERROR(EPOCH_RESET, "epoch-reset")		/* the machine started again */ \
	CV_ERROR(EPOCH_RESTART, "epoch-restart")	/* the TPM was resumed */ \
	CV_ERROR(EPOCH_BACK, "epoch-back")		/* of an earlier epoch than the last quote */ \
	CV_ERROR(EPOCH_CLOCK, "epoch-clock")		/* the TPM's clock went back, or the quote is known */ \
	CV_ERROR(EPOCH_UNSAFE, "epoch-unsafe")		/* the TPM lost power without a shutdown */ \
	CV_ERROR(HASH_UNKNOWN, "hash-unknown") \
	CV_ERROR(KEY_FORMAT, "key-format")		/* not a TPM2B_PUBLIC, or more than one */ \
	CV_ERROR(KEY_ATTRIBUTES, "key-attributes")	/* could sign what its TPM does not vouch for */ \
	CV_ERROR(KEY_TYPE, "key-type")			/* algorithm, size, curve, scheme or hash */ \
	CV_ERROR(SIGNATURE_FORMAT, "signature-format") \
	CV_ERROR(SIGNATURE, "signature")		/* not this key's over this message */ \
	CV_ERROR(QUOTE_FORMAT, "quote-format")		/* not made by a TPM, or not a quote */ \
	CV_ERROR(QUOTE_NONCE, "quote-nonce") \
	CV_ERROR(QUOTE_SELECTION, "quote-selection")	/* other registers than were asked for */ \
	CV_ERROR(QUOTE_BANK, "quote-bank")		/* the TPM has no such bank: it quoted nothing */ \
	CV_ERROR(QUOTE_HIERARCHY, "quote-hierarchy")	/* of a key outside the endorsement hierarchy */ \
	CV_ERROR(CERT_FORMAT, "cert-format")		/* no certificate, or a malformed one */ \
	CV_ERROR(CERT_KEY, "cert-key")			/* of another endorsement key */ \
	CV_ERROR(CERT_USAGE, "cert-usage")		/* not for an endorsement key */ \
	CV_ERROR(CERT_CHAIN, "cert-chain")		/* leads to no vendor that is believed */ \
	CV_ERROR(CHALLENGE, "challenge")		/* another credential than was encrypted */ \
	CV_ERROR(ROTI_FORMAT, "roti-format")		/* no installation proof, or of another version */ \
	CV_ERROR(ROTI_SIGNER, "roti-signer")		/* of another key than the node's */ \
	CV_ERROR(TOKEN_FORMAT, "token-format")		/* no JWT that is signed ES256 */ \
	CV_ERROR(TOKEN_CLAIM, "token-claim")		/* not an attestation result of one subject */ \
	CV_ERROR(TOKEN_NONCE, "token-nonce")		/* answers another question */ \
	CV_ERROR(TOKEN_TIME, "token-time")		/* not yet, or not any more */ \
	CV_ERROR(LIST_FORMAT, "list-format")		/* not a list of values of the type */ \
	CV_ERROR(CRITERIA_SYNTAX, "criteria-syntax")	/* not a sentence of the language */ \
	CV_ERROR(CRITERIA_NAME, "criteria-name")	/* no such fact, field, unit or remedy */ \
	CV_ERROR(CRITERIA_TYPE, "criteria-type")	/* values that cannot be compared so */ \
	CV_ERROR(CRITERIA_LIMIT, "criteria-limit")	/* more than the documented maximum */ \
	CV_ERROR(TPM, "tpm")				/* there is none, or it refuses */ \
	CV_ERROR(FILE, "file")				/* cannot be opened, read or written */ \
	CV_ERROR(MEMORY, "memory")

enum cv_error_name {
#define CV_ERROR(id, text) CV_E_##id,
	CV_ERROR_LIST
#undef CV_ERROR
};

struct cv_error {
	enum cv_error_name name;
	char text[232];
};

/* "log-truncated" and the like; stable. */
const char *cv_error_name(enum cv_error_name name);

/* Fills @err, which may be NULL. Always false, so that callers can return it. */
bool cv_refuse(struct cv_error *err, enum cv_error_name name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
