// SPDX-License-Identifier: GPL-2.0
/*
 * Endorsement keys and certificates of swtpm and its local CA, as a real boot
 * left them; certificates as TPMs and files wrap them.
 */
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <cv/ek.h>
#include <cv/quote.h>

#include "evidence.h"

#define NOW	1796000000	/* late in 2026 */

static struct blob public, cert, root, issuer;
static struct cv_ek ek;
static struct cv_vendors vendors;
static struct cv_error err;

static void setup(void)
{
	evidence_load(&public, "verity", "ek.tpm2b_public");
	evidence_load(&cert, "verity", "ek.crt");
	evidence_load(&root, "verity", "root.pem");
	evidence_load(&issuer, "verity", "issuer.pem");
	ck_assert_msg(cv_ek_read(&ek, of(&public), &err), "%s", err.text);
	ck_assert(cv_vendors_begin(&vendors, &err));
	ck_assert(cv_vendors_add(&vendors, of(&root), true, &err));
	ck_assert(cv_vendors_add(&vendors, of(&issuer), false, &err));
}

static void teardown(void)
{
	cv_ek_clear(&ek);
	cv_vendors_clear(&vendors);
}

static bool verified(struct cv_bytes stored)
{
	err = (struct cv_error) {};
	return cv_ek_cert_verify(&ek, stored, &vendors, NOW, &err);
}

static void refused(struct cv_bytes stored, enum cv_error_name name)
{
	ck_assert(!verified(stored));
	ck_assert_msg(err.name == name, "%s: %s", cv_error_name(err.name), err.text);
}

START_TEST(a_real_certificate_leads_to_its_root)
{
	ck_assert_msg(verified(of(&cert)), "%s", err.text);
}
END_TEST

/* Each wrapping, and all of them together. */
START_TEST(certificates_are_found_in_what_holds_them)
{
	struct blob b = {};
	size_t n = cert.len;

	/* padding of non-volatile memory */
	memcpy(b.data, cert.data, n);
	memset(b.data + n, 0xff, 300);
	b.len = n + 300;
	ck_assert_msg(verified(of(&b)), "%s", err.text);
	memset(b.data + n, 0, 300);
	ck_assert_msg(verified(of(&b)), "%s", err.text);
	b.data[n + 299] = 1;
	refused(of(&b), CV_E_CERT_FORMAT);
	/* an OCTET STRING */
	memcpy(b.data, (uint8_t []) { 0x04, 0x82, n >> 8, n & 0xff }, 4);
	memcpy(b.data + 4, cert.data, n);
	b.len = n + 4;
	ck_assert_msg(verified(of(&b)), "%s", err.text);
	/* a stored certificate, which holds one, padded */
	memcpy(b.data, (uint8_t []) { 0x10, 0x01, 0x00, (n + 4) >> 8, (n + 4) & 0xff, 0x04, 0x82, n >> 8, n & 0xff }, 9);
	memcpy(b.data + 9, cert.data, n);
	memset(b.data + 9 + n, 0xff, 50);
	b.len = n + 59;
	ck_assert_msg(verified(of(&b)), "%s", err.text);
	/* lengths that lie */
	for (size_t cut = 1; cut < 60; cut++) {
		b = cert;
		b.len -= cut;
		refused(of(&b), CV_E_CERT_FORMAT);
	}
	b = (struct blob) { { 0x30, 0x84, 0x40, 0, 0, 0 }, 100 };
	refused(of(&b), CV_E_CERT_FORMAT);
	b.len = 0;
	refused(of(&b), CV_E_CERT_FORMAT);
}
END_TEST

START_TEST(every_bit_of_a_certificate_counts)
{
	for (size_t bit = 0; bit < 8 * cert.len; bit++) {
		cert.data[bit / 8] ^= 1 << bit % 8;
		ck_assert_msg(!verified(of(&cert)), "bit %zu", bit);
		ck_assert(err.name >= CV_E_CERT_FORMAT && err.name <= CV_E_CERT_CHAIN);
		cert.data[bit / 8] ^= 1 << bit % 8;
	}
}
END_TEST

START_TEST(other_vendors_keys_and_times_are_refused)
{
	struct blob other;

	teardown();
	setup();
	cv_vendors_clear(&vendors);
	ck_assert(cv_vendors_begin(&vendors, &err));
	refused(of(&cert), CV_E_CERT_CHAIN);			/* nobody is believed */
	ck_assert(cv_vendors_add(&vendors, of(&root), true, &err));
	refused(of(&cert), CV_E_CERT_CHAIN);			/* the link is missing */
	ck_assert(cv_vendors_add(&vendors, of(&issuer), false, &err));
	ck_assert(verified(of(&cert)));
	ck_assert(!cv_ek_cert_verify(&ek, of(&cert), &vendors, 0, &err));
	ck_assert_int_eq(err.name, CV_E_CERT_CHAIN);		/* not yet valid in 1970 */
	evidence_load(&other, "uki", "ek.tpm2b_public");
	cv_ek_clear(&ek);
	ck_assert(cv_ek_read(&ek, of(&other), &err));
	refused(of(&cert), CV_E_CERT_KEY);
}
END_TEST

START_TEST(no_vendor_is_made_of_anything)
{
	struct blob nothing = { "nothing", 7 };

	ck_assert(!cv_vendors_add(&vendors, of(&nothing), true, &err));
	ck_assert_int_eq(err.name, CV_E_CERT_FORMAT);
	ck_assert(cv_vendors_add(&vendors, of(&cert), true, &err));	/* DER is taken, too */
}
END_TEST

/* A certificate of the same key for something else. */
static struct blob self_made(const char *usage, bool ca)
{
	EVP_PKEY *signer = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	X509_EXTENSION *ext;
	struct blob made = {};
	uint8_t *at = made.data;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	X509_gmtime_adj(X509_getm_notBefore(x), -1000000000);
	X509_gmtime_adj(X509_getm_notAfter(x), 1000000000);
	X509_set_pubkey(x, ek.pkey);
	if (usage) {
		ext = X509V3_EXT_conf_nid(NULL, NULL, NID_ext_key_usage, usage);
		X509_add_ext(x, ext, -1);
		X509_EXTENSION_free(ext);
	}
	if (ca) {
		ext = X509V3_EXT_conf_nid(NULL, NULL, NID_basic_constraints, "critical,CA:TRUE");
		X509_add_ext(x, ext, -1);
		X509_EXTENSION_free(ext);
	}
	X509_sign(x, signer, EVP_sha256());
	made.len = i2d_X509(x, &at);
	X509_free(x);
	EVP_PKEY_free(signer);
	return made;
}

START_TEST(certificates_for_something_else_are_refused)
{
	struct blob b = self_made("serverAuth", false);

	refused(of(&b), CV_E_CERT_USAGE);
	b = self_made("2.23.133.8.1", true);
	refused(of(&b), CV_E_CERT_USAGE);
	b = self_made("2.23.133.8.1", false);
	refused(of(&b), CV_E_CERT_CHAIN);
	b = self_made(NULL, false);
	refused(of(&b), CV_E_CERT_CHAIN);
}
END_TEST

START_TEST(keys_that_are_no_endorsement_keys_are_refused)
{
	struct cv_ek other;
	struct blob b;

	evidence_load(&b, "uki", "ak.tpm2b_public");
	ck_assert(!cv_ek_read(&other, of(&b), &err));
	ck_assert_int_eq(err.name, CV_E_KEY_ATTRIBUTES);
	for (size_t bit = 0; bit < 8 * public.len; bit++) {
		public.data[bit / 8] ^= 1 << bit % 8;
		if (cv_ek_read(&other, of(&public), &err))
			ck_assert_msg(other.name_len != ek.name_len || memcmp(other.name, ek.name, ek.name_len), "bit %zu", bit);
		cv_ek_clear(&other);
		public.data[bit / 8] ^= 1 << bit % 8;
	}
}
END_TEST

START_TEST(a_challenge_is_answered_by_its_credential_alone)
{
	uint8_t name[34] = { 0x00, 0x0b, 1, 2, 3 };
	struct cv_challenge c, d;
	struct cv_bytes answer = { c.credential, sizeof(c.credential) };

	ck_assert(cv_challenge_make(&c, &ek, name, sizeof(name), &err));
	ck_assert(cv_challenge_make(&d, &ek, name, sizeof(name), &err));
	ck_assert_mem_ne(c.credential, d.credential, sizeof(c.credential));
	ck_assert_mem_ne(c.secret, d.secret, c.secret_len);
	ck_assert(cv_challenge_answered(&c, answer, &err));
	ck_assert(!cv_challenge_answered(&d, answer, &err));
	ck_assert_int_eq(err.name, CV_E_CHALLENGE);
	answer.len--;
	ck_assert(!cv_challenge_answered(&c, answer, &err));
	cv_challenge_wipe(&c);
	ck_assert(cv_bytes_all((struct cv_bytes) { (uint8_t *)&c, sizeof(c) }, 0));
	answer.len++;
	ck_assert(!cv_challenge_answered(&c, answer, &err));	/* zeros answer nothing */
	cv_challenge_wipe(&d);
}
END_TEST

/* The boots' attestation keys are children of their endorsement keys, and of no other's. */
START_TEST(keys_are_in_the_hierarchy_of_their_own_endorsement_key)
{
	static const char *const boots[] = { "uki", "verity" };
	struct cv_selection wanted = { CV_ALG_SHA256, 0x7fff };
	struct blob attest, sig, ak, nonce_hex;
	struct cv_quote quote;
	uint8_t nonce[32];
	struct cv_key key;
	unsigned int byte;

	evidence_load(&attest, boots[_i], "quote.attest");
	evidence_load(&sig, boots[_i], "quote.sig");
	evidence_load(&ak, boots[_i], "ak.tpm2b_public");
	evidence_load(&nonce_hex, boots[_i], "nonce.hex");
	for (int i = 0; i < 32; i++) {
		ck_assert_int_eq(sscanf((char *)nonce_hex.data + 2 * i, "%2x", &byte), 1);
		nonce[i] = byte;
	}
	ck_assert(cv_key_read(&key, of(&ak), &err));
	ck_assert(cv_quote_verify(&quote, of(&attest), of(&sig), &key, (struct cv_bytes) { nonce, 32 }, &wanted, 1, &err));
	/* ek is that of the boot "verity". */
	ck_assert_int_eq(cv_quote_under_endorsement(&quote, &key, &ek, &err), _i == 1);
	ck_assert(_i == 1 || err.name == CV_E_QUOTE_HIERARCHY);
	cv_key_clear(&key);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ek");
	TCase *tests = tcase_create("endorsement");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_real_certificate_leads_to_its_root);
	tcase_add_test(tests, certificates_are_found_in_what_holds_them);
	tcase_add_test(tests, every_bit_of_a_certificate_counts);
	tcase_add_test(tests, other_vendors_keys_and_times_are_refused);
	tcase_add_test(tests, no_vendor_is_made_of_anything);
	tcase_add_test(tests, certificates_for_something_else_are_refused);
	tcase_add_test(tests, keys_that_are_no_endorsement_keys_are_refused);
	tcase_add_test(tests, a_challenge_is_answered_by_its_credential_alone);
	tcase_add_loop_test(tests, keys_are_in_the_hierarchy_of_their_own_endorsement_key, 0, 2);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
