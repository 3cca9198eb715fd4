// SPDX-License-Identifier: GPL-2.0
#include <cv/attester.h>

void cv_attester_forget(struct cv_attester *attester)
{
	*attester = (struct cv_attester) {};
}

/* --- epochs --------------------------------------------------------------------------- */

/* After a power cut the clock may tell what it told before, and counters what they counted. */
static bool clock_is_safe(const struct cv_quote *q, struct cv_error *err)
{
	return q->safe || cv_refuse(err, CV_E_EPOCH_UNSAFE,
				    "the TPM lost power without a shutdown; its clock is not safe until it is beyond what it may have told before");
}

static bool clock_advances(const struct cv_attester *a, const struct cv_quote *q, const uint8_t *digest,
			   struct cv_error *err)
{
	if (!a->admitted || q->clock > a->clock)
		return true;
	if (q->clock == a->clock && memcmp(digest, a->last, CV_HASH_MAX))
		return true;
	return cv_refuse(err, CV_E_EPOCH_CLOCK, "the TPM's clock is at %llu ms, and was at %llu in %s",
			 (unsigned long long)q->clock, (unsigned long long)a->clock,
			 q->clock == a->clock ? "this very quote" : "the last quote");
}

/* Part 1, 36: counters of boots and of resumptions since. */
static bool same_epoch(const struct cv_attester *a, const struct cv_quote *q, struct cv_error *err)
{
	if (!a->admitted)
		return true;
	if (q->reset_count > a->reset_count)
		return cv_refuse(err, CV_E_EPOCH_RESET,
				 "the node started again (reset count %u, was %u): admit it anew",
				 q->reset_count, a->reset_count);
	if (q->reset_count < a->reset_count ||
	    q->restart_count < a->restart_count)
		return cv_refuse(err, CV_E_EPOCH_BACK,
				 "the quote is older than the last (reset %u, restart %u; were %u, %u)",
				 q->reset_count, q->restart_count, a->reset_count, a->restart_count);
	return q->restart_count == a->restart_count ||
	       cv_refuse(err, CV_E_EPOCH_RESTART,
			 "the node's TPM was resumed (restart count %u, was %u): admit it anew",
			 q->restart_count, a->restart_count);
}

/* --- registers ------------------------------------------------------------------------- */

static bool first_registers(struct cv_attester *a, struct cv_bytes log, const struct cv_selection *wanted,
			    unsigned int n, struct cv_error *err)
{
	if (n > CV_QUOTE_BANKS)
		return cv_refuse(err, CV_E_QUOTE_SELECTION, "%u banks are wanted, at most %u can be", n,
				 CV_QUOTE_BANKS);
	for (unsigned int i = 0; i < n; i++) {
		const struct cv_hash *hash = cv_hash_by_alg(wanted[i].alg);

		if (!hash)
			return cv_refuse(err, CV_E_HASH_UNKNOWN, "bank 0x%04x is of no known hash", wanted[i].alg);
		if (!cv_fwlog_replay(log, hash, &a->bank[i], err))
			return false;
		if (a->bank[i].extended >> CV_IMA_PCR & 1)
			return cv_refuse(err, CV_E_LOG_PCR, "the firmware's log has events for PCR %u, which is the kernel's",
					 CV_IMA_PCR);
	}
	a->n_banks = n;
	return true;
}

static bool explained(const struct cv_attester *a, const struct cv_quote *quote)
{
	const struct cv_pcr_bank *list[CV_QUOTE_BANKS];

	for (unsigned int i = 0; i < a->n_banks; i++)
		list[i] = &a->bank[i];
	return cv_quote_matches(quote, list, a->n_banks);
}

/* Is the entry's data bound by a quoted register of a bank of its own, or else by the digest that was extended? */
static bool is_bound(const struct cv_attester *a, const struct cv_quote *quote, const struct cv_imalog_entry *entry)
{
	for (unsigned int i = 0; i < quote->n_banks; i++)
		if (a->how == CV_IMALOG_OWN && quote->bank[i].alg != CV_ALG_SHA1 && quote->bank[i].pcrs >> CV_IMA_PCR & 1)
			return true;
	return entry->violation || cv_imalog_consistent(entry);
}

static bool extend(struct cv_attester *a, const struct cv_imalog_entry *entry)
{
	for (unsigned int i = 0; i < a->n_banks; i++)
		if (!cv_imalog_extend(entry, a->how, &a->bank[i]))
			return false;
	return true;
}

/* --- the list of measured files ----------------------------------------------------------- */

static bool wants_list(const struct cv_quote *quote)
{
	for (unsigned int i = 0; i < quote->n_banks; i++)
		if (quote->bank[i].pcrs >> CV_IMA_PCR & 1)
			return true;
	return false;
}

#define AGGREGATED	0x3ffu		/* registers of boot_aggregate */

static bool quotes_all(const struct cv_quote *quote, uint16_t alg, uint32_t registers)
{
	for (unsigned int i = 0; i < quote->n_banks; i++)
		if (quote->bank[i].alg == alg)
			return !(registers & ~quote->bank[i].pcrs);
	return false;
}

/* The kernel begins its list with the registers that it found, if the quote tells of them. */
static bool begins_here(struct cv_attester *a, const struct cv_quote *quote, struct cv_bytes list, struct cv_error *err)
{
	struct cv_imalog_entry entry;
	struct cv_imafile file;
	struct cv_imalog log;
	unsigned int n;

	cv_imalog_begin(&log, list);
	if (cv_imalog_next(&log, &entry, err) != CV_IMALOG_ENTRY)
		return false;
	if (entry.violation || !cv_imalog_file(&log, &entry, &file, NULL) || !cv_ima_is_aggregate(&file))
		return cv_refuse(err, CV_E_LOG_AGGREGATE,
				 "the list of measured files begins with another entry than boot_aggregate");
	for (unsigned int i = 0; i < a->n_banks; i++) {
		const struct cv_hash *hash = a->bank[i].hash;

		if (hash != cv_hash_by_name((const char *)file.alg.data, file.alg.len))
			continue;
		n = cv_ima_boot_aggregate(&file, &a->bank[i]);
		a->at_start |= (uint32_t)(n == 10) << i;
		if (!n && quotes_all(quote, hash->alg, AGGREGATED))
			return cv_refuse(err, CV_E_LOG_AGGREGATE,
					 "the list of measured files begins with other registers than the firmware's log replays to (bank %s)",
					 hash->name);
	}
	return true;
}

static bool take_entry(struct cv_attester *a, const struct cv_quote *quote, const struct cv_imalog_entry *entry,
		       struct cv_error *err)
{
	if (entry->pcr != CV_IMA_PCR)
		return cv_refuse(err, CV_E_LOG_PCR, "entry %u of the list of measured files is for PCR %u, expected %u",
				 a->ima_entries, entry->pcr, CV_IMA_PCR);
	if (!is_bound(a, quote, entry))
		return cv_refuse(err, CV_E_LOG_ENTRY, "entry %u of the list of measured files: its digest is not of its data",
				 a->ima_entries);
	if (!extend(a, entry))
		return cv_refuse(err, CV_E_MEMORY, "OpenSSL cannot hash");
	a->ima_entries++;
	return true;
}

static void count_ahead(struct cv_imalog *log, struct cv_proven *proven)
{
	struct cv_imalog_entry entry;

	while (cv_imalog_next(log, &entry, NULL) == CV_IMALOG_ENTRY)
		proven->ahead++;
}

/* To the first entry at which the quote is explained; or, not @each, to the list's end, of which it must be. */
static bool walk(struct cv_attester *a, struct cv_bytes list, bool each, struct cv_proven *proven, struct cv_error *err)
{
	enum cv_imalog_next next = CV_IMALOG_ENTRY;
	struct cv_imalog_entry entry;
	struct cv_imalog log;

	cv_imalog_begin(&log, list);
	proven->ima = (struct cv_ima) { { list.data, 0 }, a->ima_entries, false };
	while (!each || !explained(a, &proven->quote)) {
		next = wants_list(&proven->quote) ? cv_imalog_next(&log, &entry, err) : CV_IMALOG_END;
		if (next != CV_IMALOG_ENTRY)
			break;
		if (!take_entry(a, &proven->quote, &entry, err))
			return false;
		proven->violations |= entry.violation;
		proven->ima.log.len = entry.end;
	}
	if (next == CV_IMALOG_BAD)
		return false;
	if (next == CV_IMALOG_END && !explained(a, &proven->quote))
		return cv_refuse(err, CV_E_LOG_MISMATCH,
				 "the logs, with %u entries of the list of measured files, do not replay to the quoted registers",
				 a->ima_entries);
	if (!proven->ima.first && a->ima_entries && !begins_here(a, &proven->quote, list, err))
		return false;
	proven->ima.is_proven = wants_list(&proven->quote) && a->ima_entries;
	a->how_is_known |= proven->ima.log.len;
	a->ima_bytes += proven->ima.log.len;
	count_ahead(&log, proven);
	return true;
}

static bool try_as(struct cv_attester *a, enum cv_imalog_banks how, bool each, struct cv_bytes list,
		   struct cv_proven *proven, struct cv_error *err)
{
	const struct cv_proven nothing = *proven;
	const struct cv_attester before = *a;

	a->how = how;
	if (walk(a, list, each, proven, err))
		return true;
	*a = before;
	*proven = nothing;
	return false;
}

/*
 * Register and list are read at two moments: mostly the quote is of the list's
 * end, else of some entry before, and those behind it wait for the next quote.
 * How a kernel extends the banks is tried once, newer ones first. Of the ways that
 * fail, the one that says more than that is told.
 */
static bool catch_up(struct cv_attester *a, struct cv_bytes list, struct cv_proven *proven, struct cv_error *err)
{
	static const enum cv_imalog_banks hows[] = { CV_IMALOG_OWN, CV_IMALOG_PADDED };
	struct cv_error why = {}, this;

	for (unsigned int i = 0; i < 4; i++) {
		if (a->how_is_known && hows[i / 2] != a->how)
			continue;
		if (try_as(a, hows[i / 2], i % 2, list, proven, &this))
			return true;
		if (!why.name || this.name != CV_E_LOG_MISMATCH)
			why = this;
	}
	if (err)
		*err = why;
	return false;
}

static bool accept(struct cv_attester *a, const struct cv_proof *proof, const struct cv_selection *wanted,
		   unsigned int n_wanted, struct cv_proven *proven, struct cv_error *err)
{
	const struct cv_quote *q = &proven->quote;
	uint8_t digest[CV_HASH_MAX] = {};

	if (!cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), &proof->tpms_attest, 1, digest))
		return cv_refuse(err, CV_E_MEMORY, "OpenSSL cannot hash");
	if (!clock_is_safe(q, err) || !same_epoch(a, q, err) || !clock_advances(a, q, digest, err))
		return false;
	if (!a->admitted && !first_registers(a, proof->firmware_log, wanted, n_wanted, err))
		return false;
	if (!catch_up(a, proof->ima_list, proven, err))
		return false;
	a->admitted = true;
	a->reset_count = q->reset_count;
	a->restart_count = q->restart_count;
	a->clock = q->clock;
	memcpy(a->last, digest, sizeof(a->last));
	return true;
}

bool cv_attester_accept(struct cv_attester *attester, const struct cv_proof *proof, const struct cv_key *key,
			const struct cv_ek *ek, struct cv_bytes nonce, const struct cv_selection *wanted, unsigned int n_wanted,
			struct cv_proven *proven, struct cv_error *err)
{
	struct cv_attester next = *attester;

	*proven = (struct cv_proven) {};
	if (!cv_quote_verify(&proven->quote, proof->tpms_attest, proof->tpmt_signature, key, nonce, wanted,
			     n_wanted, err) ||
	    (ek && !cv_quote_under_endorsement(&proven->quote, key, ek, err)) ||
	    !accept(&next, proof, wanted, n_wanted, proven, err))
		return false;
	*attester = next;
	return true;
}
