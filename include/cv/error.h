/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why something was refused. Each refusal has a name that programs, tests and
 * criteria use, and a text for a person: the thing, what was got, what was
 * expected.
 */
#ifndef CV_ERROR_H
#define CV_ERROR_H

#include <stdbool.h>

#define CV_ERROR_LIST \
	CV_ERROR(NONE, "none") \
	CV_ERROR(LOG_ABSENT, "log-absent")		/* zero bytes: no log, which is not an empty one */ \
	CV_ERROR(LOG_TRUNCATED, "log-truncated")	/* ends in the middle of an event */ \
	CV_ERROR(LOG_PCR, "log-pcr")			/* an event for a PCR that does not exist */ \
	CV_ERROR(LOG_HEADER, "log-header")		/* a Spec ID event that contradicts itself */ \
	CV_ERROR(LOG_DIGEST, "log-digest")		/* a digest of an undeclared or repeated bank */ \
	CV_ERROR(LOG_LOCALITY, "log-locality")		/* a start of PCR 0 after it was extended */ \
	CV_ERROR(LOG_TEMPLATE, "log-template")		/* an IMA template that cannot be told apart */ \
	CV_ERROR(HASH_UNKNOWN, "hash-unknown")

enum cv_error_name {
#define CV_ERROR(id, text) CV_E_##id,
	CV_ERROR_LIST
#undef CV_ERROR
};

struct cv_error {
	enum cv_error_name name;
	char text[232];
};

/* "log-truncated" and the like; stable. */
const char *cv_error_name(enum cv_error_name name);

/* Fills @err, which may be NULL. Always false, so that callers can return it. */
bool cv_refuse(struct cv_error *err, enum cv_error_name name, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

#endif
