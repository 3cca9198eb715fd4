/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's list of measured files, as in
 * /sys/kernel/security/ima/binary_runtime_measurements (its text form is
 * ambiguous: names with spaces and newlines). Each entry was extended into a
 * register of the TPM. Numbers are in the byte order of the machine that wrote
 * them, or little endian with ima_canonical_fmt; the first entry tells which.
 *
 * Nothing is allocated; entries point into the caller's bytes.
 */
#ifndef CV_IMALOG_H
#define CV_IMALOG_H

#include "error.h"
#include "pcr.h"

#define CV_IMA_PCR	10	/* that the kernel extends, unless its policy says otherwise */

struct cv_imalog_entry {
	unsigned int index;		/* in the log, from 0 */
	size_t offset, end;		/* bytes of the log */
	uint32_t pcr;
	const uint8_t *sha1;		/* 20 bytes: what the SHA-1 bank was extended with */
	struct cv_bytes template;	/* its name, or its format */
	struct cv_bytes data;		/* the template's fields, verbatim */
	bool violation;			/* the file was open for writing: zeros were logged */
};

struct cv_imalog {
	struct cv_bytes bytes;
	struct cv_reader reader;
	unsigned int n_entries;
	bool big_endian;
};

/*
 * What an entry says about a file, or a buffer; empty where the template does not
 * tell. A template's name was not measured, so it decides nothing that the
 * fields do not: they have one reading, or cv_imalog_file() refuses them.
 */
struct cv_imafile {
	struct cv_bytes alg;		/* "sha256" */
	struct cv_bytes digest;
	struct cv_bytes path;		/* any bytes but zero; not terminated */
	struct cv_bytes signature;	/* of security.ima */
	struct cv_bytes buffer;		/* what was measured instead of a file: command line, keys, policy */
	bool is_buffer;
	bool has_signature;		/* a field of it, which may be empty */
	bool verity;			/* the digest is fs-verity's of the file */
};

/* @bytes may be empty: nothing was measured yet. */
void cv_imalog_begin(struct cv_imalog *log, struct cv_bytes bytes);

enum cv_imalog_next { CV_IMALOG_ENTRY, CV_IMALOG_END, CV_IMALOG_BAD };

/* The next entry. After CV_IMALOG_BAD, with @err, reading is over. */
enum cv_imalog_next cv_imalog_next(struct cv_imalog *log, struct cv_imalog_entry *entry,
				   struct cv_error *err);

/*
 * False and @err if the template is not known, its fields do not fit, or could
 * be those of another; the entry can be replayed all the same.
 */
bool cv_imalog_file(const struct cv_imalog *log, const struct cv_imalog_entry *entry,
		    struct cv_imafile *file, struct cv_error *err);

/* What a kernel extends the banks other than SHA-1 with. */
enum cv_imalog_banks {
	CV_IMALOG_OWN,		/* the template's digest by the bank's algorithm (5.8 and later) */
	CV_IMALOG_PADDED,	/* the SHA-1 digest, filled up with zeros */
};

/* Extends @bank by the entry. False if OpenSSL refuses. */
bool cv_imalog_extend(const struct cv_imalog_entry *entry, enum cv_imalog_banks how,
		      struct cv_pcr_bank *bank);

/* Is the logged SHA-1 digest that of the entry's data? A violation's is not. */
bool cv_imalog_consistent(const struct cv_imalog_entry *entry);

#endif
