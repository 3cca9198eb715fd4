// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <cv/roti.h>

#define MAGIC	"CVROTI1"	/* with its final zero */
#define PART	1024		/* bytes of a quote, of a signature */

/* --- reading --------------------------------------------------------------------------- */

static bool stated_is(struct cv_roti *roti, struct cv_reader *r)
{
	struct cv_roti_statement *s = &roti->statement;
	const uint8_t *begin = r->at;
	struct cv_bytes magic = cv_take(r, sizeof(MAGIC));

	s->time = cv_take_be(r, 8);
	s->installer = cv_take(r, CV_ROTI_DIGEST).data;
	s->image = cv_take(r, CV_ROTI_DIGEST).data;
	s->filesystem = cv_take(r, CV_ROTI_DIGEST).data;
	s->label = cv_take(r, cv_take_be(r, 2));
	roti->stated = (struct cv_bytes) { begin, (size_t)(r->at - begin) };
	return !r->beyond && !memcmp(magic.data, MAGIC, sizeof(MAGIC)) && s->label.len <= CV_ROTI_LABEL_MAX;
}

bool cv_roti_read(struct cv_roti *roti, struct cv_bytes bytes, struct cv_error *err)
{
	struct cv_reader r = cv_reader(bytes);

	*roti = (struct cv_roti) {};
	if (bytes.len > CV_ROTI_MAX || !stated_is(roti, &r))
		return cv_refuse(err, CV_E_ROTI_FORMAT, "%zu bytes are no installation proof of version 1", bytes.len);
	roti->signer = cv_take(&r, cv_take_be(&r, 2));
	roti->attest = cv_take(&r, cv_take_be(&r, 2));
	roti->signature = cv_take(&r, cv_take_be(&r, 2));
	return (!r.beyond && !r.left) ||
	       cv_refuse(err, CV_E_ROTI_FORMAT, "the installation proof's parts do not fill its %zu bytes", bytes.len);
}

/* --- verifying -------------------------------------------------------------------------- */

static bool nonce_of(struct cv_bytes stated, uint8_t nonce[CV_HASH_MAX], struct cv_error *err)
{
	return cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), &stated, 1, nonce) ||
	       cv_refuse(err, CV_E_HASH_UNKNOWN, "OpenSSL has no sha256");
}

bool cv_roti_verify(struct cv_roti *roti, const struct cv_key *key, const struct cv_selection *wanted,
		    unsigned int n_wanted, struct cv_error *err)
{
	struct cv_bytes name = { key->name, key->name_len };
	uint8_t nonce[CV_HASH_MAX];

	if (!cv_bytes_equal(roti->signer, name))
		return cv_refuse(err, CV_E_ROTI_SIGNER,
				 "the installation was proven by another key than the node's: on another machine, or before its TPM was cleared");
	return nonce_of(roti->stated, nonce, err) &&
	       cv_quote_verify(&roti->quote, roti->attest, roti->signature, key,
			       (struct cv_bytes) { nonce, CV_ROTI_DIGEST }, wanted, n_wanted, err);
}

/* --- making ------------------------------------------------------------------------------- */

struct writer {
	uint8_t *at;
	size_t left;
	bool beyond;
};

static void put(struct writer *w, const void *data, size_t len)
{
	w->beyond |= len > w->left;
	if (w->beyond)
		return;
	memcpy(w->at, data, len);
	w->at += len;
	w->left -= len;
}

static void put_be(struct writer *w, uint64_t n, unsigned int size)
{
	uint8_t bytes[8];

	for (unsigned int i = size; i-- > 0; n >>= 8)
		bytes[i] = n;
	put(w, bytes, size);
}

static void put_counted(struct writer *w, struct cv_bytes part)
{
	put_be(w, part.len, 2);
	put(w, part.data, part.len);
}

static void put_statement(struct writer *w, const struct cv_roti_statement *s)
{
	put(w, MAGIC, sizeof(MAGIC));
	put_be(w, s->time, 8);
	put(w, s->installer, CV_ROTI_DIGEST);
	put(w, s->image, CV_ROTI_DIGEST);
	put(w, s->filesystem, CV_ROTI_DIGEST);
	put_counted(w, s->label);
}

bool cv_roti_make(const struct cv_roti_statement *statement, const struct cv_roti_signer *signer,
		  uint8_t proof[CV_ROTI_MAX], size_t *len, struct cv_error *err)
{
	struct writer w = { proof, CV_ROTI_MAX, false };
	uint8_t nonce[CV_HASH_MAX], attest[PART], signature[PART];
	size_t attest_len = PART, signature_len = PART;

	if (statement->label.len > CV_ROTI_LABEL_MAX || signer->name_len > CV_NAME_MAX)
		return cv_refuse(err, CV_E_ROTI_FORMAT, "a label of %zu bytes, expected at most %u",
				 statement->label.len, CV_ROTI_LABEL_MAX);
	put_statement(&w, statement);
	if (!nonce_of((struct cv_bytes) { proof, (size_t)(w.at - proof) }, nonce, err))
		return false;
	if (!signer->quote(signer->context, (struct cv_bytes) { nonce, CV_ROTI_DIGEST }, attest, &attest_len, signature,
			   &signature_len))
		return cv_refuse(err, CV_E_ROTI_FORMAT, "the TPM did not sign the installation proof");
	put_counted(&w, (struct cv_bytes) { signer->name, signer->name_len });
	put_counted(&w, (struct cv_bytes) { attest, attest_len });
	put_counted(&w, (struct cv_bytes) { signature, signature_len });
	*len = w.at - proof;
	return !w.beyond || cv_refuse(err, CV_E_ROTI_FORMAT, "the installation proof takes more than %u bytes", CV_ROTI_MAX);
}

/* --- facts ---------------------------------------------------------------------------------- */

#define ROTI	((const struct cv_roti *)ask->evidence)

static bool digest(struct cv_value *value, const uint8_t *bytes, struct cv_from *from)
{
	snprintf(from->text, sizeof(from->text), "the installation proof");
	value->digest.hash = cv_hash_by_alg(CV_ALG_SHA256);
	value->digest.bytes = bytes;
	return true;
}

static bool get_installer(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	return digest(value, ROTI->statement.installer, from);
}

static bool get_image(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	return digest(value, ROTI->statement.image, from);
}

static bool get_filesystem(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	return digest(value, ROTI->statement.filesystem, from);
}

static bool get_registers(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	digest(value, ROTI->quote.pcr_digest, from);
	value->digest.hash = ROTI->quote.hash;
	return value->digest.hash;
}

static bool get_label(const struct cv_ask *ask, struct cv_value *value, struct cv_from *from)
{
	snprintf(from->text, sizeof(from->text), "the installation proof");
	value->string = ROTI->statement.label;
	return true;
}

static const struct cv_fact roti_facts[] = {
	{ .name = "roti.installer", .type = CV_DIGEST, .get = get_installer, .meaning = "the installer that ran" },
	{ .name = "roti.image", .type = CV_DIGEST, .get = get_image, .meaning = "the disk image that was installed" },
	{ .name = "roti.filesystem", .type = CV_DIGEST, .get = get_filesystem,
	  .meaning = "dm-verity's root hash of the file system that was installed" },
	{ .name = "roti.registers", .type = CV_DIGEST, .get = get_registers,
	  .meaning = "what the quote says of the installer's own boot: the digest of the quoted registers" },
	{ .name = "roti.label", .type = CV_STRING, .get = get_label, .meaning = "the image's name" },
	{}
};

const struct cv_module cv_roti_module = { "roti", roti_facts };
