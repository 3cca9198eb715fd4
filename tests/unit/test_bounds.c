// SPDX-License-Identifier: GPL-2.0
/* No input makes libcv take more memory than four times its size and a constant, whatever lengths it claims. */
#include <stdlib.h>
#include <cv/boot.h>
#include <cv/criteria.h>
#include <cv/ek.h>
#include <cv/list.h>
#include <cv/roti.h>
#include <cv/token.h>
#include "evidence.h"

/*
 * A text of criteria has 1 MiB at most, and never takes more than twice what its
 * expressions may. Prefixes are sorted in a copy, of which there are as many as may be.
 */
#define CONSTANT	(256u << 10)
#define PREFIXES	(CV_LIST_PREFIXES_MAX * CV_LIST_PREFIX)
#define CRITERIA	(2u * CV_CRITERIA_MEMORY_MAX)

/* Of AddressSanitizer; gcc comes without its header. */
int __sanitizer_install_malloc_and_free_hooks(void (*malloc_hook)(const volatile void *, size_t),
					      void (*free_hook)(const volatile void *));
size_t __sanitizer_get_allocated_size(const volatile void *p);

/* --- what is allocated, at most, while something is read --------------------------------- */

static size_t now, most;

static void count_malloc(const volatile void *p, size_t size)
{
	(void)p;
	now += size;
	most = now > most ? now : most;
}

/* The allocator does not tell it by the hook. */
static void count_free(const volatile void *p)
{
	size_t size = p ? __sanitizer_get_allocated_size(p) : 0;

	now -= size < now ? size : now;
}

static void within(const char *what, struct cv_bytes input, size_t constant)
{
	ck_assert_msg(most <= 4 * input.len + constant, "%s: %zu bytes for %zu", what, most, input.len);
	now = most = 0;
}

/* --- readers ---------------------------------------------------------------------------------- */

static const struct cv_module *const modules[] = { &cv_boot_module, &cv_ima_module };
static const struct cv_catalog catalog = { modules, 2 };

static void read_criteria(struct cv_bytes input)
{
	struct cv_criteria_env env = { &catalog, NULL, NULL };
	struct cv_error err;
	struct cv_spot spot;

	cv_criteria_free(cv_criteria_parse(input, &env, &spot, &err));
}

static void read_prefixes(struct cv_bytes input)
{
	struct cv_error err;
	struct cv_list list;

	cv_list_read(&list, CV_PREFIX, input, &err);
	cv_list_clear(&list);
}

static void read_digests(struct cv_bytes input)
{
	struct cv_error err;
	struct cv_list list;

	cv_list_read(&list, CV_DIGEST, input, &err);
	cv_list_clear(&list);
}

static void read_logs(struct cv_bytes input)
{
	struct cv_attester node = { .n_banks = 1 };
	struct cv_imalog_entry entry;
	struct cv_imafile file;
	struct cv_imalog log;
	struct cv_boot boot;

	if (cv_fwlog_replay(input, cv_hash_by_alg(CV_ALG_SHA256), &node.bank[0], NULL))
		cv_boot_read(&boot, input, &node, 0, ~0u, (struct cv_bytes) { input.data, input.len < 60000 ? input.len : 60000 }, NULL);
	cv_imalog_begin(&log, input);
	while (cv_imalog_next(&log, &entry, NULL) == CV_IMALOG_ENTRY)
		cv_imalog_file(&log, &entry, &file, NULL);
}

static void read_structures(struct cv_bytes input)
{
	struct cv_bytes der;
	struct cv_roti roti;
	struct cv_key key;
	struct cv_ek ek;

	cv_key_read(&key, input, NULL);
	cv_key_clear(&key);
	cv_ek_read(&ek, input, NULL);
	cv_ek_clear(&ek);
	cv_ek_cert_find(input, &der, NULL);
	cv_roti_read(&roti, input, NULL);
}

static const struct { const char *name; size_t constant; void (*read)(struct cv_bytes input); } readers[] = {
	{ "criteria", CRITERIA, read_criteria }, { "list of prefixes", PREFIXES, read_prefixes },
	{ "list of digests", CONSTANT, read_digests }, { "logs", CONSTANT, read_logs },
	{ "TPM structures, certificates, proofs", CONSTANT, read_structures },
};

/* --- inputs -------------------------------------------------------------------------------------- */

/* As many of @unit as fill @size bytes, between two texts. */
static void repeated(const char *before, const char *unit, const char *after, size_t size)
{
	size_t len = strlen(before), n = strlen(unit);
	char *text = malloc(size + len + n + strlen(after) + 1);
	struct cv_bytes input = { (uint8_t *)text, 0 };

	strcpy(text, before);
	for (; len < size; len += n)
		memcpy(text + len, unit, n);
	strcpy(text + len, after);
	input.len = len + strlen(after);
	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		now = most = 0;
		readers[i].read(input);
		within(readers[i].name, input, readers[i].constant);
	}
	free(text);
}

static const struct { const char *before, *unit, *after; } texts[] = {
	{ "criteria \"x\" {\n", "boot.secure_boot == true\n", "}" },
	{ "criteria \"x\" {\n boot.secure_boot == true", " or boot.secure_boot == true", "}" },
	{ "criteria \"x\" {\n boot.cmdline in { \"a\"", ",\"a\"", "} }" },
	{ "criteria \"x\" {\n boot.cmdline == \"", "\\x00", "\" }" },
	{ "criteria \"x\" {\n", "not ", "boot.secure_boot == true }" },
	{ "criteria \"x\" {\n", "rules \"a\" { boot.secure_boot == true }\n", "}" },
	{ "", "1.2.3.4\n", "" }, { "", "::/0\n", "" }, { "", "\n", "" },
	{ "", "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n", "" },
	{ "", "sha1:1111111111111111111111111111111111111111\n", "" },
	{ "", "\xff", "" }, { "", "\x01", "" },
};

START_TEST(no_text_takes_more_than_four_times_its_size)
{
	static const size_t sizes[] = { 100, 10000, 900000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		repeated(texts[_i].before, texts[_i].unit, texts[_i].after, sizes[i]);
}
END_TEST

/* Any four bytes of real evidence claim 1 GiB. */
START_TEST(no_claim_takes_more)
{
	static const char *const files[] = { "binary_bios_measurements", "binary_runtime_measurements", "ak.tpm2b_public", "quote.sig", "ek.crt" };
	static const uint8_t claim[2][4] = { { 0, 0, 0, 0x40 }, { 0x40, 0, 0, 0 } };
	struct blob whole;
	uint8_t saved[4];

	evidence_load(&whole, "verity", files[_i]);
	whole.len = whole.len < 3000 ? whole.len : 3000;
	for (size_t at = 0; at + 4 <= whole.len; at++) {
		memcpy(saved, whole.data + at, 4);
		memcpy(whole.data + at, claim[at % 2], 4);
		now = most = 0;
		read_logs(of(&whole));
		read_structures(of(&whole));
		within(files[_i], of(&whole), CONSTANT);
		memcpy(whole.data + at, saved, 4);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bounds");
	TCase *tests = tcase_create("memory");
	SRunner *runner = srunner_create(suite);
	int failed;

	__sanitizer_install_malloc_and_free_hooks(count_malloc, count_free);
	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, no_text_takes_more_than_four_times_its_size, 0, sizeof(texts) / sizeof(texts[0]));
	tcase_add_loop_test(tests, no_claim_takes_more, 0, 5);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
