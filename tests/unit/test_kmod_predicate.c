// SPDX-License-Identifier: GPL-2.0
/* The kernel's built-in predicates: their edges, and what is no predicate. */
#include <check.h>
#include <stdlib.h>

#include "predicate.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define ONES		UINT64_MAX
#define TOP		(1ull << 63)

/* --- cv_predicate_holds ------------------------------------------------- */

static const struct holds_case {
	__u8 type;
	__u64 mask, a, b, v;
	_Bool holds;
} holds_cases[] = {
	{ CV_PRED_EQ, ONES, 0, 0, 0, 1 },
	{ CV_PRED_EQ, ONES, 0, 0, 1, 0 },
	{ CV_PRED_EQ, ONES, ONES, 0, ONES, 1 },
	{ CV_PRED_EQ, ONES, ONES, 0, ONES - 1, 0 },
	{ CV_PRED_EQ, 0xf0, 0x10, 0, 0x1f, 1 },
	{ CV_PRED_EQ, 0xf0, 0x10, 0, 0x20, 0 },
	{ CV_PRED_NE, ONES, 0, 0, 0, 0 },
	{ CV_PRED_NE, ONES, 0, 0, TOP, 1 },
	{ CV_PRED_NE, 0x0f, 0, 0, 0xf0, 0 },
	{ CV_PRED_LT, ONES, 5, 0, 4, 1 },
	{ CV_PRED_LT, ONES, 5, 0, 5, 0 },
	{ CV_PRED_LT, ONES, 0, 0, 0, 0 },
	{ CV_PRED_LT, ONES, TOP, 0, TOP - 1, 1 },
	{ CV_PRED_LT, ONES, 1, 0, TOP, 0 },		/* unsigned: not negative */
	{ CV_PRED_LE, ONES, 5, 0, 5, 1 },
	{ CV_PRED_LE, ONES, 5, 0, 6, 0 },
	{ CV_PRED_LE, ONES, 0, 0, 0, 1 },
	{ CV_PRED_LE, ONES, ONES, 0, ONES, 1 },
	{ CV_PRED_GT, ONES, 5, 0, 6, 1 },
	{ CV_PRED_GT, ONES, 5, 0, 5, 0 },
	{ CV_PRED_GT, ONES, ONES, 0, ONES, 0 },
	{ CV_PRED_GT, ONES, 1, 0, TOP, 1 },
	{ CV_PRED_GE, ONES, 5, 0, 5, 1 },
	{ CV_PRED_GE, ONES, 5, 0, 4, 0 },
	{ CV_PRED_GE, ONES, 0, 0, 0, 1 },
	{ CV_PRED_GE, 0xff, 1, 0, 0x100, 0 },
	{ CV_PRED_RANGE, ONES, 2, 4, 1, 0 },
	{ CV_PRED_RANGE, ONES, 2, 4, 2, 1 },
	{ CV_PRED_RANGE, ONES, 2, 4, 4, 1 },
	{ CV_PRED_RANGE, ONES, 2, 4, 5, 0 },
	{ CV_PRED_RANGE, ONES, 0, ONES, TOP, 1 },
	{ CV_PRED_RANGE, ONES, 7, 7, 7, 1 },
	{ CV_PRED_RANGE, 0x0f, 2, 4, 0xf3, 1 },
	/* What is not known does not hold. */
	{ CV_PRED_UNSPEC, ONES, 0, 0, 0, 0 },
	{ CV_PRED_BPF, ONES, 0, 0, 0, 0 },
	{ CV_PRED_MAX + 1, ONES, 0, 0, 0, 0 },
	{ 255, ONES, 0, 0, 0, 0 },
};

START_TEST(holds_at_its_edges)
{
	const struct holds_case *k = &holds_cases[_i];
	struct cv_predicate p = { .type = k->type, .mask = k->mask, .a = k->a, .b = k->b };

	ck_assert_msg(cv_predicate_holds(&p, k->v) == k->holds, "case %d: type %u, v %#llx: expected %d", _i,
		      k->type, (unsigned long long)k->v, k->holds);
}
END_TEST

/* Against the definition in the header, over every small number. */
START_TEST(holds_as_defined_for_all_small_numbers)
{
	for (unsigned int bits = 0; bits < 8 * 8 * 8 * 16; bits++) {
		__u64 a = bits & 7, b = bits >> 3 & 7, v = bits >> 6 & 7, mask = bits >> 9 & 15, w = v & mask;
		struct cv_predicate p = { .mask = mask, .a = a, .b = b };
		const _Bool expected[] = {
			[CV_PRED_EQ] = w == a, [CV_PRED_NE] = w != a, [CV_PRED_LT] = w < a,
			[CV_PRED_LE] = w <= a, [CV_PRED_GT] = w > a, [CV_PRED_GE] = w >= a,
			[CV_PRED_RANGE] = a <= w && w <= b,
		};

		for (p.type = CV_PRED_EQ; p.type <= CV_PRED_RANGE; p.type++)
			ck_assert_uint_eq(cv_predicate_holds(&p, v), expected[p.type]);
	}
}
END_TEST

START_TEST(a_value_is_found_wherever_it_stands)
{
	struct cv_predicate p = { .type = CV_PRED_IN, .mask = ONES };
	unsigned int at;

	for (at = 0; at < CV_PRED_VALUES; at++)
		p.values[at] = 100 + at;
	for (p.n_values = 0; p.n_values <= CV_PRED_VALUES; p.n_values++)
		for (at = 0; at < CV_PRED_VALUES + 1; at++)
			ck_assert_uint_eq(cv_predicate_holds(&p, 100 + at), at < p.n_values);
	p.n_values = 1;
	p.mask = 0xff;
	ck_assert(cv_predicate_holds(&p, 0x1200 + 100));
}
END_TEST

/* --- cv_predicate_fault ------------------------------------------------- */

static const struct fault_case {
	__u8 type;
	unsigned int len;
	__u64 mask, a, b;
	const char *fault;
} fault_cases[] = {
	{ CV_PRED_UNSPEC, 4, ONES, 0, 0, "not a built-in predicate" },
	{ CV_PRED_BPF, 4, ONES, 0, 0, "not a built-in predicate" },
	{ 255, 4, ONES, 0, 0, "not a built-in predicate" },
	{ CV_PRED_EQ, 1, 0, 0, 0, "mask selects none of the watched bytes" },
	{ CV_PRED_EQ, 1, 0xff00, 0, 0, "mask selects none of the watched bytes" },
	{ CV_PRED_EQ, 4, 1ull << 32, 0, 0, "mask selects none of the watched bytes" },
	{ CV_PRED_EQ, 8, 1ull << 63, 0, 0, NULL },
	{ CV_PRED_EQ, 1, ONES, 0x100, 0, "operand is larger than the watched bytes" },
	{ CV_PRED_EQ, 1, ONES, 0xff, 0, NULL },
	{ CV_PRED_NE, 2, ONES, 0x10000, 0, "operand is larger than the watched bytes" },
	{ CV_PRED_NE, 2, ONES, 0xffff, 0, NULL },
	{ CV_PRED_LT, 4, ONES, 1ull << 32, 0, "operand is larger than the watched bytes" },
	{ CV_PRED_LT, 4, ONES, 0xffffffff, 0, NULL },
	{ CV_PRED_GE, 8, ONES, ONES, 0, NULL },
	{ CV_PRED_EQ, 4, 0x0f, 0x10, 0, "operand has bits outside the mask" },
	{ CV_PRED_NE, 4, 0x0f, 0x1f, 0, "operand has bits outside the mask" },
	{ CV_PRED_EQ, 4, 0x0f, 0x0f, 0, NULL },
	{ CV_PRED_LT, 4, 0x0f, 0x10, 0, NULL },		/* a bound may lie between values */
	{ CV_PRED_RANGE, 4, ONES, 0, 1ull << 32, "operand is larger than the watched bytes" },
	{ CV_PRED_RANGE, 4, ONES, 2, 1, "range is empty" },
	{ CV_PRED_RANGE, 4, ONES, 1, 1, NULL },
	{ CV_PRED_RANGE, 8, ONES, 0, ONES, NULL },
	{ CV_PRED_EQ, 4, ONES, 0, 1ull << 32, NULL },	/* B is not an operand of it */
	{ CV_PRED_IN, 4, ONES, 0, 0, "a set takes 1 to 16 values" },
};

START_TEST(fault_says_why)
{
	const struct fault_case *k = &fault_cases[_i];
	struct cv_predicate p = { .type = k->type, .mask = k->mask, .a = k->a, .b = k->b };
	const char *fault = cv_predicate_fault(&p, k->len);

	if (k->fault)
		ck_assert_msg(fault, "case %d: expected \"%s\"", _i, k->fault);
	ck_assert_pstr_eq(fault, k->fault);
}
END_TEST

START_TEST(values_are_counted_and_measured)
{
	struct cv_predicate p = { .type = CV_PRED_IN, .mask = ONES, .n_values = CV_PRED_VALUES };
	unsigned int at;

	ck_assert_ptr_null(cv_predicate_fault(&p, 1));
	p.n_values = CV_PRED_VALUES + 1;
	ck_assert_pstr_eq(cv_predicate_fault(&p, 1), "a set takes 1 to 16 values");
	p.n_values = 255;
	ck_assert_pstr_eq(cv_predicate_fault(&p, 1), "a set takes 1 to 16 values");
	p.n_values = CV_PRED_VALUES;
	for (at = 0; at < CV_PRED_VALUES; at++) {
		p.values[at] = 0x100;
		ck_assert_pstr_eq(cv_predicate_fault(&p, 1), "a value has bits outside mask or watched bytes");
		ck_assert_ptr_null(cv_predicate_fault(&p, 2));
		p.mask = 0xff;
		ck_assert_pstr_eq(cv_predicate_fault(&p, 2), "a value has bits outside mask or watched bytes");
		p.mask = ONES;
		p.values[at] = 0;
	}
}
END_TEST

/* No equality that is let through can be decided without looking. */
START_TEST(an_equality_without_fault_can_hold_and_fail)
{
	static const unsigned int lens[] = { 1, 2, 4, 8 };
	static const __u64 masks[] = { 1, 0x80, 0xff, 0x8000, ONES, 0xf0f0, 1ull << 31, 1ull << 63 };
	static const __u64 operands[] = { 0, 1, 0x80, 0xff, 0x100, 0x8000, 1ull << 31, 1ull << 63, ONES };

	for (unsigned int i = 0; i < COUNT(lens) * COUNT(masks) * COUNT(operands); i++) {
		unsigned int len = lens[i % 4];
		__u64 all = len == 8 ? ONES : (1ull << 8 * len) - 1;
		struct cv_predicate p = {
			.type = CV_PRED_EQ, .mask = masks[i / 4 % COUNT(masks)],
			.a = operands[i / 4 / COUNT(masks)],
		};

		if (cv_predicate_fault(&p, len))
			continue;
		ck_assert(cv_predicate_holds(&p, p.a & all));
		ck_assert(!cv_predicate_holds(&p, (p.a & all) ^ (p.mask & all)));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("kmod predicate");
	TCase *tc = tcase_create("predicate");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, holds_at_its_edges, 0, COUNT(holds_cases));
	tcase_add_test(tc, holds_as_defined_for_all_small_numbers);
	tcase_add_test(tc, a_value_is_found_wherever_it_stands);
	tcase_add_loop_test(tc, fault_says_why, 0, COUNT(fault_cases));
	tcase_add_test(tc, values_are_counted_and_measured);
	tcase_add_test(tc, an_equality_without_fault_can_hold_and_fail);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
