// SPDX-License-Identifier: GPL-2.0
/*
 * The kernel's predicates and slots under any bytes: a predicate without fault
 * is judged by its definition; a plan gives no slot twice and loses none.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predicate.h"
#include "slots.h"

#define REQUIRE(ok)	((ok) ? (void)0 : fail(#ok))

static void fail(const char *what)
{
	fprintf(stderr, "not so: %s\n", what);
	abort();
}

static void try_predicate(const struct cv_predicate *p, unsigned int len, __u64 v)
{
	__u64 all = len == 8 ? UINT64_MAX : (1ull << 8 * len) - 1, w = v & all & p->mask;
	_Bool among = 0;

	if (cv_predicate_fault(p, len)) {
		REQUIRE(*cv_predicate_fault(p, len));
		return;
	}
	for (unsigned int i = 0; p->type == CV_PRED_IN && i < p->n_values; i++)
		among |= p->values[i] == w;
	const _Bool expected[] = {
		[CV_PRED_EQ] = w == p->a, [CV_PRED_NE] = w != p->a, [CV_PRED_LT] = w < p->a,
		[CV_PRED_LE] = w <= p->a, [CV_PRED_GT] = w > p->a, [CV_PRED_GE] = w >= p->a,
		[CV_PRED_RANGE] = p->a <= w && w <= p->b, [CV_PRED_IN] = among,
	};
	REQUIRE(p->type >= CV_PRED_EQ && p->type <= CV_PRED_IN);
	REQUIRE(cv_predicate_holds(p, v & all) == expected[p->type]);
}

struct slots_input {
	unsigned long addr[CV_SLOTS], db[CV_SLOTS], dr7, dr6;
	uint8_t len[CV_SLOTS];
};

static void try_slots(const struct slots_input *in)
{
	struct cv_slot_watch w[CV_SLOTS];
	unsigned int enabled = 0, served = 0, seen = 0;
	unsigned long causes;
	struct cv_slots s;

	for (int i = 0; i < CV_SLOTS; i++) {
		w[i] = (struct cv_slot_watch){ .addr = in->addr[i], .len = in->len[i] % 5 ? 1 << in->len[i] % 4 : 0 };
		enabled += !!CV_DR7_ENABLED(in->dr7, i);
	}
	cv_slots_plan(&s, w, in->db, in->dr7);
	for (int i = 0; i < CV_SLOTS; i++) {
		REQUIRE(!(w[i].len && s.theirs[i]));
		REQUIRE(!w[i].len || s.db[i] == w[i].addr);
		REQUIRE(!!CV_DR7_ENABLED(s.dr7, i) == (w[i].len || s.theirs[i]));
		if (!s.theirs[i])
			continue;
		REQUIRE(!(seen & 1 << s.theirs[i]));
		seen |= 1 << s.theirs[i];
		served++;
		REQUIRE(s.db[i] == in->db[s.theirs[i] - 1]);
		REQUIRE(CV_DR7_KIND(s.dr7, i) == CV_DR7_KIND(in->dr7, s.theirs[i] - 1));
	}
	REQUIRE(served + s.unserved == enabled);
	causes = cv_slots_theirs(&s, in->dr6);
	REQUIRE((causes & ~CV_DR6_SLOTS) == (in->dr6 & ~CV_DR6_SLOTS));
	for (int i = 0; i < CV_SLOTS; i++)
		REQUIRE(!(causes & 1UL << i) || CV_DR7_ENABLED(in->dr7, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct {
		struct cv_predicate predicate;
		__u64 v;
		uint8_t len;
		struct slots_input slots;
	} in = {};

	memcpy(&in, data, size < sizeof(in) ? size : sizeof(in));
	in.predicate.type %= CV_PRED_MAX + 2;
	in.predicate.n_values %= CV_PRED_VALUES + 2;
	try_predicate(&in.predicate, 1 << in.len % 4, in.v);
	try_slots(&in.slots);
	return 0;
}
