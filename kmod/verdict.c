// SPDX-License-Identifier: GPL-2.0
/* The verdict state machine: every move a set can make. Pure. */
#include "verdict.h"

/*
 * from \ to	PENDING	SATISF.	UNKNOWN	VIOLATED
 * PENDING	  -	judged	blocked	judged
 * SATISFIED	  no	  -	blocked	judged
 * UNKNOWN	  no	judged	  -	judged
 * VIOLATED	reatt.	  no	  no	  -
 *
 * There is no way from VIOLATED to open but through PENDING, that is through
 * a re-attestation and a fresh judgement.
 */
static const _Bool moves[__CV_VERDICTS][__CV_VERDICTS] = {
	[CV_PENDING] = {
		[CV_SATISFIED] = 1, [CV_UNKNOWN] = 1, [CV_VIOLATED] = 1,
	},
	[CV_SATISFIED] = {
		[CV_UNKNOWN] = 1, [CV_VIOLATED] = 1,
	},
	[CV_UNKNOWN] = {
		[CV_SATISFIED] = 1, [CV_VIOLATED] = 1,
	},
	[CV_VIOLATED] = {
		[CV_PENDING] = 1,
	},
};

_Bool cv_verdict_may(enum cv_verdict from, enum cv_verdict to)
{
	return from < __CV_VERDICTS && to < __CV_VERDICTS && moves[from][to];
}

enum cv_verdict cv_word_verdict(__u32 word)
{
	if (word & CV_WORD_LATCH)
		return CV_VIOLATED;
	if (cv_word_blockers(word))
		return CV_UNKNOWN;
	return word & CV_WORD_JUDGED;
}

static __u32 with_judged(__u32 word, enum cv_verdict judged)
{
	return (word & ~CV_WORD_JUDGED) | judged;
}

/*
 * The word after a judgement by one who also reports it. A latched or blocked
 * word does not open.
 */
__u32 cv_word_judged(__u32 word, enum cv_finding finding)
{
	if (word & CV_WORD_LATCH)
		return word;
	if (finding == CV_FINDS_BROKEN)
		return word | CV_WORD_LATCH | CV_WORD_TOLD;
	if (finding == CV_FINDS_NOTHING || cv_word_blockers(word))
		return with_judged(word, CV_UNKNOWN);
	return with_judged(word, CV_SATISFIED);
}

/*
 * The word after blockers are gone: what was judged before them is stale, so
 * it opens only through a fresh judgement.
 */
__u32 cv_word_unblocked(__u32 word, __u32 blockers)
{
	if (!(cv_word_blockers(word) & blockers))
		return word;
	return with_judged(word & ~(blockers << CV_WORD_BLOCK_SHIFT), CV_UNKNOWN);
}

/* The word after an explicit re-attestation: never judged, blockers stay. */
__u32 cv_word_reattested(__u32 word)
{
	return with_judged(word & ~(CV_WORD_LATCH | CV_WORD_TOLD), CV_PENDING);
}
