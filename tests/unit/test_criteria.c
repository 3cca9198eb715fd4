// SPDX-License-Identifier: GPL-2.0
/* The criteria language: what it refuses and how it says so, what a text's identity is, and what is judged how. */
#include <check.h>
#include <stdlib.h>
#include "machine.h"

#define A	"sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B	"sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define C	"sha256:cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc"
#define ONE	"sha1:1111111111111111111111111111111111111111"
#define SALT	"\"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\""

static const struct program good_programs[] = {
	{ "/usr/bin/true", A, true },
	{ "/usr/sbin/sshd", B, true },
	{ "/home/u/x", C, false },
};

static const struct machine good = {
	.vcpus = 4, .memory = 8ull << 30, .age = 90000000000ull, .secure = true, .secure_known = true,
	.cmdline = "root=/dev/vda1 security=selinux quiet", .kernel = A, .firmware = "7.2.1",
	.address = "10.1.2.3", .registers = { A, ONE },
	.programs = good_programs, .n_programs = 3,
};

/* --- files ----------------------------------------------------------------------------- */

struct file {
	const char *name, *text;
};

static const struct file files[] = {
	{ "ab", A "\n" B "\n" },
	{ "ba", "# two\n" B "   # b\n\n" A "\n" A "\n" },
	{ "nets", "10.0.0.0/8\n2001:db8::/32\n192.0.2.7\n10.3.0.0/16\n" },
	{ "bad", A "\nnonsense\n" },
	{}
};

static struct cv_list opened[32];
static unsigned int n_opened;

static const struct cv_list *open_list(void *context, const char *name, enum cv_type type, struct cv_error *err)
{
	(void)context;
	for (const struct file *file = files; file->name; file++) {
		struct cv_list *list = &opened[n_opened];

		if (strcmp(file->name, name))
			continue;
		ck_assert(n_opened < 32);
		n_opened++;
		return cv_list_read(list, type, text_of(file->text), err) ? list : NULL;
	}
	cv_refuse(err, CV_E_LIST_FORMAT, "no file \"%s\"", name);
	return NULL;
}

static void close_lists(void)
{
	while (n_opened)
		cv_list_clear(&opened[--n_opened]);
}

static const struct cv_criteria_env env = { &machine_catalog, open_list, NULL };

/* --- parsing ------------------------------------------------------------------------------ */

static struct cv_criteria *try(const char *text, struct cv_spot *spot, struct cv_error *err)
{
	return cv_criteria_parse(text_of(text), &env, spot, err);
}

static struct cv_criteria *parse(const char *text)
{
	struct cv_criteria *c;
	struct cv_spot spot;
	struct cv_error err;
	char why[1024];

	c = try(text, &spot, &err);
	if (!c)
		cv_criteria_explain("text", text_of(text), &spot, &err, why, sizeof(why));
	ck_assert_msg(c != NULL, "%s", why);
	return c;
}

/* A text around one rule. */
static const char *around(const char *rule)
{
	static char text[4096];

	snprintf(text, sizeof(text), "criteria \"x\" {\n  %s\n}\n", rule);
	return text;
}

static void refused(const char *text, enum cv_error_name name, unsigned int line, unsigned int column,
		    const char *says)
{
	struct cv_spot spot;
	struct cv_error err;
	struct cv_criteria *c = try(text, &spot, &err);

	ck_assert_msg(!c, "taken: %s", text);
	ck_assert_msg(err.name == name, "%s: %s: %s", text, cv_error_name(err.name), err.text);
	ck_assert_msg(spot.line == line && spot.column == column, "%s: at %u:%u: %s", text, spot.line,
		      spot.column, err.text);
	ck_assert_msg(strstr(err.text, says), "%s: says: %s", text, err.text);
}

static const struct {
	const char *rule;
	enum cv_error_name name;
	unsigned int column;
	const char *says;
} bad[] = {
	{ "vm.vcpu >= 4", CV_E_CRITERIA_NAME, 3, "did you mean \"vm.vcpus\"?" },
	{ "zzzzzzzzzz == 1", CV_E_CRITERIA_NAME, 3, "cvctl facts" },
	{ "vm.vcpus >= true", CV_E_CRITERIA_SYNTAX, 15, "expected a number" },
	{ "vm.vcpus = 4", CV_E_CRITERIA_SYNTAX, 12, "\"==\" compares" },
	{ "vm.vcpus", CV_E_CRITERIA_SYNTAX, 11, "the end of the line" },
	{ "vm.vcpus >= -4", CV_E_CRITERIA_SYNTAX, 15, "no word of the language" },
	{ "vm.vcpus >= 99999999999999999999", CV_E_CRITERIA_SYNTAX, 15, "below 2^64" },
	{ "vm.memory >= 8", CV_E_CRITERIA_SYNTAX, 17, "a unit" },
	{ "vm.memory >= 8GiB", CV_E_CRITERIA_SYNTAX, 16, "stands apart" },
	{ "vm.memory >= 8 s", CV_E_CRITERIA_SYNTAX, 18, "a unit" },
	{ "vm.memory >= 99999999999 TiB", CV_E_CRITERIA_TYPE, 28, "2^64" },
	{ "vm.vcpus >= 4 GiB", CV_E_CRITERIA_SYNTAX, 17, "the end of the line" },
	{ "vm.secure < true", CV_E_CRITERIA_TYPE, 13, "does not compare" },
	{ "vm.secure == 1", CV_E_CRITERIA_SYNTAX, 16, "true or false" },
	{ "vm.cmdline has vm.vcpus", CV_E_CRITERIA_TYPE, 18, "of type integer" },
	{ "vm.cmdline == \"a", CV_E_CRITERIA_SYNTAX, 17, "closing quote" },
	{ "vm.cmdline == \"\\q\"", CV_E_CRITERIA_SYNTAX, 17, "escape" },
	{ "vm.kernel == sha256:12", CV_E_CRITERIA_SYNTAX, 16, "a digest" },
	{ "vm.kernel in " A, CV_E_CRITERIA_SYNTAX, 16, "a set" },
	{ "vm.kernel in { }", CV_E_CRITERIA_SYNTAX, 18, "a digest" },
	{ "vm.kernel in { " A " " B " }", CV_E_CRITERIA_SYNTAX, 90, "\"}\"" },
	{ "vm.kernel in file(\"none\")", CV_E_LIST_FORMAT, 21, "no file" },
	{ "vm.kernel in file(\"bad\")", CV_E_LIST_FORMAT, 21, "line 2" },
	{ "vm.vcpus in file(\"ab\")", CV_E_LIST_FORMAT, 20, "of type integer" },
	{ "vm.address in { 10.0.0.1/8 }", CV_E_CRITERIA_SYNTAX, 19, "no bits set behind" },
	{ "vm.address == 10.0.0", CV_E_CRITERIA_SYNTAX, 17, "an address" },
	{ "vm.firmware >= 1..2", CV_E_CRITERIA_SYNTAX, 18, "a version" },
	{ "pcr(sha256) == " A, CV_E_CRITERIA_SYNTAX, 13, "\",\"" },
	{ "pcr(sha9, 1) == " A, CV_E_CRITERIA_SYNTAX, 7, "sha1 or sha256" },
	{ "pcr(sha1, 24) == " A, CV_E_CRITERIA_TYPE, 13, "at most 23" },
	{ "vm.vcpus(1) == 1", CV_E_CRITERIA_SYNTAX, 11, "no argument" },
	{ "exec.file == 1", CV_E_CRITERIA_TYPE, 3, "is a list" },
	{ "every vm.vcpus: vm.vcpus == 1", CV_E_CRITERIA_TYPE, 9, "expected a list" },
	{ "every exec.file digest == " A, CV_E_CRITERIA_SYNTAX, 19, "\":\"" },
	{ "every exec.file: digst == " A, CV_E_CRITERIA_NAME, 20, "\"digest\"" },
	{ "every exec.file: some exec.file: signed == true", CV_E_CRITERIA_SYNTAX, 20, "within another" },
	{ "digest == " A, CV_E_CRITERIA_NAME, 3, "no fact" },
	{ "(vm.vcpus == 1", CV_E_CRITERIA_SYNTAX, 1, "\")\"" },
	{ "vm.vcpus == 1 and", CV_E_CRITERIA_SYNTAX, 1, "a fact" },
	{ "vm.vcpus == 1 vm.vcpus == 2", CV_E_CRITERIA_SYNTAX, 17, "the end of the line" },
	{ "on violation burn", CV_E_CRITERIA_SYNTAX, 16, "quarantine" },
	{ "on violation severity bad close", CV_E_CRITERIA_SYNTAX, 25, "critical" },
	{ "hidden { vm.vcpus == 1 }", CV_E_CRITERIA_SYNTAX, 10, "openssl rand" },
	{ "hidden \"0123\" { vm.vcpus == 1 }", CV_E_CRITERIA_SYNTAX, 10, "64 hexadecimal" },
	{ "commitment " ONE, CV_E_CRITERIA_SYNTAX, 14, "a commitment" },
	{ "rules \"a\" { rules \"b\" { vm.vcpus == 1 } }", CV_E_CRITERIA_SYNTAX, 15, "within \"a\"" },
	{ "vm.kernel in file " C, CV_E_LIST_FORMAT, 21, "no file" },
};

START_TEST(wrong_texts_are_refused_where_they_are_wrong)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		unsigned int line = bad[i].column == 1 ? 3 : 2;

		refused(around(bad[i].rule), bad[i].name, line, bad[i].column, bad[i].says);
	}
	close_lists();
}
END_TEST

START_TEST(wrong_frames_are_refused)
{
	refused("", CV_E_CRITERIA_SYNTAX, 1, 1, "\"criteria\"");
	refused("\n# x\n  rules", CV_E_CRITERIA_SYNTAX, 3, 3, "\"criteria\"");
	refused("criteria \"\" { vm.vcpus == 1 }", CV_E_CRITERIA_SYNTAX, 1, 10, "at least one character");
	refused("criteria \"x\" { }", CV_E_CRITERIA_SYNTAX, 1, 17, "no rule");
	refused("criteria \"x\" { on violation close }", CV_E_CRITERIA_SYNTAX, 1, 36, "no rule");
	refused("criteria \"x\" for desk { vm.vcpus == 1 }", CV_E_CRITERIA_SYNTAX, 1, 18, "compute");
	refused("criteria \"x\" { vm.vcpus == 1 } x", CV_E_CRITERIA_SYNTAX, 1, 32, "one criteria");
	refused("criteria \"x\" { vm.vcpus == 1", CV_E_CRITERIA_SYNTAX, 1, 29, "the end of the text");
	refused("criteria \"x\" {\nvm.vcpus == 1\non violation close\non violation eject\n}", CV_E_CRITERIA_SYNTAX,
		4, 1, "told before");
}
END_TEST

START_TEST(a_refusal_shows_the_line_and_a_caret)
{
	const char *text = "criteria \"web\" {\n\tvm.vcpu >= 4\n}\n";
	struct cv_spot spot;
	struct cv_error err;
	char shown[512];

	ck_assert(!try(text, &spot, &err));
	cv_criteria_explain("web.cv", text_of(text), &spot, &err, shown, sizeof(shown));
	ck_assert_str_eq(shown, "web.cv:2:2: no fact is called \"vm.vcpu\"; did you mean \"vm.vcpus\"?\n"
			 "\tvm.vcpu >= 4\n\t^~~~~~~\n");
}
END_TEST

/* rule, REPEAT times, between texts before and after */
static char *repeat(const char *before, const char *what, unsigned int times, const char *after)
{
	char *all = malloc(strlen(before) + times * strlen(what) + strlen(after) + 1), *end = all;

	end += sprintf(end, "%s", before);
	while (times--)
		end += sprintf(end, "%s", what);
	sprintf(end, "%s", after);
	return all;
}

static enum cv_error_name result_of(char *text)
{
	struct cv_spot spot;
	struct cv_error err;
	struct cv_criteria *c = try(text, &spot, &err);

	cv_criteria_free(c);
	free(text);
	return err.name;
}

START_TEST(limits_hold)
{
	const char *begin = "criteria \"x\" {\n", *rule = "vm.vcpus == 1\n";

	ck_assert_int_eq(result_of(repeat(begin, rule, CV_CRITERIA_RULES_MAX, "}")), CV_E_NONE);
	ck_assert_int_eq(result_of(repeat(begin, rule, CV_CRITERIA_RULES_MAX + 1, "}")), CV_E_CRITERIA_LIMIT);
	ck_assert_int_eq(result_of(repeat(begin, "not ", CV_CRITERIA_DEPTH_MAX - 1, "vm.vcpus == 1\n}")), CV_E_NONE);
	ck_assert_int_eq(result_of(repeat(begin, "not ", CV_CRITERIA_DEPTH_MAX, "vm.vcpus == 1\n}")), CV_E_CRITERIA_LIMIT);
	ck_assert_int_eq(result_of(repeat(begin, "(", 100000, "")), CV_E_CRITERIA_LIMIT);
	ck_assert_int_eq(result_of(repeat("criteria \"x\" { vm.vcpus in { 0", ",1", CV_CRITERIA_SET_MAX - 1, "} }")), CV_E_NONE);
	ck_assert_int_eq(result_of(repeat("criteria \"x\" { vm.vcpus in { 0", ",1", CV_CRITERIA_SET_MAX, "} }")),
			 CV_E_CRITERIA_LIMIT);
	ck_assert_int_eq(result_of(repeat(begin, "#", CV_CRITERIA_TEXT_MAX, "\n")), CV_E_CRITERIA_LIMIT);
	ck_assert_int_eq(result_of(repeat(begin, "vm.vcpus<1 or ", 74000, rule)), CV_E_CRITERIA_LIMIT);
}
END_TEST

/* --- identity ---------------------------------------------------------------------------------- */

static bool same(const char *a, const char *b)
{
	struct cv_criteria *x = parse(a), *y = parse(b);
	bool equal = !memcmp(cv_criteria_id(x), cv_criteria_id(y), CV_CRITERIA_ID);

	cv_criteria_free(x);
	cv_criteria_free(y);
	close_lists();
	return equal;
}

static bool same_rules(const char *a, const char *b)
{
	char *first = strdup(around(a));
	bool equal = same(first, around(b));

	free(first);
	return equal;
}

START_TEST(what_does_not_matter_to_the_identity)
{
	ck_assert(same("criteria \"x\" for api, compute { vm.vcpus == 1 }", "criteria   \"x\"\tfor compute,api {\n\n# c\nvm.vcpus ==\n1 # d\n}\n"));
	ck_assert(same_rules("vm.vcpus == 1\n vm.age < 1 s", "vm.age < 1000 ms\n vm.vcpus == 0x1"));
	ck_assert(same_rules("vm.vcpus == 1", "vm.vcpus == 1\n vm.vcpus == 1"));
	ck_assert(same_rules("vm.vcpus == 1 and vm.age < 1 s and vm.secure == true", "(vm.secure == true and vm.vcpus == 1)\nand vm.age < 1 s"));
	ck_assert(same_rules("vm.vcpus == 1 or vm.vcpus == 1", "vm.vcpus == 1"));
	ck_assert(same_rules("vm.firmware in { 7.2.0, 7.2, 1 }", "vm.firmware in { 1.0, 7.2, 7.2.0 }"));
	ck_assert(same_rules("vm.age < 1 s or ((vm.vcpus == 1 or vm.vcpus == 2) and (vm.vcpus == 2 or vm.vcpus == 1))",
			     "vm.vcpus == 2 or vm.age < 1 s or vm.vcpus == 1"));
	ck_assert(same_rules("vm.kernel in { " A ", " B " }", "vm.kernel in {\n " B ",\n " A ",\n " B ",\n }"));
	ck_assert(same_rules("vm.kernel in file(\"ab\")", "vm.kernel in file(\"ba\")"));
	ck_assert(same_rules("vm.cmdline has \"a\"", "vm.cmdline has \"\\x61\""));
	ck_assert(same_rules("vm.address == 2001:db8:0::1", "vm.address == 2001:DB8::1"));
	ck_assert(same_rules("on violation eject, close\n vm.vcpus == 1", "vm.vcpus == 1\n on violation eject"));
}
END_TEST

START_TEST(what_matters_to_the_identity)
{
	ck_assert(!same("criteria \"x\" { vm.vcpus == 1 }", "criteria \"y\" { vm.vcpus == 1 }"));
	ck_assert(!same("criteria \"x\" { vm.vcpus == 1 }", "criteria \"x\" for api { vm.vcpus == 1 }"));
	ck_assert(!same_rules("vm.vcpus == 1", "vm.vcpus == 2"));
	ck_assert(!same_rules("vm.vcpus == 1", "vm.vcpus != 1"));
	ck_assert(!same_rules("vm.vcpus == 1", "rules \"a\" { vm.vcpus == 1 }"));
	ck_assert(!same_rules("vm.vcpus == 1 or vm.secure == true and vm.age < 1 s", "(vm.vcpus == 1 or vm.secure == true) and vm.age < 1 s"));
	ck_assert(!same_rules("vm.kernel in file(\"ab\")", "vm.kernel in { " A ", " B " }"));
	ck_assert(!same_rules("vm.vcpus == 1", "vm.vcpus == 1\n on violation eject"));
	ck_assert(!same_rules("vm.vcpus == 1", "hidden " SALT " { vm.vcpus == 1 }"));
	ck_assert(!same_rules("every exec.file: signed == true", "some exec.file: signed == true"));
}
END_TEST

static const char *const formatted[] = {
	"criteria \"x\" for guest, api {\n vm.vcpus == 1\n not (vm.age < 1 min or vm.secure == true)\n}",
	"criteria \"q \\\"\\\\\\n\\xff\" { vm.cmdline == \"\\x00a\" }",
	"criteria \"x\" { rules \"r\" { vm.firmware >= 7\n vm.kernel == pcr(sha256, 0) }\n vm.memory not in { 1 B, 0 B, 3 TiB } }",
	"criteria \"x\" { hidden " SALT " { vm.vcpus == 1\n rules \"h\" { vm.vcpus == 2 } } \n commitment " A " \n vm.vcpus == 3 }",
	"criteria \"x\" { every exec.file where path under \"/usr\" and signed == true: digest in { " A ", " ONE " } and vm.vcpus == 1 }",
	"criteria \"x\" { vm.vcpus == 1 and vm.vcpus == 1\n not (vm.secure == true or (vm.secure == true and vm.secure == true)) }",
	"criteria \"x\" { (every exec.file: signed == true) and vm.vcpus == 1\n vm.vcpus == 2 or no exec.file: path under \"/a\" or signed == true }",
	"criteria \"x\" { not (some exec.file: signed == true) and vm.vcpus == 1\n not every exec.file: signed == true and digest == " A " }",
	"criteria \"x\" { no exec.file: path under \"/tmp\"\n vm.address in { 10.0.0.0/8, ::/0, 192.0.2.1 }\n on violation of exec.file severity minor close, rollback\n on violation eject }",
};

START_TEST(the_canonical_text_is_of_the_same_identity)
{
	struct cv_criteria *c = parse(formatted[_i]), *again;
	char *text = cv_criteria_format(c, false), *second;

	again = parse(text);
	second = cv_criteria_format(again, false);
	ck_assert_str_eq(text, second);
	ck_assert_mem_eq(cv_criteria_id(c), cv_criteria_id(again), CV_CRITERIA_ID);
	cv_criteria_free(c);
	cv_criteria_free(again);
	free(text);
	free(second);
}
END_TEST

START_TEST(a_disclosed_text_proves_the_identity_and_hides_the_rule)
{
	struct cv_criteria *c = parse(around("vm.vcpus == 1\n hidden " SALT " { vm.firmware >= 7.2\n vm.age < 1 s }")), *disclosed;
	char *text = cv_criteria_format(c, true);

	ck_assert(!strstr(text, "firmware") && !strstr(text, "00112233"));
	ck_assert_ptr_nonnull(strstr(text, "vm.vcpus == 1"));
	disclosed = parse(text);
	ck_assert_mem_eq(cv_criteria_id(c), cv_criteria_id(disclosed), CV_CRITERIA_ID);
	/* SHA-256(0, "vm.vcpus == 1"), the leaf of a line that is not hidden, is no commitment to it. */
	ck_assert(!same_rules("vm.vcpus == 1", "commitment sha256:0a9c170a36fb41f86fcda3477be7603d2b4b93ce315ab3cff5fd72306b915fb8"));
	/* Another salt is another commitment. */
	ck_assert(!same_rules("hidden " SALT " { vm.vcpus == 1 }", "hidden \"ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\" { vm.vcpus == 1 }"));
	cv_criteria_free(c);
	cv_criteria_free(disclosed);
	free(text);
}
END_TEST

START_TEST(a_list_can_be_named_by_its_identity)
{
	struct cv_criteria *c = parse(around("vm.kernel in file(\"ab\")"));
	char *text = cv_criteria_format(c, false);

	ck_assert_ptr_nonnull(strstr(text, "vm.kernel in file sha256:"));
	cv_criteria_free(c);
	free(text);
	close_lists();
}
END_TEST

/* --- judging --------------------------------------------------------------------------------------- */

static struct cv_rule_report last;
static char last_why[512], last_from[128], last_text[256], last_block[32];

static void keep(void *context, const struct cv_rule_report *report)
{
	(*(unsigned int *)context)++;
	last = *report;
	snprintf(last_why, sizeof(last_why), "%s", report->why);
	snprintf(last_from, sizeof(last_from), "%s", report->from);
	snprintf(last_text, sizeof(last_text), "%s", report->text);
	snprintf(last_block, sizeof(last_block), "%s", report->block ? report->block : "");
}

static enum cv_verdict judged(const char *rule, const struct machine *machine)
{
	struct cv_evidence evidence = { &machine_module, machine };
	struct cv_criteria *c = parse(around(rule));
	unsigned int n = 0;
	enum cv_verdict verdict = cv_criteria_judge(c, &evidence, machine ? 1 : 0, keep, &n);

	ck_assert(n >= 1);
	cv_criteria_free(c);
	close_lists();
	return verdict;
}

static void judges(const char *rule, const struct machine *machine, enum cv_verdict expected)
{
	enum cv_verdict v = judged(rule, machine);

	ck_assert_msg(v == expected, "%s: %s, expected %s: %s (%s)", rule, cv_verdict_name(v),
		      cv_verdict_name(expected), last_why, last_from);
	ck_assert_msg(v == CV_SATISFIED ? !last_why[0] : last_why[0] != 0, "%s: says \"%s\"", rule, last_why);
}

static const char *const holding[] = {
	"vm.vcpus == 4", "vm.vcpus != 5", "vm.vcpus > 3", "vm.vcpus >= 4", "vm.vcpus < 5", "vm.vcpus <= 4",
	"vm.vcpus in { 1, 2, 4 }", "vm.vcpus not in { 1, 2 }", "vm.memory >= 8 GiB", "vm.memory == 8192 MiB",
	"vm.age < 2 min", "vm.secure == true", "vm.secure != false", "vm.cmdline has \"security=selinux\"",
	"vm.cmdline has \"quiet\"", "not vm.cmdline has \"security\"", "not vm.cmdline has \"uiet\"",
	"vm.kernel == " A, "vm.kernel != " B, "vm.kernel in { " B ", " A " }", "vm.kernel in file(\"ab\")",
	"vm.kernel not in { " B " }", "vm.kernel == pcr(sha256, 0)", "pcr(sha256, 1) == " ONE,
	"vm.firmware >= 7.2", "vm.firmware > 7.2", "vm.firmware < 7.10", "vm.firmware != 7", "vm.firmware == 7.2.1.0",
	"vm.address == 10.1.2.3", "vm.address in { 10.0.0.0/8 }", "vm.address in { 10.1.2.2/31, ::1 }",
	"vm.address in file(\"nets\")", "vm.address not in { 192.0.2.0/24, ::/0 }",
	"every exec.file where path under \"/usr\": signed == true", "every exec.file where path under \"/opt\": signed == true",
	"some exec.file: digest == " C, "no exec.file: path under \"/tmp\"", "not every exec.file: signed == true",
	"every exec.file: digest in { " A ", " B ", " C " } and vm.vcpus == 4",
	"vm.vcpus == 5 or vm.secure == true", "vm.vcpus == 4 and vm.secure == true", "not not vm.vcpus == 4",
};

START_TEST(true_rules_are_satisfied)
{
	judges(holding[_i], &good, CV_SATISFIED);
}
END_TEST

static const char *const breaking[] = {
	"vm.vcpus == 5", "vm.vcpus != 4", "vm.vcpus > 4", "vm.vcpus < 4", "vm.vcpus in { 5 }", "vm.vcpus not in { 4 }",
	"vm.memory > 8 GiB", "vm.age >= 91 s", "vm.secure == false", "vm.cmdline has \"selinux\"",
	"vm.cmdline == \"quiet\"", "vm.kernel == " B, "vm.kernel in { " B " }", "vm.kernel in { " B ", " C " }", "vm.kernel not in file(\"ab\")",
	"vm.firmware >= 7.3", "vm.firmware < 7.2", "vm.address == 10.1.2.4", "vm.address in { 10.1.2.2, 11.0.0.0/8 }",
	"vm.address not in file(\"nets\")", "every exec.file: signed == true", "some exec.file: path under \"/tmp\"",
	"no exec.file: signed == false", "every exec.file where path under \"/usr\": digest == " A,
	"not vm.vcpus == 4", "vm.vcpus == 5 or vm.secure == false", "vm.vcpus == 4 and vm.secure == false",
	"every exec.file: path under \"/usr\" or path under \"/opt\"",
};

START_TEST(false_rules_are_violated)
{
	judges(breaking[_i], &good, CV_VIOLATED);
}
END_TEST

START_TEST(what_is_not_known_is_unknown_and_satisfies_nothing)
{
	struct machine m = good;
	struct program unread[] = { { "/usr/bin/a", NULL, true }, { "/usr/bin/b", B, false } };

	m.secure_known = false;
	judges("vm.secure == true", &m, CV_UNKNOWN);
	ck_assert_str_eq(last_from, "no such variable");
	judges("not vm.secure == true", &m, CV_UNKNOWN);
	judges("vm.secure == true or vm.vcpus == 4", &m, CV_SATISFIED);
	judges("vm.secure == true and vm.vcpus == 5", &m, CV_VIOLATED);
	judges("vm.secure == true and vm.vcpus == 4", &m, CV_UNKNOWN);
	judges("vm.secure == true or vm.vcpus == 5", &m, CV_UNKNOWN);
	judges("vm.vcpus == 4", NULL, CV_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(last_from, "module machine"));
	judges("every exec.file: signed == true", NULL, CV_UNKNOWN);
	judges("commitment " A, &good, CV_UNKNOWN);
	/* Digests by another algorithm say nothing about each other. */
	judges("vm.kernel == " ONE, &good, CV_UNKNOWN);
	judges("vm.kernel != " ONE, &good, CV_UNKNOWN);
	judges("vm.kernel not in { " ONE " }", &good, CV_UNKNOWN);
	judges("vm.kernel not in { " B ", " ONE " }", &good, CV_UNKNOWN);
	judges("vm.kernel in { " ONE ", " B " }", &good, CV_UNKNOWN);
	judges("vm.kernel in { " ONE ", " A " }", &good, CV_SATISFIED);
	judges("pcr(sha256, 1) in file(\"ab\")", &good, CV_UNKNOWN);
	judges("pcr(sha256, 1) not in file(\"ab\")", &good, CV_UNKNOWN);
	m.programs = unread;
	m.n_programs = 2;
	judges("every exec.file: digest == " B, &m, CV_UNKNOWN);
	judges("every exec.file: digest == " A, &m, CV_VIOLATED);
	judges("some exec.file: digest == " B, &m, CV_SATISFIED);
	judges("no exec.file: digest == " B, &m, CV_VIOLATED);
	judges("no exec.file: digest == " C, &m, CV_UNKNOWN);
	judges("every exec.file where digest == " C ": signed == false", &m, CV_UNKNOWN);
	judges("every exec.file where digest == " C ": path under \"/usr\"", &m, CV_SATISFIED);
}
END_TEST

START_TEST(lists_that_are_empty_or_torn)
{
	struct machine m = good;

	m.n_programs = 0;
	judges("every exec.file: signed == true", &m, CV_SATISFIED);
	judges("no exec.file: signed == true", &m, CV_SATISFIED);
	judges("some exec.file: signed == true", &m, CV_VIOLATED);
	m.programs_torn = true;
	judges("every exec.file: signed == true", &m, CV_UNKNOWN);
	judges("some exec.file: signed == true", &m, CV_UNKNOWN);
	m.n_programs = 3;
	judges("every exec.file: signed == true", &m, CV_VIOLATED);
	judges("some exec.file: signed == true", &m, CV_SATISFIED);
	judges("no exec.file: path under \"/tmp\"", &m, CV_UNKNOWN);
}
END_TEST

START_TEST(a_report_says_what_was_found_and_where)
{
	struct machine m = good;

	m.memory = 4ull << 30;
	judges("vm.memory >= 8 GiB", &m, CV_VIOLATED);
	ck_assert_str_eq(last_why, "vm.memory is 4 GiB, expected vm.memory >= 8 GiB");
	ck_assert_str_eq(last_text, "vm.memory >= 8 GiB");
	ck_assert_uint_eq(last.line, 2);
	judges("every exec.file: signed == true", &good, CV_VIOLATED);
	ck_assert_str_eq(last_why, "not every exec.file \"/home/u/x\": signed is false, expected signed == true");
	ck_assert_str_eq(last_from, "entry 3");
	m.secure = false;
	judges("vm.secure == true", &m, CV_VIOLATED);
	ck_assert_str_eq(last_from, "variable SecureBoot");
	judges("vm.vcpus == 4\n vm.vcpus == 5\n on violation quarantine", &good, CV_VIOLATED);
	ck_assert_uint_eq(last.remedies, 1u << CV_REMEDY_CLOSE | 1u << CV_REMEDY_QUARANTINE);
	judges("some exec.file: signed == false\n on violation quarantine\n on violation of exec.file severity minor rollback", &good, CV_SATISFIED);
	ck_assert_uint_eq(last.remedies, 1u << CV_REMEDY_CLOSE | 1u << CV_REMEDY_ROLLBACK);
	ck_assert_int_eq(last.severity, CV_MINOR);
	judges("vm.vcpus == 5", &good, CV_VIOLATED);
	ck_assert_uint_eq(last.remedies, 1u << CV_REMEDY_CLOSE);
	ck_assert_int_eq(last.severity, CV_CRITICAL);
	judges("hidden " SALT " { vm.vcpus == 5 }", &good, CV_VIOLATED);
	ck_assert(last.hidden);
	judges("rules \"size\" { vm.vcpus == 5 }", &good, CV_VIOLATED);
	ck_assert_str_eq(last_block, "size");
}
END_TEST

START_TEST(words_are_parted_as_the_kernel_parts_them)
{
	struct machine m = good;

	m.cmdline = "a\vinit=/bin/sh\rb\fc\td\ne";
	judges("vm.cmdline has \"init=/bin/sh\" and vm.cmdline has \"b\" and vm.cmdline has \"c\"", &m, CV_SATISFIED);
	judges("vm.cmdline has \"d\" and vm.cmdline has \"e\"", &m, CV_SATISFIED);
	judges("vm.cmdline has \"\"", &m, CV_VIOLATED);
	/* Who reads it parts it otherwise. */
	m.cmdline = "a b=\"x quiet y\"";
	judges("vm.cmdline has \"quiet\"", &m, CV_UNKNOWN);
	judges("not vm.cmdline has \"z\"", &m, CV_UNKNOWN);
	m.cmdline = "a 'quiet'";
	judges("vm.cmdline has \"a\"", &m, CV_UNKNOWN);
	m.cmdline = "a -- quiet a";
	judges("vm.cmdline has \"quiet\"", &m, CV_UNKNOWN);
	judges("vm.cmdline has \"a\"", &m, CV_SATISFIED);
	judges("vm.cmdline has \"b\"", &m, CV_VIOLATED);
}
END_TEST

START_TEST(paths_that_go_up_are_under_nothing)
{
	struct program p = { "/usr/../tmp/x", A, true };
	struct machine m = good;

	m.programs = &p;
	m.n_programs = 1;
	judges("every exec.file: path under \"/usr\"", &m, CV_VIOLATED);
	p.path = "/usr2/x";
	judges("every exec.file: path under \"/usr\"", &m, CV_VIOLATED);
	p.path = "/usr";
	judges("every exec.file: path under \"/usr/\"", &m, CV_SATISFIED);
	p.path = "usr/x";
	judges("every exec.file: path under \"\"", &m, CV_VIOLATED);
	p.path = "/usr/..x/y";
	judges("every exec.file: path under \"/usr\"", &m, CV_SATISFIED);
}
END_TEST

#define N(array)	((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	Suite *suite = suite_create("criteria");
	TCase *tests = tcase_create("language");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tests, wrong_texts_are_refused_where_they_are_wrong);
	tcase_add_test(tests, wrong_frames_are_refused);
	tcase_add_test(tests, a_refusal_shows_the_line_and_a_caret);
	tcase_add_test(tests, limits_hold);
	tcase_add_test(tests, what_does_not_matter_to_the_identity);
	tcase_add_test(tests, what_matters_to_the_identity);
	tcase_add_loop_test(tests, the_canonical_text_is_of_the_same_identity, 0, N(formatted));
	tcase_add_test(tests, a_disclosed_text_proves_the_identity_and_hides_the_rule);
	tcase_add_test(tests, a_list_can_be_named_by_its_identity);
	tcase_add_loop_test(tests, true_rules_are_satisfied, 0, N(holding));
	tcase_add_loop_test(tests, false_rules_are_violated, 0, N(breaking));
	tcase_add_test(tests, what_is_not_known_is_unknown_and_satisfies_nothing);
	tcase_add_test(tests, lists_that_are_empty_or_torn);
	tcase_add_test(tests, a_report_says_what_was_found_and_where);
	tcase_add_test(tests, words_are_parted_as_the_kernel_parts_them);
	tcase_add_test(tests, paths_that_go_up_are_under_nothing);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
