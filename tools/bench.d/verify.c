// SPDX-License-Identifier: GPL-2.0
/*
 * How many nodes one core admits and keeps verifying, against how many
 * signatures OpenSSL verifies on it in the same run. The evidence is synthetic
 * but complete: an attestation key in software signs quotes as a TPM does, over
 * registers that the logs replay to. The endorsement key and its certificates are
 * those of tests/evidence/verity.
 */
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <tss2/tss2_mu.h>
#include <cv/boot.h>
#include <cv/criteria.h>
#include <cv/tpm.h>

#define FIRMWARE_EVENTS		100
#define IMA_ENTRIES		5000
#define NEW_ENTRIES		10
#define ALLOWED			1000000
#define ROUNDS			2000	/* re-verifications that are prepared */
#define SECONDS			4	/* each measurement lasts about that long */
#define PCRS			0x7ff
#define NOW			1796000000

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "verify: %s\n", what);
	exit(1);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static struct cv_bytes load(const char *name, uint8_t *room, size_t size)
{
	char path[128];
	struct cv_bytes bytes = { room, 0 };
	FILE *f;

	snprintf(path, sizeof(path), "tests/evidence/verity/%s", name);
	f = fopen(path, "r");
	need(f, path);
	bytes.len = fread(room, 1, size, f);
	fclose(f);
	return bytes;
}

/* --- logs ---------------------------------------------------------------------------------- */

struct buffer {
	uint8_t *data;
	size_t len, size;
};

static void put(struct buffer *b, const void *data, size_t len)
{
	if (b->len + len > b->size) {
		b->size = 2 * (b->len + len);
		b->data = realloc(b->data, b->size);
		need(b->data, "no memory");
	}
	memcpy(b->data + b->len, data, len);
	b->len += len;
}

static void put_le(struct buffer *b, uint32_t n, unsigned int size)
{
	uint8_t bytes[4] = { n, n >> 8, n >> 16, n >> 24 };

	put(b, bytes, size);
}

static void digest_of(uint16_t alg, const void *data, size_t len, uint8_t *digest)
{
	struct cv_bytes part = { data, len };

	need(cv_hash_of(cv_hash_by_alg(alg), &part, 1, digest), "no hash");
}

static void put_digest(struct buffer *b, uint16_t alg, const void *data, size_t len)
{
	uint8_t digest[CV_HASH_MAX];

	digest_of(alg, data, len, digest);
	put(b, digest, cv_hash_by_alg(alg)->size);
}

static void make_firmware_log(struct buffer *b)
{
	static const uint8_t zeros[20];
	char text[32];

	put_le(b, 0, 4);
	put_le(b, CV_EV_NO_ACTION, 4);
	put(b, zeros, 20);
	put_le(b, 16 + 8 + 4 + 2 * 4 + 1, 4);
	put(b, "Spec ID Event03", 16);
	put(b, zeros, 8);
	put_le(b, 2, 4);
	put_le(b, CV_ALG_SHA1 | 20 << 16, 4);
	put_le(b, CV_ALG_SHA256 | 32 << 16, 4);
	put(b, zeros, 1);
	for (int i = 0; i < FIRMWARE_EVENTS; i++) {
		int len = snprintf(text, sizeof(text), "event %d", i);

		put_le(b, i % 8, 4);
		put_le(b, 5, 4);
		put_le(b, 2, 4);
		put_le(b, CV_ALG_SHA1, 2);
		put_digest(b, CV_ALG_SHA1, text, len);
		put_le(b, CV_ALG_SHA256, 2);
		put_digest(b, CV_ALG_SHA256, text, len);
		put_le(b, len, 4);
		put(b, text, len);
	}
}

/* The content of file @i; those of the list are the first. */
static void file_digest(uint32_t i, uint8_t digest[CV_HASH_MAX])
{
	digest_of(CV_ALG_SHA256, &i, sizeof(i), digest);
}

static void put_entry(struct buffer *b, const uint8_t digest[CV_HASH_MAX], const char *path)
{
	struct buffer data = {};
	int len = strlen(path) + 1;

	put_le(&data, 8 + 32, 4);
	put(&data, "sha256:", 8);
	put(&data, digest, 32);
	put_le(&data, len, 4);
	put(&data, path, len);
	put_le(b, 10, 4);
	put_digest(b, CV_ALG_SHA1, data.data, data.len);
	put_le(b, 6, 4);
	put(b, "ima-ng", 6);
	put_le(b, data.len, 4);
	put(b, data.data, data.len);
	free(data.data);
}

static void put_file(struct buffer *b, uint32_t i)
{
	uint8_t digest[CV_HASH_MAX];
	char path[64];

	snprintf(path, sizeof(path), "/usr/lib/x86_64-linux-gnu/library-%u.so", i);
	file_digest(i % ALLOWED, digest);
	put_entry(b, digest, path);
}

/* The registers that the kernel found. */
static void put_aggregate(struct buffer *b, const struct cv_pcr_bank *bank)
{
	struct cv_bytes registers[10];
	uint8_t digest[CV_HASH_MAX];

	for (int i = 0; i < 10; i++)
		registers[i] = (struct cv_bytes) { bank->value[i], bank->hash->size };
	need(cv_hash_of(bank->hash, registers, 10, digest), "no hash");
	put_entry(b, digest, "boot_aggregate");
}

static int order(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* The compiled form, in memory as a mapped file would be. */
static void make_list(struct cv_list *list)
{
	uint8_t *digests = malloc(ALLOWED * 32ul), digest[CV_HASH_MAX];
	struct buffer file = {};
	struct cv_list head = { .type = CV_DIGEST, .n = ALLOWED, .hash = cv_hash_by_alg(CV_ALG_SHA256) };
	uint8_t header[CV_LIST_HEADER];
	struct cv_error err;

	need(digests, "no memory");
	for (uint32_t i = 0; i < ALLOWED; i++) {
		file_digest(i, digest);
		memcpy(digests + 32ul * i, digest, 32);
	}
	qsort(digests, ALLOWED, 32, order);
	cv_list_header(&head, header);
	put(&file, header, sizeof(header));
	put(&file, digests, ALLOWED * 32ul);
	free(digests);
	need(cv_list_view(list, (struct cv_bytes) { file.data, file.len }, &err), err.text);
}

/* --- a TPM in software ------------------------------------------------------------------------- */

static EVP_PKEY *signer;
static uint8_t public[512], signer_name[CV_NAME_MAX];
static size_t public_len;

static void make_key(void)
{
	TPM2B_PUBLIC p = { .publicArea = { .type = TPM2_ALG_ECC, .nameAlg = TPM2_ALG_SHA256 } };
	TPMS_ECC_PARMS *ecc = &p.publicArea.parameters.eccDetail;
	uint8_t point[65];
	size_t len;

	signer = EVP_EC_gen("P-256");
	need(signer && EVP_PKEY_get_octet_string_param(signer, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point), &len) &&
	     len == sizeof(point), "no key");
	p.publicArea.objectAttributes = TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN |
					TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_SIGN_ENCRYPT;
	ecc->symmetric.algorithm = TPM2_ALG_NULL;
	ecc->scheme.scheme = TPM2_ALG_ECDSA;
	ecc->scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
	ecc->curveID = TPM2_ECC_NIST_P256;
	ecc->kdf.scheme = TPM2_ALG_NULL;
	p.publicArea.unique.ecc.x.size = p.publicArea.unique.ecc.y.size = 32;
	memcpy(p.publicArea.unique.ecc.x.buffer, point + 1, 32);
	memcpy(p.publicArea.unique.ecc.y.buffer, point + 33, 32);
	need(!Tss2_MU_TPM2B_PUBLIC_Marshal(&p, public, sizeof(public), &public_len), "no public area");
}

struct quoted {
	uint8_t attest[256], signature[128], der[80];
	size_t attest_len, signature_len, der_len;
};

/* As TPM2_Quote would, of a primary key of the endorsement hierarchy. */
static void make_quote(struct quoted *q, const struct cv_key *key, const struct cv_pcr_bank *bank, uint64_t clock,
		       const uint8_t nonce[32])
{
	static const uint8_t endorsement[] = { 0x40, 0, 0, 0x0b };
	struct cv_bytes name[] = { { endorsement, 4 }, { key->name, key->name_len } }, registers[11];
	TPMS_ATTEST a = { .magic = TPM2_GENERATED_VALUE, .type = TPM2_ST_ATTEST_QUOTE };
	TPMS_QUOTE_INFO *info = &a.attested.quote;
	uint8_t digest[CV_HASH_MAX];

	need(cv_hash_of(key->hash, name, 2, digest), "no hash");
	a.qualifiedSigner.size = 34;
	memcpy(a.qualifiedSigner.name, key->name, 2);
	memcpy(a.qualifiedSigner.name + 2, digest, 32);
	a.extraData.size = 32;
	memcpy(a.extraData.buffer, nonce, 32);
	a.clockInfo = (TPMS_CLOCK_INFO) { .clock = clock, .resetCount = 1, .safe = TPM2_YES };
	info->pcrSelect.count = 1;
	info->pcrSelect.pcrSelections[0] = (TPMS_PCR_SELECTION) { .hash = TPM2_ALG_SHA256, .sizeofSelect = 3 };
	memcpy(info->pcrSelect.pcrSelections[0].pcrSelect, (uint8_t []) { PCRS & 0xff, PCRS >> 8, 0 }, 3);
	for (int i = 0; i < 11; i++)
		registers[i] = (struct cv_bytes) { bank->value[i], 32 };
	need(cv_hash_of(bank->hash, registers, 11, digest), "no hash");
	info->pcrDigest.size = 32;
	memcpy(info->pcrDigest.buffer, digest, 32);
	q->attest_len = 0;
	need(!Tss2_MU_TPMS_ATTEST_Marshal(&a, q->attest, sizeof(q->attest), &q->attest_len), "no quote");
}

static void sign_quote(struct quoted *q)
{
	TPMT_SIGNATURE t = { .sigAlg = TPM2_ALG_ECDSA, .signature.ecdsa.hash = TPM2_ALG_SHA256 };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	const uint8_t *at = q->der;
	ECDSA_SIG *sig;

	q->der_len = sizeof(q->der);
	need(EVP_DigestSignInit_ex(ctx, NULL, "SHA256", NULL, NULL, signer, NULL) > 0 &&
	     EVP_DigestSign(ctx, q->der, &q->der_len, q->attest, q->attest_len) > 0, "no signature");
	EVP_MD_CTX_free(ctx);
	sig = d2i_ECDSA_SIG(NULL, &at, q->der_len);
	t.signature.ecdsa.signatureR.size = t.signature.ecdsa.signatureS.size = 32;
	BN_bn2binpad(ECDSA_SIG_get0_r(sig), t.signature.ecdsa.signatureR.buffer, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(sig), t.signature.ecdsa.signatureS.buffer, 32);
	ECDSA_SIG_free(sig);
	q->signature_len = 0;
	need(!Tss2_MU_TPMT_SIGNATURE_Marshal(&t, q->signature, sizeof(q->signature), &q->signature_len), "no signature");
}

/* --- what is measured ---------------------------------------------------------------------------- */

static const struct cv_selection wanted = { CV_ALG_SHA256, PCRS };
static uint8_t nonce[32] = "what is asked is not what counts";
static struct buffer firmware, ima[ROUNDS + 1];		/* the first list is the whole one */
static struct quoted quotes[ROUNDS + 1];
static struct cv_list allowed;
static struct cv_criteria *criteria;
static struct cv_vendors vendors;
static uint8_t rooms[4][8192];
static struct cv_bytes ek_public, ek_cert;

static const struct cv_list *open_list(void *context, const char *name, enum cv_type type, struct cv_error *err)
{
	(void)name;
	(void)type;
	(void)err;
	return context;
}

static void prepare(void)
{
	static const struct cv_module *const modules[] = { &cv_boot_module, &cv_ima_module, &cv_tpm_module };
	static const struct cv_catalog catalog = { modules, 3 };
	static const char text[] = "criteria \"bench\" { every ima.file: digest in file(\"allowed\")\n no ima.file: violation == true }";
	struct cv_criteria_env env = { &catalog, open_list, &allowed };
	struct cv_pcr_bank bank;
	struct cv_imalog_entry entry;
	struct cv_imalog log;
	struct cv_error err;
	struct cv_spot spot;
	struct cv_key key;

	make_list(&allowed);
	criteria = cv_criteria_parse((struct cv_bytes) { (const uint8_t *)text, sizeof(text) - 1 }, &env, &spot, &err);
	need(criteria, err.text);
	make_firmware_log(&firmware);
	make_key();
	need(cv_key_read(&key, (struct cv_bytes) { public, public_len }, &err), err.text);
	memcpy(signer_name, key.name, key.name_len);
	need(cv_fwlog_replay((struct cv_bytes) { firmware.data, firmware.len }, cv_hash_by_alg(CV_ALG_SHA256), &bank, &err), err.text);
	put_aggregate(&ima[0], &bank);
	for (uint32_t round = 0, file = 0; round <= ROUNDS; round++) {
		for (uint32_t i = 0; i < (round ? NEW_ENTRIES : IMA_ENTRIES); i++)
			put_file(&ima[round], file++);
		cv_imalog_begin(&log, (struct cv_bytes) { ima[round].data, ima[round].len });
		while (cv_imalog_next(&log, &entry, &err) == CV_IMALOG_ENTRY)
			need(cv_imalog_extend(&entry, CV_IMALOG_OWN, &bank), "no hash");
		make_quote(&quotes[round], &key, &bank, 1000 * (round + 1), nonce);
		sign_quote(&quotes[round]);
	}
	cv_key_clear(&key);
	ek_public = load("ek.tpm2b_public", rooms[0], sizeof(rooms[0]));
	ek_cert = load("ek.crt", rooms[1], sizeof(rooms[1]));
	need(cv_vendors_begin(&vendors, &err) &&
	     cv_vendors_add(&vendors, load("root.pem", rooms[2], sizeof(rooms[2])), true, &err) &&
	     cv_vendors_add(&vendors, load("issuer.pem", rooms[3], sizeof(rooms[3])), false, &err), "no vendors");
}

static void appraise(struct cv_attester *node, const struct cv_key *key, const struct cv_ek *ek, unsigned int round,
		     unsigned int entries)
{
	struct cv_proof proof = {
		{ quotes[round].attest, quotes[round].attest_len }, { quotes[round].signature, quotes[round].signature_len },
		{ firmware.data, firmware.len }, { ima[round].data, ima[round].len },
	};
	struct cv_evidence evidence[2] = { { &cv_ima_module, NULL } };
	struct cv_proven proven;
	struct cv_error err;
	unsigned int before = node->ima_entries;

	need(cv_attester_accept(node, &proof, key, ek, (struct cv_bytes) { nonce, 32 }, &wanted, 1, &proven, &err), err.text);
	need(node->ima_entries - before == entries, "not all entries are proven");
	evidence[0].data = &proven.ima;
	need(cv_criteria_judge(criteria, evidence, 1, NULL, NULL) == CV_SATISFIED, "not satisfied");
}

/* All of it, as for a node that was never seen. */
static void admit(struct cv_attester *node, struct cv_key *key, struct cv_ek *ek)
{
	struct cv_challenge challenge;
	struct cv_boot boot;
	struct cv_error err;

	cv_attester_forget(node);
	need(cv_ek_read(ek, ek_public, &err) && cv_ek_cert_verify(ek, ek_cert, &vendors, NOW, &err) &&
	     cv_key_read(key, (struct cv_bytes) { public, public_len }, &err) &&
	     cv_challenge_make(&challenge, ek, key->name, key->name_len, &err) &&
	     cv_challenge_answered(&challenge, (struct cv_bytes) { challenge.credential, CV_CREDENTIAL_MAX }, &err), err.text);
	cv_challenge_wipe(&challenge);
	appraise(node, key, ek, 0, 1 + IMA_ENTRIES);
	need(cv_boot_read(&boot, (struct cv_bytes) { firmware.data, firmware.len }, node, 0, PCRS,
			  (struct cv_bytes) { NULL, 0 }, &err), err.text);
}

static double admissions(void)
{
	double begin = seconds(), spent;
	struct cv_attester node;
	unsigned int n = 0;
	struct cv_key key;
	struct cv_ek ek;

	do {
		admit(&node, &key, &ek);
		cv_key_clear(&key);
		cv_ek_clear(&ek);
		n++;
		spent = seconds() - begin;
	} while (spent < SECONDS);
	return n / spent;
}

static double reverifications(void)
{
	double begin, spent = 0;
	struct cv_attester node;
	unsigned int n = 0;
	struct cv_key key;
	struct cv_ek ek;

	while (spent < SECONDS) {
		admit(&node, &key, &ek);
		begin = seconds();
		for (unsigned int round = 1; round <= ROUNDS; round++)
			appraise(&node, &key, &ek, round, NEW_ENTRIES);
		spent += seconds() - begin;
		n += ROUNDS;
		cv_key_clear(&key);
		cv_ek_clear(&ek);
	}
	return n / spent;
}

/* What OpenSSL alone does with these very signatures, in the form it likes best. */
static double signatures(void)
{
	double begin = seconds(), spent;
	unsigned int n = 0;

	do {
		for (unsigned int i = 0; i <= ROUNDS; i++, n++) {
			EVP_MD_CTX *ctx = EVP_MD_CTX_new();

			need(EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, signer) > 0 &&
			     EVP_DigestVerify(ctx, quotes[i].der, quotes[i].der_len, quotes[i].attest, quotes[i].attest_len) == 1,
			     "a signature does not hold");
			EVP_MD_CTX_free(ctx);
		}
		spent = seconds() - begin;
	} while (spent < SECONDS);
	return n / spent;
}

static void print(const char *metric, double value, const char *unit)
{
	printf("{\"bench\":\"verify\",\"metric\":\"%s\",\"value\":%.2f,\"unit\":\"%s\",\"kernel\":\"-\"}\n", metric, value, unit);
}

int main(void)
{
	double again, raw;

	prepare();
	print("admissions_per_second", admissions(), "1/s");
	again = reverifications();
	raw = signatures();
	print("reverifications_per_second", again, "1/s");
	print("signatures_per_second", raw, "1/s");
	print("signatures_per_reverification", raw / again, "ratio");
	print("allowlist_bytes_per_digest", (double)(CV_LIST_HEADER + allowed.n * allowed.hash->size) / allowed.n, "B");
	return 0;
}
