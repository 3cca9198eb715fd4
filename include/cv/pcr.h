/* SPDX-License-Identifier: GPL-2.0 */
/* A bank of platform configuration registers, computed as a TPM does (TPM 2.0 Library part 1, 17; PC Client PTP 3.6). */
#ifndef CV_PCR_H
#define CV_PCR_H

#include "hash.h"

#define CV_PCRS		24

struct cv_pcr_bank {
	const struct cv_hash *hash;
	uint32_t extended;		/* bit n: PCR n */
	uint8_t value[CV_PCRS][CV_HASH_MAX];
};

/* As after a restart of the machine: zeros, and ones in the PCRs of a dynamic launch (17 to 22). */
void cv_pcr_restart(struct cv_pcr_bank *bank, const struct cv_hash *hash);

/* @digest is of the bank's size. False if OpenSSL refuses. */
bool cv_pcr_extend(struct cv_pcr_bank *bank, unsigned int pcr, const uint8_t *digest);

#endif
