/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Write-tracked pages as a trigger: KVM maps them read-only, emulates each
 * store and tells us. A watch that is not tracked for the moment, because its
 * page is too hot or its guest stores by instructions that KVM cannot emulate,
 * is still looked at for each packet and by timer.
 */
#ifndef _CV_TRACK_H
#define _CV_TRACK_H

#include "watch.h"

struct cv_vm;
struct kvm_vcpu;

/* Process context; may sleep. Between them KVM tells of writes and of slots. */
int cv_track_start(struct cv_vm *vm);
void cv_track_stop(struct cv_vm *vm);

/* Of a guest to be detached: no page any more, no watch live again. May sleep. */
void cv_watches_untrack(struct cv_vm *vm);

/* Tracks the watch's page, or no more. resolve_lock held; takes kvm->slots_lock. */
void cv_track_update(struct cv_watch *w);

/* KVM does not track the watch's page any more. vm->lock held. */
void cv_track_ended(struct cv_watch *w);

/* Softirq, every tick: true if the watch is to be updated. */
bool cv_track_tick(struct cv_watch *w);

/*
 * KVM cannot emulate an instruction of this vCPU that faulted. True if that may
 * be for a tracked page: then none is any more, soon, and the instruction is to
 * be tried again. On the vCPU's thread.
 */
bool cv_track_unemulatable(struct kvm_vcpu *vcpu);

#endif /* _CV_TRACK_H */
