// SPDX-License-Identifier: GPL-2.0
/*
 * Holds always, but may take its time: a judgement with this criterion, once
 * "armed", stays in the middle until tests/vm/hold lets it go, so that a test
 * can do something between what was read before it and what is decided after.
 */
#include "../../userspace/bpf/judge.h"

enum { ARMED, INSIDE, GO, FIELDS };
#define OVER	2	/* INSIDE: nobody let it go in time */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FIELDS);
	__type(key, __u32);
	__type(value, __u32);
} hold SEC(".maps");

/* With "--map first=1" it is armed when its set is added. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 2);
	__type(key, __u64);
	__type(value, __u8);
} first SEC(".maps");

static volatile __u32 *field(__u32 key)
{
	return bpf_map_lookup_elem(&hold, &key);
}

static long look(__u32 turn, void *go)
{
	(void)turn;
	return *(volatile __u32 *)*(void **)go != 0;
}

SEC("socket")
int wait(struct __sk_buff *ctx)
{
	volatile __u32 *armed = field(ARMED), *inside = field(INSIDE);
	__u32 key = GO;
	void *go = bpf_map_lookup_elem(&hold, &key);
	__u64 one = 1;

	(void)ctx;
	if (!armed || !inside || !go)
		return 0;
	if (!*armed && (*inside || !bpf_map_lookup_elem(&first, &one)))
		return 1;
	*armed = 0;
	*inside = 1;
	/* 8 million turns: the helper allows no more. */
	bpf_loop(1 << 23, look, &go, 0);
	if (!*(volatile __u32 *)go)
		*inside = OVER;
	return 1;
}

char _license[] SEC("license") = "GPL";
