/* SPDX-License-Identifier: GPL-2.0 */
/* Built-in predicates over at most eight bytes. Pure. */
#ifndef _CV_PREDICATE_H
#define _CV_PREDICATE_H

#include "../include/uapi/linux/cloudverifier.h"

struct cv_predicate {
	__u8 type;		/* enum cv_pred */
	__u8 n_values;
	__u64 mask;
	__u64 a, b;
	__u64 values[CV_PRED_VALUES];
};

_Bool cv_predicate_among(const struct cv_predicate *p, __u64 v);
const char *cv_predicate_fault(const struct cv_predicate *p, unsigned int len);

/* Inline: it stands between a guest's store and the verdict. */
static inline _Bool cv_predicate_holds(const struct cv_predicate *p, __u64 v)
{
	v &= p->mask;
	switch (p->type) {
	case CV_PRED_EQ:
		return v == p->a;
	case CV_PRED_NE:
		return v != p->a;
	case CV_PRED_LT:
		return v < p->a;
	case CV_PRED_LE:
		return v <= p->a;
	case CV_PRED_GT:
		return v > p->a;
	case CV_PRED_GE:
		return v >= p->a;
	case CV_PRED_RANGE:
		return p->a <= v && v <= p->b;
	case CV_PRED_IN:
		return cv_predicate_among(p, v);
	default:
		return 0;	/* what is not known does not hold */
	}
}

#endif /* _CV_PREDICATE_H */
