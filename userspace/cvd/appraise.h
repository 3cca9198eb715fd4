/* SPDX-License-Identifier: GPL-2.0 */
/* Evidence of a node against what is asked of its type. */
#ifndef APPRAISE_H
#define APPRAISE_H

#include <cv/attester.h>
#include "cvd.h"

/* What is known of who is being appraised; the attester goes from quote to quote. */
struct appraised {
	struct cv_ek ek;
	struct cv_key key;
	struct cv_attester attester;
};

struct shown {
	struct cv_bytes attest, signature, firmware_log, ima_list, cmdline, roti;
	uint8_t question[32];		/* that the quote must answer */
	bool whole;			/* all of the boot, not what is new */
};

struct outcome {
	char reason[32], text[STORE_TEXT];	/* of a refusal */
	char *rules;				/* JSON: those that are not satisfied; the caller's to free; or NULL */
	uint64_t reset_count, restart_count, clock;
};

/* Is it proven, and good by the criteria of the type? False: outcome says why not. */
bool appraise(const struct policy *policy, enum node_type type, struct appraised *who, const struct shown *shown,
	      struct outcome *outcome);

#endif
