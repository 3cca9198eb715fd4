// SPDX-License-Identifier: GPL-2.0
#include <cv/imalog.h>

#define SHA1_SIZE	20
#define NAME_PADDED	256	/* bytes of a path in the template "ima", for its digest */
#define NAME_MAX_LEN	255	/* of a template's name or format */

static const struct cv_bytes old_template = { (const uint8_t *)"ima", 3 };

static uint32_t number(const struct cv_imalog *log, struct cv_reader *r)
{
	return log->big_endian ? cv_take_be(r, 4) : cv_take_le(r, 4);
}

static struct cv_bytes counted(const struct cv_imalog *log, struct cv_reader *r)
{
	return cv_take(r, number(log, r));
}

/* --- entries --------------------------------------------------------------- */

/* A register number in the wrong order is far from 0 to 23. */
void cv_imalog_begin(struct cv_imalog *log, struct cv_bytes bytes)
{
	struct cv_reader r = cv_reader(bytes);

	*log = (struct cv_imalog) { .bytes = bytes, .reader = r };
	log->big_endian = cv_take_le(&r, 4) >= CV_PCRS;
}

/* The template "ima" has no length: a SHA-1 digest, and a path with one. */
static struct cv_bytes old_data(const struct cv_imalog *log, struct cv_reader *r)
{
	struct cv_bytes data = { r->at, 0 };
	size_t before = r->left;

	cv_take(r, SHA1_SIZE);
	counted(log, r);
	data.len = before - r->left;
	return data;
}

static bool read_entry(struct cv_imalog *log, struct cv_imalog_entry *entry,
		       struct cv_error *err)
{
	struct cv_reader *r = &log->reader;

	*entry = (struct cv_imalog_entry) {
		.index = log->n_entries++,
		.offset = r->at - log->bytes.data,
	};
	entry->pcr = number(log, r);
	entry->sha1 = cv_take(r, SHA1_SIZE).data;
	entry->template = counted(log, r);
	entry->data = cv_bytes_equal(entry->template, old_template) ? old_data(log, r) : counted(log, r);
	entry->end = r->at - log->bytes.data;
	if (r->beyond)
		return cv_refuse(err, CV_E_LOG_TRUNCATED,
				 "entry %u at byte %zu ends beyond the log, which has %zu bytes",
				 entry->index, entry->offset, log->bytes.len);
	if (entry->pcr >= CV_PCRS)
		return cv_refuse(err, CV_E_LOG_PCR,
				 "entry %u at byte %zu is for PCR %u, expected 0 to %u",
				 entry->index, entry->offset, entry->pcr, CV_PCRS - 1);
	if (!entry->template.len || entry->template.len > NAME_MAX_LEN)
		return cv_refuse(err, CV_E_LOG_TEMPLATE,
				 "entry %u at byte %zu has a template's name of %zu bytes, expected 1 to %u",
				 entry->index, entry->offset, entry->template.len, NAME_MAX_LEN);
	entry->violation = cv_bytes_all((struct cv_bytes) { entry->sha1, SHA1_SIZE }, 0);
	return true;
}

enum cv_imalog_next cv_imalog_next(struct cv_imalog *log, struct cv_imalog_entry *entry,
				   struct cv_error *err)
{
	if (!log->reader.left && !log->reader.beyond)
		return CV_IMALOG_END;
	return read_entry(log, entry, err) ? CV_IMALOG_ENTRY : CV_IMALOG_BAD;
}

/* --- templates -------------------------------------------------------------- */

static const struct {
	const char *name, *format;
} templates[] = {
	{ "ima-ng", "d-ng|n-ng" },
	{ "ima-ngv2", "d-ngv2|n-ng" },
	{ "ima-sig", "d-ng|n-ng|sig" },
	{ "ima-sigv2", "d-ngv2|n-ng|sig" },
	{ "ima-buf", "d-ng|n-ng|buf" },
	{ "ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig" },
	{ "evm-sig", "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode" },
};

static bool is_text(struct cv_bytes b, const char *text)
{
	return b.len == strlen(text) && !memcmp(b.data, text, b.len);
}

/* A template of the command line's, ima_template_fmt=, is logged by its format. */
static struct cv_bytes format_of(struct cv_bytes template)
{
	for (size_t i = 0; i < sizeof(templates) / sizeof(templates[0]); i++)
		if (is_text(template, templates[i].name))
			return (struct cv_bytes) { (const uint8_t *)templates[i].format,
						   strlen(templates[i].format) };
	return template;
}

/* The part before @end, which goes too; all of it if there is none. */
static struct cv_bytes cut(struct cv_bytes *b, char end)
{
	const uint8_t *at = b->len ? memchr(b->data, end, b->len) : NULL;
	struct cv_bytes part = { b->data, at ? (size_t)(at - b->data) : b->len };
	size_t gone = part.len + !!at;

	*b = (struct cv_bytes) { b->data + gone, b->len - gone };
	return part;
}

/* "sha256:" NUL digest; in version 2 "ima:sha256:" or "verity:sha256:" before the NUL. */
static bool read_digest(struct cv_bytes field, bool typed, struct cv_imafile *file)
{
	struct cv_bytes rest = field, type;

	if (typed) {
		type = cut(&rest, ':');
		file->verity = is_text(type, "verity");
		if (!file->verity && !is_text(type, "ima"))
			return false;
	}
	file->alg = cut(&rest, ':');
	if (!rest.len || rest.data[0])
		return false;
	file->digest = (struct cv_bytes) { rest.data + 1, rest.len - 1 };
	return true;
}

/* Paths are logged with their NUL, and have no other. */
static bool read_path(struct cv_bytes field, struct cv_imafile *file)
{
	if (!field.len || memchr(field.data, 0, field.len) != field.data + field.len - 1)
		return false;
	file->path = (struct cv_bytes) { field.data, field.len - 1 };
	return true;
}

/* Behind digest and name. */
static bool is_known(struct cv_bytes id)
{
	static const char *const ids[] = {
		"d-modsig", "modsig", "evmsig", "iuid", "igid", "imode", "xattrnames", "xattrlengths", "xattrvalues",
	};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
		if (is_text(id, ids[i]))
			return true;
	return false;
}

/* Every template that tells a file begins with the digest and the name. */
static bool read_field(unsigned int i, struct cv_bytes id, struct cv_bytes field, struct cv_imafile *file,
		       struct cv_bytes *third)
{
	if (!i)
		return (is_text(id, "d-ng") && read_digest(field, false, file)) ||
		       (is_text(id, "d-ngv2") && read_digest(field, true, file));
	if (i == 1)
		return is_text(id, "n-ng") && read_path(field, file);
	if (i > 2)
		return is_known(id);
	*third = field;			/* whatever it is called */
	return is_text(id, "sig") || is_text(id, "buf") || is_known(id);
}

/* The kinds of security.ima that the kernel logs: signatures of file, of metadata, of fs-verity's digest. */
static bool looks_signed(struct cv_bytes third)
{
	return third.len && (third.data[0] == 3 || third.data[0] == 5 || third.data[0] == 6);
}

/*
 * A signature or a buffer, which have the same form: a buffer is what the digest
 * is of, and has a name that is no path. What could be both is not told: root
 * writes signatures, and files of the same bytes.
 */
static bool tell_third(struct cv_bytes third, struct cv_imafile *file)
{
	const struct cv_hash *hash = cv_hash_by_name((const char *)file->alg.data, file->alg.len);
	bool is_path = file->path.len && file->path.data[0] == '/';
	uint8_t digest[CV_HASH_MAX];
	bool is_of_third;

	if (!hash || !cv_hash_of(hash, &third, 1, digest))
		return is_path;
	is_of_third = file->digest.len == hash->size && !memcmp(digest, file->digest.data, hash->size);
	if (is_of_third && (third.len ? is_path || looks_signed(third) : !is_path))
		return false;
	file->is_buffer = is_of_third && !is_path;
	file->has_signature = !file->is_buffer && (!third.len || looks_signed(third));
	if (file->is_buffer)
		file->buffer = third;
	else if (file->has_signature)
		file->signature = third;
	return true;
}

static bool read_old(const struct cv_imalog *log, const struct cv_imalog_entry *entry,
		     struct cv_imafile *file)
{
	struct cv_reader r = cv_reader(entry->data);

	file->alg = (struct cv_bytes) { (const uint8_t *)"sha1", 4 };
	file->digest = cv_take(&r, SHA1_SIZE);
	file->path = counted(log, &r);
	return !r.beyond && !(file->path.len && memchr(file->path.data, 0, file->path.len));
}

static bool read_fields(const struct cv_imalog *log, const struct cv_imalog_entry *entry,
			struct cv_imafile *file)
{
	struct cv_bytes format = format_of(entry->template), field, third = {};
	struct cv_reader r = cv_reader(entry->data);
	unsigned int n;

	for (n = 0; format.len; n++) {
		field = counted(log, &r);
		if (r.beyond || !read_field(n, cut(&format, '|'), field, file, &third))
			return false;
	}
	if (n < 2 || r.left || (third.data && !tell_third(third, file)))
		return false;
	file->has_signature &= n == 3 || n == 5;	/* EVM's template has another */
	return true;
}

bool cv_imalog_file(const struct cv_imalog *log, const struct cv_imalog_entry *entry,
		    struct cv_imafile *file, struct cv_error *err)
{
	bool fits;

	*file = (struct cv_imafile) {};
	fits = cv_bytes_equal(entry->template, old_template) ? read_old(log, entry, file) :
							       read_fields(log, entry, file);
	if (fits)
		return true;
	return cv_refuse(err, CV_E_LOG_TEMPLATE,
			 "entry %u at byte %zu: its %zu bytes are not the fields of the template %.*s",
			 entry->index, entry->offset, entry->data.len,
			 (int)entry->template.len, (const char *)entry->template.data);
}

/* --- replaying --------------------------------------------------------------- */

/* The template "ima" pads the path to a fixed length; others are hashed as they are. */
static bool digest_of(const struct cv_imalog_entry *entry, const struct cv_hash *hash,
		      uint8_t out[CV_HASH_MAX])
{
	static const uint8_t zeros[NAME_PADDED];
	struct cv_bytes parts[3] = { entry->data };
	size_t path;

	if (!cv_bytes_equal(entry->template, old_template))
		return cv_hash_of(hash, parts, 1, out);
	path = entry->data.len - SHA1_SIZE - 4;
	if (path > NAME_PADDED)
		return false;
	parts[0] = (struct cv_bytes) { entry->data.data, SHA1_SIZE };
	parts[1] = (struct cv_bytes) { entry->data.data + SHA1_SIZE + 4, path };
	parts[2] = (struct cv_bytes) { zeros, NAME_PADDED - path };
	return cv_hash_of(hash, parts, 3, out);
}

bool cv_imalog_extend(const struct cv_imalog_entry *entry, enum cv_imalog_banks how,
		      struct cv_pcr_bank *bank)
{
	uint8_t digest[CV_HASH_MAX] = {};

	if (entry->violation)
		memset(digest, 0xff, how == CV_IMALOG_PADDED ? SHA1_SIZE : bank->hash->size);
	else if (bank->hash->alg == CV_ALG_SHA1 || how == CV_IMALOG_PADDED)
		memcpy(digest, entry->sha1, SHA1_SIZE);
	else if (!digest_of(entry, bank->hash, digest))
		return false;
	return cv_pcr_extend(bank, entry->pcr, digest);
}

bool cv_imalog_consistent(const struct cv_imalog_entry *entry)
{
	uint8_t digest[CV_HASH_MAX];

	return digest_of(entry, cv_hash_by_alg(CV_ALG_SHA1), digest) &&
	       !memcmp(digest, entry->sha1, SHA1_SIZE);
}
