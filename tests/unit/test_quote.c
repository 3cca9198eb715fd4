// SPDX-License-Identifier: GPL-2.0
/* Quotes of real boots, in tests/evidence: as they are, with another answer than asked for, and with each bit flipped. */
#include <stdlib.h>
#include <cv/imalog.h>
#include <cv/quote.h>

#include "evidence.h"

#define QUOTED	0x7fff		/* what the boots quoted: PCR 0 to 14 */

static const char *const boots[] = {
	"imacustom", "ovmfk", "seabios", "uki", "verity", "verity-boot2",
};

static const struct {
	const char *key, *quote;
	uint16_t alg;
} quotes[] = {
	{ "ak", "quote", CV_ALG_SHA256 },
	{ "akrsa", "quote-rsa", CV_ALG_SHA256 },
	{ "ak", "quote-sha1", CV_ALG_SHA1 },
};

#define N_QUOTES ((int)(sizeof(quotes) / sizeof(quotes[0])))
#define N_CASES ((int)(sizeof(boots) / sizeof(boots[0])) * N_QUOTES - 2)	/* the last boot has one quote */
#define N_NAMES (N_CASES - 1)							/* and no name */

/* One case: what a verifier is given, and what it asked. */
static struct blob public, attest, sig, nonce;
static struct cv_selection wanted;
static struct cv_quote quote;
static struct cv_error err;

static void load(struct blob *b, const char *boot, const char *name, const char *ending)
{
	char file[64];

	snprintf(file, sizeof(file), "%s%s", name, ending);
	evidence_load(b, boot, file);
}

static void from_hex(struct blob *b)
{
	struct blob hex = *b;
	unsigned int byte;

	b->len = 0;
	while (2 * b->len + 1 < hex.len && sscanf((char *)hex.data + 2 * b->len, "%2x", &byte) == 1)
		b->data[b->len++] = byte;
}

static void load_case(int i)
{
	const char *boot = boots[i / N_QUOTES];

	load(&public, boot, quotes[i % N_QUOTES].key, ".tpm2b_public");
	load(&attest, boot, quotes[i % N_QUOTES].quote, ".attest");
	load(&sig, boot, quotes[i % N_QUOTES].quote, ".sig");
	load(&nonce, boot, "nonce", ".hex");
	from_hex(&nonce);
	wanted = (struct cv_selection) { quotes[i % N_QUOTES].alg, QUOTED };
}

static bool accepted(void)
{
	struct cv_key key;
	bool good;

	err.name = CV_E_NONE;
	good = cv_key_read(&key, of(&public), &err) &&
	       cv_quote_verify(&quote, of(&attest), of(&sig), &key, of(&nonce), &wanted, 1, &err);
	cv_key_clear(&key);
	return good;
}

static void refused(enum cv_error_name name)
{
	ck_assert_msg(!accepted(), "accepted, expected %s", cv_error_name(name));
	ck_assert_msg(err.name == name, "expected %s, got %s: %s", cv_error_name(name),
		      cv_error_name(err.name), err.text);
}

/* PCR 10 goes on while others are read: the quote's is that of some entry of the list. */
static bool matches(const char *boot, struct cv_pcr_bank *bank)
{
	const struct cv_pcr_bank *banks[] = { bank };
	struct cv_imalog_entry entry;
	struct cv_imalog list;
	struct blob ima;
	bool found = false;

	load(&ima, boot, "binary_runtime_measurements", "");
	memset(bank->value[10], 0, CV_HASH_MAX);
	cv_imalog_begin(&list, of(&ima));
	while (!found && cv_imalog_next(&list, &entry, &err) == CV_IMALOG_ENTRY) {
		ck_assert(cv_imalog_extend(&entry, CV_IMALOG_OWN, bank));
		found = cv_quote_matches(&quote, banks, 1);
	}
	return found;
}

START_TEST(real_quotes)
{
	const char *boot = boots[_i / N_QUOTES];
	struct cv_pcr_bank bank;
	const struct cv_pcr_bank *banks[] = { &bank };

	load_case(_i);
	ck_assert_msg(accepted(), "%s, %s: %s", boot, quotes[_i % N_QUOTES].quote, err.text);
	ck_assert_uint_gt(quote.reset_count, 0);
	ck_assert(quote.safe);
	evidence_registers(boot, cv_hash_by_alg(wanted.alg)->name, &bank);	/* a moment before or after */
	ck_assert_msg(matches(boot, &bank), "%s, %s: other registers", boot,
		      quotes[_i % N_QUOTES].quote);
	bank.value[14][0] ^= 1;
	ck_assert(!cv_quote_matches(&quote, banks, 1));
	ck_assert(!cv_quote_matches(&quote, banks, 0));
}
END_TEST

START_TEST(names)
{
	struct blob name;
	struct cv_key key;

	load_case(_i);
	load(&name, boots[_i / N_QUOTES], quotes[_i % N_QUOTES].key, ".name");
	ck_assert_msg(cv_key_read(&key, of(&public), &err), "%s", err.text);
	ck_assert_uint_eq(key.name_len, name.len);
	ck_assert_mem_eq(key.name, name.data, name.len);
	cv_key_clear(&key);
}
END_TEST

START_TEST(other_nonce)
{
	load_case(0);
	nonce.data[31] ^= 1;
	refused(CV_E_QUOTE_NONCE);
	load_case(0);
	nonce.len = 31;
	refused(CV_E_QUOTE_NONCE);
	nonce.len = 0;
	refused(CV_E_QUOTE_NONCE);
}
END_TEST

START_TEST(other_selection)
{
	load_case(0);
	wanted.pcrs |= 1 << 15;		/* asked for more */
	refused(CV_E_QUOTE_SELECTION);
	wanted.pcrs = QUOTED & ~1u;	/* and for less */
	refused(CV_E_QUOTE_SELECTION);
	wanted.pcrs = 0;
	refused(CV_E_QUOTE_BANK);
	wanted = (struct cv_selection) { CV_ALG_SHA1, QUOTED };
	refused(CV_E_QUOTE_BANK);
}
END_TEST

START_TEST(other_key)
{
	load_case(0);
	load(&public, boots[1], "ak", ".tpm2b_public");
	refused(CV_E_SIGNATURE);
	load(&public, boots[0], "akrsa", ".tpm2b_public");
	refused(CV_E_SIGNATURE);
}
END_TEST

/* A quote of this boot, signed by this key, for another question. */
START_TEST(swapped_parts)
{
	load_case(0);
	load(&attest, boots[0], "quote-sha1", ".attest");
	refused(CV_E_SIGNATURE);
	load(&sig, boots[0], "quote-sha1", ".sig");
	refused(CV_E_QUOTE_BANK);
}
END_TEST

START_TEST(lengths)
{
	struct blob *blobs[] = { &public, &attest, &sig };

	for (int b = 0; b < 3; b++) {
		load_case(_i);
		blobs[b]->data[blobs[b]->len++] = 0;
		ck_assert_msg(!accepted(), "a byte more of %d", b);
		for (blobs[b]->len -= 2; blobs[b]->len; blobs[b]->len--)
			ck_assert_msg(!accepted(), "%zu bytes of %d", blobs[b]->len, b);
	}
}
END_TEST

/* TPMA_OBJECT lies behind size, type and name algorithm. */
START_TEST(attributes)
{
	static const struct { int byte, bit; } needed[] = {
		{ 9, 1 }, { 9, 4 }, { 9, 5 }, { 7, 0 }, { 7, 2 },
	};

	for (unsigned int i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		load_case(0);
		public.data[needed[i].byte] ^= 1 << needed[i].bit;
		refused(CV_E_KEY_ATTRIBUTES);
	}
	load_case(0);
	public.data[7] |= 1 << 1;	/* decrypt */
	refused(CV_E_KEY_ATTRIBUTES);
}
END_TEST

/* Bytes of the ECC key's TPM2B_PUBLIC, each made into what is not accepted. */
START_TEST(types)
{
	static const struct { int byte, value; } made[] = {
		{ 3, 0x08 },		/* neither RSA nor ECC */
		{ 5, CV_ALG_SHA1 },	/* its name */
		{ 15, 0x1a },		/* ECDAA */
		{ 17, CV_ALG_SHA1 },	/* its signatures */
		{ 19, 0x05 },		/* P-521 */
		{ 19, 0x04 },		/* P-384: the point is not on it */
	};

	for (unsigned int i = 0; i < sizeof(made) / sizeof(made[0]); i++) {
		load_case(0);
		public.data[made[i].byte] = made[i].value;
		ck_assert_msg(!accepted(), "case %u", i);
		ck_assert_msg(err.name == CV_E_KEY_TYPE || (err.name == CV_E_KEY_FORMAT && made[i].byte != 5 && made[i].byte != 17),
			      "case %u: %s: %s", i, cv_error_name(err.name), err.text);
	}
}
END_TEST

/*
 * A bit of what is signed, or of the signature, or of the question, is always
 * noticed. One of the key's makes another key, by name if nothing else.
 */
START_TEST(every_bit)
{
	struct blob *blobs[] = { &attest, &sig, &nonce, &public };
	struct cv_key key;
	uint8_t name[CV_NAME_MAX];

	load_case(_i);
	ck_assert(cv_key_read(&key, of(&public), &err));
	memcpy(name, key.name, sizeof(name));
	cv_key_clear(&key);
	for (int b = 0; b < 4; b++)
		for (size_t bit = 0; bit < 8 * blobs[b]->len; bit++) {
			blobs[b]->data[bit / 8] ^= 1 << bit % 8;
			if (accepted()) {
				ck_assert_msg(b == 3, "bit %zu of %d", bit, b);
				ck_assert(cv_key_read(&key, of(&public), &err));
				ck_assert_msg(memcmp(name, key.name, sizeof(name)), "bit %zu of the key", bit);
				cv_key_clear(&key);
			}
			blobs[b]->data[bit / 8] ^= 1 << bit % 8;
		}
	ck_assert(accepted());
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("quote");
	TCase *tests = tcase_create("real");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_loop_test(tests, real_quotes, 0, N_CASES);
	tcase_add_loop_test(tests, names, 0, N_NAMES);
	tcase_add_test(tests, other_nonce);
	tcase_add_test(tests, other_selection);
	tcase_add_test(tests, other_key);
	tcase_add_test(tests, swapped_parts);
	tcase_add_loop_test(tests, lengths, 0, N_QUOTES);
	tcase_add_test(tests, attributes);
	tcase_add_test(tests, types);
	tcase_add_loop_test(tests, every_bit, 0, N_QUOTES);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
