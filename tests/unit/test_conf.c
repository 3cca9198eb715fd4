// SPDX-License-Identifier: GPL-2.0
/* Configuration files: what is read, and what is refused where. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <cv/conf.h>

static const char *text;
static uint32_t ms, number;
static bool yes;
static struct cv_error err;

static const struct cv_conf_entry entries[] = {
	{ "name", CV_CONF_TEXT, true, &text, 0, 0 }, { "time", CV_CONF_MS, false, &ms, 100, 3600000 },
	{ "number", CV_CONF_NUMBER, false, &number, 1, 10 }, { "yes", CV_CONF_YES, false, &yes, 0, 0 }, {}
};

/* In a room of its own, for the sanitizer. */
static bool reads(const char *file)
{
	static char *copy;

	free(copy);
	copy = malloc(strlen(file) + 1);
	memcpy(copy, file, strlen(file));
	err = (struct cv_error) {};
	ms = number = 7;
	return cv_conf_read(copy, strlen(file), entries, &err);
}

START_TEST(what_is_told_is_read)
{
	ck_assert_msg(reads("# a comment\n\n  name =  a b = c \ntime=30 s\n number = 10\nyes = yes"), "%s", err.text);
	ck_assert_str_eq(text, "a b = c");
	ck_assert_uint_eq(ms, 30000);
	ck_assert_uint_eq(number, 10);
	ck_assert(yes);
	ck_assert(reads("name = x\n"));
	ck_assert_uint_eq(ms, 7);
	ck_assert(reads("name = x\ntime = 500 ms\n") && ms == 500);
	ck_assert(reads("name = x\ntime = 1h\n") && ms == 3600000);
	ck_assert(reads("name = x\r\ntime = 2 min\r\n") && ms == 120000);
}
END_TEST

static const struct { const char *file, *why; } wrong[] = {
	{ "", "name is not told" },
	{ "name = x\nname = y\n", "line 2: name was told before" },
	{ "name = x\nnme = y\n", "line 2: nothing is called \"nme\"" },
	{ "name\n", "line 1: got \"name\", expected name = value" },
	{ "name =\n", "line 1: name is empty" },
	{ "\n\nname = x\ntime = 30\n", "line 4: time: got \"30\", expected a time, as 30 s" },
	{ "name = x\ntime = 30 parsecs\n", "expected a time" },
	{ "name = x\ntime = -1 s\n", "expected a time" },
	{ "name = x\ntime = 99 ms\n", "line 2: time is 99 ms, expected 100 ms to 3600000 ms" },
	{ "name = x\ntime = 4294967295 h\n", "expected 100 ms to 3600000 ms" },
	{ "name = x\ntime = 99999999999999999999 ms\n", "expected a time" },
	{ "name = x\nnumber = 11\n", "line 2: number is 11, expected 1 to 10" },
	{ "name = x\nnumber = 3 4\n", "expected a number" },
	{ "name = x\nyes = maybe\n", "expected yes or no" },
};

START_TEST(what_is_wrong_is_refused_where_it_is)
{
	ck_assert(!reads(wrong[_i].file));
	ck_assert_int_eq(err.name, CV_E_FILE);
	ck_assert_msg(strstr(err.text, wrong[_i].why), "%s", err.text);
}
END_TEST

START_TEST(a_zero_byte_is_no_text)
{
	char file[] = "name = x\0y\n";

	ck_assert(!cv_conf_read(file, sizeof(file) - 1, entries, &err));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("conf");
	TCase *tests = tcase_create("files");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, what_is_told_is_read);
	tcase_add_loop_test(tests, what_is_wrong_is_refused_where_it_is, 0, sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(tests, a_zero_byte_is_no_text);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
