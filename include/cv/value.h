/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What facts and criteria are made of: typed values, their text, and how they
 * compare. There is no conversion between types; what cannot be compared is
 * unknown, which satisfies nothing.
 */
#ifndef CV_VALUE_H
#define CV_VALUE_H

#include "error.h"
#include "hash.h"

#define CV_VERSION_PARTS	6
#define CV_VALUE_TEXT		160	/* bytes of a value's text that are shown, with the final zero */

enum cv_type {
	CV_INTEGER,
	CV_BOOLEAN,
	CV_STRING,	/* any bytes */
	CV_DIGEST,
	CV_ADDRESS,	/* IPv4 or IPv6 */
	CV_PREFIX,
	CV_VERSION,	/* numbers with dots between: 7.2 */
	CV_RECORDS,	/* a list; of facts only */
};

enum cv_unit {
	CV_UNIT_NONE,
	CV_UNIT_BYTES,
	CV_UNIT_TIME,	/* nanoseconds */
};

enum cv_verdict {
	CV_VIOLATED,
	CV_UNKNOWN,	/* could not be judged; satisfies nothing */
	CV_SATISFIED,
};

struct cv_value {
	enum cv_type type;
	union {
		uint64_t integer;
		bool boolean;
		struct cv_bytes string;
		struct {
			const struct cv_hash *hash;
			const uint8_t *bytes;
		} digest;
		struct {
			uint8_t len;		/* of the address: 4 or 16 */
			uint8_t bits;		/* of the prefix; 8 * len of an address */
			uint8_t bytes[16];
		} net;
		struct {
			uint8_t n;
			uint32_t part[CV_VERSION_PARTS];
		} version;
	};
};

enum cv_op {
	CV_EQ, CV_NE, CV_LT, CV_LE, CV_GT, CV_GE,
	CV_HAS,		/* the string, parted at blanks, has this word */
	CV_UNDER,	/* the path is this directory or below it */
	CV_IN,		/* one of a set or a list */
	CV_NOT_IN,
};

const char *cv_type_name(enum cv_type type);	/* "integer" */
const char *cv_op_text(enum cv_op op);		/* ">=" */
const char *cv_verdict_name(enum cv_verdict verdict);

/* Has the type this operator? CV_IN and CV_NOT_IN: with sets of this type. */
bool cv_type_has(enum cv_type type, enum cv_op op);

/*
 * Reads "7.2", "10.0.0.1", "10.0.0.0/8", "sha256:" and hexadecimal digits. The
 * digest's bytes go to @room, of CV_HASH_MAX bytes. A prefix with bits set
 * behind its length is refused. False for text that is none.
 */
bool cv_value_read(struct cv_value *value, enum cv_type type, struct cv_bytes text,
		   uint8_t *room);

/* "8 GiB", "\"a b\"", "sha256:…": as the criteria language writes it. Returns what snprintf would. */
int cv_value_print(const struct cv_value *value, enum cv_unit unit, char *out, size_t size);

/* @a @op @b, both of one type; not for CV_IN. */
enum cv_verdict cv_value_compare(const struct cv_value *a, enum cv_op op, const struct cv_value *b);

/* An order for sets: by type, then content. 0 for equal values. */
int cv_value_order(const struct cv_value *a, const struct cv_value *b);

/* Is the address in the prefix? Of one family only. */
bool cv_prefix_covers(const struct cv_value *prefix, const struct cv_value *address);

#endif
