/* SPDX-License-Identifier: GPL-2.0 */
/* The hash algorithms of TPMs, by the numbers of the TCG Algorithm Registry. */
#ifndef CV_HASH_H
#define CV_HASH_H

#include "bytes.h"

#define CV_HASH_MAX	64	/* bytes of the largest digest */

#define CV_ALG_SHA1	0x0004
#define CV_ALG_SHA256	0x000b
#define CV_ALG_SHA384	0x000c
#define CV_ALG_SHA512	0x000d

struct cv_hash {
	uint16_t alg;		/* TPM_ALG_ID */
	uint8_t size;		/* bytes */
	const char *name;	/* "sha256", as OpenSSL and the kernel call it */
};

/* NULL if it is none of those above. */
const struct cv_hash *cv_hash_by_alg(uint16_t alg);
const struct cv_hash *cv_hash_by_name(const char *name, size_t len);

/* The digest of all @parts, one after the other, into @out. False if OpenSSL refuses. */
bool cv_hash_of(const struct cv_hash *hash, const struct cv_bytes *parts, size_t n,
		uint8_t out[CV_HASH_MAX]);

#endif
