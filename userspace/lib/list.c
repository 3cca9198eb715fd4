// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <cv/list.h>

#define MAGIC		"CVLIST1"	/* with its final zero */

/* --- identity ---------------------------------------------------------------------- */

static void put_be(uint8_t *to, uint64_t n, unsigned int size)
{
	while (size--) {
		to[size] = n;
		n >>= 8;
	}
}

void cv_list_header(const struct cv_list *list, uint8_t header[CV_LIST_HEADER])
{
	memset(header, 0, CV_LIST_HEADER);
	memcpy(header, MAGIC, sizeof(MAGIC));
	put_be(header + 8, list->hash ? list->hash->alg : 0, 2);
	header[10] = list->type;
	put_be(header + 16, list->n, 8);
}

static bool identify(struct cv_list *list, struct cv_bytes content, struct cv_error *err)
{
	uint8_t header[CV_LIST_HEADER], digest[CV_HASH_MAX];
	struct cv_bytes parts[] = { { header, sizeof(header) }, content };

	cv_list_header(list, header);
	if (!cv_hash_of(cv_hash_by_alg(CV_ALG_SHA256), parts, 2, digest))
		return cv_refuse(err, CV_E_HASH_UNKNOWN, "OpenSSL has no sha256");
	memcpy(list->id, digest, CV_LIST_ID);
	return true;
}

/* --- compiled ----------------------------------------------------------------------- */

bool cv_list_is_compiled(struct cv_bytes bytes)
{
	return bytes.len >= sizeof(MAGIC) && !memcmp(bytes.data, MAGIC, sizeof(MAGIC));
}

static bool ascending(const struct cv_list *list)
{
	size_t size = list->hash->size;

	for (size_t i = 1; i < list->n; i++)
		if (memcmp(list->digests + (i - 1) * size, list->digests + i * size, size) >= 0)
			return false;
	return true;
}

bool cv_list_view(struct cv_list *list, struct cv_bytes bytes, struct cv_error *err)
{
	struct cv_reader r = cv_reader(bytes);
	uint8_t header[CV_LIST_HEADER];
	struct cv_bytes all;

	*list = (struct cv_list) { .type = CV_DIGEST };
	cv_take(&r, 8);
	list->hash = cv_hash_by_alg(cv_take_be(&r, 2));
	cv_take(&r, 6);
	list->n = cv_take_be(&r, 8);
	cv_take(&r, 8);
	all = (struct cv_bytes) { r.at, r.left };
	if (r.beyond || !cv_list_is_compiled(bytes) || !list->hash ||
	    all.len / list->hash->size != list->n || all.len % list->hash->size)
		return cv_refuse(err, CV_E_LIST_FORMAT,
				 "%zu bytes are not a compiled list of %zu digests", bytes.len, list->n);
	list->digests = all.data;
	cv_list_header(list, header);
	if (memcmp(header, bytes.data, sizeof(header)))
		return cv_refuse(err, CV_E_LIST_FORMAT, "the compiled list's header is of another version");
	if (!ascending(list))
		return cv_refuse(err, CV_E_LIST_FORMAT,
				 "the compiled list's digests do not ascend: make it again (cvctl list compile)");
	return identify(list, all, err);
}

/* --- text ---------------------------------------------------------------------------- */

struct line {
	struct cv_bytes text;
	unsigned int number;
};

/* The next line that says something, without comment and blanks around it. */
static bool next_line(struct cv_reader *r, struct line *line)
{
	while (r->left) {
		const uint8_t *end = memchr(r->at, '\n', r->left);
		struct cv_bytes all = cv_take(r, end ? (size_t)(end - r->at) : r->left);
		const uint8_t *hash = all.len ? memchr(all.data, '#', all.len) : NULL;

		if (end)
			cv_take(r, 1);
		line->number++;
		if (hash)
			all.len = hash - all.data;
		while (all.len && strchr(" \t\r", all.data[all.len - 1]))
			all.len--;
		while (all.len && strchr(" \t", all.data[0])) {
			all.data++;
			all.len--;
		}
		line->text = all;
		if (all.len)
			return true;
	}
	return false;
}

static bool bad_line(const struct line *line, const char *expected, struct cv_error *err)
{
	int shown = line->text.len < 60 ? line->text.len : 60;

	for (int i = 0; i < shown; i++)
		if (line->text.data[i] < 0x20 || line->text.data[i] > 0x7e)
			shown = i;
	return cv_refuse(err, CV_E_LIST_FORMAT, "line %u: \"%.*s\", expected %s", line->number,
			 shown, (const char *)line->text.data, expected);
}

static const char *hash_of_digits(size_t digits)
{
	switch (digits) {
	case 40: return "sha1:";
	case 64: return "sha256:";
	case 96: return "sha384:";
	case 128: return "sha512:";
	default: return "";
	}
}

/* The first word; a bare one is of the algorithm that has so many digits. */
static bool read_digest(struct cv_value *value, struct cv_bytes text, uint8_t *room)
{
	char word[8 + 2 * CV_HASH_MAX + 1];
	const char *prefix;
	size_t len = 0;

	while (len < text.len && text.data[len] != ' ' && text.data[len] != '\t')
		len++;
	prefix = memchr(text.data, ':', len) ? "" : hash_of_digits(len);
	if (strlen(prefix) + len >= sizeof(word))
		return false;
	strcpy(word, prefix);
	memcpy(word + strlen(prefix), text.data, len);
	return cv_value_read(value, CV_DIGEST,
			     (struct cv_bytes) { (uint8_t *)word, strlen(prefix) + len }, room);
}

static int order_digest(const void *a, const void *b, void *hash)
{
	return memcmp(a, b, ((const struct cv_hash *)hash)->size);
}

static void sort_digests(struct cv_list *list)
{
	size_t size = list->hash->size, kept = 0;

	qsort_r(list->owned, list->n, size, order_digest, (void *)list->hash);
	for (size_t i = 0; i < list->n; i++) {
		if (i && !memcmp(list->owned + (kept - 1) * size, list->owned + i * size, size))
			continue;
		memmove(list->owned + kept++ * size, list->owned + i * size, size);
	}
	list->n = kept;
}

static bool read_digests(struct cv_list *list, struct cv_bytes text, struct cv_error *err)
{
	struct cv_reader r = cv_reader(text);
	uint8_t room[CV_HASH_MAX];
	struct cv_value value;
	struct line line = {};

	list->owned = malloc(text.len / 2 + 1);
	if (!list->owned)
		return cv_refuse(err, CV_E_MEMORY, "no memory for a list of %zu bytes", text.len);
	while (next_line(&r, &line)) {
		if (!read_digest(&value, line.text, room))
			return bad_line(&line, "a digest, as sha256:0123… or as sha256sum prints", err);
		if (list->hash && list->hash != value.digest.hash)
			return bad_line(&line, list->hash->name, err);
		list->hash = value.digest.hash;
		memcpy(list->owned + list->n++ * list->hash->size, room, list->hash->size);
	}
	if (list->hash)
		sort_digests(list);
	list->digests = list->owned;
	return identify(list, (struct cv_bytes) { list->owned, list->hash ? list->n * list->hash->size : 0 }, err);
}

static void pack(uint8_t packed[CV_LIST_PREFIX], const struct cv_value *value)
{
	packed[0] = value->net.len;
	packed[1] = value->net.bits;
	memcpy(packed + 2, value->net.bytes, 16);
}

static struct cv_value unpack(const uint8_t packed[CV_LIST_PREFIX])
{
	struct cv_value value = { .type = CV_PREFIX, .net = { .len = packed[0], .bits = packed[1] } };

	memcpy(value.net.bytes, packed + 2, 16);
	return value;
}

static int order_prefix(const void *a, const void *b)
{
	struct cv_value x = unpack(a), y = unpack(b);

	return cv_value_order(&x, &y);
}

static bool covers(const uint8_t *prefix, const uint8_t *other)
{
	struct cv_value x = unpack(prefix), y = unpack(other);

	return cv_prefix_covers(&x, &y);
}

/* A shorter prefix sorts before those that it covers: what is left covers nothing else of the list. */
static void sort_prefixes(struct cv_list *list)
{
	size_t kept = 0;

	qsort(list->prefixes, list->n, CV_LIST_PREFIX, order_prefix);
	for (size_t i = 0; i < list->n; i++)
		if (!kept || !covers(list->prefixes[kept - 1], list->prefixes[i]))
			memmove(list->prefixes[kept++], list->prefixes[i], CV_LIST_PREFIX);
	list->n = kept;
}

static size_t count_lines(struct cv_bytes text)
{
	struct cv_reader r = cv_reader(text);
	struct line line = {};
	size_t n = 0;

	while (next_line(&r, &line))
		n++;
	return n;
}

static bool read_prefixes(struct cv_list *list, struct cv_bytes text, struct cv_error *err)
{
	struct cv_reader r = cv_reader(text);
	size_t n = count_lines(text);
	struct line line = {};

	if (n > CV_LIST_PREFIXES_MAX)
		return cv_refuse(err, CV_E_LIST_FORMAT, "%zu prefixes, expected at most %u", n,
				 CV_LIST_PREFIXES_MAX);
	list->prefixes = calloc(n + 1, CV_LIST_PREFIX);
	if (!list->prefixes)
		return cv_refuse(err, CV_E_MEMORY, "no memory for a list of %zu bytes", text.len);
	while (next_line(&r, &line)) {
		struct cv_value value = {};

		if (!cv_value_read(&value, CV_PREFIX, line.text, NULL) &&
		    !cv_value_read(&value, CV_ADDRESS, line.text, NULL))
			return bad_line(&line, "an address or a prefix, no bits set behind its length", err);
		pack(list->prefixes[list->n++], &value);
	}
	sort_prefixes(list);
	return identify(list, (struct cv_bytes) { (const uint8_t *)list->prefixes, list->n * CV_LIST_PREFIX }, err);
}

bool cv_list_read(struct cv_list *list, enum cv_type type, struct cv_bytes text,
		  struct cv_error *err)
{
	*list = (struct cv_list) { .type = type == CV_ADDRESS ? CV_PREFIX : type };
	switch (list->type) {
	case CV_DIGEST: return read_digests(list, text, err);
	case CV_PREFIX: return read_prefixes(list, text, err);
	default:
		return cv_refuse(err, CV_E_LIST_FORMAT,
				 "a file can list digests, addresses and prefixes, and no value of type %s",
				 cv_type_name(type));
	}
}

void cv_list_clear(struct cv_list *list)
{
	free(list->owned);
	free(list->prefixes);
	*list = (struct cv_list) {};
}

/* --- looking up ------------------------------------------------------------------------ */

static uint64_t head(const uint8_t *digest)
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | digest[i];
	return n;
}

/*
 * Digests are spread evenly, so the place of one can be guessed from its first
 * bytes; every other step halves, for lists that somebody chose.
 */
static bool has_digest(const struct cv_list *list, const uint8_t *digest)
{
	size_t low = 0, high = list->n, size = list->hash->size, at;
	uint64_t key = head(digest), first, last;
	bool guess = true;

	while (low < high) {
		first = head(list->digests + low * size);
		last = head(list->digests + (high - 1) * size);
		at = low + (high - low) / 2;
		if (guess && key > first && key < last)
			at = low + (size_t)((unsigned __int128)(key - first) * (high - 1 - low) / (last - first));
		guess = !guess;

		int order = memcmp(list->digests + at * size, digest, size);

		if (!order)
			return true;
		if (order < 0)
			low = at + 1;
		else
			high = at;
	}
	return false;
}

/* They do not overlap: only the last that begins at or before the address can cover it. */
static bool has_address(const struct cv_list *list, const struct cv_value *address)
{
	struct cv_value begin = *address, prefix;
	size_t low = 0, high = list->n, at;

	begin.type = CV_PREFIX;
	begin.net.bits = 8 * begin.net.len;
	while (low < high) {
		at = low + (high - low) / 2;
		prefix = unpack(list->prefixes[at]);
		if (cv_value_order(&prefix, &begin) <= 0)
			low = at + 1;
		else
			high = at;
	}
	if (!low)
		return false;
	prefix = unpack(list->prefixes[low - 1]);
	return cv_prefix_covers(&prefix, address);
}

enum cv_verdict cv_list_has(const struct cv_list *list, const struct cv_value *value)
{
	bool has;

	if (value->type == CV_ADDRESS && list->type == CV_PREFIX) {
		has = has_address(list, value);
	} else if (value->type == CV_DIGEST && list->type == CV_DIGEST) {
		if (list->hash && list->hash != value->digest.hash)
			return CV_UNKNOWN;
		has = list->hash && has_digest(list, value->digest.bytes);
	} else {
		return CV_UNKNOWN;
	}
	return has ? CV_SATISFIED : CV_VIOLATED;
}
