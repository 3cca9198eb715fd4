/* SPDX-License-Identifier: GPL-2.0 */
/* A node that proves itself with the evidence of a real boot, and what criteria find in that. */
#ifndef PROOF_H
#define PROOF_H

#include <stdlib.h>
#include <cv/boot.h>
#include <cv/criteria.h>
#include <cv/tpm.h>

#include "evidence.h"

#define QUOTED	0x7fff		/* PCR 0 to 14 */

static struct blob attest, sig, key_blob, fwlog, imalog, cmdline;
static struct cv_key key;
static uint8_t nonce[32];
static struct cv_selection wanted;
static struct cv_attester node;
static struct cv_proven proven;
static struct cv_error err;

static inline void load(const char *boot, const char *quote)
{
	char name[64], hex[65];
	unsigned int byte;
	FILE *f;

	snprintf(name, sizeof(name), "%s.attest", quote);
	evidence_load(&attest, boot, name);
	snprintf(name, sizeof(name), "%s.sig", quote);
	evidence_load(&sig, boot, name);
	evidence_load(&key_blob, boot, strstr(quote, "rsa") ? "akrsa.tpm2b_public" : "ak.tpm2b_public");
	evidence_load(&fwlog, boot, "binary_bios_measurements");
	evidence_load(&imalog, boot, "binary_runtime_measurements");
	evidence_load(&cmdline, boot, "cmdline");
	f = evidence_open(boot, "nonce.hex");
	ck_assert_int_eq(fscanf(f, "%64s", hex), 1);
	fclose(f);
	for (int i = 0; i < 32; i++) {
		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		nonce[i] = byte;
	}
	cv_key_clear(&key);
	ck_assert(cv_key_read(&key, of(&key_blob), &err));
	wanted = (struct cv_selection) { strstr(quote, "sha1") ? CV_ALG_SHA1 : CV_ALG_SHA256, QUOTED };
}

static inline bool accepted_with(struct cv_bytes fw, struct cv_bytes ima)
{
	struct cv_proof proof = { of(&attest), of(&sig), fw, ima };

	err = (struct cv_error) {};
	return cv_attester_accept(&node, &proof, &key, NULL, (struct cv_bytes) { nonce, 32 }, &wanted, 1, &proven, &err);
}

static inline bool accepted(void)
{
	return accepted_with(of(&fwlog), of(&imalog));
}

static const struct cv_module *const modules[] = { &cv_boot_module, &cv_ima_module, &cv_tpm_module };
static const struct cv_catalog catalog = { modules, 3 };
static char why[512];

static inline void keep(void *context, const struct cv_rule_report *report)
{
	(void)context;
	if (report->verdict != CV_SATISFIED)
		snprintf(why, sizeof(why), "%s (%s)", report->why, report->from);
}

static uint32_t quoted = QUOTED;	/* registers that the facts may be of */

static inline enum cv_verdict judged(const char *rule)
{
	struct cv_criteria_env env = { &catalog, NULL, NULL };
	struct cv_tpm tpm = { &proven.quote, &node };
	struct cv_evidence evidence[3] = { { &cv_boot_module, NULL }, { &cv_ima_module, &proven.ima }, { &cv_tpm_module, &tpm } };
	struct cv_criteria *criteria;
	struct cv_attester of_log = { .n_banks = 1 };
	struct cv_boot boot;
	enum cv_verdict verdict;
	struct cv_spot spot;
	char text[1024];

	/* Whatever the log is: as if the registers were so; what the kernel found is what it found. */
	ck_assert(cv_fwlog_replay(of(&fwlog), cv_hash_by_alg(CV_ALG_SHA256), &of_log.bank[0], &err));
	of_log.at_start = began_with(of(&imalog), &of_log.bank[0]);
	ck_assert_msg(cv_boot_read(&boot, of(&fwlog), &of_log, 0, quoted, of(&cmdline), &err), "%s", err.text);
	evidence[0].data = &boot;
	snprintf(text, sizeof(text), "criteria \"x\" { %s }", rule);
	criteria = cv_criteria_parse((struct cv_bytes) { (uint8_t *)text, strlen(text) }, &env, &spot, &err);
	ck_assert_msg(criteria != NULL, "%s: %s", rule, err.text);
	why[0] = 0;
	verdict = cv_criteria_judge(criteria, evidence, 3, keep, NULL);
	cv_criteria_free(criteria);
	return verdict;
}

#endif
