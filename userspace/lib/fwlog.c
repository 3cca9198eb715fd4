// SPDX-License-Identifier: GPL-2.0
#include <cv/fwlog.h>

#define SHA1_SIZE	20
#define SPEC_ID		"Spec ID Event03"	/* with its final zero; 10.4.5.1 */
#define STARTUP		"StartupLocality"	/* likewise; 10.4.5.3 */
#define PCR_NONE	0xffffffffu

/* --- one event ------------------------------------------------------------ */

/* A frame that ends beyond the log: say where it began. */
static bool truncated(const struct cv_fwlog_event *event, const struct cv_fwlog *log,
		      struct cv_error *err)
{
	return cv_refuse(err, CV_E_LOG_TRUNCATED,
			 "event %u at byte %zu ends beyond the log, which has %zu bytes",
			 event->index, event->offset, log->bytes.len);
}

static bool register_exists(const struct cv_fwlog_event *event, struct cv_error *err)
{
	if (event->pcr < CV_PCRS || (event->pcr == PCR_NONE && event->type == CV_EV_NO_ACTION))
		return true;
	return cv_refuse(err, CV_E_LOG_PCR,
			 "event %u at byte %zu is for PCR %u, expected 0 to %u",
			 event->index, event->offset, event->pcr, CV_PCRS - 1);
}

static int find_bank(const struct cv_fwlog *log, uint16_t alg)
{
	for (unsigned int i = 0; i < log->n_banks; i++)
		if (log->bank[i].alg == alg)
			return i;
	return -1;
}

/* A digest has no length of its own: that of its bank is declared in the header. */
static bool read_digest(struct cv_fwlog *log, struct cv_fwlog_event *event,
			struct cv_error *err)
{
	uint16_t alg = cv_take_le(&log->reader, 2);
	int bank = find_bank(log, alg);

	if (log->reader.beyond)
		return truncated(event, log, err);
	if (bank < 0 || event->digest[bank])
		return cv_refuse(err, CV_E_LOG_DIGEST,
				 "event %u at byte %zu has a digest of algorithm 0x%04x %s",
				 event->index, event->offset, alg,
				 bank < 0 ? "that the header does not declare" : "twice");
	event->digest[bank] = cv_take(&log->reader, log->bank[bank].size).data;
	return true;
}

static bool read_digests(struct cv_fwlog *log, struct cv_fwlog_event *event,
			 struct cv_error *err)
{
	uint32_t n;

	if (!log->agile) {
		event->digest[0] = cv_take(&log->reader, SHA1_SIZE).data;
		return true;
	}
	n = cv_take_le(&log->reader, 4);
	if (n > log->n_banks)
		return cv_refuse(err, CV_E_LOG_DIGEST,
				 "event %u at byte %zu has %u digests, the header declares %u banks",
				 event->index, event->offset, n, log->n_banks);
	while (n--)
		if (!read_digest(log, event, err))
			return false;
	return true;
}

static bool read_event(struct cv_fwlog *log, struct cv_fwlog_event *event,
		       struct cv_error *err)
{
	*event = (struct cv_fwlog_event) {
		.index = log->n_events++,
		.offset = log->reader.at - log->bytes.data,
	};
	event->pcr = cv_take_le(&log->reader, 4);
	event->type = cv_take_le(&log->reader, 4);
	if (log->reader.beyond)
		return truncated(event, log, err);
	if (!register_exists(event, err) || !read_digests(log, event, err))
		return false;
	event->body = cv_take(&log->reader, cv_take_le(&log->reader, 4));
	return !log->reader.beyond || truncated(event, log, err);
}

/* --- the header --------------------------------------------------------------- */

static void sha1_log(struct cv_fwlog *log)
{
	log->reader = cv_reader(log->bytes);
	log->n_events = 0;
	log->n_banks = 1;
	log->bank[0] = (struct cv_fwlog_bank) { CV_ALG_SHA1, SHA1_SIZE };
}

static bool bank_is_possible(const struct cv_fwlog *log, const struct cv_fwlog_bank *bank)
{
	const struct cv_hash *known = cv_hash_by_alg(bank->alg);

	return find_bank(log, bank->alg) < 0 && bank->size && bank->size <= CV_HASH_MAX &&
	       (!known || known->size == bank->size);
}

/* TCG_EfiSpecIDEvent behind its signature. */
static bool read_banks(struct cv_fwlog *log, struct cv_reader *body, struct cv_error *err)
{
	struct cv_fwlog_bank bank;
	uint32_t n;

	cv_take(body, 4 + 4);		/* platform class, version, errata, size of a UINTN */
	n = cv_take_le(body, 4);
	if (body->beyond || !n || n > CV_FWLOG_BANKS)
		return cv_refuse(err, CV_E_LOG_HEADER,
				 "the header declares %u banks, expected 1 to %u", n, CV_FWLOG_BANKS);
	log->n_banks = 0;
	for (uint32_t i = 0; i < n; i++) {
		bank.alg = cv_take_le(body, 2);
		bank.size = cv_take_le(body, 2);
		if (body->beyond || !bank_is_possible(log, &bank))
			return cv_refuse(err, CV_E_LOG_HEADER,
					 "bank %u of the header is algorithm 0x%04x with digests of %u bytes",
					 i, bank.alg, bank.size);
		log->bank[log->n_banks++] = bank;
	}
	return true;
}

/* Firmware may hand on the whole buffer it logged to: what is all zeros, or all ones, to the end. */
static const uint8_t *find_padding(struct cv_bytes bytes)
{
	const uint8_t *at = bytes.data + bytes.len, fill = at[-1];

	while ((!fill || fill == 0xff) && at > bytes.data && at[-1] == fill)
		at--;
	return at;
}

/* The log's first event has the SHA-1 form even where the others have not. */
bool cv_fwlog_begin(struct cv_fwlog *log, struct cv_bytes bytes, struct cv_error *err)
{
	struct cv_fwlog_event first;
	struct cv_reader body;
	struct cv_bytes name;

	*log = (struct cv_fwlog) { .bytes = bytes };
	if (!bytes.len)
		return cv_refuse(err, CV_E_LOG_ABSENT,
				 "there is no firmware log: 0 bytes; is the TPM driver of the firmware's kind loaded?");
	log->padding = find_padding(bytes);
	sha1_log(log);
	if (!read_event(log, &first, NULL)) {
		sha1_log(log);		/* will say so itself */
		return true;
	}
	body = cv_reader(first.body);
	name = cv_take(&body, sizeof(SPEC_ID));
	if (first.type != CV_EV_NO_ACTION ||
	    !cv_bytes_equal(name, (struct cv_bytes) { (const uint8_t *)SPEC_ID, sizeof(SPEC_ID) })) {
		sha1_log(log);
		return true;
	}
	log->agile = true;
	return read_banks(log, &body, err);
}

/* --- reading and replaying ----------------------------------------------------- */

enum cv_fwlog_next cv_fwlog_next(struct cv_fwlog *log, struct cv_fwlog_event *event,
				 struct cv_error *err)
{
	if (log->reader.at >= log->padding)
		return CV_FWLOG_END;
	return read_event(log, event, err) ? CV_FWLOG_EVENT : CV_FWLOG_BAD;
}

/* A bank begins at what StartupLocality tells; chapter 10.4.5.3. Its body may be longer than it should. */
static bool start(struct cv_pcr_bank *bank, const struct cv_fwlog_event *event,
		  struct cv_error *err)
{
	struct cv_reader body = cv_reader(event->body);
	struct cv_bytes name = cv_take(&body, sizeof(STARTUP));
	uint8_t locality = cv_take_le(&body, 1);

	if (body.beyond || memcmp(name.data, STARTUP, sizeof(STARTUP)))
		return true;
	if (bank->extended & 1)
		return cv_refuse(err, CV_E_LOG_LOCALITY,
				 "event %u at byte %zu tells where PCR 0 started, after PCR 0 was extended",
				 event->index, event->offset);
	bank->value[0][bank->hash->size - 1] = locality;
	return true;
}

/* The TPM itself started PCR 0 at 4 for what was measured before the firmware ran. */
static bool is_hcrtm(const struct cv_fwlog_event *event, const struct cv_pcr_bank *bank)
{
	return event->type == CV_EV_HCRTM && !event->pcr && !(bank->extended & 1);
}

static bool replay_event(const struct cv_fwlog_event *event, int i, struct cv_pcr_bank *bank,
			 struct cv_error *err)
{
	if (event->type == CV_EV_NO_ACTION)
		return start(bank, event, err);
	if (!event->digest[i])
		return cv_refuse(err, CV_E_LOG_DIGEST,
				 "event %u at byte %zu has no digest of the bank %s, which the header declares",
				 event->index, event->offset, bank->hash->name);
	if (is_hcrtm(event, bank))
		bank->value[0][bank->hash->size - 1] = 4;
	return cv_pcr_extend(bank, event->pcr, event->digest[i]) ||
	       cv_refuse(err, CV_E_HASH_UNKNOWN, "OpenSSL has no %s", bank->hash->name);
}

bool cv_fwlog_replay(struct cv_bytes bytes, const struct cv_hash *hash,
		     struct cv_pcr_bank *bank, struct cv_error *err)
{
	struct cv_fwlog_event event;
	enum cv_fwlog_next next;
	struct cv_fwlog log;
	int i;

	cv_pcr_restart(bank, hash);
	if (!cv_fwlog_begin(&log, bytes, err))
		return false;
	i = find_bank(&log, hash->alg);
	if (i < 0)
		return cv_refuse(err, CV_E_LOG_DIGEST, "the log has no bank %s", hash->name);
	while ((next = cv_fwlog_next(&log, &event, err)) == CV_FWLOG_EVENT)
		if (!replay_event(&event, i, bank, err))
			return false;
	return next == CV_FWLOG_END;
}
