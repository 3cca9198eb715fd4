// SPDX-License-Identifier: GPL-2.0
/*
 * Logs of real boots, in tests/evidence, replayed: the registers must be what
 * the TPM of that boot said.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <cv/fwlog.h>
#include <cv/imalog.h>

static const char *const boots[] = {
	"imacustom", "ovmfk", "seabios", "uki", "verity", "verity-boot2",
};

#define N_BOOTS ((int)(sizeof(boots) / sizeof(boots[0])))

/* The caller frees .data. */
static struct cv_bytes load(const char *boot, const char *file)
{
	uint8_t *data = malloc(1 << 20);
	char path[256];
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "tests/evidence/%s/%s", boot, file);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: not there", path);
	len = fread(data, 1, 1 << 20, f);
	fclose(f);
	return (struct cv_bytes) { data, len };
}

static void unload(struct cv_bytes b)
{
	free((void *)b.data);
}

/* What the TPM said, from "  sha256:" and "    4 : 0x…" of tpm2_pcrread. */
static bool tpm_says(const char *boot, const char *bank, int pcr, char hex[2 * CV_HASH_MAX + 1])
{
	char path[256], line[256], name[32], in[32] = "";
	bool found = false;
	int n;
	FILE *f;

	snprintf(path, sizeof(path), "tests/evidence/%s/pcrs.yaml", boot);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: not there", path);
	while (!found && fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %d : 0x%128s", &n, hex) == 2)
			found = !strcmp(in, bank) && n == pcr;
		else if (sscanf(line, " %31[a-z0-9]:", name) == 1)
			strcpy(in, name);
	}
	fclose(f);
	return found;
}

static void to_hex(const uint8_t *data, size_t len, char *hex)
{
	for (size_t i = 0; i < len; i++)
		sprintf(hex + 2 * i, "%02X", data[i]);
}

static bool equals(const char *boot, const struct cv_pcr_bank *bank, int pcr)
{
	char expected[2 * CV_HASH_MAX + 1], got[2 * CV_HASH_MAX + 1];

	to_hex(bank->value[pcr], bank->hash->size, got);
	return tpm_says(boot, bank->hash->name, pcr, expected) && !strcmp(expected, got);
}

static void compare(const char *boot, const struct cv_pcr_bank *bank, int pcr)
{
	char expected[2 * CV_HASH_MAX + 1], got[2 * CV_HASH_MAX + 1];

	ck_assert_msg(tpm_says(boot, bank->hash->name, pcr, expected), "%s: no PCR %d", boot, pcr);
	to_hex(bank->value[pcr], bank->hash->size, got);
	ck_assert_msg(!strcmp(expected, got), "%s, %s, PCR %d: expected %s, got %s", boot,
		      bank->hash->name, pcr, expected, got);
}

static void replay_firmware(const char *boot, const char *name)
{
	const struct cv_hash *hash = cv_hash_by_name(name, strlen(name));
	struct cv_bytes log = load(boot, "binary_bios_measurements");
	struct cv_pcr_bank bank;
	struct cv_error err;

	ck_assert_msg(cv_fwlog_replay(log, hash, &bank, &err), "%s: %s", boot, err.text);
	for (int pcr = 0; pcr <= 7; pcr++) {
		ck_assert_msg(bank.extended >> pcr & 1, "%s: PCR %d is not in the log", boot, pcr);
		compare(boot, &bank, pcr);
	}
	unload(log);
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
	struct cv_bytes bytes = load(boot, "ima.bin");
	enum cv_imalog_next next;
	struct cv_imalog_entry entry;
	struct cv_imafile file;
	struct cv_pcr_bank bank;
	struct cv_imalog log;
	struct cv_error err;
	bool found = false;

	cv_pcr_restart(&bank, hash);
	cv_imalog_begin(&log, bytes);
	while ((next = cv_imalog_next(&log, &entry, &err)) == CV_IMALOG_ENTRY) {
		ck_assert_msg(cv_imalog_file(&log, &entry, &file, &err), "%s: %s", boot, err.text);
		ck_assert(entry.violation || cv_imalog_consistent(&entry));
		ck_assert(cv_imalog_extend(&entry, CV_IMALOG_OWN, &bank));
		found |= equals(boot, &bank, 10);
	}
	ck_assert_msg(next == CV_IMALOG_END, "%s: %s", boot, err.text);
	ck_assert_msg(found, "%s, %s: PCR 10 is that of no entry", boot, name);
	unload(bytes);
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
