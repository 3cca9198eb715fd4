/* SPDX-License-Identifier: GPL-2.0 */
/* Programs that judge: loaded from an object file, or taken from bpffs. */
#ifndef CVADM_BPF_H
#define CVADM_BPF_H

#include "args.h"
#include "predicate.h"

struct bpf_object;

struct bpf_judge {
	struct bpf_object *object;	/* NULL if pinned */
	int fd;				/* of the program, -1 = none */
};

/* Loads c's program and fills its maps from --map; prints what is wrong. */
int bpf_judge_open(struct call *call, const struct criterion *c, struct bpf_judge *judge);
void bpf_judge_close(struct bpf_judge *judge);

/* Every --map must name a map of one of these. */
int bpf_maps_check(struct call *call, const struct bpf_judge *judges, int n);

#endif /* CVADM_BPF_H */
