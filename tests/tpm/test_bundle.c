// SPDX-License-Identifier: GPL-2.0
/*
 * All that a node proves itself with, and each bit of it turned over: it is
 * refused, or no longer satisfies, or what is concluded is the same to the last
 * bit, which shows that the bit does not matter.
 */
#include <openssl/x509v3.h>
#include <cv/criteria.h>
#include <cv/tpm.h>
#include "node.h"

#define QUOTED	0x1fff		/* PCR 0 to 12 */
#define NOW	1796000000
#define PART_MAX 4096

enum { ATTEST, SIGNATURE, NONCE, FIRMWARE, IMA, CERTIFICATE, PROOF, AK, EK, CMDLINE, N_PARTS };

static const char *const part_names[N_PARTS] = {
	"quote", "signature", "nonce", "firmware's log", "list of measured files", "certificate", "installation proof",
	"attestation key", "endorsement key", "command line",
};

static struct part {
	uint8_t bytes[PART_MAX];
	size_t len;
} parts[N_PARTS];

static const struct cv_selection wanted = { CV_ALG_SHA256, QUOTED };
static const uint8_t installer[CV_ROTI_DIGEST] = { 1 }, image[CV_ROTI_DIGEST] = { 2 }, filesystem[CV_ROTI_DIGEST] = { 3 };
static const char cmdline[] = "quiet a=b";
static struct cv_vendors vendors;
static struct cv_criteria *criteria;

static struct cv_bytes of(int part)
{
	return (struct cv_bytes) { parts[part].bytes, parts[part].len };
}

static void keep(int part, const void *data, size_t len)
{
	ck_assert_uint_le(len, PART_MAX);
	memcpy(parts[part].bytes, data, len);
	parts[part].len = len;
}

/* --- making it ------------------------------------------------------------------------------ */

static void measure_the_boot(void)
{
	static const char variable[] = "\x61\xdf\xe4\x8b\xca\x93\xd2\x11\xaa\x0d\x00\xe0\x98\x03\x2b\x8c"
				       "\x0a\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0S\0e\0c\0u\0r\0e\0B\0o\0o\0t\0\1";
	struct cv_bytes secure_boot = { (const uint8_t *)variable, sizeof(variable) - 1 };
	struct cv_bytes separator = { (const uint8_t *)"\0\0\0", 4 };

	measure_bytes(7, 0x80000001, secure_boot, secure_boot);
	measure_bytes(7, 0x00000004, separator, separator);
	measure_bytes(9, 0x06, (struct cv_bytes) { (const uint8_t *)"q\0u\0i\0e\0t\0 \0a\0=\0b\0\0", 20 },
		      (struct cv_bytes) { (const uint8_t *)"\xed\x22\x3b\x8f\0\0\0\0", 8 });
	measure_bytes(9, 0x06, (struct cv_bytes) { (const uint8_t *)"initrd", 6 },
		      (struct cv_bytes) { (const uint8_t *)"\xec\x22\x3b\x8f\0\0\0\0", 8 });
}

static void vendor_signs(X509 *x, const char *name, EVP_PKEY *vendor, EVP_PKEY *subject, const char *extension, int nid)
{
	X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, NULL, nid, extension);
	X509_NAME *issuer = X509_NAME_new();

	ck_assert(ext && X509_NAME_add_entry_by_txt(issuer, "CN", MBSTRING_ASC, (const uint8_t *)"Vendor", -1, -1, 0));
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), 1);
	ASN1_TIME_set(X509_getm_notBefore(x), NOW - 86400);
	ASN1_TIME_set(X509_getm_notAfter(x), NOW + 86400);
	X509_set_issuer_name(x, issuer);
	ck_assert(X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, (const uint8_t *)name, -1, -1, 0));
	X509_set_pubkey(x, subject);
	X509_add_ext(x, ext, -1);
	ck_assert(X509_sign(x, vendor, EVP_sha256()));
	X509_EXTENSION_free(ext);
	X509_NAME_free(issuer);
}

static void certify(void)
{
	EVP_PKEY *vendor = EVP_EC_gen("P-256");
	X509 *root = X509_new(), *leaf = X509_new();
	uint8_t der[PART_MAX], *at = der;

	vendor_signs(root, "Vendor", vendor, vendor, "critical,CA:TRUE", NID_basic_constraints);
	vendor_signs(leaf, "TPM", vendor, ek.pkey, "2.23.133.8.1", NID_ext_key_usage);
	keep(CERTIFICATE, der, i2d_X509(leaf, &at));
	at = der;
	ck_assert(cv_vendors_begin(&vendors, &err));
	ck_assert_msg(cv_vendors_add(&vendors, (struct cv_bytes) { der, i2d_X509(root, &at) }, true, &err), "%s", err.text);
	X509_free(root);
	X509_free(leaf);
	EVP_PKEY_free(vendor);
}

static bool by_tpm(void *context, struct cv_bytes asked, uint8_t *attest, size_t *attest_len, uint8_t *signature,
		   size_t *signature_len)
{
	(void)context;
	swtpm_quote(&tpm, &ak_key, asked, wanted.alg, wanted.pcrs, &quote);
	memcpy(attest, quote.attest, *attest_len = quote.attest_len);
	memcpy(signature, quote.signature, *signature_len = quote.signature_len);
	return true;
}

static void install(void)
{
	struct cv_roti_statement statement = { installer, image, filesystem, NOW, { (const uint8_t *)"image", 5 } };
	struct cv_roti_signer signer = { key.name, key.name_len, by_tpm, NULL };
	uint8_t proof[CV_ROTI_MAX];
	size_t len;

	ck_assert_msg(cv_roti_make(&statement, &signer, proof, &len, &err), "%s", err.text);
	keep(PROOF, proof, len);
}

static const struct cv_module *const modules[] = { &cv_boot_module, &cv_ima_module, &cv_tpm_module, &cv_roti_module };
static const struct cv_catalog catalog = { modules, 4 };

static void print_digest(char *out, const void *data, size_t len)
{
	struct cv_bytes part = { data, len };
	uint8_t digest[CV_HASH_MAX];

	ck_assert(cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), &part, 1, digest));
	out += sprintf(out, "sha256:");
	for (int i = 0; i < 32; i++)
		out += sprintf(out, "%02x", digest[i]);
}

/* Every fact of the bundle is looked at. */
static void state_criteria(void)
{
	struct cv_criteria_env env = { &catalog, NULL, NULL };
	char loader[80], initrd[80], one[80], text[2048];
	struct cv_spot spot;

	print_digest(loader, "boot loader", 11);
	print_digest(initrd, "initrd", 6);
	print_digest(one, "/bin/one", 8);
	snprintf(text, sizeof(text), "criteria \"all\" {\n boot.secure_boot == true\n every boot.image: digest == %s and pcr == 4\n"
		 "every boot.file: digest == %s and digest == boot.initrd\n boot.cmdline == \"%s\"\n boot.option(\"a\") == \"b\"\n"
		 "no boot.command: text != \"\"\n"
		 "every ima.file: path == \"/bin/one\" and digest == %s\n no ima.file: violation == true or verity == true\n"
		 "some ima.file: path == \"/bin/one\"\n no ima.buffer: name == \"x\"\n"
		 "roti.installer != roti.image\n roti.label == \"image\"\n tpm.clock > 0 s\n }", loader, initrd, cmdline, one);
	criteria = cv_criteria_parse((struct cv_bytes) { (const uint8_t *)text, strlen(text) }, &env, &spot, &err);
	ck_assert_msg(criteria != NULL, "%s", err.text);
}

static void make_bundle(void)
{
	setup();
	measure_the_boot();
	execute("/bin/one", false);
	make_keys(&eks[1], &aks[4]);
	certify();
	install();
	ask(CV_ALG_SHA256, QUOTED);
	keep(ATTEST, quote.attest, quote.attest_len);
	keep(SIGNATURE, quote.signature, quote.signature_len);
	keep(NONCE, nonce, sizeof(nonce));
	keep(FIRMWARE, log_bytes, log_len);
	keep(IMA, ima_bytes, ima_len);
	keep(AK, ak_key.public, ak_key.len);
	keep(EK, ek_key.public, ek_key.len);
	keep(CMDLINE, cmdline, sizeof(cmdline) - 1);
	state_criteria();
}

/* --- judging it --------------------------------------------------------------------------------- */

/* What a verifier takes away from it. */
struct conclusion {
	uint8_t ak_name[CV_NAME_MAX], node[CV_EK_ID];
	struct cv_quote quote;
	unsigned int ima_entries, ahead;
	bool violations;
	uint8_t statement[3][CV_ROTI_DIGEST], label[16];
	uint64_t installed;
};

static void conclude(struct conclusion *c, const struct cv_key *ak, const struct cv_ek *of_node, const struct cv_roti *roti,
		     const struct cv_attester *attester, const struct cv_proven *p)
{
	memset(c, 0, sizeof(*c));
	memcpy(c->ak_name, ak->name, ak->name_len);
	memcpy(c->node, of_node->id, CV_EK_ID);
	c->quote = p->quote;
	c->ima_entries = attester->ima_entries;
	c->ahead = p->ahead;
	c->violations = p->violations;
	memcpy(c->statement[0], roti->statement.installer, CV_ROTI_DIGEST);
	memcpy(c->statement[1], roti->statement.image, CV_ROTI_DIGEST);
	memcpy(c->statement[2], roti->statement.filesystem, CV_ROTI_DIGEST);
	memcpy(c->label, roti->statement.label.data, roti->statement.label.len);
	c->installed = roti->statement.time;
}

static bool satisfies(const struct cv_boot *boot_facts, const struct cv_roti *roti, const struct cv_attester *attester,
		      const struct cv_proven *p)
{
	struct cv_tpm tpm_facts = { &p->quote, attester };
	struct cv_evidence evidence[] = {
		{ &cv_boot_module, boot_facts }, { &cv_ima_module, &p->ima }, { &cv_tpm_module, &tpm_facts }, { &cv_roti_module, roti },
	};

	return cv_criteria_judge(criteria, evidence, 4, NULL, NULL) == CV_SATISFIED;
}

/* From the bytes alone, as at a first admission. */
static bool good(struct conclusion *c)
{
	struct cv_proof proof = { of(ATTEST), of(SIGNATURE), of(FIRMWARE), of(IMA) };
	struct cv_attester attester = {};
	struct cv_boot boot_facts;
	struct cv_proven p;
	struct cv_roti roti;
	struct cv_key ak = {};
	struct cv_ek node_ek = {};
	bool done;

	done = cv_ek_read(&node_ek, of(EK), &err) && cv_ek_cert_verify(&node_ek, of(CERTIFICATE), &vendors, NOW, &err) &&
	       cv_key_read(&ak, of(AK), &err) &&
	       cv_attester_accept(&attester, &proof, &ak, &node_ek, of(NONCE), &wanted, 1, &p, &err) &&
	       cv_boot_read(&boot_facts, of(FIRMWARE), &attester, 0, QUOTED, of(CMDLINE), &err) &&
	       cv_roti_read(&roti, of(PROOF), &err) && cv_roti_verify(&roti, &ak, &wanted, 1, &err) &&
	       satisfies(&boot_facts, &roti, &attester, &p);
	if (done)
		conclude(c, &ak, &node_ek, &roti, &attester, &p);
	cv_key_clear(&ak);
	cv_ek_clear(&node_ek);
	return done;
}

START_TEST(every_bit_counts_or_does_not_matter)
{
	struct conclusion whole, other;
	unsigned int irrelevant[N_PARTS] = {};

	make_bundle();
	ck_assert_msg(good(&whole), "%s: %s", cv_error_name(err.name), err.text);
	for (int part = 0; part < N_PARTS; part++) {
		for (size_t bit = 0; bit < 8 * parts[part].len; bit++) {
			parts[part].bytes[bit / 8] ^= 1 << bit % 8;
			if (good(&other)) {
				ck_assert_msg(!memcmp(&whole, &other, sizeof(whole)), "bit %zu of the %s makes another conclusion",
					      bit, part_names[part]);
				irrelevant[part]++;
			}
			parts[part].bytes[bit / 8] ^= 1 << bit % 8;
		}
	}
	/*
	 * Signed, or what answers: all of it matters. Not so of the endorsement key what
	 * is no part of the key, in the logs digests of banks that are not quoted and
	 * what is told beside a digest.
	 */
	for (int part = 0; part < N_PARTS; part++)
		if (part != FIRMWARE && part != IMA && part != EK)
			ck_assert_msg(!irrelevant[part], "%u bits of the %s do not matter", irrelevant[part], part_names[part]);
	ck_assert_uint_gt(irrelevant[FIRMWARE], 0);
	ck_assert_uint_lt(irrelevant[IMA], 8 * parts[IMA].len / 2);
	ck_assert_uint_le(irrelevant[EK], 8 * (4 + 32));	/* attributes and policy */
	cv_criteria_free(criteria);
	cv_vendors_clear(&vendors);
	teardown();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("bundle");
	TCase *tests = tcase_create("bits");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tests, 600);
	tcase_add_test(tests, every_bit_counts_or_does_not_matter);
	suite_add_tcase(suite, tests);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
