// SPDX-License-Identifier: GPL-2.0
/* Lists: what a text may hold, that both forms are one list, and that looking up finds what is there and nothing else. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <cv/list.h>

static struct cv_bytes text_of(const char *text)
{
	return (struct cv_bytes) { (const uint8_t *)text, strlen(text) };
}

static void refused(enum cv_type type, const char *text, const char *says)
{
	struct cv_error err = {};
	struct cv_list list;

	ck_assert_msg(!cv_list_read(&list, type, text_of(text), &err), "taken: %s", text);
	ck_assert_int_eq(err.name, CV_E_LIST_FORMAT);
	ck_assert_msg(strstr(err.text, says), "%s: %s", text, err.text);
	cv_list_clear(&list);
}

#define ZEROS	"0000000000000000000000000000000000000000000000000000000000000000"

START_TEST(wrong_lines_are_refused_by_their_number)
{
	refused(CV_DIGEST, "# x\n\n  zz\n", "line 3: \"zz\"");
	refused(CV_DIGEST, ZEROS "0", "line 1");
	refused(CV_DIGEST, "sha256:" ZEROS "\nsha1:0000000000000000000000000000000000000000\n", "line 2");
	refused(CV_DIGEST, "sha9:" ZEROS, "line 1");
	refused(CV_DIGEST, "\001\n", "line 1: \"\"");
	refused(CV_PREFIX, "10.0.0.1/8", "no bits set");
	refused(CV_PREFIX, "10.0.0.0/33", "line 1");
	refused(CV_PREFIX, "::/129", "line 1");
	refused(CV_PREFIX, "10.0.0", "line 1");
	refused(CV_STRING, "a", "of type string");
}
END_TEST

/* Digests that nobody chose, and some that somebody did, all alike at the beginning. */
static void make(uint8_t digest[CV_HASH_MAX], unsigned int i)
{
	struct cv_bytes part = { (uint8_t *)&i, sizeof(i) };

	cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), &part, 1, digest);
	if (i % 3 == 0)
		memset(digest, 0x77, 20);
}

#define N	3000

static char *make_text(void)
{
	char *text = malloc(N * 80), *end = text;
	uint8_t digest[CV_HASH_MAX];

	for (unsigned int i = 0; i < N; i++) {
		make(digest, i);
		for (int j = 0; j < 32; j++)
			end += sprintf(end, "%02x", digest[j]);
		end += sprintf(end, i % 2 ? "  /usr/bin/%u\n" : "\n", i);
	}
	return text;
}

static enum cv_verdict has(const struct cv_list *list, unsigned int i)
{
	uint8_t digest[CV_HASH_MAX];
	struct cv_value value = { .type = CV_DIGEST };

	make(digest, i);
	value.digest.hash = cv_hash_by_alg(CV_ALG_SHA256);
	value.digest.bytes = digest;
	return cv_list_has(list, &value);
}

static uint8_t *compile(const struct cv_list *list, size_t *len)
{
	uint8_t *all;

	*len = CV_LIST_HEADER + list->n * list->hash->size;
	all = malloc(*len);
	cv_list_header(list, all);
	memcpy(all + CV_LIST_HEADER, list->digests, *len - CV_LIST_HEADER);
	return all;
}

START_TEST(both_forms_are_one_list)
{
	char *text = make_text();
	struct cv_list read, view;
	struct cv_error err;
	uint8_t *compiled;
	size_t len;

	ck_assert(cv_list_read(&read, CV_DIGEST, text_of(text), &err));
	ck_assert_uint_eq(read.n, N);
	compiled = compile(&read, &len);
	ck_assert(cv_list_is_compiled((struct cv_bytes) { compiled, len }));
	ck_assert_msg(cv_list_view(&view, (struct cv_bytes) { compiled, len }, &err), "%s", err.text);
	ck_assert_mem_eq(read.id, view.id, CV_LIST_ID);
	for (unsigned int i = 0; i < 2 * N; i++) {
		ck_assert_int_eq(has(&read, i), i < N ? CV_SATISFIED : CV_VIOLATED);
		ck_assert_int_eq(has(&view, i), i < N ? CV_SATISFIED : CV_VIOLATED);
	}
	cv_list_clear(&read);
	cv_list_clear(&view);
	free(compiled);
	free(text);
}
END_TEST

START_TEST(compiled_lists_that_lie_are_refused)
{
	char *text = make_text();
	struct cv_list read, view;
	struct cv_error err;
	uint8_t *compiled, kept;
	size_t len;

	ck_assert(cv_list_read(&read, CV_DIGEST, text_of(text), &err));
	compiled = compile(&read, &len);
	/* Shorter, longer by claim, another algorithm, another header, another order. */
	for (size_t cut = 1; cut < 100; cut++)
		ck_assert(!cv_list_view(&view, (struct cv_bytes) { compiled, len - cut }, &err));
	for (size_t cut = 0; cut < 100; cut++)
		ck_assert(!cv_list_view(&view, (struct cv_bytes) { compiled, cut }, &err));
	for (size_t i = 0; i < CV_LIST_HEADER; i++) {
		kept = compiled[i];
		compiled[i] ^= 0x41;
		ck_assert(!cv_list_view(&view, (struct cv_bytes) { compiled, len }, &err));
		ck_assert_int_eq(err.name, CV_E_LIST_FORMAT);
		compiled[i] = kept;
	}
	compiled[CV_LIST_HEADER] = 0xff;
	ck_assert(!cv_list_view(&view, (struct cv_bytes) { compiled, len }, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "ascend"));
	cv_list_clear(&read);
	free(compiled);
	free(text);
}
END_TEST

START_TEST(a_digest_of_another_algorithm_is_unknown)
{
	struct cv_list list;
	struct cv_value value;
	uint8_t room[CV_HASH_MAX];

	ck_assert(cv_list_read(&list, CV_DIGEST, text_of("sha1:1111111111111111111111111111111111111111\n"), NULL));
	ck_assert(cv_value_read(&value, CV_DIGEST, text_of("sha256:" ZEROS), room));
	ck_assert_int_eq(cv_list_has(&list, &value), CV_UNKNOWN);
	cv_list_clear(&list);
	ck_assert(cv_list_read(&list, CV_DIGEST, text_of("# nothing\n"), NULL));
	ck_assert_int_eq(cv_list_has(&list, &value), CV_VIOLATED);
	cv_list_clear(&list);
}
END_TEST

static enum cv_verdict covers(const struct cv_list *list, const char *address)
{
	struct cv_value value;

	ck_assert_msg(cv_value_read(&value, CV_ADDRESS, text_of(address), NULL), "%s", address);
	return cv_list_has(list, &value);
}

START_TEST(addresses_are_found_in_the_prefix_that_covers_them)
{
	static const char *const in[] = { "10.0.0.0", "10.255.255.255", "192.0.2.7", "2001:db8::", "2001:db8:ffff::1", "10.3.4.5" };
	static const char *const out[] = { "9.255.255.255", "11.0.0.0", "192.0.2.6", "192.0.2.8", "2001:db7:ffff::", "2001:db9::",
					   "0.0.0.0", "255.255.255.255", "::", "::ffff:10.0.0.1" };
	struct cv_list list, other;

	ck_assert(cv_list_read(&list, CV_PREFIX, text_of("10.3.0.0/16\n192.0.2.7\n2001:db8::/32\n10.0.0.0/8\n10.3.4.0/24\n"), NULL));
	ck_assert_uint_eq(list.n, 3);
	for (size_t i = 0; i < sizeof(in) / sizeof(in[0]); i++)
		ck_assert_msg(covers(&list, in[i]) == CV_SATISFIED, "%s", in[i]);
	for (size_t i = 0; i < sizeof(out) / sizeof(out[0]); i++)
		ck_assert_msg(covers(&list, out[i]) == CV_VIOLATED, "%s", out[i]);
	/* What another prefix covers makes no difference. */
	ck_assert(cv_list_read(&other, CV_ADDRESS, text_of("2001:db8::/32 # x\n10.0.0.0/8\n192.0.2.7/32\n"), NULL));
	ck_assert_mem_eq(list.id, other.id, CV_LIST_ID);
	cv_list_clear(&list);
	ck_assert(cv_list_read(&list, CV_PREFIX, text_of("0.0.0.0/0"), NULL));
	ck_assert_int_eq(covers(&list, "1.2.3.4"), CV_SATISFIED);
	ck_assert_int_eq(covers(&list, "::1"), CV_VIOLATED);
	cv_list_clear(&list);
	cv_list_clear(&other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");
	TCase *tests = tcase_create("lists");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, wrong_lines_are_refused_by_their_number);
	tcase_add_test(tests, both_forms_are_one_list);
	tcase_add_test(tests, compiled_lists_that_lie_are_refused);
	tcase_add_test(tests, a_digest_of_another_algorithm_is_unknown);
	tcase_add_test(tests, addresses_are_found_in_the_prefix_that_covers_them);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
