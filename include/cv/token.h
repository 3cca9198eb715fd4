/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A verdict as a signed token, for relying parties that know nothing of this
 * project: an EAT attestation result (RFC 9711, draft-ietf-rats-ear) in a JWT
 * (RFC 7519), signed ES256 (RFC 7518, 3.4).
 */
#ifndef CV_TOKEN_H
#define CV_TOKEN_H

#include <time.h>
#include "criteria.h"

#define CV_TOKEN_MAX		65536	/* bytes of a token */
#define CV_TOKEN_SUBJECT_MAX	128
#define CV_TOKEN_NONCE_MAX	64	/* bytes; RFC 9711, 4.1: 8 to 64 */

struct evp_pkey_st;		/* OpenSSL's EVP_PKEY: on P-256 */

/* What a token says. */
struct cv_token {
	char subject[CV_TOKEN_SUBJECT_MAX + 1];	/* the node or guest: printable ASCII */
	enum cv_verdict verdict;	/* affirming, contraindicated; CV_UNKNOWN is "none" */
	uint8_t criteria[CV_CRITERIA_ID];	/* by which it was judged */
	time_t issued, expires;
	uint8_t nonce[CV_TOKEN_NONCE_MAX];	/* of who asked */
	size_t nonce_len;
};

/* @token: CV_TOKEN_MAX bytes. */
bool cv_token_make(const struct cv_token *says, struct evp_pkey_st *signer, char *token,
		   struct cv_error *err);

/*
 * The token is @signer's, answers @nonce, and holds at @now. Any other algorithm
 * than ES256, a second name or a claim of another type is refused.
 */
bool cv_token_verify(struct cv_token *says, struct cv_bytes token, struct evp_pkey_st *signer,
		     struct cv_bytes nonce, time_t now, struct cv_error *err);

#endif
