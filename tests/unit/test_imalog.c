// SPDX-License-Identifier: GPL-2.0
/* IMA logs made by hand: each template, both byte orders, violations, and what is none. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <cv/imalog.h>

static uint8_t buf[1 << 16];
static size_t len;
static bool big;
static struct cv_imalog list;
static struct cv_imalog_entry entry;
static struct cv_imafile file;
static struct cv_error err;

/* --- writing a log --------------------------------------------------------- */

static void put(const void *data, size_t n)
{
	memcpy(buf + len, data, n);
	len += n;
}

static void put_number(uint32_t v)
{
	for (int i = 0; i < 4; i++)
		buf[len++] = v >> 8 * (big ? 3 - i : i) & 0xff;
}

static void put_field(const void *data, size_t n)
{
	put_number(n);
	put(data, n);
}

static size_t data_at;

/* Up to the data, whose length end() fills in. */
static void begin(uint32_t pcr, const char *template)
{
	put_number(pcr);
	memset(buf + len, 0x11, 20);
	len += 20;
	put_field(template, strlen(template));
	put_number(0);
	data_at = len;
}

/* The logged digest is that of the data. */
static void end(void)
{
	struct cv_bytes data = { buf + data_at, len - data_at };
	size_t after = len, head = data_at - 4;
	uint8_t digest[CV_HASH_MAX];

	cv_hash_of(cv_hash_by_alg(CV_ALG_SHA1), &data, 1, digest);
	len = head;
	put_number(data.len);
	len = after;
	for (size_t i = 0; i + 20 <= head; i++)
		if (cv_bytes_all((struct cv_bytes) { buf + i, 20 }, 0x11))
			memcpy(buf + i, digest, 20);
}

static void put_ng(const char *alg, uint8_t digest, size_t n)
{
	put_number(strlen(alg) + 1 + n);
	put(alg, strlen(alg) + 1);
	memset(buf + len, digest, n);
	len += n;
}

static void put_path(const char *path)
{
	put_field(path, strlen(path) + 1);
}

static void ng(const char *template, const char *alg, const char *path)
{
	begin(10, template);
	put_ng(alg, 0x22, 32);
	put_path(path);
	end();
}

/* --- reading it --------------------------------------------------------------- */

static void restart(void)
{
	len = 0;
	big = false;
}

static void start_reading(void)
{
	cv_imalog_begin(&list, (struct cv_bytes) { buf, len });
}

static void reads(void)
{
	ck_assert_msg(cv_imalog_next(&list, &entry, &err) == CV_IMALOG_ENTRY, "%s", err.text);
}

static void tells(void)
{
	reads();
	ck_assert_msg(cv_imalog_file(&list, &entry, &file, &err), "%s", err.text);
}

static void ends(void)
{
	ck_assert(cv_imalog_next(&list, &entry, &err) == CV_IMALOG_END);
}

static void refused(enum cv_error_name name)
{
	start_reading();
	ck_assert(cv_imalog_next(&list, &entry, &err) == CV_IMALOG_BAD);
	ck_assert_msg(err.name == name, "expected %s, got %s: %s", cv_error_name(name),
		      cv_error_name(err.name), err.text);
}

static void is(struct cv_bytes got, const char *expected)
{
	ck_assert_msg(got.len == strlen(expected) && !memcmp(got.data, expected, got.len),
		      "expected '%s', got '%.*s'", expected, (int)got.len, (const char *)got.data);
}

static void is_digest(uint8_t byte, size_t n)
{
	ck_assert_uint_eq(file.digest.len, n);
	ck_assert(cv_bytes_all(file.digest, byte));
}

START_TEST(nothing_measured)
{
	restart();
	start_reading();
	ends();
}
END_TEST

START_TEST(ima_ng)
{
	restart();
	big = _i;
	ng("ima-ng", "sha256:", "/usr/bin/a b\nc\xff");
	ng("ima-ng", "sha1:", "");
	start_reading();
	ck_assert_int_eq(list.big_endian, big);
	tells();
	is(file.alg, "sha256");
	is(file.path, "/usr/bin/a b\nc\xff");
	is_digest(0x22, 32);
	ck_assert(cv_imalog_consistent(&entry));
	ck_assert_uint_eq(entry.pcr, 10);
	tells();
	is(file.path, "");
	ck_assert_uint_eq(entry.end, len);
	ends();
}
END_TEST

START_TEST(version_2)
{
	restart();
	ng("ima-ngv2", "ima:sha512:", "/a");
	ng("ima-ngv2", "verity:sha256:", "/b");
	ng("ima-ngv2", "other:sha256:", "/c");
	start_reading();
	tells();
	is(file.alg, "sha512");
	ck_assert(!file.verity);
	tells();
	is(file.alg, "sha256");
	ck_assert(file.verity);
	reads();
	ck_assert(!cv_imalog_file(&list, &entry, &file, &err));
	ck_assert_int_eq(err.name, CV_E_LOG_TEMPLATE);
}
END_TEST

START_TEST(signed_files)
{
	restart();
	begin(10, "ima-sig");
	put_ng("sha256:", 1, 32);
	put_path("/signed");
	put_field("\3\2\4", 3);
	end();
	begin(10, "ima-modsig");
	put_ng("sha256:", 1, 32);
	put_path("/module");
	put_field("", 0);
	put_ng("sha1:", 2, 20);
	put_field("pkcs7", 5);
	end();
	start_reading();
	tells();
	is(file.signature, "\3\2\4");
	tells();
	is(file.path, "/module");
	is_digest(1, 32);
	ends();
}
END_TEST

/* An entry with the digest of @content. */
static void third_field(const char *template, const char *name, const char *content, const char *third)
{
	struct cv_bytes part = { (const uint8_t *)content, strlen(content) };
	uint8_t digest[8 + CV_HASH_MAX] = "sha256:";

	ck_assert(cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), &part, 1, digest + 8));
	begin(10, template);
	put_field(digest, 8 + 32);
	put_path(name);
	put_field(third, strlen(third));
	end();
}

/* A buffer's digest is of the buffer, whatever the template is called. */
START_TEST(buffers)
{
	static const char *const templates[] = { "ima-buf", "ima-sig", "d-ng|n-ng|buf" };
	const char *template = templates[_i];

	restart();
	third_field(template, "kexec-cmdline", "root=/dev/vda", "root=/dev/vda");
	third_field(template, "/usr/bin/sh", "a program", "\3signature");
	third_field(template, "memfd:x", "a program", "\6signature");
	third_field(template, "/etc/x", "text", "other");
	third_field(template, "kexec-cmdline", "", "");
	third_field(template, "/etc/x", "text", "text");
	third_field(template, "x", "\3text", "\3text");
	start_reading();
	tells();
	ck_assert(file.is_buffer && !file.has_signature);
	is(file.buffer, "root=/dev/vda");
	for (int i = 0; i < 3; i++) {
		tells();
		ck_assert(!file.is_buffer && file.has_signature == (i < 2));
		if (i < 2)
			is(file.signature, i ? "\6signature" : "\3signature");
	}
	/* Could be both. */
	for (int i = 0; i < 3; i++) {
		reads();
		ck_assert(!cv_imalog_file(&list, &entry, &file, &err));
	}
}
END_TEST

/* Of a digest that cannot be computed here it is not told which of both it is. */
START_TEST(a_buffer_of_an_unknown_digest)
{
	restart();
	begin(10, "ima-buf");
	put_ng("wp512:", 1, 64);
	put_path("kexec-cmdline");
	put_field("root=/dev/vda", 13);
	end();
	start_reading();
	reads();
	ck_assert(!cv_imalog_file(&list, &entry, &file, &err));
	ck_assert_int_eq(err.name, CV_E_LOG_TEMPLATE);
}
END_TEST

START_TEST(evm)
{
	restart();
	begin(10, "evm-sig");
	put_ng("sha256:", 1, 32);
	put_path("/f");
	for (int i = 0; i < 7; i++)
		put_field("abcdefg", i);
	end();
	start_reading();
	tells();
	is(file.path, "/f");
}
END_TEST

START_TEST(own_format)
{
	restart();
	begin(10, "d-ng|n-ng|iuid");
	put_ng("sha256:", 7, 32);
	put_path("/first");
	put_field("0", 1);
	end();
	start_reading();
	tells();
	is(file.path, "/first");
	ck_assert(!file.has_signature);
	is_digest(7, 32);
}
END_TEST

/* The oldest template has no length, and pads paths for its digest. */
START_TEST(old_ima)
{
	uint8_t padded[20 + 256] = {}, digest[CV_HASH_MAX];
	struct cv_bytes hashed = { padded, sizeof(padded) };

	memset(padded, 5, 20);
	memcpy(padded + 20, "/old", 4);
	cv_hash_of(cv_hash_by_alg(CV_ALG_SHA1), &hashed, 1, digest);
	restart();
	put_number(10);
	put(digest, 20);
	put_field("ima", 3);
	put(padded, 20);
	put_field("/old", 4);
	ng("ima-ng", "sha256:", "/next");
	start_reading();
	tells();
	is(file.alg, "sha1");
	is(file.path, "/old");
	is_digest(5, 20);
	ck_assert(cv_imalog_consistent(&entry));
	tells();
	is(file.path, "/next");
}
END_TEST

START_TEST(violations)
{
	struct cv_pcr_bank bank, expected;
	uint8_t ones[CV_HASH_MAX];

	restart();
	ng("ima-ng", "sha256:", "/open");
	memset(buf + 4, 0, 20);
	start_reading();
	tells();
	ck_assert(entry.violation);
	memset(ones, 0xff, sizeof(ones));
	for (int i = 0; i < 2; i++) {
		const struct cv_hash *hash = cv_hash_by_alg(i ? CV_ALG_SHA256 : CV_ALG_SHA1);

		cv_pcr_restart(&bank, hash);
		cv_pcr_restart(&expected, hash);
		ck_assert(cv_imalog_extend(&entry, CV_IMALOG_OWN, &bank));
		ck_assert(cv_pcr_extend(&expected, 10, ones));
		ck_assert_mem_eq(bank.value[10], expected.value[10], hash->size);
	}
}
END_TEST

START_TEST(padded_bank)
{
	struct cv_pcr_bank bank, expected;
	uint8_t digest[CV_HASH_MAX] = {};

	restart();
	ng("ima-ng", "sha256:", "/f");
	start_reading();
	tells();
	memcpy(digest, entry.sha1, 20);
	cv_pcr_restart(&bank, cv_hash_by_alg(CV_ALG_SHA256));
	expected = bank;
	ck_assert(cv_imalog_extend(&entry, CV_IMALOG_PADDED, &bank));
	ck_assert(cv_pcr_extend(&expected, 10, digest));
	ck_assert_mem_eq(bank.value[10], expected.value[10], 32);
}
END_TEST

START_TEST(forged_digest)
{
	restart();
	ng("ima-ng", "sha256:", "/f");
	buf[len - 2] = 'g';
	start_reading();
	tells();
	is(file.path, "/g");
	ck_assert(!cv_imalog_consistent(&entry));
}
END_TEST

START_TEST(fields_that_do_not_fit)
{
	static const char *const templates[] = { "ima-ng", "ima-sig", "unheard-of", "n-ng", "d-ng|n-ng|", "n-ng|d-ng" };

	restart();
	begin(10, templates[_i]);
	if (_i == 2) {
		put_path("/f");
		put_path("/f");
	} else if (_i == 5) {
		put_path("/f");		/* a template that tells a file begins with the digest */
		put_ng("sha256:", 1, 32);
	} else {
		put_ng("sha256:", 1, 32);
	}
	end();
	ng("ima-ng", "sha256:", "/next");
	start_reading();
	reads();
	ck_assert(!cv_imalog_file(&list, &entry, &file, &err));
	ck_assert_int_eq(err.name, CV_E_LOG_TEMPLATE);
	tells();		/* and the next one is as good as ever */
	is(file.path, "/next");
}
END_TEST

START_TEST(registers)
{
	restart();
	ng("ima-ng", "sha256:", "/first");
	begin(24, "ima-ng");
	end();
	start_reading();
	reads();
	ck_assert(cv_imalog_next(&list, &entry, &err) == CV_IMALOG_BAD);
	ck_assert_int_eq(err.name, CV_E_LOG_PCR);
}
END_TEST

START_TEST(names)
{
	char name[301];

	memset(name, 'n', 300);
	name[300] = 0;
	restart();
	begin(10, name);
	end();
	refused(CV_E_LOG_TEMPLATE);
	restart();
	begin(10, "");
	end();
	refused(CV_E_LOG_TEMPLATE);
}
END_TEST

START_TEST(claimed_lengths)
{
	restart();
	ng("ima-ng", "sha256:", "/f");
	memset(buf + 24, 0xff, 3);	/* of the name */
	refused(CV_E_LOG_TRUNCATED);
	restart();
	ng("ima-ng", "sha256:", "/f");
	buf[24 + 4 + 6 + 3] = 0x40;	/* 1 GiB of data */
	refused(CV_E_LOG_TRUNCATED);
}
END_TEST

START_TEST(cut_anywhere)
{
	size_t whole, first;

	restart();
	ng("ima-ng", "sha256:", "/first");
	first = len;
	ng("ima-ng", "sha256:", "/second");
	whole = len;
	for (len = 1; len < whole; len++) {
		start_reading();
		if (len >= first)
			tells();
		if (len == first)
			ends();
		else
			ck_assert(cv_imalog_next(&list, &entry, &err) == CV_IMALOG_BAD);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("imalog");
	TCase *tests = tcase_create("made by hand");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, nothing_measured);
	tcase_add_loop_test(tests, ima_ng, 0, 2);
	tcase_add_test(tests, version_2);
	tcase_add_test(tests, signed_files);
	tcase_add_loop_test(tests, buffers, 0, 3);
	tcase_add_test(tests, a_buffer_of_an_unknown_digest);
	tcase_add_test(tests, evm);
	tcase_add_test(tests, own_format);
	tcase_add_test(tests, old_ima);
	tcase_add_test(tests, violations);
	tcase_add_test(tests, padded_bank);
	tcase_add_test(tests, forged_digest);
	tcase_add_loop_test(tests, fields_that_do_not_fit, 0, 6);
	tcase_add_test(tests, registers);
	tcase_add_test(tests, names);
	tcase_add_test(tests, claimed_lengths);
	tcase_add_test(tests, cut_anywhere);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
