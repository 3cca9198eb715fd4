// SPDX-License-Identifier: GPL-2.0
/*
 * A node that proves itself again, by the evidence of real boots: two boots of
 * one machine and its TPM, which are two epochs; and what criteria then find.
 */
#include "proof.h"

static void refused(enum cv_error_name name)
{
	struct cv_attester before = node;

	ck_assert(!accepted());
	ck_assert_msg(err.name == name, "%s: %s", cv_error_name(err.name), err.text);
	ck_assert_msg(!memcmp(&before, &node, sizeof(node)), "a refusal changed what is known of the node");
}

static const struct { const char *boot, *quote; } proofs[] = {
	{ "imacustom", "quote" }, { "imacustom", "quote-rsa" }, { "imacustom", "quote-sha1" },
	{ "ovmfk", "quote" }, { "ovmfk", "quote-rsa" }, { "ovmfk", "quote-sha1" },
	{ "seabios", "quote" }, { "seabios", "quote-rsa" }, { "seabios", "quote-sha1" },
	{ "uki", "quote" }, { "uki", "quote-rsa" }, { "uki", "quote-sha1" },
	{ "verity", "quote" }, { "verity", "quote-rsa" }, { "verity", "quote-sha1" },
	{ "verity-boot2", "quote" },
};

START_TEST(each_real_boot_is_accepted_with_its_logs)
{
	cv_attester_forget(&node);
	load(proofs[_i].boot, proofs[_i].quote);
	ck_assert_msg(accepted(), "%s %s: %s", proofs[_i].boot, proofs[_i].quote, err.text);
	ck_assert(proven.ima.is_proven && node.admitted && node.how == CV_IMALOG_OWN && node.ima_entries >= 1);
	ck_assert_uint_eq(proven.ima.log.len, node.ima_bytes);
	ck_assert_uint_eq(proven.ima.first, 0);
}
END_TEST

/* The list goes on behind the quote: those entries are not proven. Without the last proven one, nothing is. */
START_TEST(only_what_the_quote_covers_is_proven)
{
	struct cv_bytes part;

	cv_attester_forget(&node);
	load("verity", "quote");
	ck_assert(accepted());
	ck_assert_uint_gt(proven.ahead, 0);
	part = (struct cv_bytes) { imalog.data, proven.ima.log.len };
	cv_attester_forget(&node);
	ck_assert(accepted_with(of(&fwlog), part));
	ck_assert_uint_eq(proven.ahead, 0);
	cv_attester_forget(&node);
	part.len--;
	ck_assert(!accepted_with(of(&fwlog), part));
	ck_assert_int_eq(err.name, CV_E_LOG_TRUNCATED);
	part.len = 0;
	ck_assert(!accepted_with(of(&fwlog), part));
	ck_assert_int_eq(err.name, CV_E_LOG_MISMATCH);
}
END_TEST

START_TEST(a_changed_log_is_not_explained)
{
	cv_attester_forget(&node);
	load("uki", "quote");
	for (size_t i = 0; i < fwlog.len; i++) {
		fwlog.data[i] ^= 1;
		/* Only a body, or a digest of a bank that is not quoted, can be another. */
		if (accepted())
			cv_attester_forget(&node);
		else
			ck_assert_msg(err.name == CV_E_LOG_MISMATCH ||
				      (err.name >= CV_E_LOG_TRUNCATED && err.name <= CV_E_LOG_LOCALITY), "%s", err.text);
		fwlog.data[i] ^= 1;
	}
	load("uki", "quote");
	evidence_load(&imalog, "verity", "binary_runtime_measurements");
	refused(CV_E_LOG_MISMATCH);
	load("uki", "quote");
	evidence_load(&fwlog, "verity", "binary_bios_measurements");
	refused(CV_E_LOG_MISMATCH);
	fwlog.len = 0;
	refused(CV_E_LOG_ABSENT);
}
END_TEST

START_TEST(another_boot_is_another_epoch)
{
	cv_attester_forget(&node);
	load("verity", "quote");
	ck_assert(accepted());
	load("verity-boot2", "quote");
	refused(CV_E_EPOCH_RESET);
	cv_attester_forget(&node);
	ck_assert(accepted());
	load("verity", "quote");
	refused(CV_E_EPOCH_BACK);
}
END_TEST

/* The same evidence once more: nothing new in the list, and the clock stands. */
START_TEST(a_quote_does_not_count_twice)
{
	struct cv_bytes nothing = { NULL, 0 };

	cv_attester_forget(&node);
	load("ovmfk", "quote");
	ck_assert(accepted());
	ck_assert(!accepted_with(nothing, nothing));
	ck_assert_int_eq(err.name, CV_E_EPOCH_CLOCK);
}
END_TEST

START_TEST(a_later_quote_needs_what_is_new_and_no_more)
{
	struct cv_bytes rest, nothing = { NULL, 0 };
	unsigned int before;

	cv_attester_forget(&node);
	load("verity", "quote");
	ck_assert(accepted());
	before = node.ima_entries;
	load("verity", "quote-rsa");
	rest = (struct cv_bytes) { imalog.data + node.ima_bytes, imalog.len - node.ima_bytes };
	ck_assert(!accepted_with(nothing, nothing));
	ck_assert_int_eq(err.name, CV_E_LOG_MISMATCH);
	ck_assert_msg(accepted_with(nothing, rest), "%s", err.text);
	ck_assert_uint_eq(proven.ima.first, before);
	ck_assert_uint_gt(node.ima_entries, before);
}
END_TEST

/* --- what criteria find --------------------------------------------------------------------------- */

static const struct { enum cv_verdict verdict; const char *rule; } of_verity[] = {
	{ CV_SATISFIED, "boot.secure_boot == false" },
	{ CV_VIOLATED, "boot.secure_boot == true" },
	{ CV_SATISFIED, "boot.pk == sha256:dea7b80ab53a3daaa24d5cc46c64e1fa9ffd03739f90aadbd8c0867c4a5b4890" },
	{ CV_SATISFIED, "boot.dbx != boot.db" },
	{ CV_UNKNOWN, "boot.kek == sha1:9afa86c507419b8570c62167cb9486d9fc809758" },
	{ CV_SATISFIED, "boot.cmdline has \"ima_policy=tcb\"" },
	{ CV_SATISFIED, "boot.option(\"roothash\") == \"d33301fdd1106cca5e6b58135a6a2af48aabc94208ee60b9327dfcdc07a9dc83\"" },
	{ CV_UNKNOWN, "boot.option(\"rooth\") != \"\"" },
	{ CV_SATISFIED, "boot.initrd == sha256:94654c4e799c664892a690bd318660049305049f1935e073cfa1bfb81b70bc7b" },
	{ CV_SATISFIED, "some boot.image: digest == sha256:93e23174e91b8f84fa761d766d4fbbd449a243541b0dc1a8796962d41dcad59a" },
	{ CV_SATISFIED, "every boot.image: pcr == 4" },
	{ CV_SATISFIED, "some boot.file where pcr == 11: digest == boot.initrd" },
	{ CV_SATISFIED, "no boot.command: text has \"a\"" },
	{ CV_SATISFIED, "some ima.file: path under \"/usr/bin\"" },
	{ CV_VIOLATED, "no ima.file: path under \"/usr/bin\"" },
	{ CV_SATISFIED, "no ima.file: violation == true" },
	{ CV_SATISFIED, "every ima.file: verity == false" },
	{ CV_UNKNOWN, "every ima.file: signed == false" },
	{ CV_SATISFIED, "tpm.reset_count == 2" },
	{ CV_SATISFIED, "tpm.clock > 1 s" },
	{ CV_SATISFIED, "tpm.firmware >= 8217.4131" },
	{ CV_UNKNOWN, "pcr(sha256, 16) == sha256:0000000000000000000000000000000000000000000000000000000000000000" },
	{ CV_UNKNOWN, "pcr(sha1, 0) == pcr(sha256, 0)" },
	{ CV_VIOLATED, "pcr(sha256, 0) == pcr(sha256, 1)" },
};

START_TEST(facts_of_a_real_boot)
{
	enum cv_verdict v;

	cv_attester_forget(&node);
	load("verity", "quote");
	ck_assert(accepted());
	v = judged(of_verity[_i].rule);
	ck_assert_msg(v == of_verity[_i].verdict, "%s: %s: %s", of_verity[_i].rule, cv_verdict_name(v), why);
}
END_TEST

START_TEST(a_command_line_that_was_not_measured_is_unknown)
{
	cv_attester_forget(&node);
	load("verity", "quote");
	ck_assert(accepted());
	cmdline.data[0] ^= 1;
	ck_assert_int_eq(judged("boot.cmdline has \"quiet\""), CV_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(why, "another command line"));
	cmdline.len = 0;
	ck_assert_int_eq(judged("boot.cmdline has \"quiet\""), CV_UNKNOWN);
	load("seabios", "quote");
	ck_assert_int_eq(judged("boot.cmdline has \"quiet\""), CV_UNKNOWN);
	ck_assert_ptr_nonnull(strstr(why, "no event"));
	ck_assert_int_eq(judged("boot.secure_boot == false"), CV_UNKNOWN);
}
END_TEST

/* Whoever writes the log could write it as he likes for these. */
START_TEST(what_is_not_quoted_is_unknown)
{
	static const struct { unsigned int pcr; const char *rule; } of[] = {
		{ 7, "boot.secure_boot == false" }, { 7, "boot.db != boot.dbx" }, { 9, "boot.initrd != boot.pk" },
		{ 4, "every boot.image: pcr == 4" }, { 2, "every boot.image: pcr == 4" },
		{ 9, "some boot.file: pcr == 11" }, { 11, "every boot.file: pcr < 12" },
		{ 8, "no boot.command: text has \"a\"" }, { 12, "no boot.command: text has \"a\"" },
	};

	cv_attester_forget(&node);
	load("verity", "quote");
	ck_assert(accepted());
	for (size_t i = 0; i < sizeof(of) / sizeof(of[0]); i++) {
		quoted = QUOTED;
		ck_assert_msg(judged(of[i].rule) == CV_SATISFIED, "%s: %s", of[i].rule, why);
		quoted &= ~(1u << of[i].pcr);
		ck_assert_msg(judged(of[i].rule) == CV_UNKNOWN, "%s without PCR %u", of[i].rule, of[i].pcr);
	}
	quoted = QUOTED & ~(1u << 9) & ~(1u << 11);
	ck_assert_int_eq(judged("boot.cmdline has \"quiet\""), CV_UNKNOWN);
	quoted = QUOTED;
	/* A list that was not proven is not an empty one; one of which nothing is new is. */
	ck_assert_int_eq(judged("no ima.file: path under \"/nowhere\""), CV_SATISFIED);
	proven.ima.log.len = 0;
	ck_assert_int_eq(judged("no ima.file: path under \"/usr\""), CV_SATISFIED);
	proven.ima.is_proven = false;
	ck_assert_int_eq(judged("no ima.file: path under \"/usr\""), CV_UNKNOWN);
	ck_assert_int_eq(judged("every ima.buffer: name == \"x\""), CV_UNKNOWN);
}
END_TEST

/* boot_aggregate, which binds the list to what was before it. */
START_TEST(the_first_entry_is_of_the_boot)
{
	struct cv_imafile old = {};
	struct cv_bytes parts[8];
	uint8_t digest[CV_HASH_MAX];
	struct cv_imalog_entry entry;
	struct cv_imafile file;
	struct cv_imalog log;
	struct cv_pcr_bank bank;

	load("verity", "quote");
	cv_imalog_begin(&log, of(&imalog));
	ck_assert_int_eq(cv_imalog_next(&log, &entry, &err), CV_IMALOG_ENTRY);
	ck_assert(cv_imalog_file(&log, &entry, &file, &err));
	ck_assert(cv_fwlog_replay(of(&fwlog), cv_hash_by_alg(CV_ALG_SHA256), &bank, &err));
	ck_assert(cv_ima_boot_aggregate(&file, &bank));
	ck_assert_uint_eq(cv_ima_boot_aggregate(&file, &bank), 10);
	for (int i = 0; i < 8; i++)
		parts[i] = (struct cv_bytes) { bank.value[i], bank.hash->size };
	ck_assert(cv_hash_of(bank.hash, parts, 8, digest));	/* Linux before 5.8 */
	old.digest = (struct cv_bytes) { digest, bank.hash->size };
	ck_assert_uint_eq(cv_ima_boot_aggregate(&old, &bank), 8);
	bank.value[3][0] ^= 1;
	ck_assert(!cv_ima_boot_aggregate(&old, &bank));
	ck_assert(!cv_ima_boot_aggregate(&file, &bank));
}
END_TEST

#define N(array)	((int)(sizeof(array) / sizeof((array)[0])))

int main(void)
{
	Suite *suite = suite_create("attester");
	TCase *tests = tcase_create("proofs");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_loop_test(tests, each_real_boot_is_accepted_with_its_logs, 0, N(proofs));
	tcase_add_test(tests, only_what_the_quote_covers_is_proven);
	tcase_add_test(tests, a_changed_log_is_not_explained);
	tcase_add_test(tests, another_boot_is_another_epoch);
	tcase_add_test(tests, a_quote_does_not_count_twice);
	tcase_add_test(tests, a_later_quote_needs_what_is_new_and_no_more);
	tcase_add_loop_test(tests, facts_of_a_real_boot, 0, N(of_verity));
	tcase_add_test(tests, a_command_line_that_was_not_measured_is_unknown);
	tcase_add_test(tests, what_is_not_quoted_is_unknown);
	tcase_add_test(tests, the_first_entry_is_of_the_boot);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
