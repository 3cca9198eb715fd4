/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A set's verdict word: the one word that every port of the set reads for
 * every packet. Pure: compiles in userspace too.
 *
 *	bits 0-1   what was last judged: CV_PENDING, CV_SATISFIED or CV_UNKNOWN
 *	bit  6     told: the latch has been reported
 *	bit  7     the latch: violated, until re-attestation
 *	bits 8-31  blockers, CV_BLOCK_* << 8: why the truth cannot be observed
 *
 * The gate passes a packet if and only if the whole word equals
 * CV_SATISFIED, so setting any bit closes it. The latch is set by one atomic
 * OR, everything else replaces the exact word it started from or tries again:
 * no lock is needed, and neither latch nor blocker can lose against a
 * concurrent judgement.
 */
#ifndef _CV_VERDICT_H
#define _CV_VERDICT_H

#include "../include/uapi/linux/cloudverifier.h"

#define CV_WORD_JUDGED		0x3U
#define CV_WORD_TOLD_BIT	6
#define CV_WORD_TOLD		(1U << CV_WORD_TOLD_BIT)
#define CV_WORD_LATCH_BIT	7
#define CV_WORD_LATCH		(1U << CV_WORD_LATCH_BIT)
#define CV_WORD_BLOCK_SHIFT	8

/* What a judgement of all criteria of a set found. */
enum cv_finding {
	CV_FINDS_BROKEN,	/* a criterion does not hold */
	CV_FINDS_HOLDS,		/* all hold */
	CV_FINDS_NOTHING,	/* one could not be read */
};

static inline _Bool cv_word_open(__u32 word)
{
	return word == CV_SATISFIED;
}

static inline __u32 cv_word_blockers(__u32 word)
{
	return word >> CV_WORD_BLOCK_SHIFT;
}

enum cv_verdict cv_word_verdict(__u32 word);
__u32 cv_word_judged(__u32 word, enum cv_finding finding);
__u32 cv_word_unblocked(__u32 word, __u32 blockers);
__u32 cv_word_reattested(__u32 word);
_Bool cv_verdict_may(enum cv_verdict from, enum cv_verdict to);

#endif /* _CV_VERDICT_H */
