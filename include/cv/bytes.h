/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Reading what somebody else wrote. A reader never leaves its bytes: a read
 * that would yields zeros and marks it, and so does every later one, so that a
 * parser reads a whole structure and asks once.
 */
#ifndef CV_BYTES_H
#define CV_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* A view; whoever made it owns the memory. */
struct cv_bytes {
	const uint8_t *data;
	size_t len;
};

struct cv_reader {
	const uint8_t *at;
	size_t left;
	bool beyond;		/* a read wanted more than there was */
};

static inline struct cv_reader cv_reader(struct cv_bytes bytes)
{
	return (struct cv_reader) { bytes.data, bytes.len, false };
}

/* The next @len bytes, or none of them. */
static inline struct cv_bytes cv_take(struct cv_reader *r, uint64_t len)
{
	struct cv_bytes taken = { r->at, (size_t)len };

	if (r->beyond || len > r->left) {
		r->beyond = true;
		return (struct cv_bytes) { NULL, 0 };
	}
	r->at += len;
	r->left -= len;
	return taken;
}

/* An unsigned number of @size bytes, least significant first. */
static inline uint64_t cv_take_le(struct cv_reader *r, unsigned int size)
{
	struct cv_bytes b = cv_take(r, size);
	uint64_t v = 0;

	for (size_t i = b.len; i-- > 0; )
		v = v << 8 | b.data[i];
	return v;
}

/* The same, most significant first. */
static inline uint64_t cv_take_be(struct cv_reader *r, unsigned int size)
{
	struct cv_bytes b = cv_take(r, size);
	uint64_t v = 0;

	for (size_t i = 0; i < b.len; i++)
		v = v << 8 | b.data[i];
	return v;
}

static inline bool cv_bytes_equal(struct cv_bytes a, struct cv_bytes b)
{
	return a.len == b.len && (!a.len || !memcmp(a.data, b.data, a.len));
}

/* Is all of it @value? True for no bytes. */
static inline bool cv_bytes_all(struct cv_bytes b, uint8_t value)
{
	for (size_t i = 0; i < b.len; i++)
		if (b.data[i] != value)
			return false;
	return true;
}

static inline bool cv_is_blank(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The next word of @rest, which is behind it then; parted at blanks, as the kernel does its command line's. */
static inline bool cv_next_word(struct cv_bytes *rest, struct cv_bytes *word)
{
	while (rest->len && cv_is_blank(*rest->data))
		*rest = (struct cv_bytes) { rest->data + 1, rest->len - 1 };
	*word = (struct cv_bytes) { rest->data, 0 };
	while (word->len < rest->len && !cv_is_blank(rest->data[word->len]))
		word->len++;
	*rest = (struct cv_bytes) { rest->data + word->len, rest->len - word->len };
	return word->len;
}

/* With quotes or a backslash, what a word is depends on who reads it. */
static inline bool cv_has_quotes(struct cv_bytes text)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.data[i] == '"' || text.data[i] == '\'' || text.data[i] == '\\')
			return true;
	return false;
}

/* Behind it, words of a command line are not the kernel's. */
static inline bool cv_is_end_of_options(struct cv_bytes word)
{
	return word.len == 2 && word.data[0] == '-' && word.data[1] == '-';
}

#endif
