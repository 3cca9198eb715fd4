/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arming and disarming the debug registers of one vCPU.
 *
 * KVM keeps the VMM's debug flags in the low half of vcpu->guest_debug and
 * nothing in the high half, which KVM_SET_GUEST_DEBUG zeroes. There we keep
 * the generation that the vCPU is armed with. One compare at each entry thus
 * tells whether a vCPU is new, stale, or was overwritten by the VMM's
 * debugger; if so it is armed before the next guest instruction runs, whether
 * it spins, was halted, sat in the VMM or has just been plugged in.
 */
#ifndef _CV_VCPU_H
#define _CV_VCPU_H

#include <linux/kvm_host.h>
#include <linux/task_work.h>
#include "slots.h"

struct cv_vm;

#define CV_GEN_NONE	0U	/* the VMM's own settings, or never armed */
#define CV_GEN_STALE	1U	/* ours, but the guest's breakpoints changed */
#define CV_GEN_FIRST	2U

enum cv_prepared {
	CV_PREPARED,		/* armed: go on, watched */
	CV_PREPARE_LATER,	/* leave the guest at once, before an instruction */
	CV_NOT_WATCHED,		/* being detached: this vCPU is free */
};

/*
 * Written by the vCPU's own thread or under vcpu->mutex; counters are read
 * without a lock and may be torn between fields, not within one.
 */
struct cv_vcpu {
	struct cv_vm *vm;
	struct kvm_vcpu *vcpu;
	bool armed;			/* fields of struct kvm_vcpu are ours */
	bool seen;			/* entered the guest since the attach */
	bool smm;			/* in system management mode, or on the way out */
	unsigned int restarts;		/* of the guest, when this one turned paging on */
	u64 untracks;			/* of the guest, when it last retried a store */
	unsigned long told;		/* jiffies of the last event about it */
	u32 vmm_control;		/* what the VMM asked for, */
	unsigned long vmm_db[CV_SLOTS];	/* given back at detach */
	unsigned long vmm_dr7;
	struct cv_slots slots;
	u64 exits_before;		/* vcpu->stat.exits at its first entry */
	u64 hits, foreign, rearmed, unserved;
	struct callback_head visit;
	atomic_t visiting;		/* visit is queued */
};

static __always_inline u32 cv_vcpu_gen(const struct kvm_vcpu *vcpu)
{
	const u32 *halves = (const u32 *)&vcpu->guest_debug;

	return READ_ONCE(halves[1]);
}

/* Interrupts off, just before guest entry, on the vCPU's thread. */
enum cv_prepared cv_vcpu_prepare(struct cv_vm *vm, struct kvm_vcpu *vcpu);
/* Task context, on the vCPU's thread: returns what an exit handler returns. */
int cv_vcpu_debug_exit(struct kvm_vcpu *vcpu);
/*
 * Likewise, before KVM emulates an access to a debug register: true if the guest
 * has forbidden it to itself (DR7.GD) and gets its #DB.
 */
bool cv_vcpu_general_detect(struct kvm_vcpu *vcpu);
/* On the vCPU's thread or under vcpu->mutex; must not be traced. */
void cv_vcpu_breakpoints_changed(struct kvm_vcpu *vcpu);
/* Traced, before the change: the boot CPU that turns paging off restarts. */
void cv_vcpu_cr0_changes(struct kvm_vcpu *vcpu, unsigned long cr0);
bool cv_vcpu_offers_nesting(struct kvm_vcpu *vcpu);

/* Do its registers say how the guest's linear addresses translate? */
bool cv_vcpu_has_address_space(struct cv_vm *vm, struct kvm_vcpu *vcpu);

/*
 * Have every vCPU translate what is unresolved, or, when the vm is dying,
 * disarm: at once where the vCPU is idle, else by its own thread soon. May
 * sleep.
 */
void cv_vcpus_visit(struct cv_vm *vm);
/* Throw vCPUs out of the guest; they re-enter through cv_vcpu_prepare(). */
void cv_vcpus_kick(struct cv_vm *vm);

#endif /* _CV_VCPU_H */
