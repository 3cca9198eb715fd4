/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the firmware's log tells of a boot, as facts of criteria. A fact counts
 * as far as the log replays to registers that a TPM signed, and its body is what
 * was measured; what can be said twice is unknown when it is.
 */
#ifndef CV_BOOT_H
#define CV_BOOT_H

#include "fact.h"
#include "fwevent.h"

/* An event of the log that a fact is of; digest NULL: there is none, or more than one. */
struct cv_boot_event {
	unsigned int index, times;
	const uint8_t *digest;
	struct cv_bytes data;
};

struct cv_boot {
	struct cv_bytes log;
	const struct cv_hash *hash;	/* of the bank that is looked at */
	unsigned int bank;		/* its index in the log */
	uint32_t quoted;		/* registers of it that are proven; bit n: PCR n */
	struct cv_pcr_bank registers;	/* what the log replays to */
	struct cv_boot_event secure_boot, pk, kek, db, dbx, initrd;
	struct cv_boot_event measured_cmdline;	/* proves the command line */
	struct cv_boot_event other_cmdline;	/* proves another */
	struct cv_bytes cmdline;	/* as the node tells it */
};

/*
 * Replays the bank of @hash and looks for facts in what is extended to the
 * registers @quoted of it: of others a log can tell anything. @cmdline, which may be empty, is
 * /proc/cmdline; it is a fact if an event measured it. All stay the caller's.
 */
bool cv_boot_read(struct cv_boot *boot, struct cv_bytes log, const struct cv_hash *hash,
		  uint32_t quoted, struct cv_bytes cmdline, struct cv_error *err);

extern const struct cv_module cv_boot_module;	/* its evidence is a struct cv_boot */

#endif
