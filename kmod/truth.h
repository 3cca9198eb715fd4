/* SPDX-License-Identifier: GPL-2.0 */
/* Translating, pinning and giving up the words that watches read. */
#ifndef _CV_TRUTH_H
#define _CV_TRUTH_H

#include "watch.h"

struct kvm_vcpu;
struct work_struct;

void cv_truth_init(struct cv_truth *truth);
/* Whose it is, for those who look; NULL: nobody's. vm->lock. */
void cv_truth_give(struct cv_truth *truth, struct cv_watch *w);

/* The word is not to be read any more; what was pinned is unpinned later. vm->lock. */
void cv_watch_forget(struct cv_watch *w, u8 state);

/* What that leaves, once nobody reads it any more. */
void cv_watch_unpin(struct cv_watch *w);
/* Looks whether the linear address means something else now. Any context but NMI. */
void cv_watch_moved(struct cv_watch *w);

/* vCPU loaded; may sleep. */
void cv_watches_translate(struct cv_vm *vm, struct kvm_vcpu *vcpu);
/* From the mmu notifier, or as a memory slot goes; vm->lock held. */
void cv_watches_invalidate(struct cv_vm *vm, unsigned long start, unsigned long end);
void cv_watches_lose(struct cv_vm *vm, gfn_t gfn, unsigned long pages);
/* The guest restarts: every address is to be translated anew. vm->lock held. */
void cv_watches_forget(struct cv_vm *vm);
/* Work item: pins what is translated, asks vCPUs for what is not. */
void cv_watches_resolve(struct work_struct *work);

#endif /* _CV_TRUTH_H */
