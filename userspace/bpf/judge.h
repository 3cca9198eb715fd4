/* SPDX-License-Identifier: GPL-2.0 */
/* What every judging program includes. */
#ifndef JUDGE_H
#define JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include <linux/bpf.h>
#include <linux/cloudverifier.h>

#include <bpf/bpf_helpers.h>

/*
 * Copies the record. False if it cannot be read or is older than this header:
 * the program then has to answer 0, which denies.
 */
static __always_inline bool judge_record(struct __sk_buff *ctx, struct cv_record *rec)
{
	return !bpf_skb_load_bytes(ctx, 0, rec, sizeof(*rec)) && rec->size >= sizeof(*rec);
}

#endif /* JUDGE_H */
