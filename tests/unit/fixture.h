/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Logs that are written as text, and what is expected of them: tests/fixtures.
 * A line is a directive and its words; strings are in quotes, with \xHH in them.
 *
 *	sha1-log				no header: the form of old firmware
 *	banks sha1 sha256			the header of the crypto-agile form
 *	event PCR TYPE "body" [measured "data"] [without BANK]
 *						digests are of the body, or of other data
 *	startup N				where PCR 0 begins
 *	fill BYTE COUNT, raw "bytes", cut COUNT	at the log's end
 *	order big				of the list of measured files
 *	padded					its banks hold SHA-1 digests, filled up
 *	entry PCR TEMPLATE FIELD... [violation]	d:ALG:"content", n:"/path", x:"raw"; template "ima": d, n
 *	aggregate				boot_aggregate, as the kernel begins its list
 *	cmdline "text"				as the node tells it
 *	register BANK PCR HEX			expected, after both logs
 *	refused NAME				expected of one of them
 *	rule VERDICT TEXT			expected of a rule
 */
#ifndef FIXTURE_H
#define FIXTURE_H

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <cv/boot.h>
#include <cv/ima.h>

#define FIXTURE_LOG	16384

struct fixture {
	uint8_t firmware[FIXTURE_LOG], ima[FIXTURE_LOG];
	size_t firmware_len, ima_len;
	bool has_firmware, has_ima, agile, big, padded;
	const struct cv_hash *bank[4];
	unsigned int n_banks;
	char cmdline[256];
};

/* --- words ---------------------------------------------------------------------------- */

struct word {
	char text[4096];	/* with what escapes stand for */
	size_t len;
};

/* The next word of @at; strings may stand behind other characters, as in n:"/path". */
static inline bool fixture_word(const char **at, struct word *word)
{
	bool quoted = false, any;
	unsigned int byte;

	*word = (struct word) {};
	*at += strspn(*at, " \t");
	any = **at && **at != '\n';
	for (; **at && **at != '\n' && (quoted || !strchr(" \t", **at)); ++*at) {
		ck_assert_uint_lt(word->len, sizeof(word->text) - 1);
		if (**at == '"') {
			quoted = !quoted;
		} else if (quoted && sscanf(*at, "\\x%2x", &byte) == 1) {
			word->text[word->len++] = byte;
			*at += 3;
		} else {
			word->text[word->len++] = **at;
		}
	}
	ck_assert_msg(!quoted, "a string without end");
	return any;
}

static inline unsigned long fixture_number(const char **at)
{
	struct word word;

	ck_assert(fixture_word(at, &word));
	return strtoul(word.text, NULL, 0);
}

/* --- bytes ---------------------------------------------------------------------------- */

static inline void fixture_put(uint8_t *log, size_t *len, const void *data, size_t n)
{
	ck_assert_uint_le(*len + n, FIXTURE_LOG);
	memcpy(log + *len, data, n);
	*len += n;
}

static inline void fixture_le(struct fixture *f, uint32_t n, unsigned int size)
{
	fixture_put(f->firmware, &f->firmware_len, (uint8_t []) { n, n >> 8, n >> 16, n >> 24 }, size);
}

static inline void fixture_number_of(struct fixture *f, uint32_t n)
{
	uint8_t little[] = { n, n >> 8, n >> 16, n >> 24 }, big[] = { n >> 24, n >> 16, n >> 8, n };

	fixture_put(f->ima, &f->ima_len, f->big ? big : little, 4);
}

static inline const struct cv_hash *fixture_hash(const char *name)
{
	const struct cv_hash *hash = cv_hash_by_name(name, strlen(name));

	ck_assert_msg(hash != NULL, "no hash \"%s\"", name);
	return hash;
}

static inline void fixture_digest(const struct cv_hash *hash, const struct word *of, uint8_t digest[CV_HASH_MAX])
{
	struct cv_bytes part = { (const uint8_t *)of->text, of->len };

	ck_assert(cv_hash_of(hash, &part, 1, digest));
}

/* --- the firmware's log -------------------------------------------------------------------- */

static inline void fixture_banks(struct fixture *f, const char *at)
{
	static const uint8_t zeros[20];
	struct word word;

	f->has_firmware = f->agile = true;
	while (fixture_word(&at, &word))
		f->bank[f->n_banks++] = fixture_hash(word.text);
	fixture_le(f, 0, 4);
	fixture_le(f, CV_EV_NO_ACTION, 4);
	fixture_put(f->firmware, &f->firmware_len, zeros, 20);
	fixture_le(f, 16 + 8 + 4 + 4 * f->n_banks + 1, 4);
	fixture_put(f->firmware, &f->firmware_len, "Spec ID Event03\0\0\0\0\0\0\2\0\2", 24);
	fixture_le(f, f->n_banks, 4);
	for (unsigned int i = 0; i < f->n_banks; i++)
		fixture_le(f, f->bank[i]->alg | f->bank[i]->size << 16, 4);
	fixture_le(f, 0, 1);
}

static inline void fixture_sha1_log(struct fixture *f)
{
	f->has_firmware = true;
	f->bank[f->n_banks++] = fixture_hash("sha1");
}

static inline void fixture_add_event(struct fixture *f, uint32_t pcr, uint32_t type, const struct word *body,
				     const struct word *measured, const char *without)
{
	uint8_t digest[CV_HASH_MAX];
	unsigned int n = 0;

	fixture_le(f, pcr, 4);
	fixture_le(f, type, 4);
	for (unsigned int i = 0; i < f->n_banks; i++)
		n += strcmp(f->bank[i]->name, without) != 0;
	if (f->agile)
		fixture_le(f, n, 4);
	for (unsigned int i = 0; i < f->n_banks; i++) {
		if (!strcmp(f->bank[i]->name, without))
			continue;
		memset(digest, 0, sizeof(digest));
		if (measured)
			fixture_digest(f->bank[i], measured, digest);
		if (f->agile)
			fixture_le(f, f->bank[i]->alg, 2);
		fixture_put(f->firmware, &f->firmware_len, digest, f->bank[i]->size);
	}
	fixture_le(f, body->len, 4);
	fixture_put(f->firmware, &f->firmware_len, body->text, body->len);
}

static inline void fixture_event(struct fixture *f, const char *at)
{
	uint32_t pcr = fixture_number(&at), type = fixture_number(&at);
	struct word body, option, measured, without = {};

	fixture_word(&at, &body);
	measured = body;
	while (fixture_word(&at, &option))
		ck_assert(fixture_word(&at, !strcmp(option.text, "measured") ? &measured : &without));
	fixture_add_event(f, pcr, type, &body, type == CV_EV_NO_ACTION ? NULL : &measured, without.text);
}

static inline void fixture_startup(struct fixture *f, const char *at)
{
	struct word body = { "StartupLocality", 17 };

	body.text[16] = fixture_number(&at);
	fixture_add_event(f, 0, CV_EV_NO_ACTION, &body, NULL, "");
}

/* --- the list of measured files ------------------------------------------------------------- */

/* d-ng as "sha256:", a zero, the digest; n-ng with its zero. "ima": the digest alone, and the name without. */
static inline void fixture_field(struct fixture *f, const char *template, struct word *word)
{
	bool old = !strcmp(template, "ima");
	char *colon;

	if (word->text[0] == 'd') {
		struct word field = {}, content = {};
		const struct cv_hash *hash;

		colon = strchr(word->text + 2, ':');
		ck_assert(colon);
		content.len = word->text + word->len - colon - 1;
		memcpy(content.text, colon + 1, content.len);
		*colon = 0;
		hash = fixture_hash(word->text + 2);
		field.len = old ? 0 : sprintf(field.text, "%s:", hash->name) + 1;
		fixture_digest(hash, &content, (uint8_t *)field.text + field.len);
		field.len += hash->size;
		if (!old)
			fixture_number_of(f, field.len);
		fixture_put(f->ima, &f->ima_len, field.text, field.len);
		return;
	}
	word->len -= 2;
	word->len += word->text[0] == 'n' && !old;	/* its zero */
	fixture_number_of(f, word->len);
	fixture_put(f->ima, &f->ima_len, word->text + 2, word->len);
}

static inline void fixture_entry(struct fixture *f, const char *at)
{
	uint32_t pcr = fixture_number(&at);
	struct word template, word, data = {};
	size_t head, begin;
	bool violation = false, old;
	uint8_t digest[CV_HASH_MAX] = {};

	ck_assert(fixture_word(&at, &template));
	old = !strcmp(template.text, "ima");
	f->has_ima = true;
	fixture_number_of(f, pcr);
	head = f->ima_len;
	fixture_put(f->ima, &f->ima_len, digest, 20);
	fixture_number_of(f, template.len);
	fixture_put(f->ima, &f->ima_len, template.text, template.len);
	begin = f->ima_len;
	if (!old)
		fixture_number_of(f, 0);
	while (fixture_word(&at, &word)) {
		if (!strcmp(word.text, "violation"))
			violation = true;
		else
			fixture_field(f, template.text, &word);
	}
	data.len = f->ima_len - begin - (old ? 0 : 4);
	memcpy(data.text, f->ima + f->ima_len - data.len, data.len);
	if (!old) {
		f->ima_len = begin;
		fixture_number_of(f, data.len);
		f->ima_len += data.len;
	} else {			/* hashed without the length, the path filled up to 256 bytes */
		memmove(data.text + 20, data.text + 24, data.len - 24);
		memset(data.text + data.len - 4, 0, 4);
		data.len = 20 + 256;
	}
	if (!violation)
		fixture_digest(fixture_hash("sha1"), &data, digest);
	memcpy(f->ima + head, digest, 20);
}

/* Of ten registers, in SHA-256. */
static inline void fixture_aggregate(struct fixture *f)
{
	struct cv_bytes registers[10];
	struct cv_pcr_bank bank;
	uint8_t digest[8 + CV_HASH_MAX] = "sha256:";

	ck_assert(cv_fwlog_replay((struct cv_bytes) { f->firmware, f->firmware_len }, fixture_hash("sha256"), &bank, NULL));
	for (int i = 0; i < 10; i++)
		registers[i] = (struct cv_bytes) { bank.value[i], 32 };
	ck_assert(cv_hash_of(bank.hash, registers, 10, digest + 8));
	f->has_ima = true;
	fixture_number_of(f, 10);
	fixture_put(f->ima, &f->ima_len, digest, 20);
	fixture_number_of(f, 6);
	fixture_put(f->ima, &f->ima_len, "ima-ng", 6);
	fixture_number_of(f, 4 + 40 + 4 + 15);
	fixture_number_of(f, 40);
	fixture_put(f->ima, &f->ima_len, digest, 40);
	fixture_number_of(f, 15);
	fixture_put(f->ima, &f->ima_len, "boot_aggregate", 15);
}

/* --- a line ------------------------------------------------------------------------------------ */

static inline void fixture_cmdline(struct fixture *f, const char *at)
{
	struct word word;

	fixture_word(&at, &word);
	ck_assert_uint_lt(word.len, sizeof(f->cmdline));
	memcpy(f->cmdline, word.text, word.len + 1);
}

/* What goes to the end of the log that was written last. */
static inline void fixture_tail(struct fixture *f, const char *directive, const char *at)
{
	uint8_t *log = f->has_ima ? f->ima : f->firmware;
	size_t *len = f->has_ima ? &f->ima_len : &f->firmware_len;
	struct word word;

	if (!strcmp(directive, "cut")) {
		*len -= fixture_number(&at);
	} else if (!strcmp(directive, "raw")) {
		fixture_word(&at, &word);
		f->has_firmware |= !f->has_ima;
		fixture_put(log, len, word.text, word.len);
	} else {
		uint8_t fill = fixture_number(&at);

		for (unsigned long n = fixture_number(&at); n; n--)
			fixture_put(log, len, &fill, 1);
	}
}

/* False: a directive of what is expected. */
static inline bool fixture_line(struct fixture *f, const char *directive, const char *at)
{
	if (!strcmp(directive, "banks"))
		fixture_banks(f, at);
	else if (!strcmp(directive, "sha1-log"))
		fixture_sha1_log(f);
	else if (!strcmp(directive, "event"))
		fixture_event(f, at);
	else if (!strcmp(directive, "startup"))
		fixture_startup(f, at);
	else if (!strcmp(directive, "entry"))
		fixture_entry(f, at);
	else if (!strcmp(directive, "aggregate"))
		fixture_aggregate(f);
	else if (!strcmp(directive, "cmdline"))
		fixture_cmdline(f, at);
	else if (!strcmp(directive, "order"))
		f->big = true;
	else if (!strcmp(directive, "padded"))
		f->padded = true;
	else if (!strcmp(directive, "fill") || !strcmp(directive, "raw") || !strcmp(directive, "cut"))
		fixture_tail(f, directive, at);
	else
		return false;
	return true;
}

#endif
