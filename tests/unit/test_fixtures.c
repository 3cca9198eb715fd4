// SPDX-License-Identifier: GPL-2.0
/*
 * Each log in tests/fixtures, with what is expected of it. With "--write DIR"
 * the firmware's logs go there as bytes, for other programs.
 */
#include <dirent.h>
#include <cv/criteria.h>
#include "evidence.h"
#include "fixture.h"

#define MADE	"tests/fixtures"

static struct fixture f;
static struct cv_pcr_bank bank;
static struct cv_error err;
static unsigned int n_expected;

/* --- what comes out -------------------------------------------------------------------------- */

static struct cv_bytes firmware(void)
{
	return (struct cv_bytes) { f.firmware, f.firmware_len };
}

static struct cv_bytes ima(void)
{
	return (struct cv_bytes) { f.ima, f.ima_len };
}

/* Both logs to the registers of @hash; false and err if one is refused. */
static bool replay(const struct cv_hash *hash)
{
	struct cv_imalog_entry entry;
	enum cv_imalog_next next;
	struct cv_imalog log;

	err = (struct cv_error) {};
	cv_pcr_restart(&bank, hash);
	if (f.has_firmware && !cv_fwlog_replay(firmware(), hash, &bank, &err))
		return false;
	cv_imalog_begin(&log, ima());
	while ((next = cv_imalog_next(&log, &entry, &err)) == CV_IMALOG_ENTRY)
		ck_assert(cv_imalog_extend(&entry, f.padded ? CV_IMALOG_PADDED : CV_IMALOG_OWN, &bank));
	return next == CV_IMALOG_END;
}

static void check_register(const char *file, const char *at)
{
	char hex[2 * CV_HASH_MAX + 1] = "";
	struct word name, expected;
	unsigned int pcr;

	fixture_word(&at, &name);
	pcr = fixture_number(&at);
	fixture_word(&at, &expected);
	ck_assert_msg(replay(fixture_hash(name.text)), "%s: %s: %s", file, name.text, err.text);
	for (int i = 0; i < bank.hash->size; i++)
		sprintf(hex + 2 * i, "%02x", bank.value[pcr][i]);
	ck_assert_msg(!strcmp(hex, expected.text), "%s: PCR %u of %s is %s, expected %s", file, pcr, name.text, hex, expected.text);
}

static void check_refused(const char *file, const char *at)
{
	struct word name;

	fixture_word(&at, &name);
	ck_assert_msg(!replay(f.n_banks ? f.bank[f.n_banks - 1] : fixture_hash("sha256")), "%s: taken", file);
	ck_assert_msg(!strcmp(cv_error_name(err.name), name.text), "%s: %s: %s", file, cv_error_name(err.name), err.text);
}

static char why[512];

static void keep(void *context, const struct cv_rule_report *report)
{
	(void)context;
	snprintf(why, sizeof(why), "%s (%s)", report->why, report->from);
}

static void check_rule(const char *file, const char *at)
{
	static const struct cv_module *const modules[] = { &cv_boot_module, &cv_ima_module };
	static const struct cv_catalog catalog = { modules, 2 };
	struct cv_criteria_env env = { &catalog, NULL, NULL };
	struct cv_ima list = { ima(), 0, true };
	struct cv_evidence evidence[2] = { { &cv_ima_module, &list }, { &cv_boot_module, NULL } };
	struct cv_attester node = { .n_banks = 1 };
	struct cv_criteria *criteria;
	struct cv_boot boot;
	enum cv_verdict verdict;
	struct cv_spot spot;
	struct word expected;
	char text[2048];

	fixture_word(&at, &expected);
	snprintf(text, sizeof(text), "criteria \"x\" { %s }", at);
	ck_assert_msg(replay(f.n_banks ? f.bank[f.n_banks - 1] : fixture_hash("sha256")), "%s: %s", file, err.text);
	if (f.has_firmware) {
		node.bank[0] = bank;
		node.at_start = began_with(ima(), &bank);
		ck_assert_msg(cv_boot_read(&boot, firmware(), &node, 0, ~0u, (struct cv_bytes) { (uint8_t *)f.cmdline, strlen(f.cmdline) }, &err),
			      "%s: %s", file, err.text);
		evidence[1].data = &boot;
	}
	criteria = cv_criteria_parse((struct cv_bytes) { (uint8_t *)text, strlen(text) }, &env, &spot, &err);
	ck_assert_msg(criteria != NULL, "%s: %s: %s", file, text, err.text);
	verdict = cv_criteria_judge(criteria, evidence, f.has_firmware ? 2 : 1, keep, NULL);
	cv_criteria_free(criteria);
	ck_assert_msg(!strcmp(cv_verdict_name(verdict), expected.text), "%s: %s: %s: %s", file, at, cv_verdict_name(verdict), why);
}

/* --- files ------------------------------------------------------------------------------------- */

static void read_line(const char *file, const char *line)
{
	static const struct { const char *name; void (*check)(const char *file, const char *at); } checks[] = {
		{ "register", check_register }, { "refused", check_refused }, { "rule", check_rule },
	};
	const char *at = line;
	struct word directive;

	if (*line == '#' || !fixture_word(&at, &directive) || fixture_line(&f, directive.text, at))
		return;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		if (strcmp(checks[i].name, directive.text))
			continue;
		checks[i].check(file, at);
		n_expected++;
		return;
	}
	ck_abort_msg("%s: no directive \"%s\"", file, directive.text);
}

static char *names[256];
static int n_names;

static const char *write_to;

static void write_firmware(const char *name)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", write_to, name);
	file = fopen(path, "w");
	ck_assert_msg(file != NULL, "%s", path);
	ck_assert_uint_eq(fwrite(f.firmware, 1, f.firmware_len, file), f.firmware_len);
	ck_assert(!fclose(file));
}

START_TEST(a_log_is_judged_as_it_should)
{
	char path[512], line[4096];
	FILE *file;

	f = (struct fixture) {};
	snprintf(path, sizeof(path), MADE "/%s", names[_i]);
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s", path);
	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = 0;
		read_line(names[_i], line);
	}
	fclose(file);
	ck_assert_msg(n_expected > 0, "%s: nothing is expected", names[_i]);
	if (write_to && f.has_firmware)
		write_firmware(names[_i]);
}
END_TEST

/* Each name once, in order. */
static int order(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void find(void)
{
	DIR *dir = opendir(MADE);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && n_names < 256)
			names[n_names++] = strdup(entry->d_name);
	if (dir)
		closedir(dir);
	qsort(names, n_names, sizeof(names[0]), order);
}

int main(int argc, char **argv)
{
	Suite *suite = suite_create("fixtures");
	TCase *tests = tcase_create("made");
	SRunner *runner;
	int failed;

	find();
	if (argc == 3 && !strcmp(argv[1], "--write"))
		write_to = argv[2];
	runner = srunner_create(suite);
	tcase_add_loop_test(tests, a_log_is_judged_as_it_should, 0, n_names);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed || n_names < 40 ? 1 : 0;
}
