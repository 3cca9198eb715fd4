// SPDX-License-Identifier: GPL-2.0
/*
 * Logs of real boots, in tests/evidence, replayed: the registers must be what
 * the TPM of that boot said.
 */
#include <stdlib.h>
#include <cv/fwlog.h>
#include <cv/imalog.h>

#include "evidence.h"

static const char *const boots[] = {
	"imacustom", "ovmfk", "seabios", "uki", "verity", "verity-boot2",
};

#define N_BOOTS ((int)(sizeof(boots) / sizeof(boots[0])))

static bool equals(const struct cv_pcr_bank *a, const struct cv_pcr_bank *b, int pcr)
{
	return !memcmp(a->value[pcr], b->value[pcr], a->hash->size);
}

static void replay_firmware(const char *boot, const char *name)
{
	const struct cv_hash *hash = cv_hash_by_name(name, strlen(name));
	struct cv_pcr_bank bank, expected;
	struct cv_error err;
	struct blob log;

	evidence_load(&log, boot, "binary_bios_measurements");
	evidence_registers(boot, name, &expected);
	ck_assert_msg(cv_fwlog_replay(of(&log), hash, &bank, &err), "%s: %s", boot, err.text);
	for (int pcr = 0; pcr <= 7; pcr++) {
		ck_assert_msg(bank.extended >> pcr & 1, "%s: PCR %d is not in the log", boot, pcr);
		ck_assert_msg(equals(&bank, &expected, pcr), "%s, %s: PCR %d is another", boot, name, pcr);
	}
}

START_TEST(firmware_sha256)
{
	replay_firmware(boots[_i], "sha256");
}
END_TEST

START_TEST(firmware_sha1)
{
	replay_firmware(boots[_i], "sha1");
}
END_TEST

/* Register and list are not read at one moment: the list may have grown since. */
static void replay_ima(const char *boot, const char *name)
{
	const struct cv_hash *hash = cv_hash_by_name(name, strlen(name));
	struct cv_pcr_bank bank, expected;
	enum cv_imalog_next next;
	struct cv_imalog_entry entry;
	struct cv_imafile file;
	struct cv_imalog log;
	struct blob bytes;
	struct cv_error err;
	bool found = false;

	evidence_load(&bytes, boot, "binary_runtime_measurements");
	evidence_registers(boot, name, &expected);
	cv_pcr_restart(&bank, hash);
	cv_imalog_begin(&log, of(&bytes));
	while ((next = cv_imalog_next(&log, &entry, &err)) == CV_IMALOG_ENTRY) {
		ck_assert_msg(cv_imalog_file(&log, &entry, &file, &err), "%s: %s", boot, err.text);
		ck_assert(entry.violation || cv_imalog_consistent(&entry));
		ck_assert(cv_imalog_extend(&entry, CV_IMALOG_OWN, &bank));
		found |= equals(&bank, &expected, 10);
	}
	ck_assert_msg(next == CV_IMALOG_END, "%s: %s", boot, err.text);
	ck_assert_msg(found, "%s, %s: PCR 10 is that of no entry", boot, name);
}

START_TEST(ima_sha256)
{
	replay_ima(boots[_i], "sha256");
}
END_TEST

START_TEST(ima_sha1)
{
	replay_ima(boots[_i], "sha1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay");
	TCase *tests = tcase_create("boots");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_loop_test(tests, firmware_sha256, 0, N_BOOTS);
	tcase_add_loop_test(tests, firmware_sha1, 0, N_BOOTS);
	tcase_add_loop_test(tests, ima_sha256, 0, N_BOOTS);
	tcase_add_loop_test(tests, ima_sha1, 0, N_BOOTS);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
