// SPDX-License-Identifier: GPL-2.0
#include <arpa/inet.h>
#include <stdio.h>
#include <cv/value.h>

static const char *const type_names[] = {
	[CV_INTEGER] = "integer", [CV_BOOLEAN] = "boolean", [CV_STRING] = "string",
	[CV_DIGEST] = "digest", [CV_ADDRESS] = "address", [CV_PREFIX] = "prefix",
	[CV_VERSION] = "version", [CV_RECORDS] = "list of records",
};

static const char *const op_texts[] = {
	[CV_EQ] = "==", [CV_NE] = "!=", [CV_LT] = "<", [CV_LE] = "<=", [CV_GT] = ">",
	[CV_GE] = ">=", [CV_HAS] = "has", [CV_UNDER] = "under", [CV_IN] = "in",
	[CV_NOT_IN] = "not in",
};

static const char *const verdict_names[] = {
	[CV_VIOLATED] = "violated", [CV_UNKNOWN] = "unknown", [CV_SATISFIED] = "satisfied",
};

const char *cv_type_name(enum cv_type type)
{
	return type_names[type];
}

const char *cv_op_text(enum cv_op op)
{
	return op_texts[op];
}

const char *cv_verdict_name(enum cv_verdict verdict)
{
	return verdict_names[verdict];
}

#define EQUALITY	(1u << CV_EQ | 1u << CV_NE)
#define ORDER		(EQUALITY | 1u << CV_LT | 1u << CV_LE | 1u << CV_GT | 1u << CV_GE)
#define MEMBER		(1u << CV_IN | 1u << CV_NOT_IN)

bool cv_type_has(enum cv_type type, enum cv_op op)
{
	static const unsigned int has[] = {
		[CV_INTEGER] = ORDER | MEMBER,
		[CV_BOOLEAN] = EQUALITY,
		[CV_STRING] = EQUALITY | MEMBER | 1u << CV_HAS | 1u << CV_UNDER,
		[CV_DIGEST] = EQUALITY | MEMBER,
		[CV_ADDRESS] = EQUALITY | MEMBER,
		[CV_PREFIX] = EQUALITY | MEMBER,
		[CV_VERSION] = ORDER | MEMBER,
		[CV_RECORDS] = 0,
	};

	return has[type] >> op & 1;
}

/* --- reading ---------------------------------------------------------------------- */

static int nibble(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool read_digest(struct cv_value *value, struct cv_bytes text, uint8_t *room)
{
	const uint8_t *colon = memchr(text.data, ':', text.len);
	struct cv_bytes hex;

	if (!colon)
		return false;
	value->digest.hash = cv_hash_by_name((const char *)text.data, colon - text.data);
	hex = (struct cv_bytes) { colon + 1, text.data + text.len - colon - 1 };
	if (!value->digest.hash || hex.len != 2 * (size_t)value->digest.hash->size)
		return false;
	for (size_t i = 0; i < hex.len; i++) {
		int digit = nibble(hex.data[i]);

		if (digit < 0)
			return false;
		room[i / 2] = i % 2 ? room[i / 2] << 4 | digit : digit;
	}
	value->digest.bytes = room;
	return true;
}

/* Decimal, without a sign, at most @max; what is not a digit ends it. */
static bool read_number(struct cv_reader *r, uint64_t max, uint32_t *number)
{
	uint64_t n = 0;
	bool any = false;

	while (r->left && *r->at >= '0' && *r->at <= '9') {
		n = n * 10 + cv_take_le(r, 1) - '0';
		if (n > max)
			return false;
		any = true;
	}
	*number = n;
	return any;
}

static bool read_address(struct cv_value *value, struct cv_bytes text)
{
	char name[INET6_ADDRSTRLEN];

	if (!text.len || text.len >= sizeof(name))
		return false;
	memcpy(name, text.data, text.len);
	name[text.len] = 0;
	memset(&value->net, 0, sizeof(value->net));
	value->net.len = memchr(name, ':', text.len) ? 16 : 4;
	value->net.bits = 8 * value->net.len;
	return strlen(name) == text.len &&
	       inet_pton(value->net.len == 16 ? AF_INET6 : AF_INET, name, value->net.bytes) == 1;
}

static bool bits_behind(const struct cv_value *prefix)
{
	for (unsigned int bit = prefix->net.bits; bit < 8u * prefix->net.len; bit++)
		if (prefix->net.bytes[bit / 8] >> (7 - bit % 8) & 1)
			return true;
	return false;
}

static bool read_prefix(struct cv_value *value, struct cv_bytes text)
{
	const uint8_t *slash = memchr(text.data, '/', text.len);
	struct cv_reader r;
	uint32_t bits;

	if (!slash || !read_address(value, (struct cv_bytes) { text.data, slash - text.data }))
		return false;
	r = cv_reader((struct cv_bytes) { slash + 1, text.data + text.len - slash - 1 });
	if (!read_number(&r, 8u * value->net.len, &bits) || r.left)
		return false;
	value->net.bits = bits;
	return !bits_behind(value);
}

static bool read_version(struct cv_value *value, struct cv_bytes text)
{
	struct cv_reader r = cv_reader(text);
	uint32_t part;

	memset(&value->version, 0, sizeof(value->version));
	do {
		if (value->version.n == CV_VERSION_PARTS || !read_number(&r, UINT32_MAX, &part))
			return false;
		value->version.part[value->version.n++] = part;
	} while (r.left && cv_take_le(&r, 1) == '.');
	/* One version has one form: 7.2.0 is 7.2. */
	while (value->version.n > 1 && !value->version.part[value->version.n - 1])
		value->version.n--;
	return !r.left && text.data[text.len - 1] != '.' &&
	       text.data[text.len - 1] >= '0' && text.data[text.len - 1] <= '9';
}

bool cv_value_read(struct cv_value *value, enum cv_type type, struct cv_bytes text, uint8_t *room)
{
	*value = (struct cv_value) { .type = type };
	if (!text.len)
		return false;
	switch (type) {
	case CV_DIGEST: return read_digest(value, text, room);
	case CV_ADDRESS: return read_address(value, text);
	case CV_PREFIX: return read_prefix(value, text);
	case CV_VERSION: return read_version(value, text);
	default: return false;
	}
}

/* --- printing --------------------------------------------------------------------- */

struct printer {
	char *out;
	size_t size, len;
};

static void put(struct printer *p, char c)
{
	if (p->len + 1 < p->size)
		p->out[p->len] = c;
	p->len++;
}

static void puts_to(struct printer *p, const char *text)
{
	while (*text)
		put(p, *text++);
}

static void put_hex(struct printer *p, const uint8_t *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		put(p, "0123456789abcdef"[data[i] >> 4]);
		put(p, "0123456789abcdef"[data[i] & 15]);
	}
}

/* So that it reads back as the same bytes, and is safe on a terminal. */
static void put_string(struct printer *p, struct cv_bytes s)
{
	put(p, '"');
	for (size_t i = 0; i < s.len; i++) {
		if (s.data[i] == '"' || s.data[i] == '\\') {
			put(p, '\\');
			put(p, s.data[i]);
		} else if (s.data[i] >= 0x20 && s.data[i] < 0x7f) {
			put(p, s.data[i]);
		} else {
			puts_to(p, "\\x");
			put_hex(p, s.data + i, 1);
		}
	}
	put(p, '"');
}

/* The largest unit that divides it. */
static void put_integer(struct printer *p, uint64_t n, enum cv_unit unit)
{
	static const struct { enum cv_unit unit; uint64_t of; const char *name; } scales[] = {
		{ CV_UNIT_BYTES, 1ull << 40, " TiB" }, { CV_UNIT_BYTES, 1ull << 30, " GiB" },
		{ CV_UNIT_BYTES, 1ull << 20, " MiB" }, { CV_UNIT_BYTES, 1ull << 10, " KiB" },
		{ CV_UNIT_BYTES, 1, " B" },
		{ CV_UNIT_TIME, 1000000000, " s" }, { CV_UNIT_TIME, 1000000, " ms" },
		{ CV_UNIT_TIME, 1000, " us" }, { CV_UNIT_TIME, 1, " ns" },
		{ CV_UNIT_NONE, 1, "" },
	};
	char text[24];

	for (size_t i = 0; i < sizeof(scales) / sizeof(scales[0]); i++) {
		if (scales[i].unit != unit || n % scales[i].of || (!n && scales[i].of > 1))
			continue;
		snprintf(text, sizeof(text), "%llu", (unsigned long long)(n / scales[i].of));
		puts_to(p, text);
		puts_to(p, scales[i].name);
		return;
	}
}

static void put_net(struct printer *p, const struct cv_value *v)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(v->net.len == 16 ? AF_INET6 : AF_INET, v->net.bytes, text, sizeof(text));
	puts_to(p, text);
	if (v->type == CV_PREFIX) {
		snprintf(text, sizeof(text), "/%u", v->net.bits);
		puts_to(p, text);
	}
}

static void put_version(struct printer *p, const struct cv_value *v)
{
	char text[16];

	for (unsigned int i = 0; i < v->version.n; i++) {
		snprintf(text, sizeof(text), "%s%u", i ? "." : "", v->version.part[i]);
		puts_to(p, text);
	}
}

int cv_value_print(const struct cv_value *value, enum cv_unit unit, char *out, size_t size)
{
	struct printer p = { out, size, 0 };

	switch (value->type) {
	case CV_INTEGER: put_integer(&p, value->integer, unit); break;
	case CV_BOOLEAN: puts_to(&p, value->boolean ? "true" : "false"); break;
	case CV_STRING: put_string(&p, value->string); break;
	case CV_DIGEST:
		puts_to(&p, value->digest.hash->name);
		put(&p, ':');
		put_hex(&p, value->digest.bytes, value->digest.hash->size);
		break;
	case CV_ADDRESS:
	case CV_PREFIX: put_net(&p, value); break;
	case CV_VERSION: put_version(&p, value); break;
	case CV_RECORDS: puts_to(&p, "a list"); break;
	}
	if (size)
		out[p.len < size ? p.len : size - 1] = 0;
	return p.len;
}

/* --- comparing -------------------------------------------------------------------- */

static int sign(bool less, bool more)
{
	return (int)more - (int)less;
}

static int order_bytes(struct cv_bytes a, struct cv_bytes b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int by_content = common ? memcmp(a.data, b.data, common) : 0;

	return by_content ? by_content : sign(a.len < b.len, a.len > b.len);
}

static int order_digests(const struct cv_value *a, const struct cv_value *b)
{
	int by_size = sign(a->digest.hash->alg < b->digest.hash->alg,
			   a->digest.hash->alg > b->digest.hash->alg);

	return by_size ? by_size : memcmp(a->digest.bytes, b->digest.bytes, a->digest.hash->size);
}

static int order_nets(const struct cv_value *a, const struct cv_value *b)
{
	int by_address;

	if (a->net.len != b->net.len)
		return sign(a->net.len < b->net.len, a->net.len > b->net.len);
	by_address = memcmp(a->net.bytes, b->net.bytes, a->net.len);
	return by_address ? by_address : sign(a->net.bits < b->net.bits, a->net.bits > b->net.bits);
}

/* 7.2 and 7.2.0 are the same version. */
static int order_versions(const struct cv_value *a, const struct cv_value *b)
{
	for (unsigned int i = 0; i < CV_VERSION_PARTS; i++)
		if (a->version.part[i] != b->version.part[i])
			return a->version.part[i] < b->version.part[i] ? -1 : 1;
	return 0;
}

int cv_value_order(const struct cv_value *a, const struct cv_value *b)
{
	if (a->type != b->type)
		return sign(a->type < b->type, a->type > b->type);
	switch (a->type) {
	case CV_INTEGER: return sign(a->integer < b->integer, a->integer > b->integer);
	case CV_BOOLEAN: return sign(a->boolean < b->boolean, a->boolean > b->boolean);
	case CV_STRING: return order_bytes(a->string, b->string);
	case CV_DIGEST: return order_digests(a, b);
	case CV_ADDRESS:
	case CV_PREFIX: return order_nets(a, b);
	case CV_VERSION: return order_versions(a, b);
	case CV_RECORDS: break;
	}
	return 0;
}

bool cv_prefix_covers(const struct cv_value *prefix, const struct cv_value *address)
{
	unsigned int whole = prefix->net.bits / 8, rest = prefix->net.bits % 8;

	if (prefix->net.len != address->net.len ||
	    memcmp(prefix->net.bytes, address->net.bytes, whole))
		return false;
	return !rest || !((prefix->net.bytes[whole] ^ address->net.bytes[whole]) >> (8 - rest));
}

/* That a word is there or not can be told where all who read the text part it alike. */
static enum cv_verdict has_word(struct cv_bytes in, struct cv_bytes word)
{
	enum cv_verdict if_there = CV_SATISFIED;
	struct cv_bytes one;

	if (cv_has_quotes(in))
		return CV_UNKNOWN;
	while (cv_next_word(&in, &one)) {
		if (cv_bytes_equal(one, word))
			return if_there;
		if (cv_is_end_of_options(one))
			if_there = CV_UNKNOWN;
	}
	return CV_VIOLATED;
}

/* "/usr" has "/usr" and "/usr/bin", and not "/usr2"; a path that goes up again is nowhere. */
static bool is_under(struct cv_bytes path, struct cv_bytes dir)
{
	while (dir.len && dir.data[dir.len - 1] == '/')
		dir.len--;
	if (path.len < dir.len || (dir.len && memcmp(path.data, dir.data, dir.len)))
		return false;
	if (path.len > dir.len && path.data[dir.len] != '/')
		return false;
	for (size_t i = dir.len; i + 3 <= path.len; i++)
		if (!memcmp(path.data + i, "/..", 3) &&
		    (i + 3 == path.len || path.data[i + 3] == '/'))
			return false;
	return path.len && path.data[0] == '/';
}

static enum cv_verdict verdict(bool holds)
{
	return holds ? CV_SATISFIED : CV_VIOLATED;
}

enum cv_verdict cv_value_compare(const struct cv_value *a, enum cv_op op, const struct cv_value *b)
{
	int order;

	/* Digests of two algorithms may be of one content: neither equal nor different. */
	if (a->type != b->type || (a->type == CV_DIGEST && a->digest.hash != b->digest.hash))
		return CV_UNKNOWN;
	order = cv_value_order(a, b);
	switch (op) {
	case CV_EQ: return verdict(!order);
	case CV_NE: return verdict(order);
	case CV_LT: return verdict(order < 0);
	case CV_LE: return verdict(order <= 0);
	case CV_GT: return verdict(order > 0);
	case CV_GE: return verdict(order >= 0);
	case CV_HAS: return has_word(a->string, b->string);
	case CV_UNDER: return verdict(is_under(a->string, b->string));
	default: return CV_UNKNOWN;
	}
}
