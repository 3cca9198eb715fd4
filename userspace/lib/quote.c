// SPDX-License-Identifier: GPL-2.0
#include <openssl/crypto.h>
#include <tss2/tss2_mu.h>
#include <cv/quote.h>

/* --- what it says ----------------------------------------------------------------- */

static bool unmarshal(TPMS_ATTEST *attest, struct cv_bytes bytes, struct cv_error *err)
{
	size_t at = 0;

	if (Tss2_MU_TPMS_ATTEST_Unmarshal(bytes.data, bytes.len, &at, attest) || at != bytes.len)
		return cv_refuse(err, CV_E_QUOTE_FORMAT,
				 "%zu bytes are not one marshalled TPMS_ATTEST", bytes.len);
	if (attest->magic != TPM2_GENERATED_VALUE || attest->type != TPM2_ST_ATTEST_QUOTE)
		return cv_refuse(err, CV_E_QUOTE_FORMAT,
				 "magic 0x%08x and type 0x%04x, expected 0x%08x and 0x%04x: not a quote that a TPM made",
				 attest->magic, attest->type, TPM2_GENERATED_VALUE, TPM2_ST_ATTEST_QUOTE);
	return true;
}

static bool answers(const TPMS_ATTEST *attest, struct cv_bytes nonce, struct cv_error *err)
{
	if (nonce.len && attest->extraData.size == nonce.len &&
	    !CRYPTO_memcmp(attest->extraData.buffer, nonce.data, nonce.len))
		return true;
	return cv_refuse(err, CV_E_QUOTE_NONCE,
			 "the quote answers another question: %u bytes of nonce, expected our %zu",
			 attest->extraData.size, nonce.len);
}

/* Bits of registers beyond the last would select nothing that a log could explain. */
static bool read_bank(const TPMS_PCR_SELECTION *from, struct cv_selection *to)
{
	*to = (struct cv_selection) { .alg = from->hash };
	for (unsigned int i = 0; i < from->sizeofSelect; i++) {
		if (i >= CV_PCRS / 8 && from->pcrSelect[i])
			return false;
		if (i < CV_PCRS / 8)
			to->pcrs |= (uint32_t)from->pcrSelect[i] << 8 * i;
	}
	return true;
}

static bool read_selection(struct cv_quote *quote, const TPML_PCR_SELECTION *list,
			   struct cv_error *err)
{
	for (uint32_t i = 0; i < list->count; i++) {
		if (quote->n_banks == CV_QUOTE_BANKS ||
		    !read_bank(&list->pcrSelections[i], &quote->bank[quote->n_banks]))
			return cv_refuse(err, CV_E_QUOTE_SELECTION,
					 "the quote selects more than %u banks of %u registers",
					 CV_QUOTE_BANKS, CV_PCRS);
		quote->n_banks++;
	}
	return true;
}

/* A longer one is of no algorithm that is known, and equals none. */
static void read_signer(struct cv_quote *quote, const TPM2B_NAME *signer)
{
	if (signer->size > sizeof(quote->signer))
		return;
	quote->signer_len = signer->size;
	memcpy(quote->signer, signer->name, signer->size);
}

static const struct cv_selection *selected(const struct cv_selection *list, unsigned int n,
					   uint16_t alg)
{
	for (unsigned int i = 0; i < n; i++)
		if (list[i].alg == alg)
			return &list[i];
	return NULL;
}

/* A bank that the TPM does not keep comes back as an empty selection, and the digest is that of nothing. */
static bool selects(const struct cv_quote *quote, const struct cv_selection *wanted,
		    unsigned int n_wanted, struct cv_error *err)
{
	const struct cv_selection *got;

	for (unsigned int i = 0; i < n_wanted; i++) {
		got = selected(quote->bank, quote->n_banks, wanted[i].alg);
		if (!got || !got->pcrs || !wanted[i].pcrs)
			return cv_refuse(err, CV_E_QUOTE_BANK,
					 "nothing of bank 0x%04x is quoted: has the TPM such a bank? (tpm2_getcap pcrs)",
					 wanted[i].alg);
		if (got->pcrs != wanted[i].pcrs)
			return cv_refuse(err, CV_E_QUOTE_SELECTION,
					 "bank 0x%04x: registers 0x%06x are quoted, expected 0x%06x",
					 wanted[i].alg, got->pcrs, wanted[i].pcrs);
	}
	if (n_wanted && quote->n_banks == n_wanted)
		return true;
	return cv_refuse(err, CV_E_QUOTE_SELECTION, "%u banks are quoted, expected %u",
			 quote->n_banks, n_wanted);
}

static bool read_digest(struct cv_quote *quote, const TPM2B_DIGEST *digest,
			const struct cv_hash *hash, struct cv_error *err)
{
	if (digest->size != hash->size)
		return cv_refuse(err, CV_E_QUOTE_FORMAT,
				 "the registers' digest has %u bytes, expected %u of %s",
				 digest->size, hash->size, hash->name);
	quote->hash = hash;
	memcpy(quote->pcr_digest, digest->buffer, digest->size);
	return true;
}

/* The signature first: nothing else of the quote is worth a word without it. */
bool cv_quote_verify(struct cv_quote *quote, struct cv_bytes tpms_attest,
		     struct cv_bytes tpmt_signature, const struct cv_key *key,
		     struct cv_bytes nonce, const struct cv_selection *wanted,
		     unsigned int n_wanted, struct cv_error *err)
{
	TPMS_ATTEST attest = {};

	*quote = (struct cv_quote) {};
	if (!cv_key_verify(key, tpms_attest, tpmt_signature, err) ||
	    !unmarshal(&attest, tpms_attest, err) || !answers(&attest, nonce, err))
		return false;
	quote->clock = attest.clockInfo.clock;
	quote->reset_count = attest.clockInfo.resetCount;
	quote->restart_count = attest.clockInfo.restartCount;
	quote->safe = attest.clockInfo.safe == TPM2_YES;
	quote->firmware = attest.firmwareVersion;
	read_signer(quote, &attest.qualifiedSigner);
	return read_selection(quote, &attest.attested.quote.pcrSelect, err) &&
	       selects(quote, wanted, n_wanted, err) &&
	       read_digest(quote, &attest.attested.quote.pcrDigest, key->hash, err);
}

/* --- whether registers are those ------------------------------------------------------- */

static const struct cv_pcr_bank *bank_of(const struct cv_pcr_bank *const *banks,
					 unsigned int n, uint16_t alg)
{
	for (unsigned int i = 0; i < n; i++)
		if (banks[i]->hash->alg == alg)
			return banks[i];
	return NULL;
}

/* In the order of the quote's banks, and of registers in each; part 1, 17.6. */
bool cv_quote_matches(const struct cv_quote *quote, const struct cv_pcr_bank *const *banks,
		      unsigned int n_banks)
{
	struct cv_bytes parts[CV_QUOTE_BANKS * CV_PCRS];
	uint8_t digest[CV_HASH_MAX];
	unsigned int n = 0;

	for (unsigned int i = 0; i < quote->n_banks; i++) {
		const struct cv_pcr_bank *bank = bank_of(banks, n_banks, quote->bank[i].alg);

		if (!bank)
			return false;
		for (unsigned int pcr = 0; pcr < CV_PCRS; pcr++)
			if (quote->bank[i].pcrs >> pcr & 1)
				parts[n++] = (struct cv_bytes) { bank->value[pcr], bank->hash->size };
	}
	return n && cv_hash_of(quote->hash, parts, n, digest) &&
	       !CRYPTO_memcmp(digest, quote->pcr_digest, quote->hash->size);
}

/* --- whose key ---------------------------------------------------------------------------- */

/* Part 1, 16: of a key, by its parent's, which is a hierarchy's handle for a primary key. */
static bool qualify(const uint8_t *name, size_t len, struct cv_bytes parent, uint8_t qualified[CV_NAME_MAX])
{
	const struct cv_hash *hash = cv_hash_by_alg(name[0] << 8 | name[1]);
	struct cv_bytes parts[] = { parent, { name, len } };

	memcpy(qualified, name, 2);
	return hash && cv_hash_of(hash, parts, 2, qualified + 2);
}

static bool is_signer(const struct cv_quote *quote, const struct cv_key *key, struct cv_bytes parent)
{
	uint8_t qualified[CV_NAME_MAX];

	return qualify(key->name, key->name_len, parent, qualified) && quote->signer_len == key->name_len &&
	       !CRYPTO_memcmp(quote->signer, qualified, key->name_len);
}

bool cv_quote_under_endorsement(const struct cv_quote *quote, const struct cv_key *key, const struct cv_ek *ek,
				struct cv_error *err)
{
	static const uint8_t handle[] = { 0x40, 0x00, 0x00, 0x0b };	/* TPM_RH_ENDORSEMENT */
	struct cv_bytes hierarchy = { handle, sizeof(handle) };
	uint8_t parent[CV_NAME_MAX];

	return is_signer(quote, key, hierarchy) ||
	       (qualify(ek->name, ek->name_len, hierarchy, parent) &&
		is_signer(quote, key, (struct cv_bytes) { parent, ek->name_len })) ||
	       cv_refuse(err, CV_E_QUOTE_HIERARCHY,
			 "the attestation key is neither a primary key of the endorsement hierarchy nor a child of this endorsement key");
}
