/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the firmware's log tells of a boot, as facts of criteria. A fact counts
 * as far as the log replays to registers that a TPM signed. Types and bodies of
 * events were not measured: a fact is known if no other reading of the digests
 * makes it another one (Documentation/evidence.md, "What a log cannot lie about").
 */
#ifndef CV_BOOT_H
#define CV_BOOT_H

#include "attester.h"
#include "fact.h"
#include "fwevent.h"

/* An event of the log that a fact is of; times 0: there is none. */
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
	struct cv_boot_event secure_boot, pk, kek, db, dbx;
	struct cv_bytes cmdline;	/* as the node tells it */
	bool at_start;			/* registers 0 to 9 are as the kernel found them */
	struct cv_boot_event options, initrd;	/* the EFI stub measured them: command line and initrd */
	const char *cmdline_doubt, *initrd_doubt;	/* why they are not known; NULL: they are */
};

/*
 * Looks for facts in what is extended to the registers @quoted of the bank that is
 * the node's @bank-th. False and CV_E_LOG_MISMATCH if @log is not the one that it
 * proved. @cmdline, which may be empty, is /proc/cmdline; it is a fact if the
 * kernel's EFI stub measured it. @log and @cmdline stay the caller's and must outlive @boot.
 */
bool cv_boot_read(struct cv_boot *boot, struct cv_bytes log, const struct cv_attester *node,
		  unsigned int bank, uint32_t quoted, struct cv_bytes cmdline, struct cv_error *err);

extern const struct cv_module cv_boot_module;	/* its evidence is a struct cv_boot */

#endif
