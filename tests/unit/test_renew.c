// SPDX-License-Identifier: GPL-2.0
/* Criteria that are judged again by what is new: which can be, and what then holds. */
#include <check.h>
#include <stdlib.h>
#include <cv/boot.h>
#include "machine.h"

#define SIGNED	"every exec.file: signed == true"

/* The machine is read anew, its boot is not. */
static const struct cv_module *const modules[] = { &machine_module, &cv_boot_module };
static const struct cv_catalog catalog = { modules, 2 };
static struct cv_error err;
static struct cv_spot spot;

static const struct cv_list *no_list(void *context, const char *name, enum cv_type type, struct cv_error *why)
{
	(void)context;
	(void)name;
	(void)type;
	cv_refuse(why, CV_E_LIST_FORMAT, "no lists here");
	return NULL;
}

static struct cv_criteria *parse(const char *rule)
{
	struct cv_criteria_env env = { &catalog, no_list, NULL };
	struct cv_criteria *criteria;
	char text[1024];

	snprintf(text, sizeof(text), "criteria \"c\" {\n vm.vcpus > 0\n %s\n}\n", rule);
	criteria = cv_criteria_parse(text_of(text), &env, &spot, &err);
	ck_assert_msg(criteria, "%s: %s", rule, err.text);
	return criteria;
}

static const struct { const char *rule; bool can; } rules[] = {
	{ SIGNED, true }, { "some exec.file: path == \"/x\"", true }, { "no exec.file: path == \"/x\"", true },
	{ "every exec.file where path under \"/usr\": signed == true", true },
	{ "boot.secure_boot == true", true }, { "vm.vcpus == 4 or vm.memory > 1 GiB", true },
	{ "boot.secure_boot == true and " SIGNED, true }, { "boot.secure_boot == true and vm.vcpus == 4", true },
	{ "not boot.secure_boot == true", true }, { "no boot.image: pcr == 5", true },
	{ "boot.secure_boot == true or vm.vcpus == 4", false }, { "boot.secure_boot == true or (" SIGNED ")", false },
	{ "not (some exec.file: path == \"/x\")", false }, { "not (" SIGNED ")", false },
	{ "vm.vcpus == 4 or (" SIGNED ")", false }, { "every exec.file where vm.vcpus == 4: signed == true", false },
	{ "every exec.file: signed == true or boot.secure_boot == true", false },
	{ "no boot.image: vm.vcpus == 4", false }, { "(some exec.file: path == \"/x\") or (some exec.file: path == \"/y\")", false },
};

START_TEST(what_mixes_old_and_new_is_refused_by_line)
{
	static const struct cv_module *const renewed[] = { &machine_module };
	struct cv_criteria *criteria = parse(rules[_i].rule);

	ck_assert_msg(cv_criteria_can_be_renewed(criteria, renewed, 1, &spot, &err) == rules[_i].can, "%s", rules[_i].rule);
	if (!rules[_i].can)
		ck_assert_uint_eq(spot.line, 3);
	cv_criteria_free(criteria);
}
END_TEST

static void judges(const char *rule, const struct machine *now, enum cv_verdict expected)
{
	const struct cv_evidence evidence = { &machine_module, now };
	struct cv_criteria *criteria = parse(rule);
	enum cv_verdict v = cv_criteria_judge_again(criteria, &evidence, 1, NULL, NULL);

	ck_assert_msg(v == expected, "%s: %s", rule, cv_verdict_name(v));
	cv_criteria_free(criteria);
}

START_TEST(what_is_new_decides)
{
	static const struct program fine[] = { { "/usr/bin/a", NULL, true } }, bad[] = { { "/usr/bin/b", NULL, false } };
	struct machine m = { .vcpus = 4, .programs = fine };

	/* Nothing is new. */
	judges(SIGNED, &m, CV_SATISFIED);
	judges("some exec.file: path == \"/x\"", &m, CV_SATISFIED);
	judges("boot.secure_boot == true and " SIGNED, &m, CV_SATISFIED);
	judges("vm.vcpus == 4", &m, CV_SATISFIED);
	judges("vm.vcpus == 5", &m, CV_VIOLATED);
	judges("boot.secure_boot == true and vm.vcpus == 5", &m, CV_VIOLATED);
	m.programs = fine;
	m.n_programs = 1;
	judges(SIGNED, &m, CV_SATISFIED);
	judges("no exec.file: signed == true", &m, CV_VIOLATED);
	m.programs = bad;
	judges(SIGNED, &m, CV_VIOLATED);
	judges("boot.secure_boot == true and " SIGNED, &m, CV_VIOLATED);
	judges("some exec.file: signed == true", &m, CV_SATISFIED);
	/* What cannot be read to its end may be anything. */
	m.programs = fine;
	m.programs_torn = true;
	judges(SIGNED, &m, CV_UNKNOWN);
	judges("some exec.file: path == \"/x\"", &m, CV_UNKNOWN);
}
END_TEST

START_TEST(criteria_say_whom_they_are_for)
{
	struct cv_criteria_env env = { &catalog, no_list, NULL };
	struct cv_criteria *c = parse("vm.vcpus == 4");

	ck_assert(cv_criteria_is_for(c, "compute") && cv_criteria_is_for(c, "guest"));
	cv_criteria_free(c);
	c = cv_criteria_parse(text_of("criteria \"c\" for network, api { vm.vcpus == 4 }"), &env, &spot, &err);
	ck_assert(cv_criteria_is_for(c, "api") && !cv_criteria_is_for(c, "compute"));
	cv_criteria_free(c);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("renew");
	TCase *tests = tcase_create("again");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tests, what_mixes_old_and_new_is_refused_by_line, 0, sizeof(rules) / sizeof(rules[0]));
	tcase_add_test(tests, what_is_new_decides);
	tcase_add_test(tests, criteria_say_whom_they_are_for);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
