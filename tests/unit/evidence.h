/* SPDX-License-Identifier: GPL-2.0 */
/* What real boots left in tests/evidence, for tests that run at the top of the tree. */
#ifndef EVIDENCE_H
#define EVIDENCE_H

#include <check.h>
#include <stdio.h>
#include <cv/ima.h>

struct blob {
	uint8_t data[65536];
	size_t len;
};

static inline struct cv_bytes of(const struct blob *b)
{
	return (struct cv_bytes) { b->data, b->len };
}

static inline FILE *evidence_open(const char *boot, const char *name)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "tests/evidence/%s/%s", boot, name);
	f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s: not there", path);
	return f;
}

static inline void evidence_load(struct blob *b, const char *boot, const char *name)
{
	FILE *f = evidence_open(boot, name);

	b->len = fread(b->data, 1, sizeof(b->data), f);
	fclose(f);
}

/* Registers as the TPM told them, in "  sha256:" and "    4 : 0x…" of tpm2_pcrread. All of them are there. */
static inline void evidence_registers(const char *boot, const char *bank_name, struct cv_pcr_bank *bank)
{
	char line[256], name[32], hex[2 * CV_HASH_MAX + 1], in[32] = "";
	unsigned int pcr, byte, n = 0;
	FILE *f = evidence_open(boot, "pcrs.yaml");

	cv_pcr_restart(bank, cv_hash_by_name(bank_name, strlen(bank_name)));
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, " %u : 0x%128s", &pcr, hex) == 2 && pcr < CV_PCRS && !strcmp(in, bank_name)) {
			for (int i = 0; i < bank->hash->size && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
				bank->value[pcr][i] = byte;
			n++;
		} else if (sscanf(line, " %31[a-z0-9]:", name) == 1) {
			strcpy(in, name);
		}
	}
	fclose(f);
	ck_assert_msg(n == CV_PCRS, "%s: %u registers of %s", boot, n, bank_name);
}

/* Does the list begin with these registers, 0 to 9? */
static inline bool began_with(struct cv_bytes list, const struct cv_pcr_bank *registers)
{
	struct cv_imalog_entry entry;
	struct cv_imafile file;
	struct cv_imalog log;

	cv_imalog_begin(&log, list);
	return cv_imalog_next(&log, &entry, NULL) == CV_IMALOG_ENTRY && cv_imalog_file(&log, &entry, &file, NULL) &&
	       cv_ima_boot_aggregate(&file, registers) == 10;
}

#endif
