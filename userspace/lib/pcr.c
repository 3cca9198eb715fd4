// SPDX-License-Identifier: GPL-2.0
#include <cv/pcr.h>

#define FIRST_DYNAMIC	17
#define LAST_DYNAMIC	22

void cv_pcr_restart(struct cv_pcr_bank *bank, const struct cv_hash *hash)
{
	memset(bank, 0, sizeof(*bank));
	bank->hash = hash;
	for (int pcr = FIRST_DYNAMIC; pcr <= LAST_DYNAMIC; pcr++)
		memset(bank->value[pcr], 0xff, hash->size);
}

bool cv_pcr_extend(struct cv_pcr_bank *bank, unsigned int pcr, const uint8_t *digest)
{
	struct cv_bytes parts[] = {
		{ bank->value[pcr], bank->hash->size },
		{ digest, bank->hash->size },
	};

	bank->extended |= 1u << pcr;
	return cv_hash_of(bank->hash, parts, 2, bank->value[pcr]);
}
