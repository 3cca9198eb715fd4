/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configuration files: "name = value" on each line, "#" begins a comment, blanks
 * around names and values do not count. A name that is not known, or is there
 * twice, is an error: a mistyped line would be a missing one.
 */
#ifndef CV_CONF_H
#define CV_CONF_H

#include "bytes.h"
#include "error.h"

#define CV_CONF_MAX	65536	/* bytes of a file */
#define CV_CONF_ENTRIES	32

enum cv_conf_type {
	CV_CONF_TEXT,		/* const char *; any bytes but line ends */
	CV_CONF_MS,		/* uint32_t; "30 s", "500 ms", "10 min", "12 h" */
	CV_CONF_NUMBER,		/* uint32_t */
	CV_CONF_YES,		/* bool; "yes" or "no" */
};

struct cv_conf_entry {
	const char *name;
	enum cv_conf_type type;
	bool required;
	void *value;		/* what is there stays if the file does not say */
	uint32_t min, max;	/* of numbers and of milliseconds */
};

/*
 * Fills the entries, of which the one without a name is the last, from @text; the
 * texts are in @text, of which it changes also the byte behind the last, and which must outlive them. False and
 * @err, with the line, for a file that is not good.
 */
bool cv_conf_read(char *text, size_t len, const struct cv_conf_entry *entries, struct cv_error *err);

/* The same of the file @path. The caller frees *@text, after a refusal too, when the entries' texts are no longer needed. */
bool cv_conf_open(const char *path, char **text, const struct cv_conf_entry *entries, struct cv_error *err);

#endif
