// SPDX-License-Identifier: GPL-2.0
/* Built-in predicates: the parts that no event waits for. Pure. */
#include "predicate.h"

_Bool cv_predicate_among(const struct cv_predicate *p, __u64 v)
{
	unsigned int i;

	for (i = 0; i < p->n_values; i++)
		if (p->values[i] == v)
			return 1;
	return 0;
}

/*
 * Why @p cannot be a predicate over @len bytes, or NULL. A predicate that can
 * never or always hold because of a bit outside the watched bytes is a typing
 * error, not a criterion.
 */
const char *cv_predicate_fault(const struct cv_predicate *p, unsigned int len)
{
	__u64 all = len >= 8 ? ~0ULL : (1ULL << (8 * len)) - 1;
	unsigned int i;

	if (p->type <= CV_PRED_UNSPEC || p->type >= CV_PRED_BPF)
		return "not a built-in predicate";
	if (!(p->mask & all))
		return "mask selects none of the watched bytes";
	if (p->type == CV_PRED_IN) {
		if (!p->n_values || p->n_values > CV_PRED_VALUES)
			return "a set takes 1 to 16 values";
		for (i = 0; i < p->n_values; i++)
			if (p->values[i] & ~(p->mask & all))
				return "a value has bits outside mask or watched bytes";
		return (void *)0;
	}
	if (p->a & ~all || (p->type == CV_PRED_RANGE && p->b & ~all))
		return "operand is larger than the watched bytes";
	if ((p->type == CV_PRED_EQ || p->type == CV_PRED_NE) && p->a & ~p->mask)
		return "operand has bits outside the mask";
	if (p->type == CV_PRED_RANGE && p->a > p->b)
		return "range is empty";
	return (void *)0;
}
