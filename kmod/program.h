/* SPDX-License-Identifier: GPL-2.0 */
/* Criteria that are eBPF programs: socket filters over a struct cv_record. */
#ifndef _CV_PROGRAM_H
#define _CV_PROGRAM_H

#include "watch.h"

struct bpf_prog;

/* From a file descriptor of the caller; may sleep. */
struct bpf_prog *cv_program_get(u32 fd);
struct sk_buff * __percpu *cv_program_records(void);
void cv_program_free(struct bpf_prog *prog, struct sk_buff * __percpu *records);

/* Interrupts off: the record belongs to this CPU. */
bool cv_program_allows(struct bpf_prog *prog, struct sk_buff * __percpu *records,
		       const struct cv_watch *w, const struct cv_execution *execution);
bool cv_program_holds(struct bpf_prog *prog, struct sk_buff * __percpu *records,
		      const struct cv_watch *w, u64 value, u64 old);

#endif /* _CV_PROGRAM_H */
