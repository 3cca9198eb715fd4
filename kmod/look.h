/* SPDX-License-Identifier: GPL-2.0 */
/* Looking at watched words; gatekeeper.h has the look that packets take. */
#ifndef _CV_LOOK_H
#define _CV_LOOK_H

#include "watch.h"
#include "word.h"

struct cv_vm;
struct kvm_vcpu;

/* The watched bytes now; false if they cannot be read. RCU. */
bool cv_watch_read(const struct cv_watch *w, u64 *value);

/*
 * A word is new at a vCPU's exit or entry. First close what it breaks, which
 * returns the low half of the cycle counter at its start; then judge the rest
 * and tell of it all. Interrupts off.
 */
u32 cv_word_close(struct cv_word *word);
void cv_vm_tell(struct cv_vm *vm, struct kvm_vcpu *vcpu, u32 exit_tsc, u64 tsc);

/*
 * One watch, or all of a page, whatever their trigger; @vcpu wrote, or
 * CV_NO_VCPU. Any context but NMI; RCU.
 */
void cv_watch_look(struct cv_watch *w, enum cv_source source, u32 vcpu);
void cv_vm_look_at(struct cv_vm *vm, gfn_t gfn, enum cv_source source, u32 vcpu);

#endif /* _CV_LOOK_H */
