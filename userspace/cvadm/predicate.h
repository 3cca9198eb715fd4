/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A criterion as text. Pure: no sockets, files or allocation.
 *
 *	criterion = [ "watch" ] watch [ "&" number ] test
 *	watch     = number | name | '"' any text '"'
 *	test      = ( "==" | "!=" | "<" | "<=" | ">" | ">=" ) number
 *	          | "in" number ".." number
 *	          | "in" "{" number { "," number } "}"
 *	          | "bpf" [ "pinned" ] path	(runs to the end of the text)
 *	path      = file [ ":" program ]	(no program if pinned)
 *	number    = decimal | 0x hexadecimal	(64 bits, unsigned)
 *	name      = letter or _, then letters, digits, _ . -
 */
#ifndef PREDICATE_H
#define PREDICATE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/cloudverifier.h>

#define CRITERION_PROGRAM_MAX	128

struct criterion {
	char name[CV_NAME_MAX + 1];	/* of the watch; empty: watch is its id */
	uint32_t watch;
	enum cv_pred pred;
	bool masked;
	uint64_t mask;			/* all ones unless masked */
	uint64_t a, b;
	unsigned int n_values;
	uint64_t values[CV_PRED_VALUES];
	bool pinned;
	char path[PATH_MAX];
	char program[CRITERION_PROGRAM_MAX];	/* empty: the object's only one */
};

struct criterion_error {
	size_t at;		/* byte offset in the text */
	char found[64];
	char expected[128];
};

bool criterion_parse(const char *text, struct criterion *c, struct criterion_error *err);

/* The text, a caret under the fault, column, found and expected. */
void criterion_explain(const char *text, const struct criterion_error *err, char *buf,
		       size_t size);

/* Text that parses to the same criterion, as long as it fits. */
void criterion_format(const struct criterion *c, char *buf, size_t size);

#endif /* PREDICATE_H */
