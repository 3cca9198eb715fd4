/* SPDX-License-Identifier: GPL-2.0 */
/* What each attribute of the family is called and how its value is shown. */
#ifndef ATTR_H
#define ATTR_H

#include <stddef.h>
#include <stdint.h>

#include <linux/cloudverifier.h>
#include <netlink/attr.h>

enum attr_look {
	LOOK_COUNT,		/* decimal number */
	LOOK_HEX,		/* 0x number; a string in JSON, which has no u64 */
	LOOK_BOOL,
	LOOK_STRING,
	LOOK_ENUM,		/* names[value] */
	LOOK_BITS,		/* names[bit], several */
	LOOK_BYTES,		/* hexadecimal string */
	LOOK_ADDRESS,		/* IPv4 or IPv6 by length */
	LOOK_HEXES,		/* array of u64 */
	LOOK_OFFSETS,		/* array of s32 */
	LOOK_NESTS,		/* nest of nests */
	LOOK_NEST,
};

struct attr_desc {
	const char *name;	/* without CV_A_ */
	const char *heading;	/* of its column */
	enum attr_look look;
	const char *const *names;
	unsigned int n_names;
};

/* NULL for an attribute this cvadm does not know. */
const struct attr_desc *attr_find(int type);

/* The JSON key: the name in lower case. */
void attr_key(int type, char *buf, size_t size);

uint64_t attr_uint(const struct nlattr *nla);
const char *attr_enum(int type, uint64_t value);	/* NULL if it has no name */

/* One value as text: no newline, no control characters. */
void attr_text(const struct nlattr *nla, char *buf, size_t size);

#endif /* ATTR_H */
