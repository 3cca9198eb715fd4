// SPDX-License-Identifier: GPL-2.0
/*
 * A verifier and a TPM (swtpm): a node enrols, proves that its attestation key
 * is in the TPM of its endorsement key, and quotes; and each way to cheat is
 * refused by a name of its own.
 */
#include "node.h"

/* --- what holds ---------------------------------------------------------------------------------------- */

START_TEST(every_pair_of_keys_enrols_activates_quotes)
{
	const struct key_kind *ek_kind = &eks[_i / N(aks)], *ak_kind = &aks[_i % N(aks)];
	struct cv_challenge c;

	make_keys(ek_kind, ak_kind);
	ck_assert(cv_challenge_make(&c, &ek, key.name, key.name_len, &err));
	ck_assert_msg(activates(ek_kind, &c), "%s, %s: not activated", ek_kind->name, ak_kind->name);
	cv_challenge_wipe(&c);
	proves_itself(CV_ALG_SHA256);
	proves_itself(CV_ALG_SHA256);
}
END_TEST

START_TEST(every_bank_is_replayed)
{
	static const uint16_t all[] = { CV_ALG_SHA1, CV_ALG_SHA256, CV_ALG_SHA384, CV_ALG_SHA512, 0 };

	swtpm_allocate(&tpm, all);
	swtpm_shutdown(&tpm, TPM2_SU_CLEAR);
	swtpm_power_on(&tpm, SWTPM_CLEAR);
	boot();
	make_keys(&eks[1], &aks[4]);
	proves_itself(banks[_i]);
}
END_TEST

/* --- what does not --------------------------------------------------------------------------------------- */

START_TEST(a_challenge_for_another_key_or_tpm_is_not_answered)
{
	struct cv_challenge c;
	uint8_t name[CV_NAME_MAX];

	make_keys(&eks[_i], &aks[4]);
	memcpy(name, key.name, key.name_len);
	name[key.name_len - 1] ^= 1;
	ck_assert(cv_challenge_make(&c, &ek, name, key.name_len, &err));
	ck_assert(!activates(&eks[_i], &c));
	/* Each part of what is sent counts. */
	ck_assert(cv_challenge_make(&c, &ek, key.name, key.name_len, &err));
	c.id_object[10] ^= 1;
	ck_assert(!activates(&eks[_i], &c));
	c.id_object[10] ^= 1;
	c.id_object[c.id_object_len - 1] ^= 1;
	ck_assert(!activates(&eks[_i], &c));
	c.id_object[c.id_object_len - 1] ^= 1;
	ck_assert(activates(&eks[_i], &c));
	/* Another TPM. */
	swtpm_destroy(&tpm);
	swtpm_create(&tpm);
	swtpm_ek(&tpm, &eks[_i], &ek_key);
	swtpm_ak(&tpm, &aks[4], ESYS_TR_RH_ENDORSEMENT, 0, &ak_key);
	ck_assert(!activates(&eks[_i], &c));
}
END_TEST

static void admitted(void)
{
	make_keys(&eks[1], &aks[4]);
	proves_itself(CV_ALG_SHA256);
}

static void comes_back(enum swtpm_start start, enum cv_error_name name)
{
	swtpm_power_on(&tpm, start);
	if (start == SWTPM_CLEAR)
		boot();
	make_keys(&eks[1], &aks[4]);	/* the same ones: their seeds stayed */
	ask(CV_ALG_SHA256, PCRS);
	refused_as(CV_ALG_SHA256, PCRS, name);
}

START_TEST(a_power_cut)
{
	admitted();
	swtpm_power_cut(&tpm);
	comes_back(SWTPM_CLEAR, CV_E_EPOCH_UNSAFE);
	cv_attester_forget(&node);
	refused_as(CV_ALG_SHA256, PCRS, CV_E_EPOCH_UNSAFE);
}
END_TEST

START_TEST(a_reset)
{
	admitted();
	swtpm_shutdown(&tpm, TPM2_SU_CLEAR);
	comes_back(SWTPM_CLEAR, CV_E_EPOCH_RESET);
	cv_attester_forget(&node);
	proves_itself(CV_ALG_SHA256);
}
END_TEST

START_TEST(a_restart)
{
	admitted();
	swtpm_shutdown(&tpm, TPM2_SU_STATE);
	comes_back(SWTPM_CLEAR, CV_E_EPOCH_RESTART);
	cv_attester_forget(&node);
	proves_itself(CV_ALG_SHA256);
}
END_TEST

START_TEST(a_resume)
{
	admitted();
	swtpm_shutdown(&tpm, TPM2_SU_STATE);
	comes_back(SWTPM_STATE, CV_E_EPOCH_RESTART);
}
END_TEST

/* Kept from before a reset, and shown after it. */
START_TEST(a_quote_of_an_earlier_boot)
{
	struct tpm_quote kept;
	uint8_t kept_nonce;

	make_keys(&eks[1], &aks[4]);
	ask(CV_ALG_SHA256, PCRS);
	kept = quote;
	kept_nonce = nonce[0];
	swtpm_shutdown(&tpm, TPM2_SU_CLEAR);
	swtpm_power_on(&tpm, SWTPM_CLEAR);
	boot();
	admitted();
	quote = kept;
	refused_as(CV_ALG_SHA256, PCRS, CV_E_QUOTE_NONCE);
	nonce[0] = kept_nonce;		/* were it asked the same again */
	refused_as(CV_ALG_SHA256, PCRS, CV_E_EPOCH_BACK);
}
END_TEST

START_TEST(a_nonce_that_was_answered_before)
{
	admitted();
	nonce[0]++;
	refused_as(CV_ALG_SHA256, PCRS, CV_E_QUOTE_NONCE);
	nonce[0]--;
	refused_as(CV_ALG_SHA256, PCRS, CV_E_EPOCH_CLOCK);
}
END_TEST

START_TEST(registers_under_another_label)
{
	size_t at;

	make_keys(&eks[1], &aks[4]);
	ask(CV_ALG_SHA256, PCRS & ~(1u << 4) & ~(1u << 10));
	refused_as(CV_ALG_SHA256, PCRS & ~(1u << 10), CV_E_QUOTE_SELECTION);
	refused_as(CV_ALG_SHA384, PCRS & ~(1u << 10), CV_E_QUOTE_BANK);
	/* Written into what was signed. */
	for (at = 0; at + 3 < quote.attest_len && memcmp(quote.attest + at, "\x0b\x03\xef\x03", 4); at++)
		;
	ck_assert(at + 3 < quote.attest_len);
	quote.attest[at + 2] = 0xff;
	refused_as(CV_ALG_SHA256, PCRS & ~(1u << 10), CV_E_SIGNATURE);
}
END_TEST

START_TEST(a_bank_that_the_tpm_does_not_keep)
{
	static const uint16_t one[] = { CV_ALG_SHA256, 0 };

	swtpm_allocate(&tpm, one);
	swtpm_shutdown(&tpm, TPM2_SU_CLEAR);
	swtpm_power_on(&tpm, SWTPM_CLEAR);
	boot();
	make_keys(&eks[1], &aks[4]);
	ask(CV_ALG_SHA384, PCRS);
	refused_as(CV_ALG_SHA384, PCRS, CV_E_QUOTE_BANK);
}
END_TEST

START_TEST(a_key_of_another_hierarchy)
{
	make_keys(&eks[1], &aks[4]);
	swtpm_flush(&tpm, &ak_key);
	swtpm_ak(&tpm, &aks[4], _i ? ESYS_TR_RH_OWNER : ESYS_TR_RH_NULL, 0, &ak_key);
	cv_key_clear(&key);
	ck_assert(cv_key_read(&key, public_of(&ak_key), &err));
	ask(CV_ALG_SHA256, PCRS);
	refused_as(CV_ALG_SHA256, PCRS, CV_E_QUOTE_HIERARCHY);
}
END_TEST

START_TEST(an_unrestricted_key)
{
	struct cv_key other;

	make_keys(&eks[1], &aks[4]);
	swtpm_flush(&tpm, &ak_key);
	swtpm_ak(&tpm, &aks[4], ESYS_TR_RH_ENDORSEMENT, TPMA_OBJECT_RESTRICTED, &ak_key);
	ck_assert(!cv_key_read(&other, public_of(&ak_key), &err));
	ck_assert_int_eq(err.name, CV_E_KEY_ATTRIBUTES);
	/* Its quote under the good key's name. */
	ask(CV_ALG_SHA256, PCRS);
	refused_as(CV_ALG_SHA256, PCRS, CV_E_SIGNATURE);
}
END_TEST

START_TEST(a_register_that_the_log_does_not_explain)
{
	admitted();
	swtpm_extend(&tpm, 4, (struct cv_bytes) { (const uint8_t *)"other", 5 }, false);
	ask(CV_ALG_SHA256, PCRS);
	refused_as(CV_ALG_SHA256, PCRS, CV_E_LOG_MISMATCH);
	cv_attester_forget(&node);
	refused_as(CV_ALG_SHA256, PCRS, CV_E_LOG_MISMATCH);
}
END_TEST

/* --- files ------------------------------------------------------------------------------------------------ */

START_TEST(files_are_proven_as_the_kernel_measures_them)
{
	bool padded = _i;

	admitted();
	ck_assert(!proven.ima.is_proven);	/* nothing is measured yet */
	execute("/bin/one", padded);
	execute("/bin/two", padded);
	proves_itself(CV_ALG_SHA256);
	ck_assert_uint_eq(node.ima_entries, 3);	/* with boot_aggregate */
	ck_assert(node.how_is_known && proven.ima.is_proven);
	ck_assert_int_eq(node.how, padded ? CV_IMALOG_PADDED : CV_IMALOG_OWN);
	/* Quoted before the next one is measured, and shown with it. */
	execute("/bin/three", padded);
	ask(CV_ALG_SHA256, PCRS);
	execute("/bin/four", padded);
	ck_assert_msg(accepted_as(CV_ALG_SHA256, PCRS), "%s", err.text);
	ck_assert_uint_eq(proven.ahead, 1);
	ck_assert_uint_eq(proven.ima.first, 3);
	proves_itself(CV_ALG_SHA256);
	ck_assert_uint_eq(proven.ahead, 0);
	ask(CV_ALG_SHA256, 0xff);
	ck_assert_msg(accepted_as(CV_ALG_SHA256, 0xff), "%s", err.text);
	ck_assert(!proven.ima.is_proven);	/* PCR 10 was not asked for */
	/* A kernel does not change its way. */
	execute("/bin/five", !padded);
	ask(CV_ALG_SHA256, PCRS);
	refused_as(CV_ALG_SHA256, PCRS, CV_E_LOG_MISMATCH);
}
END_TEST

/* Two lists that replay, and are not what a kernel would have begun. */
START_TEST(a_list_that_does_not_begin_with_this_boot)
{
	static const uint8_t other[32] = { 1 };

	admitted();
	list_file(other, _i ? "boot_aggregate" : "/bin/one", false);
	execute("/bin/two", false);
	ask(CV_ALG_SHA256, PCRS);
	refused_as(CV_ALG_SHA256, PCRS, CV_E_LOG_AGGREGATE);
}
END_TEST

START_TEST(a_file_that_is_left_out)
{
	admitted();
	execute("/bin/one", false);
	execute("/bin/two", false);
	ima_len -= 10;
	ask(CV_ALG_SHA256, PCRS);
	refused_as(CV_ALG_SHA256, PCRS, CV_E_LOG_TRUNCATED);
	ima_len = 0;
	refused_as(CV_ALG_SHA256, PCRS, CV_E_LOG_MISMATCH);
}
END_TEST

/* --- command lines ------------------------------------------------------------------------------------------ */

/* As the EFI stub would, before the kernel found the registers. */
static void measure_line(const char *text)
{
	uint8_t wide[256] = {};
	struct cv_bytes line = { wide, 2 * strlen(text) + 2 };

	for (size_t i = 0; text[i]; i++)
		wide[2 * i] = text[i];
	measure_bytes(9, 0x06, line, (struct cv_bytes) { (const uint8_t *)"\xed\x22\x3b\x8f\0\0\0\0", 8 });
}

static bool option(const char *cmdline, const char *name, const char *expected)
{
	struct cv_value arg = { .type = CV_STRING, .string = { (const uint8_t *)name, strlen(name) } }, value = {};
	const struct cv_fact *fact = cv_boot_module.facts;
	struct cv_from from = {};
	struct cv_boot boot;
	struct cv_ask ask = { .evidence = &boot, .args = &arg };

	while (strcmp(fact->name, "boot.option"))
		fact++;
	if (!key.pkey)
		make_keys(&eks[1], &aks[4]);
	execute("/bin/one", false);
	cv_attester_forget(&node);
	proves_itself(CV_ALG_SHA256);
	ck_assert_msg(cv_boot_read(&boot, (struct cv_bytes) { log_bytes, log_len }, &node, 0, PCRS,
				   (struct cv_bytes) { (const uint8_t *)cmdline, strlen(cmdline) }, &err), "%s", err.text);
	return fact->get(&ask, &value, &from) && value.string.len == strlen(expected) &&
	       !memcmp(value.string.data, expected, value.string.len);
}

START_TEST(a_command_line_that_the_stub_measured)
{
	measure_line("root=UUID=1 a=b");
	ck_assert(option("root=UUID=1 a=b\n", "root", "UUID=1"));
	ck_assert(option("root=UUID=1 a=b", "a", "b"));
	ck_assert(!option("root=UUID=1 a=c", "root", "UUID=1"));
	ck_assert(!option("root=UUID=1", "root", "UUID=1"));
}
END_TEST

static const struct { const char *line, *name, *value; bool known; } options[] = {
	{ "\"r=1\" r=2", "r", "2", false }, { "r='1'", "r", "'1'", false }, { "r=1 r=2", "r", "2", false },
	{ "r=1 -- r=1", "r", "1", false }, { "a -- r=1", "r", "1", false }, { "r=1 -- a", "r", "1", true },
	{ "rr=1 r=1 s", "r", "1", true }, { "r=1 r", "r", "1", false }, { "r-x=1 r_x=2", "r_x", "2", false },
	{ "r-x=1", "r_x", "1", true },
};

START_TEST(an_option_that_could_be_read_in_two_ways)
{
	measure_line(options[_i].line);
	ck_assert(option(options[_i].line, options[_i].name, options[_i].value) == options[_i].known);
}
END_TEST

/* --- installation proofs ---------------------------------------------------------------------------------- */

static const uint8_t digests[3][CV_ROTI_DIGEST] = { { 1 }, { 2 }, { 3 } };
static uint8_t proof[CV_ROTI_MAX];
static size_t proof_len;
static const struct cv_selection installer = { CV_ALG_SHA256, PCRS };

static bool by_tpm(void *context, struct cv_bytes asked, uint8_t *attest, size_t *attest_len, uint8_t *signature,
		   size_t *signature_len)
{
	(void)context;
	swtpm_quote(&tpm, &ak_key, asked, installer.alg, installer.pcrs, &quote);
	if (quote.attest_len > *attest_len || quote.signature_len > *signature_len)
		return false;
	memcpy(attest, quote.attest, *attest_len = quote.attest_len);
	memcpy(signature, quote.signature, *signature_len = quote.signature_len);
	return true;
}

static void install(const char *label)
{
	struct cv_roti_statement statement = {
		digests[0], digests[1], digests[2], 1796000000, { (const uint8_t *)label, strlen(label) },
	};
	struct cv_roti_signer signer = { key.name, key.name_len, by_tpm, NULL };

	ck_assert_msg(cv_roti_make(&statement, &signer, proof, &proof_len, &err), "%s", err.text);
}

static bool is_proven(void)
{
	struct cv_roti roti;

	err = (struct cv_error) {};
	return cv_roti_read(&roti, (struct cv_bytes) { proof, proof_len }, &err) &&
	       cv_roti_verify(&roti, &key, &installer, 1, &err);
}

START_TEST(an_installation_is_proven_and_every_bit_of_the_proof_counts)
{
	struct cv_roti roti;

	make_keys(&eks[1], &aks[4]);
	install("image 2026-11");
	ck_assert_msg(is_proven(), "%s", err.text);
	ck_assert(cv_roti_read(&roti, (struct cv_bytes) { proof, proof_len }, &err));
	ck_assert_mem_eq(roti.statement.filesystem, digests[2], CV_ROTI_DIGEST);
	ck_assert_uint_eq(roti.statement.time, 1796000000);
	for (size_t bit = 0; bit < 8 * proof_len; bit++) {
		proof[bit / 8] ^= 1 << bit % 8;
		ck_assert_msg(!is_proven(), "bit %zu", bit);
		ck_assert(err.name != CV_E_NONE);
		proof[bit / 8] ^= 1 << bit % 8;
	}
	for (size_t len = 0; len < proof_len; len++)
		ck_assert(!cv_roti_read(&roti, (struct cv_bytes) { proof, len }, &err));
}
END_TEST

START_TEST(an_installation_on_another_machine_proves_nothing)
{
	make_keys(&eks[1], &aks[4]);
	install("image 2026-11");
	swtpm_destroy(&tpm);
	swtpm_create(&tpm);
	make_keys(&eks[1], &aks[4]);
	ck_assert(!is_proven());
	ck_assert_int_eq(err.name, CV_E_ROTI_SIGNER);
}
END_TEST

START_TEST(a_label_that_is_too_long_is_not_proven)
{
	char label[CV_ROTI_LABEL_MAX + 2] = {};
	struct cv_roti_statement statement = { digests[0], digests[1], digests[2], 0, { (uint8_t *)label, sizeof(label) - 1 } };
	struct cv_roti_signer signer = { .name = key.name, .quote = by_tpm };

	make_keys(&eks[1], &aks[4]);
	signer.name_len = key.name_len;
	ck_assert(!cv_roti_make(&statement, &signer, proof, &proof_len, &err));
	ck_assert_int_eq(err.name, CV_E_ROTI_FORMAT);
	statement.label.len--;
	ck_assert(cv_roti_make(&statement, &signer, proof, &proof_len, &err));
	ck_assert(is_proven());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("live");
	TCase *tests = tcase_create("swtpm");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, every_pair_of_keys_enrols_activates_quotes, 0, N(eks) * N(aks));
	tcase_add_loop_test(tests, every_bank_is_replayed, 0, N(banks));
	tcase_add_loop_test(tests, a_challenge_for_another_key_or_tpm_is_not_answered, 0, N(eks));
	tcase_add_test(tests, a_power_cut);
	tcase_add_test(tests, a_reset);
	tcase_add_test(tests, a_restart);
	tcase_add_test(tests, a_resume);
	tcase_add_test(tests, a_quote_of_an_earlier_boot);
	tcase_add_test(tests, a_nonce_that_was_answered_before);
	tcase_add_test(tests, registers_under_another_label);
	tcase_add_test(tests, a_bank_that_the_tpm_does_not_keep);
	tcase_add_loop_test(tests, a_key_of_another_hierarchy, 0, 2);
	tcase_add_test(tests, an_unrestricted_key);
	tcase_add_test(tests, a_register_that_the_log_does_not_explain);
	tcase_add_loop_test(tests, files_are_proven_as_the_kernel_measures_them, 0, 2);
	tcase_add_loop_test(tests, a_list_that_does_not_begin_with_this_boot, 0, 2);
	tcase_add_test(tests, a_file_that_is_left_out);
	tcase_add_test(tests, a_command_line_that_the_stub_measured);
	tcase_add_loop_test(tests, an_option_that_could_be_read_in_two_ways, 0, N(options));
	tcase_add_test(tests, an_installation_is_proven_and_every_bit_of_the_proof_counts);
	tcase_add_test(tests, an_installation_on_another_machine_proves_nothing);
	tcase_add_test(tests, a_label_that_is_too_long_is_not_proven);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
