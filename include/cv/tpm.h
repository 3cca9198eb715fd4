/* SPDX-License-Identifier: GPL-2.0 */
/* What a node's TPM itself tells, as facts of criteria: its registers and what the quote says. */
#ifndef CV_TPM_H
#define CV_TPM_H

#include "attester.h"

struct cv_tpm {
	const struct cv_quote *quote;
	const struct cv_attester *attester;	/* after the quote was accepted */
};

extern const struct cv_module cv_tpm_module;	/* its evidence is a struct cv_tpm */

#endif
