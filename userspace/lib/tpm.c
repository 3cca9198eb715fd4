// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <cv/tpm.h>

#define TPM	((const struct cv_tpm *)ask->evidence)

static const char *const banks[] = { "sha1", "sha256", "sha384", "sha512", NULL };

static bool is_quoted(const struct cv_quote *quote, uint16_t alg, uint64_t pcr)
{
	for (unsigned int i = 0; i < quote->n_banks; i++)
		if (quote->bank[i].alg == alg)
			return quote->bank[i].pcrs >> pcr & 1;
	return false;
}

static bool get_pcr(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	struct cv_bytes name = ask->args[0].string;
	const struct cv_hash *hash = cv_hash_by_name((const char *)name.data, name.len);
	const struct cv_pcr_bank *bank = TPM->attester->bank;
	uint64_t pcr = ask->args[1].integer;

	snprintf(from->text, sizeof(from->text), "%s: PCR %llu is not quoted", hash->name, (unsigned long long)pcr);
	if (!is_quoted(TPM->quote, hash->alg, pcr))
		return false;
	for (unsigned int i = 0; i < TPM->attester->n_banks; i++) {
		if (bank[i].hash != hash)
			continue;
		snprintf(from->text, sizeof(from->text), "the quote, PCR %llu", (unsigned long long)pcr);
		value->digest.hash = hash;
		value->digest.bytes = bank[i].value[pcr];
		return true;
	}
	return false;
}

/* Vendors use its four numbers of 16 bits, most significant first. */
static bool get_firmware(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	snprintf(from->text, sizeof(from->text), "the quote");
	value->version.n = 4;
	for (unsigned int i = 0; i < 4; i++)
		value->version.part[i] = TPM->quote->firmware >> (48 - 16 * i) & 0xffff;
	return true;
}

static bool get_reset_count(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	snprintf(from->text, sizeof(from->text), "the quote");
	value->integer = TPM->quote->reset_count;
	return true;
}

/* Milliseconds, more or less. */
static bool get_clock(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	snprintf(from->text, sizeof(from->text), "the quote");
	return !__builtin_mul_overflow(TPM->quote->clock, 1000000, &value->integer);
}

static const struct cv_fact tpm_facts[] = {
	{ .name = "pcr", .type = CV_DIGEST, .get = get_pcr, .meaning = "a register that was quoted",
	  .param = { { "the bank: sha1, sha256, sha384 or sha512", CV_STRING, banks, 0 },
		     { "the register", CV_INTEGER, NULL, CV_PCRS - 1 } } },
	{ .name = "tpm.firmware", .type = CV_VERSION, .get = get_firmware,
	  .meaning = "version of the TPM's firmware, in four parts" },
	{ .name = "tpm.reset_count", .type = CV_INTEGER, .get = get_reset_count,
	  .meaning = "how often the machine started" },
	{ .name = "tpm.clock", .type = CV_INTEGER, .unit = CV_UNIT_TIME, .get = get_clock,
	  .meaning = "how long the TPM has been powered in all" },
	{}
};

const struct cv_module cv_tpm_module = { "tpm", tpm_facts };
