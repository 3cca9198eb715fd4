/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the kernel's list of measured files tells, as facts of criteria: of its
 * proven entries, those that a quoted register covers.
 */
#ifndef CV_IMA_H
#define CV_IMA_H

#include "fact.h"
#include "imalog.h"

struct cv_ima {
	struct cv_bytes log;	/* whole entries, all of them proven */
	unsigned int first;	/* index in the node's list of the first entry here */
	bool is_proven;		/* the register is quoted, and the list has begun: none here means nothing new */
};

extern const struct cv_module cv_ima_module;	/* its evidence is a struct cv_ima */

/* Is it what the kernel begins its list with? As the first entry it was verified with the quote, and is no file. */
bool cv_ima_is_aggregate(const struct cv_imafile *file);

/*
 * The list's first entry is the digest of the first registers of @bank, as they
 * were when the kernel began: of how many, 8 or 10; 0 if it is of others. By the entry's
 * own algorithm, which must be the bank's.
 */
unsigned int cv_ima_boot_aggregate(const struct cv_imafile *file, const struct cv_pcr_bank *bank);

#endif
