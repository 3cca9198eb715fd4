/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Lists of allowed or forbidden values that criteria name by file: digests by
 * the million, or addresses and prefixes.
 *
 * As text, a value on each line; "#" begins a comment. A digest is "sha256:" and
 * hexadecimal digits, or these alone, as sha256sum prints, with anything behind
 * a blank. Compiled (cv_list_header), digests are used where they lie, in a
 * mapped file, without being read first: 32 bytes of header, then the digests,
 * ascending.
 *
 * A list's identity is the SHA-256 of its compiled form, whatever the form,
 * the order and the comments of its text.
 */
#ifndef CV_LIST_H
#define CV_LIST_H

#include "value.h"

#define CV_LIST_HEADER		32
#define CV_LIST_ID		32
#define CV_LIST_PREFIXES_MAX	(1u << 18)

#define CV_LIST_PREFIX	18	/* bytes of a prefix: of its address, how many; of its length in bits; and the address, filled up */

struct cv_list {
	enum cv_type type;		/* CV_DIGEST or CV_PREFIX: an address is a prefix of all its bits */
	size_t n;
	const struct cv_hash *hash;	/* of digests; NULL in an empty text */
	const uint8_t *digests;		/* n times hash->size bytes, ascending */
	uint8_t (*prefixes)[CV_LIST_PREFIX];	/* ascending; none covers another */
	uint8_t *owned;			/* digests that were read from text */
	uint8_t id[CV_LIST_ID];
};

/* Is this the compiled form? */
bool cv_list_is_compiled(struct cv_bytes bytes);

/* @bytes stay the caller's and must outlive the list. Reads all of it once, for its identity. */
bool cv_list_view(struct cv_list *list, struct cv_bytes bytes, struct cv_error *err);

/* Allocates half the size of @text at most for digests. The caller frees with cv_list_clear(), after a refusal too. */
bool cv_list_read(struct cv_list *list, enum cv_type type, struct cv_bytes text,
		  struct cv_error *err);
void cv_list_clear(struct cv_list *list);

/* What stands before the digests in the compiled form. */
void cv_list_header(const struct cv_list *list, uint8_t header[CV_LIST_HEADER]);

/* CV_UNKNOWN for a digest of another algorithm: the list cannot tell. */
enum cv_verdict cv_list_has(const struct cv_list *list, const struct cv_value *value);

#endif
