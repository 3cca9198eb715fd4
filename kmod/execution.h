/* SPDX-License-Identifier: GPL-2.0 */
/* Instructions that are watched, about to be executed. */
#ifndef _CV_EXECUTION_H
#define _CV_EXECUTION_H

#include <linux/kvm_host.h>

struct cv_vm;

/*
 * A #DB of @vcpu names @slots, debug registers of ours on the instruction it is
 * to execute next. Judges what it is about to do, and lets it go on. Task
 * context, on the vCPU's thread, vCPU loaded; sleeps only if the host has taken a
 * page of the guest's away, with the sets that wait for it closed meanwhile.
 */
void cv_executed(struct cv_vm *vm, struct kvm_vcpu *vcpu, unsigned long slots);

#endif /* _CV_EXECUTION_H */
