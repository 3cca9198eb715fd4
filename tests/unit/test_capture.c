// SPDX-License-Identifier: GPL-2.0
/* Places to capture, as text. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture.h"

static struct capture parsed(const char *text)
{
	const char *at, *expected;
	struct capture c;

	memset(&c, 0xa5, sizeof(c));
	expected = capture_parse(text, &c, &at);
	if (expected)
		ck_abort_msg("%s: expected %s at %s", text, expected, at);
	return c;
}

static void ck_path(const struct capture *c, unsigned int steps, const int32_t *path)
{
	ck_assert_uint_eq(c->steps, steps);
	for (unsigned int i = 0; i < steps; i++)
		ck_assert_int_eq(c->path[i], path[i]);
}

START_TEST(offsets_are_kept_innermost_first)
{
	struct capture c = parsed("+0(%rdi)");

	ck_path(&c, 1, (int32_t[]){ 0 });
	ck_assert_uint_eq(c.reg, CV_REG_RDI);
	ck_assert_uint_eq(c.len, CAPTURE_DEFAULT);

	c = parsed("+0(+96(%rsi)):256");
	ck_path(&c, 2, (int32_t[]){ 96, 0 });
	ck_assert_uint_eq(c.reg, CV_REG_RSI);
	ck_assert_uint_eq(c.len, 256);

	c = parsed("-1(+0x10(-2147483647(+2147483647(%rflags)))):1");
	ck_path(&c, 4, (int32_t[]){ 2147483647, -2147483647, 0x10, -1 });
	ck_assert_uint_eq(c.reg, CV_REG_RFLAGS);
	ck_assert_uint_eq(c.len, 1);
}
END_TEST

START_TEST(every_register_has_a_name)
{
	char text[32];

	for (int i = 0; i < __CV_REGS; i++) {
		snprintf(text, sizeof(text), "+0(%%%s)", capture_reg_names[i]);
		ck_assert_uint_eq(parsed(text).reg, i);
	}
}
END_TEST

/* Each with the offset of the fault. */
static const struct {
	const char *text;
	long at;
} wrong[] = {
	{ "", 0 }, { "%rdi", 0 }, { "0(%rdi)", 0 }, { "+", 1 }, { "+(%rdi)", 1 }, { "+1", 2 },
	{ "+1(", 3 }, { "+1(rdi)", 3 }, { "+1(%)", 3 }, { "+1(%edi)", 3 }, { "+1(%rdii)", 3 },
	{ "+1(%rdi", 7 }, { "+1(%rdi))", 8 }, { "+1(+2(%rdi)", 11 }, { "+1(%rdi)x", 8 },
	{ "+1(%rdi):", 9 }, { "+1(%rdi):0", 10 }, { "+1(%rdi):257", 9 }, { "+1(%rdi):-1", 9 },
	{ "+1(%rdi):8 ", 10 }, { "+2147483648(%rdi)", 1 }, { "+99999999999999999999(%rdi)", 1 },
	{ "+1(+1(+1(+1(+1(%rdi)))))", 12 }, { "+ 1(%rdi)", 1 }, { "+-1(%rdi)", 1 },
	{ "+0x(%rdi)", 2 },
};

START_TEST(what_is_wrong_is_pointed_at)
{
	const char *at, *expected;
	struct capture c;

	for (unsigned int i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		expected = capture_parse(wrong[i].text, &c, &at);
		if (!expected)
			ck_abort_msg("\"%s\" is taken", wrong[i].text);
		if (at - wrong[i].text != wrong[i].at)
			ck_abort_msg("\"%s\": fault at %ld, expected at %ld", wrong[i].text,
				     (long)(at - wrong[i].text), wrong[i].at);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("capture");
	TCase *tc = tcase_create("capture");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, offsets_are_kept_innermost_first);
	tcase_add_test(tc, every_register_has_a_name);
	tcase_add_test(tc, what_is_wrong_is_pointed_at);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
