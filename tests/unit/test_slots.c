// SPDX-License-Identifier: GPL-2.0
/* Sharing debug registers: every set of watches with every set of breakpoints. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "slots.h"

/* An assertion of libcheck writes to a pipe, passed or not: too slow for millions. */
#define REQUIRE(ok)	do { if (!(ok)) ck_abort_msg("not so: %s", #ok); } while (0)
#define EQUAL(a, b)	do { if ((a) != (b)) ck_abort_msg("%s is %#lx, expected %#lx", #a, \
				(unsigned long)(a), (unsigned long)(b)); } while (0)

/* A slot's watch: none, 1, 2, 4, 8 bytes, or an instruction. */
static const __u8 lens[] = { 0, 1, 2, 4, 8, 1 };
#define EXEC		5
#define WATCHES		(6 * 6 * 6 * 6)

/* A breakpoint: off, or enabled locally, globally, both; kinds below. */
static const unsigned long enables[] = { 0, 1, 2, 3 };
#define ENABLES		(4 * 4 * 4 * 4)

/* Type and length: execute, write 4, I/O 2, access 8, in turn. */
static const unsigned long kinds[] = { 0x0, 0xd, 0x6, 0xb };

static const unsigned long their_db[CV_SLOTS] = { 0x1000, 0x2000, 0x3000, 0x4000 };

static void make_watches(struct cv_slot_watch w[CV_SLOTS], unsigned int code)
{
	for (int i = 0; i < CV_SLOTS; i++, code /= 6)
		w[i] = (struct cv_slot_watch){ .addr = 0xffff000000000000 + 0x100 * i,
					       .len = lens[code % 6], .exec = code % 6 == EXEC };
}

static unsigned long make_dr7(unsigned int code, unsigned int turn)
{
	unsigned long dr7 = CV_DR7_FIXED;

	for (int i = 0; i < CV_SLOTS; i++, code /= 4)
		dr7 |= enables[code % 4] << (2 * i) | kinds[(i + turn) % 4] << (16 + 4 * i);
	return dr7;
}

static unsigned int enabled(unsigned long dr7)
{
	unsigned int n = 0;

	for (int i = 0; i < CV_SLOTS; i++)
		n += !!(dr7 >> (2 * i) & 3);
	return n;
}

/* What the processor does with slot i, read from the bits as the manuals have them. */
static unsigned long type_and_length(unsigned long dr7, int i)
{
	return dr7 >> (16 + 4 * i) & 15;
}

static void check_ours(const struct cv_slots *s, const struct cv_slot_watch *w, int i)
{
	static const unsigned long length_bits[] = { [1] = 0, [2] = 1, [4] = 3, [8] = 2 };

	EQUAL(s->theirs[i], 0);
	EQUAL(s->db[i], w->addr);
	REQUIRE(s->dr7 >> (2 * i) & 3);
	EQUAL(type_and_length(s->dr7, i), w->exec ? 0 : 1 | length_bits[w->len] << 2);
	EQUAL(cv_slots_exec(s) >> i & 1, w->exec);
}

static void check_theirs(const struct cv_slots *s, unsigned long dr7, int i)
{
	int number = s->theirs[i] - 1;

	REQUIRE(number < CV_SLOTS);
	REQUIRE(dr7 >> (2 * number) & 3);
	EQUAL(s->db[i], their_db[number]);
	REQUIRE(s->dr7 >> (2 * i) & 3);
	EQUAL(type_and_length(s->dr7, i), type_and_length(dr7, number));
}

static void check_empty(const struct cv_slots *s, int i)
{
	EQUAL(s->dr7 >> (2 * i) & 3, 0);
	EQUAL(type_and_length(s->dr7, i), 0);
	EQUAL(s->db[i], 0);
}

static void check_plan(const struct cv_slots *s, const struct cv_slot_watch *w, unsigned long dr7)
{
	unsigned int given = 0, seen = 0, ours = 0;

	for (int i = 0; i < CV_SLOTS; i++) {
		EQUAL(s->ours >> i & 1, !!w[i].len);
		if (w[i].len) {
			ours++;
			check_ours(s, &w[i], i);
		} else if (s->theirs[i]) {
			given++;
			REQUIRE(!(seen & 1 << s->theirs[i]));
			seen |= 1 << s->theirs[i];
			check_theirs(s, dr7, i);
		} else {
			check_empty(s, i);
		}
	}
	EQUAL(cv_slots_exec(s) & ~s->ours, 0);
	EQUAL(given + s->unserved, enabled(dr7));
	EQUAL(given, enabled(dr7) < CV_SLOTS - ours ? enabled(dr7) : CV_SLOTS - ours);
	EQUAL(s->dr7 & CV_DR7_FIXED, CV_DR7_FIXED);
	/* Neither general detect nor transactional bits come through. */
	EQUAL(s->dr7 & ~0xffff07ffUL, 0);
	EQUAL(s->dr7 & CV_DR7_EXACT, dr7 & CV_DR7_EXACT);
}

START_TEST(no_slot_is_given_twice_and_none_is_lost)
{
	struct cv_slot_watch w[CV_SLOTS];
	struct cv_slots s;

	for (unsigned int code = 0; code < WATCHES; code++) {
		make_watches(w, code);
		for (unsigned int theirs = 0; theirs < ENABLES; theirs++) {
			unsigned long dr7 = make_dr7(theirs, code);

			memset(&s, 0xa5, sizeof(s));
			cv_slots_plan(&s, w, their_db, dr7);
			check_plan(&s, w, dr7);
		}
	}
}
END_TEST

/* Bits that are no breakpoint change no slot; "exact" ones are kept. */
START_TEST(other_bits_of_dr7_do_not_matter)
{
	static const unsigned long bits[] = { 0x100, 0x200, 0x300, 0x800, 0x1000, 0x2000, 0x4000, 0x8000 };
	struct cv_slot_watch w[CV_SLOTS] = { { .addr = 8, .len = 8 } };
	struct cv_slots plain, s;

	cv_slots_plan(&plain, w, their_db, make_dr7(0x1b, 0));
	for (unsigned int i = 0; i < sizeof(bits) / sizeof(*bits); i++) {
		cv_slots_plan(&s, w, their_db, make_dr7(0x1b, 0) | bits[i]);
		EQUAL(s.dr7, plain.dr7 | (bits[i] & CV_DR7_EXACT));
		ck_assert_mem_eq(s.theirs, plain.theirs, sizeof(s.theirs));
	}
}
END_TEST

/* A hit in a slot of theirs comes back under the number they gave it. */
static void check_causes(const struct cv_slots *s, unsigned long dr6)
{
	unsigned long causes = cv_slots_theirs(s, dr6), expected = dr6 & ~0xfUL;

	for (int i = 0; i < CV_SLOTS; i++)
		if (dr6 & 1UL << i && s->theirs[i] && !(s->ours & 1 << i))
			expected |= 1UL << (s->theirs[i] - 1);
	EQUAL(causes, expected);
}

START_TEST(causes_come_back_under_their_own_numbers)
{
	/* Single step, general detect, task switch and the bits that are always one. */
	static const unsigned long others[] = { 0, 0xffff0ff0, 0x4000, 0x2000, 0x8000, 0xffff4ff0 };
	struct cv_slot_watch w[CV_SLOTS];
	struct cv_slots s;

	for (unsigned int code = 0; code < WATCHES; code += 3) {
		make_watches(w, code);
		for (unsigned int theirs = 0; theirs < ENABLES; theirs++) {
			cv_slots_plan(&s, w, their_db, make_dr7(theirs, code));
			for (unsigned int hit = 0; hit < 16 * 6; hit++)
				check_causes(&s, others[hit / 16] | hit % 16);
		}
	}
}
END_TEST

/* Without watches nothing of theirs moves: the guest's view is the machine's. */
START_TEST(without_watches_every_breakpoint_is_served)
{
	struct cv_slot_watch none[CV_SLOTS] = {};
	struct cv_slots s;

	for (unsigned int theirs = 0; theirs < ENABLES; theirs++) {
		cv_slots_plan(&s, none, their_db, make_dr7(theirs, 0));
		EQUAL(s.unserved, 0);
		EQUAL(s.ours, 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("slots");
	TCase *tc = tcase_create("slots");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, no_slot_is_given_twice_and_none_is_lost);
	tcase_add_test(tc, other_bits_of_dr7_do_not_matter);
	tcase_add_test(tc, causes_come_back_under_their_own_numbers);
	tcase_add_test(tc, without_watches_every_breakpoint_is_served);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
