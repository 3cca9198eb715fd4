// SPDX-License-Identifier: GPL-2.0
/*
 * An example of what a vendor can write: rules over how a value changes, which
 * the built-in predicates cannot say. Two programs, one object:
 *
 *	version		never decreases: a roll-back violates
 *	sealed		its bits may be set, never cleared: a lock-down mask
 *
 *	clang -target bpf -O2 -g -I include/uapi -idirafter /usr/include/$(uname -m)-linux-gnu -c vendor.bpf.c -o vendor.bpf.o
 *	cvadm set add --session 2 --vm web 'policy_version bpf vendor.bpf.o:version' \
 *		'lockdown bpf vendor.bpf.o:sealed'
 *
 * How to write one:
 *
 * - SEC("socket"): a socket filter. What it filters is no packet but a struct
 *   cv_record, see linux/cloudverifier.h, read with bpf_skb_load_bytes().
 * - Non-zero: the criterion holds. 0: it does not, and the set is violated.
 *   Deny what cannot be read.
 * - rec.value is the watched bytes, zero-extended to 64 bits, in the host's
 *   byte order. rec.old is the value of the judgement before; at the first
 *   judgement both are equal, so test the start with a criterion of its own,
 *   such as 'policy_version >= 7'.
 * - rec.old follows the value even when the program denied it. That is enough,
 *   because a violated set stays violated until it is attested again.
 * - It is called for every judgement, also when nothing has changed, with
 *   interrupts off, on any CPU: same record, same answer, and quickly. Maps may
 *   be used; nothing that sleeps.
 * - With an execution watch rec.execution is the offset of a struct cv_execution,
 *   or 0 when the instruction's bytes are judged; see executed.bpf.c.
 * - The record may grow at its end. Compare rec.size, as judge_record() does.
 */
#include "judge.h"

SEC("socket")
int version(struct __sk_buff *ctx)
{
	struct cv_record rec;

	return judge_record(ctx, &rec) && rec.value >= rec.old;
}

SEC("socket")
int sealed(struct __sk_buff *ctx)
{
	struct cv_record rec;

	return judge_record(ctx, &rec) && !(rec.old & ~rec.value);
}

char _license[] SEC("license") = "GPL";
