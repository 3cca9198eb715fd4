// SPDX-License-Identifier: GPL-2.0
/*
 * Holds while the watched value is a key of the map "allowed".
 *
 *	cvadm set add --session 2 --vm web --map allowed=1,2,0x30 \
 *		'enforcing bpf allowlist.bpf.o'
 *
 * cvadm freezes the map once it is filled. For at most 16 values the built-in
 * '3 in {1,2,0x30}' does the same and needs no program.
 */
#include "judge.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, __u8);
} allowed SEC(".maps");

SEC("socket")
int allowlist(struct __sk_buff *ctx)
{
	struct cv_record rec;

	return judge_record(ctx, &rec) && bpf_map_lookup_elem(&allowed, &rec.value);
}

char _license[] SEC("license") = "GPL";
