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

/*
 * Is the list's first entry the digest of the registers 0 to 7, or 0 to 9, of
 * @bank, as they were when the kernel began? By the entry's own algorithm, which
 * must be the bank's.
 */
bool cv_ima_boot_aggregate(const struct cv_imafile *file, const struct cv_pcr_bank *bank);

#endif
