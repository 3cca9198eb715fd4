// SPDX-License-Identifier: GPL-2.0
/* The criterion parser: what it accepts, refuses, and says. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predicate.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct criterion c;
static struct criterion_error err;

static void accept(const char *text)
{
	ck_assert_msg(criterion_parse(text, &c, &err), "\"%s\" refused: found %s, expected %s",
		      text, err.found, err.expected);
}

static const struct compare_case {
	const char *text;
	enum cv_pred pred;
	uint64_t mask, a, b;
} compares[] = {
	{ "watch 3 == 1",		CV_PRED_EQ,	UINT64_MAX, 1, 0 },
	{ "3 == 1",			CV_PRED_EQ,	UINT64_MAX, 1, 0 },
	{ "3==1",			CV_PRED_EQ,	UINT64_MAX, 1, 0 },
	{ "  3\t==  0x1  ",		CV_PRED_EQ,	UINT64_MAX, 1, 0 },
	{ "3 & 0xff == 1",		CV_PRED_EQ,	0xff, 1, 0 },
	{ "3&0xff==1",			CV_PRED_EQ,	0xff, 1, 0 },
	{ "3 != 0",			CV_PRED_NE,	UINT64_MAX, 0, 0 },
	{ "3 < 5",			CV_PRED_LT,	UINT64_MAX, 5, 0 },
	{ "3 <= 5",			CV_PRED_LE,	UINT64_MAX, 5, 0 },
	{ "3 > 5",			CV_PRED_GT,	UINT64_MAX, 5, 0 },
	{ "3 >= 2",			CV_PRED_GE,	UINT64_MAX, 2, 0 },
	{ "3 in 1..9",			CV_PRED_RANGE,	UINT64_MAX, 1, 9 },
	{ "3 in 0x1 .. 0x9",		CV_PRED_RANGE,	UINT64_MAX, 1, 9 },
	{ "3 in 7..7",			CV_PRED_RANGE,	UINT64_MAX, 7, 7 },
	{ "3 & 0xf0 in 0x10..0x30",	CV_PRED_RANGE,	0xf0, 0x10, 0x30 },
	{ "3 == 18446744073709551615",	CV_PRED_EQ,	UINT64_MAX, UINT64_MAX, 0 },
	{ "3 == 0xFFFFFFFFffffffff",	CV_PRED_EQ,	UINT64_MAX, UINT64_MAX, 0 },
};

START_TEST(test_compare)
{
	const struct compare_case *k = &compares[_i];

	accept(k->text);
	ck_assert_str_eq(c.name, "");
	ck_assert_uint_eq(c.watch, 3);
	ck_assert_uint_eq(c.pred, k->pred);
	ck_assert_uint_eq(c.mask, k->mask);
	ck_assert_uint_eq(c.masked, k->mask != UINT64_MAX);
	ck_assert_uint_eq(c.a, k->a);
	ck_assert_uint_eq(c.b, k->b);
}
END_TEST

START_TEST(test_values)
{
	accept("3 in {1, 0x2,3}");
	ck_assert_uint_eq(c.pred, CV_PRED_IN);
	ck_assert_uint_eq(c.n_values, 3);
	ck_assert_uint_eq(c.values[0], 1);
	ck_assert_uint_eq(c.values[1], 2);
	ck_assert_uint_eq(c.values[2], 3);
	accept("3 in{7}");
	ck_assert_uint_eq(c.n_values, 1);
	accept("3 in {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16}");
	ck_assert_uint_eq(c.n_values, CV_PRED_VALUES);
}
END_TEST

static const char *const names[][2] = {
	{ "enforcing == 1", "enforcing" },
	{ "watch enforcing == 1", "enforcing" },
	{ "enforcing==1", "enforcing" },
	{ "lock-down.v2 & 3 == 1", "lock-down.v2" },
	{ "watch watch == 1", "watch" },
	{ "watch in in 1..2", "in" },
	{ "watchdog != 0", "watchdog" },
	{ "bpf == 1", "bpf" },
	{ "\"a name, with 3 == 1\" == 1", "a name, with 3 == 1" },
};

START_TEST(test_name)
{
	accept(names[_i][0]);
	ck_assert_str_eq(c.name, names[_i][1]);
}
END_TEST

static const struct {
	const char *text, *path, *program;
	bool pinned;
} programs[] = {
	{ "3 bpf a.o",			"a.o",			"",		false },
	{ "3 bpf a.o:version",		"a.o",			"version",	false },
	{ "3 bpf /x y/a.o:v1  ",	"/x y/a.o",		"v1",		false },
	{ "3 bpf a:b.o",		"a:b.o",		"",		false },
	{ "3 bpf a:b:c",		"a:b",			"c",		false },
	{ "3 bpf pinned /sys/fs/bpf/p",	"/sys/fs/bpf/p",	"",		true },
	{ "3 bpf pinned /sys/fs/bpf/p:q", "/sys/fs/bpf/p:q",	"",		true },
	{ "3 bpf pinned.o",		"pinned.o",		"",		false },
	{ "3 bpf ./pinned",		"./pinned",		"",		false },
};

START_TEST(test_program)
{
	accept(programs[_i].text);
	ck_assert_uint_eq(c.pred, CV_PRED_BPF);
	ck_assert_str_eq(c.path, programs[_i].path);
	ck_assert_str_eq(c.program, programs[_i].program);
	ck_assert_uint_eq(c.pinned, programs[_i].pinned);
}
END_TEST

static const struct {
	const char *text;
	size_t at;
	const char *found, *expected;	/* a part of expected */
} refusals[] = {
	{ "",				0,  "the end",	"a watch" },
	{ "watch",			5,  "the end",	"a watch" },
	{ "== 1",			0,  "\"==\"",	"a watch" },
	{ "4294967296 == 1",		0,  "\"4294967296\"", "at most 4294967295" },
	{ "3",				1,  "the end",	"&" },
	{ "3 = 1",			2,  "\"=\"",	"==" },
	{ "3 is 1",			2,  "\"is\"",	"== != < <= > >= in or bpf" },
	{ "3 ==",			4,  "the end",	"a value" },
	{ "3 == -1",			5,  "\"-1\"",	"no sign" },
	{ "3 == 1 1",			7,  "\"1\"",	"nothing more" },
	{ "3 == 1x",			5,  "\"1x\"",	"hexadecimal" },
	{ "3 == 0x",			5,  "\"0x\"",	"hexadecimal" },
	{ "3 == 0xg",			5,  "\"0xg\"",	"hexadecimal" },
	{ "3 == 010",			5,  "\"010\"",	"leading zero" },
	{ "3 == 18446744073709551616",	5,  "\"18446744073709551616\"", "at most" },
	{ "3 == 0x10000000000000000",	5,  "\"0x10000000000000000\"", "at most" },
	{ "3 & == 1",			4,  "\"==\"",	"a mask" },
	{ "3 & 0 == 0",			4,  "\"0\"",	"not 0" },
	{ "3 & 0xf == 0x10",		11, "\"0x10\"",	"outside the mask 0xf" },
	{ "3 & 0xf != 0x10",		11, "\"0x10\"",	"outside the mask 0xf" },
	{ "3 & 0xf in {1,0x10}",	14, "\"0x10\"",	"outside the mask 0xf" },
	{ "3 & 1 bpf a.o",		6,  "\"bpf\"",	"no mask" },
	{ "3 in",			4,  "the end",	"{values} or" },
	{ "3 in {}",			6,  "\"}\"",	"a value" },
	{ "3 in {1,}",			8,  "\"}\"",	"a value" },
	{ "3 in {1 2}",			8,  "\"2\"",	", or }" },
	{ "3 in {1,2",			9,  "the end",	", or }" },
	{ "3 in 1",			6,  "the end",	".." },
	{ "3 in 1..",			8,  "the end",	"upper bound" },
	{ "3 in 9..1",			8,  "\"1\"",	"not below the lower bound 9" },
	{ "3 in {1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17}", 45, "\"17\"", "at most 16" },
	{ "3 bpf",			5,  "the end",	"object file" },
	{ "3 bpf :p",			6,  "\":p\"",	"object file" },
	{ "3 bpf pinned",		12, "the end",	"pinned program" },
	{ "\"open == 1",		10, "the end",	"closing" },
	{ "\"\" == 1",			1,  "\"\"\"",	"1 to 63 bytes" },
};

START_TEST(test_refuse)
{
	const char *text = refusals[_i].text;

	ck_assert_msg(!criterion_parse(text, &c, &err), "\"%s\" accepted", text);
	ck_assert_msg(err.at == refusals[_i].at, "\"%s\": at %zu, expected %zu", text, err.at,
		      refusals[_i].at);
	ck_assert_msg(!strcmp(err.found, refusals[_i].found), "\"%s\": found %s, expected %s",
		      text, err.found, refusals[_i].found);
	ck_assert_msg(strstr(err.expected, refusals[_i].expected),
		      "\"%s\": says \"%s\", without \"%s\"", text, err.expected,
		      refusals[_i].expected);
}
END_TEST

START_TEST(test_name_length)
{
	char text[CV_NAME_MAX + 16];

	memset(text, 'n', sizeof(text));
	strcpy(text + CV_NAME_MAX, " == 1");
	accept(text);
	ck_assert_uint_eq(strlen(c.name), CV_NAME_MAX);
	text[CV_NAME_MAX] = 'n';
	strcpy(text + CV_NAME_MAX + 1, " == 1");
	ck_assert(!criterion_parse(text, &c, &err));
}
END_TEST

START_TEST(test_path_length)
{
	static char text[PATH_MAX + 32];

	strcpy(text, "3 bpf ");
	memset(text + 6, 'p', PATH_MAX - 1);
	accept(text);
	text[6 + PATH_MAX - 1] = 'p';
	ck_assert(!criterion_parse(text, &c, &err));
	ck_assert_uint_eq(err.at, 6);
}
END_TEST

START_TEST(test_explain)
{
	const char *text = "3 in {1 2}";
	char buf[512];

	ck_assert(!criterion_parse(text, &c, &err));
	criterion_explain(text, &err, buf, sizeof(buf));
	ck_assert_str_eq(buf, "  3 in {1 2}\n"
			      "          ^\n"
			      "  column 9: found \"2\", expected , or }");
}
END_TEST

/* The caret counts characters, and control characters do not reach the terminal. */
START_TEST(test_explain_unicode)
{
	const char *text = "\"prüf\t\x1b\" = 1";
	char buf[512];

	ck_assert(!criterion_parse(text, &c, &err));
	criterion_explain(text, &err, buf, sizeof(buf));
	ck_assert_str_eq(buf, "  \"prüf  \" = 1\n"
			      "           ^\n"
			      "  column 10: found \"=\", expected & == != < <= > >= in or bpf");
}
END_TEST

static const char *const formats[][2] = {
	{ "3==1", "watch 3 == 0x1" },
	{ "3&255<=1", "watch 3 & 0xff <= 0x1" },
	{ "x in {1,2}", "watch \"x\" in {0x1, 0x2}" },
	{ "x in 1..2", "watch \"x\" in 0x1..0x2" },
	{ "3 bpf a.o:p", "watch 3 bpf a.o:p" },
	{ "3 bpf pinned /p", "watch 3 bpf pinned /p" },
};

START_TEST(test_format)
{
	struct criterion first;
	char buf[256];

	accept(formats[_i][0]);
	first = c;
	criterion_format(&c, buf, sizeof(buf));
	ck_assert_str_eq(buf, formats[_i][1]);
	accept(buf);
	ck_assert_mem_eq(&first, &c, sizeof(c));
}
END_TEST

START_TEST(test_format_truncates)
{
	char buf[12];

	accept("3 in {1,2,3,4,5,6,7,8}");
	memset(buf, 'x', sizeof(buf));
	criterion_format(&c, buf, 8);
	ck_assert_str_eq(buf, "watch 3");
	ck_assert_int_eq(buf[8], 'x');
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("predicate");
	TCase *tc = tcase_create("criterion");
	SRunner *runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tc);
	tcase_add_loop_test(tc, test_compare, 0, COUNT(compares));
	tcase_add_test(tc, test_values);
	tcase_add_loop_test(tc, test_name, 0, COUNT(names));
	tcase_add_loop_test(tc, test_program, 0, COUNT(programs));
	tcase_add_loop_test(tc, test_refuse, 0, COUNT(refusals));
	tcase_add_test(tc, test_name_length);
	tcase_add_test(tc, test_path_length);
	tcase_add_test(tc, test_explain);
	tcase_add_test(tc, test_explain_unicode);
	tcase_add_loop_test(tc, test_format, 0, COUNT(formats));
	tcase_add_test(tc, test_format_truncates);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
