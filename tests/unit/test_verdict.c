// SPDX-License-Identifier: GPL-2.0
/* The verdict word: every word that can be, under every operation. */
#include <check.h>
#include <stdlib.h>

#include "verdict.h"

/* An assertion of libcheck writes to a pipe, passed or not: too slow for millions. */
#define REQUIRE(word, ok)	do { if (!(ok)) ck_abort_msg("word %#x: not so: %s", word, #ok); } while (0)

/* Every bit that means something: 2 of judgement, told, the latch, the blockers. */
#define BLOCKERS	0x1ffu
#define WORDS		(4u * 4 * (BLOCKERS + 1))

static __u32 word_of(unsigned int i)
{
	__u32 judged = i & 3, told = i >> 2 & 1, latch = i >> 3 & 1, blockers = i >> 4;

	return judged | told << CV_WORD_TOLD_BIT | latch << CV_WORD_LATCH_BIT |
	       blockers << CV_WORD_BLOCK_SHIFT;
}

/* A word that operations make: never judged CV_VIOLATED, which is the latch; told of the latch only. */
static _Bool is_reachable(__u32 word)
{
	return (word & CV_WORD_JUDGED) != CV_VIOLATED && (word & CV_WORD_LATCH || !(word & CV_WORD_TOLD));
}

START_TEST(only_the_satisfied_word_opens)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		__u32 word = word_of(i);

		REQUIRE(word, cv_word_open(word) == (word == 1));
		if (is_reachable(word))
			REQUIRE(word, cv_word_open(word) == (cv_word_verdict(word) == CV_SATISFIED));
	}
	/* Any other bit closes, whatever it may come to mean. */
	for (i = 0; i < 32; i++)
		ck_assert_uint_eq(cv_word_open(CV_SATISFIED ^ 1u << i), 0);
}
END_TEST

START_TEST(verdict_is_latch_then_blockers_then_judgement)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		__u32 word = word_of(i);
		enum cv_verdict expected = word & CV_WORD_LATCH ? CV_VIOLATED :
					   i >> 4 ? CV_UNKNOWN : word & CV_WORD_JUDGED;

		REQUIRE(word, cv_word_verdict(word) == expected);
		REQUIRE(word, cv_word_blockers(word) == i >> 4);
	}
}
END_TEST

START_TEST(judging_never_unlatches_or_opens_what_is_blocked)
{
	unsigned int i;
	int finding;

	for (i = 0; i < WORDS; i++) {
		for (finding = CV_FINDS_BROKEN; finding <= CV_FINDS_NOTHING; finding++) {
			__u32 word = word_of(i), next = cv_word_judged(word, finding);

			if (!is_reachable(word))
				continue;
			REQUIRE(word, cv_word_blockers(next) == cv_word_blockers(word));
			if (word & CV_WORD_LATCH) {
				REQUIRE(word, next == word);
				continue;
			}
			/* Who latches here also tells: the one bit never without the other. */
			REQUIRE(word, !!(next & CV_WORD_LATCH) == (finding == CV_FINDS_BROKEN));
			REQUIRE(word, !!(next & CV_WORD_TOLD) == (finding == CV_FINDS_BROKEN));
			REQUIRE(word, cv_word_open(next) ==
				(finding == CV_FINDS_HOLDS && !cv_word_blockers(word)));
			/* Nor is a blocked word left as if it needed only the blocker gone. */
			REQUIRE(word, !cv_word_blockers(word) || finding == CV_FINDS_BROKEN ||
				(next & CV_WORD_JUDGED) == CV_UNKNOWN);
			/* Judging the same again changes nothing: cv_set_judge() ends. */
			REQUIRE(word, cv_word_judged(next, finding) == next);
		}
	}
}
END_TEST

START_TEST(unblocking_never_unlatches_and_never_opens)
{
	unsigned int i;
	__u32 gone;

	for (i = 0; i < WORDS; i++) {
		for (gone = 0; gone <= BLOCKERS; gone++) {
			__u32 word = word_of(i), next = cv_word_unblocked(word, gone);

			REQUIRE(word, !((next ^ word) & (CV_WORD_LATCH | CV_WORD_TOLD)));
			REQUIRE(word, cv_word_blockers(next) == (cv_word_blockers(word) & ~gone));
			if (next != word)
				REQUIRE(word, !cv_word_open(next));
			else
				REQUIRE(word, !(cv_word_blockers(word) & gone));
		}
	}
}
END_TEST

START_TEST(reattesting_forgets_the_judgement_and_keeps_blockers)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++) {
		__u32 word = word_of(i), next = cv_word_reattested(word);

		REQUIRE(word, next == cv_word_blockers(word) << CV_WORD_BLOCK_SHIFT);
		REQUIRE(word, !cv_word_open(next));
	}
}
END_TEST

/* The table at the head of verdict.c, told again: what moves, not why. */
START_TEST(moves_are_those_of_the_table)
{
	static const char table[__CV_VERDICTS][__CV_VERDICTS + 1] = {
		/*                 P S U V */
		[CV_PENDING]   = " yyy",
		[CV_SATISFIED] = "n yy",
		[CV_UNKNOWN]   = "ny y",
		[CV_VIOLATED]  = "ynn ",
	};
	unsigned int from, to;

	for (from = 0; from < 8; from++)
		for (to = 0; to < 8; to++)
			ck_assert_msg(cv_verdict_may(from, to) ==
				      (from < __CV_VERDICTS && to < __CV_VERDICTS && table[from][to] == 'y'),
				      "from %u to %u", from, to);
	ck_assert(!cv_verdict_may(-1, 0) && !cv_verdict_may(0, -1));
}
END_TEST

static void check_move(__u32 word, __u32 next, const char *what)
{
	enum cv_verdict was = cv_word_verdict(word), is = cv_word_verdict(next);

	if (was != is && !cv_verdict_may(was, is))
		ck_abort_msg("%s: word %#x to %#x, verdict %d to %d", what, word, next, was, is);
}

/*
 * What set.c does to a word, each as one step as its report sees it: judge,
 * OR a blocker, OR the latch, take blockers away, re-attest a latched one.
 */
START_TEST(every_operation_moves_as_the_table_allows)
{
	unsigned int i;
	__u32 some;

	for (i = 0; i < WORDS; i++) {
		__u32 word = word_of(i);

		if (!is_reachable(word))
			continue;
		for (int finding = CV_FINDS_BROKEN; finding <= CV_FINDS_NOTHING; finding++)
			check_move(word, cv_word_judged(word, finding), "judge");
		for (some = 1; some <= BLOCKERS; some++)
			check_move(word, word | some << CV_WORD_BLOCK_SHIFT, "block");
		check_move(word, word | CV_WORD_LATCH, "latch");
	}
}
END_TEST

/*
 * Unblocking is reported together with the judgement after it, re-attestation
 * first as PENDING and then as what is judged: each report must be in the table.
 */
START_TEST(reports_of_unblocking_and_reattesting_are_in_the_table)
{
	unsigned int i;
	__u32 some;

	for (i = 0; i < WORDS; i++) {
		__u32 word = word_of(i), next;

		if (!is_reachable(word))
			continue;
		for (some = 1; some <= BLOCKERS; some++) {
			next = cv_word_unblocked(word, some);
			/* No report here: the verdict must not change by itself. */
			REQUIRE(word, cv_word_verdict(next) == cv_word_verdict(word));
			for (int finding = CV_FINDS_BROKEN; finding <= CV_FINDS_NOTHING; finding++)
				check_move(next, cv_word_judged(next, finding), "unblock and judge");
		}
		if (!(word & CV_WORD_LATCH))
			continue;
		next = cv_word_reattested(word);
		check_move(word, CV_PENDING, "re-attest");
		check_move(CV_PENDING, next, "blockers that stayed");
		for (int finding = CV_FINDS_BROKEN; finding <= CV_FINDS_NOTHING; finding++)
			check_move(next, cv_word_judged(next, finding), "re-attest and judge");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict");
	TCase *tc = tcase_create("verdict");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, only_the_satisfied_word_opens);
	tcase_add_test(tc, verdict_is_latch_then_blockers_then_judgement);
	tcase_add_test(tc, judging_never_unlatches_or_opens_what_is_blocked);
	tcase_add_test(tc, unblocking_never_unlatches_and_never_opens);
	tcase_add_test(tc, reattesting_forgets_the_judgement_and_keeps_blockers);
	tcase_add_test(tc, moves_are_those_of_the_table);
	tcase_add_test(tc, every_operation_moves_as_the_table_allows);
	tcase_add_test(tc, reports_of_unblocking_and_reattesting_are_in_the_table);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
