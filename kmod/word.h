/* SPDX-License-Identifier: GPL-2.0 */
/* An aligned word of guest memory as those see it who look for changes. */
#ifndef _CV_WORD_H
#define _CV_WORD_H

#include <linux/compiler.h>
#include <linux/types.h>

struct cv_watch;

struct cv_word {
	const u64 *ptr;		/* in the pinned page, or &cv_no_word; never NULL */
	u64 last;		/* what it held when last judged */
	struct cv_watch __rcu *watch;	/* cv_config and vm->lock */
};

extern const u64 cv_no_word;

/*
 * What a watch stands on: the word with its bytes, and the entries of the
 * guest's page tables, below the root's, that make a linear address mean them.
 * Words that do not apply are cv_no_word.
 */
#define CV_TABLES	4

struct cv_truth {
	struct cv_word bytes;
	struct cv_word table[CV_TABLES];
};

/*
 * Exits and packets pay for this, so @last is a plain operand: torn or old, it
 * differs from what is there, and whoever looks closer reads it again.
 */
static __always_inline bool cv_word_is_new(const struct cv_word *word)
{
	/* data_race(): see above */
	return unlikely(READ_ONCE(*READ_ONCE(word->ptr)) != data_race(word->last));
}

static __always_inline bool cv_truth_is_new(const struct cv_truth *truth)
{
	return cv_word_is_new(&truth->bytes) ||
	       cv_word_is_new(&truth->table[0]) || cv_word_is_new(&truth->table[1]) ||
	       cv_word_is_new(&truth->table[2]) || cv_word_is_new(&truth->table[3]);
}

#endif /* _CV_WORD_H */
