// SPDX-License-Identifier: GPL-2.0
/* Firmware logs made by hand: one for each way in which real ones, or forged ones, are odd. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <cv/fwlog.h>

#define EV_POST_CODE	1
#define EV_SEPARATOR	4
#define EV_EVENT_TAG	6

static uint8_t buf[1 << 16];
static size_t len;
static struct cv_pcr_bank bank;
static struct cv_error err;

/* --- writing a log --------------------------------------------------------- */

static void put(const void *data, size_t n)
{
	memcpy(buf + len, data, n);
	len += n;
}

static void put_le(uint64_t v, unsigned int size)
{
	for (; size--; v >>= 8)
		buf[len++] = v & 0xff;
}

static void put_repeated(uint8_t byte, size_t n)
{
	memset(buf + len, byte, n);
	len += n;
}

static void sha1_event(uint32_t pcr, uint32_t type, uint8_t digest, const void *body, size_t n)
{
	put_le(pcr, 4);
	put_le(type, 4);
	put_repeated(digest, 20);
	put_le(n, 4);
	put(body, n);
}

/* The header, with so many banks of ALG and SIZE. */
static void header(unsigned int n, const uint16_t (*banks)[2])
{
	uint8_t body[256] = "Spec ID Event03";
	size_t at = 16 + 8;

	body[at] = n;
	at += 4;
	for (unsigned int i = 0; i < n; i++, at += 4) {
		body[at] = banks[i][0] & 0xff;
		body[at + 1] = banks[i][0] >> 8;
		body[at + 2] = banks[i][1];
	}
	len = 0;
	sha1_event(0, CV_EV_NO_ACTION, 0, body, at + 1);
}

static const uint16_t sha256_only[][2] = { { CV_ALG_SHA256, 32 } };
static const uint16_t sha384_only[][2] = { { CV_ALG_SHA384, 48 } };
static const uint16_t two[][2] = { { CV_ALG_SHA1, 20 }, { CV_ALG_SHA256, 32 } };
static const uint16_t with_unknown[][2] = { { 0x0012, 32 }, { CV_ALG_SHA256, 32 } };
static const uint16_t twice[][2] = { { CV_ALG_SHA256, 32 }, { CV_ALG_SHA256, 32 } };
static const uint16_t wrong_size[][2] = { { CV_ALG_SHA256, 20 } };

/* One digest, all of its bytes the same. */
static void event(uint32_t pcr, uint32_t type, uint16_t alg, size_t size, uint8_t digest,
		  const void *body, size_t n)
{
	put_le(pcr, 4);
	put_le(type, 4);
	put_le(1, 4);
	put_le(alg, 2);
	put_repeated(digest, size);
	put_le(n, 4);
	put(body, n);
}

static void event256(uint32_t pcr, uint32_t type, uint8_t digest, const void *body, size_t n)
{
	event(pcr, type, CV_ALG_SHA256, 32, digest, body, n);
}

static void locality(uint8_t locality, size_t extra)
{
	uint8_t body[64] = "StartupLocality";

	body[16] = locality;
	event256(0, CV_EV_NO_ACTION, 0, body, 17 + extra);
}

/* --- judging it ------------------------------------------------------------- */

static bool replays(uint16_t alg)
{
	err.name = CV_E_NONE;
	return cv_fwlog_replay((struct cv_bytes) { buf, len }, cv_hash_by_alg(alg), &bank, &err);
}

static void refused(uint16_t alg, enum cv_error_name name)
{
	ck_assert_msg(!replays(alg), "accepted, expected %s", cv_error_name(name));
	ck_assert_msg(err.name == name, "expected %s, got %s: %s", cv_error_name(name),
		      cv_error_name(err.name), err.text);
	ck_assert_uint_gt(strlen(err.text), 10);
}

/* PCR n is what a start value and digests of these bytes make. */
static void is(unsigned int pcr, uint8_t start, const uint8_t *digests, size_t n)
{
	uint8_t value[CV_HASH_MAX] = {}, digest[CV_HASH_MAX];
	size_t size = bank.hash->size;

	value[size - 1] = start;
	for (size_t i = 0; i < n; i++) {
		memset(digest, digests[i], size);
		struct cv_bytes parts[] = { { value, size }, { digest, size } };

		ck_assert(cv_hash_of(bank.hash, parts, 2, value));
	}
	ck_assert_mem_eq(bank.value[pcr], value, size);
}

#define IS(pcr, start, ...) \
	is(pcr, start, (const uint8_t[]) { __VA_ARGS__ }, sizeof((const uint8_t[]) { __VA_ARGS__ }))

START_TEST(no_log_is_no_pass)
{
	len = 0;
	refused(CV_ALG_SHA256, CV_E_LOG_ABSENT);
}
END_TEST

START_TEST(a_log_without_events)
{
	header(1, sha256_only);
	ck_assert(replays(CV_ALG_SHA256));
	ck_assert_uint_eq(bank.extended, 0);
}
END_TEST

START_TEST(every_bank)
{
	header(1, sha256_only);
	event256(7, EV_SEPARATOR, 0xaa, "", 0);
	event256(7, EV_SEPARATOR, 0xbb, "", 0);
	ck_assert(replays(CV_ALG_SHA256));
	IS(7, 0, 0xaa, 0xbb);
	refused(CV_ALG_SHA1, CV_E_LOG_DIGEST);

	header(1, sha384_only);
	event(2, EV_SEPARATOR, CV_ALG_SHA384, 48, 0xcc, "", 0);
	ck_assert(replays(CV_ALG_SHA384));
	IS(2, 0, 0xcc);
	refused(CV_ALG_SHA256, CV_E_LOG_DIGEST);
}
END_TEST

START_TEST(unknown_bank_beside)
{
	header(2, with_unknown);
	put_le(3, 4);
	put_le(EV_SEPARATOR, 4);
	put_le(2, 4);
	put_le(0x0012, 2);
	put_repeated(1, 32);
	put_le(CV_ALG_SHA256, 2);
	put_repeated(2, 32);
	put_le(0, 4);
	ck_assert(replays(CV_ALG_SHA256));
	IS(3, 0, 2);
}
END_TEST

START_TEST(startup_locality)
{
	header(1, sha256_only);
	locality(3, 0);
	event256(0, EV_POST_CODE, 1, "", 0);
	ck_assert(replays(CV_ALG_SHA256));
	IS(0, 3, 1);

	header(1, sha256_only);
	locality(4, 0);
	event256(0, CV_EV_HCRTM, 1, "HCRTM", 5);
	ck_assert(replays(CV_ALG_SHA256));
	IS(0, 4, 1);
}
END_TEST

START_TEST(hcrtm_without_locality)
{
	header(1, sha256_only);
	event256(0, CV_EV_HCRTM, 1, "HCRTM", 5);
	event256(0, EV_POST_CODE, 2, "", 0);
	ck_assert(replays(CV_ALG_SHA256));
	IS(0, 4, 1, 2);
}
END_TEST

START_TEST(padded_locality)
{
	header(1, sha256_only);
	locality(3, 7);
	event256(0, EV_POST_CODE, 1, "", 0);
	ck_assert(replays(CV_ALG_SHA256));
	IS(0, 3, 1);
}
END_TEST

START_TEST(late_locality)
{
	header(1, sha256_only);
	event256(0, EV_POST_CODE, 1, "", 0);
	locality(3, 0);
	refused(CV_ALG_SHA256, CV_E_LOG_LOCALITY);
}
END_TEST

START_TEST(no_header_is_sha1)
{
	len = 0;
	sha1_event(0, CV_EV_NO_ACTION, 0, "StartupLocality\0\3", 17);
	sha1_event(0, EV_POST_CODE, 1, "ACPI DATA", 9);
	ck_assert(replays(CV_ALG_SHA1));
	IS(0, 3, 1);
	refused(CV_ALG_SHA256, CV_E_LOG_DIGEST);

	len = 0;
	sha1_event(7, EV_SEPARATOR, 9, "\0\0\0\0", 4);
	ck_assert(replays(CV_ALG_SHA1));
	IS(7, 0, 9);
}
END_TEST

/* Bodies are the firmware's affair; digests are what counts. */
START_TEST(bodies_do_not_matter)
{
	static const char junk[50] = "\xff\xff";

	header(1, sha256_only);
	event256(0, EV_POST_CODE, 1, "POST CODE", 9);
	event256(0, EV_SEPARATOR, 2, junk, 50);
	event256(0, EV_EVENT_TAG, 3, junk, 3);
	event256(0, CV_EV_NO_ACTION, 0, "StartupLoc", 10);
	event256(0, CV_EV_NO_ACTION, 0, "", 0);
	event256(0, 0xdeadbeef, 4, junk, 1);
	ck_assert(replays(CV_ALG_SHA256));
	IS(0, 0, 1, 2, 3, 4);
}
END_TEST

START_TEST(padding_ends)
{
	for (int byte = 0; byte <= 0xff; byte += 0xff) {
		header(1, sha256_only);
		event256(4, EV_SEPARATOR, 5, "", 0);
		put_repeated(byte, 1 + _i);
		ck_assert(replays(CV_ALG_SHA256));
		IS(4, 0, 5);
	}
}
END_TEST

START_TEST(registers)
{
	header(1, sha256_only);
	event256(23, EV_SEPARATOR, 5, "", 0);
	event256(0xffffffff, CV_EV_NO_ACTION, 0, "NvIndexInstance", 16);
	ck_assert(replays(CV_ALG_SHA256));
	IS(23, 0, 5);
	event256(24, EV_SEPARATOR, 5, "", 0);
	refused(CV_ALG_SHA256, CV_E_LOG_PCR);

	header(1, sha256_only);
	event256(0xffffffff, EV_SEPARATOR, 5, "", 0);
	event256(0, EV_SEPARATOR, 5, "", 0);
	refused(CV_ALG_SHA256, CV_E_LOG_PCR);
}
END_TEST

START_TEST(impossible_headers)
{
	header(2, twice);
	refused(CV_ALG_SHA256, CV_E_LOG_HEADER);
	header(1, wrong_size);
	refused(CV_ALG_SHA256, CV_E_LOG_HEADER);
	header(0, NULL);
	refused(CV_ALG_SHA256, CV_E_LOG_HEADER);
	header(1, sha256_only);
	buf[32 + 24] = 9;		/* banks */
	refused(CV_ALG_SHA256, CV_E_LOG_HEADER);
	buf[32 + 24] = 2;		/* and a body for one */
	refused(CV_ALG_SHA256, CV_E_LOG_HEADER);
}
END_TEST

START_TEST(impossible_digests)
{
	header(2, two);
	event256(0, EV_SEPARATOR, 1, "", 0);	/* one of two banks */
	ck_assert(replays(CV_ALG_SHA256));
	refused(CV_ALG_SHA1, CV_E_LOG_DIGEST);

	header(1, sha256_only);
	event(0, EV_SEPARATOR, CV_ALG_SHA384, 48, 1, "", 0);
	refused(CV_ALG_SHA256, CV_E_LOG_DIGEST);

	header(2, two);
	put_le(0, 4);
	put_le(EV_SEPARATOR, 4);
	put_le(2, 4);
	for (int i = 0; i < 2; i++) {
		put_le(CV_ALG_SHA256, 2);
		put_repeated(1, 32);
	}
	put_le(0, 4);
	refused(CV_ALG_SHA256, CV_E_LOG_DIGEST);

	header(1, sha256_only);
	put_le(1, 4);
	put_le(EV_SEPARATOR, 4);
	put_le(0x7fffffff, 4);
	refused(CV_ALG_SHA256, CV_E_LOG_DIGEST);
}
END_TEST

START_TEST(claimed_lengths)
{
	static const uint32_t lengths[] = { 1, 1 << 30, 0x7fffffff, 0xffffffff };

	for (unsigned int i = 0; i < 4; i++) {
		header(1, sha256_only);
		event256(1, EV_SEPARATOR, 1, "", 0);
		len -= 4;
		put_le(lengths[i], 4);
		refused(CV_ALG_SHA256, CV_E_LOG_TRUNCATED);
	}
}
END_TEST

/* Cut anywhere but between two events, a log is refused. */
START_TEST(cut_anywhere)
{
	size_t ends[4], whole, at;
	int n = 0;

	header(1, sha256_only);
	ends[n++] = len;
	event256(1, EV_SEPARATOR, 1, "abc", 3);
	ends[n++] = len;
	event256(2, EV_SEPARATOR, 2, "defg", 4);
	ends[n++] = len;
	whole = len;
	for (at = ends[0] + 1; at < whole; at++) {
		len = at;
		if (at == ends[1])
			ck_assert(replays(CV_ALG_SHA256));
		else
			refused(CV_ALG_SHA256, CV_E_LOG_TRUNCATED);
	}
	for (at = 1; at < ends[0]; at++) {
		len = at;
		ck_assert(!replays(CV_ALG_SHA256));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fwlog");
	TCase *tests = tcase_create("made by hand");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, no_log_is_no_pass);
	tcase_add_test(tests, a_log_without_events);
	tcase_add_test(tests, every_bank);
	tcase_add_test(tests, unknown_bank_beside);
	tcase_add_test(tests, startup_locality);
	tcase_add_test(tests, hcrtm_without_locality);
	tcase_add_test(tests, padded_locality);
	tcase_add_test(tests, late_locality);
	tcase_add_test(tests, no_header_is_sha1);
	tcase_add_test(tests, bodies_do_not_matter);
	tcase_add_loop_test(tests, padding_ends, 0, 100);
	tcase_add_test(tests, registers);
	tcase_add_test(tests, impossible_headers);
	tcase_add_test(tests, impossible_digests);
	tcase_add_test(tests, claimed_lengths);
	tcase_add_test(tests, cut_anywhere);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
