// SPDX-License-Identifier: GPL-2.0
/* Programs of tests/vm/exec.sh. What is judged that is no execution holds. */
#include "../../userspace/bpf/judge.h"

#define PART(ctx, rec, field, to)	bpf_skb_load_bytes(ctx, (rec)->execution + \
	offsetof(struct cv_execution, field), to, sizeof(*(to)))

/* The instruction is the watched one, and its function's argument is 0x1234. */
SEC("socket")
int registers(struct __sk_buff *ctx)
{
	struct cv_record rec;
	__u64 regs[__CV_REGS];

	if (!judge_record(ctx, &rec))
		return 0;
	if (!rec.execution)
		return 1;
	return !PART(ctx, &rec, regs, &regs) && regs[CV_REG_RIP] == rec.addr &&
	       regs[CV_REG_RDI] == 0x1234 && regs[CV_REG_RFLAGS] & 2 && regs[CV_REG_RSP];
}

/* All of it could be read. */
SEC("socket")
int whole(struct __sk_buff *ctx)
{
	struct cv_record rec;
	__u32 captured;

	if (!judge_record(ctx, &rec))
		return 0;
	if (!rec.execution)
		return 1;
	return !PART(ctx, &rec, captured, &captured) && captured == 32;
}

char _license[] SEC("license") = "GPL";
