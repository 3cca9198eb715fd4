// SPDX-License-Identifier: GPL-2.0
/*
 * Holds while the text that each execution captures, up to its first NUL, is a
 * key of the map "allowed": a list of the programs that a guest may execute.
 *
 *	cvadm watch add web --addr ADDRESS --len 1 --name exec --trigger exec \
 *		--capture '+0(+96(%rdi)):256'
 *	cvadm set add --session 2 --vm web --map allowed=/usr/sbin/nginx,/bin/sh \
 *		'exec bpf executed.bpf.o'
 *
 * Text without a NUL in what was captured is not allowed: it may go on.
 */
#include "judge.h"

struct text {
	char bytes[CV_CAPTURE_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct text);
	__type(value, __u8);
} allowed SEC(".maps");

/* Nothing but zeros from the first on. False if there is none among @len bytes: behind them zeros mean nothing. */
static __always_inline bool cut_at_nul(struct text *text, __u32 len)
{
	bool ended = false;

	for (__u32 i = 0; i < CV_CAPTURE_MAX; i++) {
		if (i < len && !text->bytes[i])
			ended = true;
		if (ended)
			text->bytes[i] = 0;
	}
	return ended;
}

SEC("socket")
int executed(struct __sk_buff *ctx)
{
	struct cv_record rec;
	struct text text;
	__u32 captured;

	if (!judge_record(ctx, &rec))
		return 0;
	if (!rec.execution)	/* the bytes of the instruction are judged */
		return 1;
	return !bpf_skb_load_bytes(ctx, rec.execution + offsetof(struct cv_execution, capture),
				   &text, sizeof(text)) &&
	       !bpf_skb_load_bytes(ctx, rec.execution + offsetof(struct cv_execution, captured),
				   &captured, sizeof(captured)) &&
	       cut_at_nul(&text, captured) && bpf_map_lookup_elem(&allowed, &text);
}

char _license[] SEC("license") = "GPL";
