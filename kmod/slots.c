// SPDX-License-Identifier: GPL-2.0
/* Sharing debug registers; Intel SDM vol. 3 17.2, AMD APM vol. 2 13.1. Pure. */
#include "slots.h"

/* R/W = 01 (write), LEN: 1 -> 00, 2 -> 01, 4 -> 11, 8 -> 10 */
static unsigned int kind(const struct cv_slot_watch *w)
{
	unsigned int bits = w->len == 8 ? 2 : w->len - 1;

	return w->exec ? CV_DR7_EXEC : 1 | bits << 2;
}

static int free_slot(const struct cv_slots *s)
{
	int i;

	for (i = 0; i < CV_SLOTS; i++)
		if (!(s->ours & (1 << i)) && !s->theirs[i])
			return i;
	return -1;
}

/**
 * cv_slots_plan - what to load into the debug registers
 * @s: filled in
 * @w: the watches, each in the slot of its index
 * @db: the other owner's addresses
 * @dr7: the other owner's control register
 */
void cv_slots_plan(struct cv_slots *s, const struct cv_slot_watch w[CV_SLOTS],
		   const unsigned long db[CV_SLOTS], unsigned long dr7)
{
	int i, to;

	*s = (struct cv_slots){ .dr7 = CV_DR7_FIXED | (dr7 & CV_DR7_EXACT) };
	for (i = 0; i < CV_SLOTS; i++) {
		if (!w[i].len)
			continue;
		s->ours |= 1 << i;
		s->db[i] = w[i].addr;
		s->dr7 |= CV_DR7_SLOT(kind(&w[i]), i);
	}
	for (i = 0; i < CV_SLOTS; i++) {
		if (!CV_DR7_ENABLED(dr7, i))
			continue;
		to = free_slot(s);
		if (to < 0) {
			s->unserved++;
			continue;
		}
		s->theirs[to] = i + 1;
		s->db[to] = db[i];
		s->dr7 |= CV_DR7_SLOT(CV_DR7_KIND(dr7, i), to);
	}
}

/* Our slots that watch for an instruction. */
unsigned long cv_slots_exec(const struct cv_slots *s)
{
	unsigned long exec = 0;
	int i;

	for (i = 0; i < CV_SLOTS; i++)
		if (s->ours & (1 << i) && CV_DR7_KIND(s->dr7, i) == CV_DR7_EXEC)
			exec |= 1UL << i;
	return exec;
}

/* The causes in @dr6 that are not ours, as the other owner numbers them. */
unsigned long cv_slots_theirs(const struct cv_slots *s, unsigned long dr6)
{
	unsigned long causes = dr6 & ~CV_DR6_SLOTS;
	int i;

	for (i = 0; i < CV_SLOTS; i++)
		if (dr6 & (1UL << i) && s->theirs[i])
			causes |= 1UL << (s->theirs[i] - 1);
	return causes;
}
