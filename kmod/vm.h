/* SPDX-License-Identifier: GPL-2.0 */
/* An attached guest: its lifetime, its watched words, its vCPUs. */
#ifndef _CV_VM_H
#define _CV_VM_H

#include <linux/hashtable.h>
#include <linux/kvm_host.h>
#include <linux/mmu_notifier.h>
#include <linux/workqueue.h>
#include "vcpu.h"
#include "word.h"
#include "../include/uapi/linux/cloudverifier.h"

struct cv_watch;
struct netlink_ext_ack;

struct cv_vm {
	/* read at every exit and entry of every vCPU */
	struct cv_truth truth[CV_VM_SLOTS];
	u32 gen;			/* what vCPUs must be armed with; see vcpu.h */
	struct cv_vcpu *vcpus;		/* by vcpu_idx */
	struct kvm *kvm;
	struct cv_vm __rcu *next;	/* chain of the look-up table; cv_config */

	u32 id;
	u32 flags;			/* CV_VM_F_* */
	char name[CV_NAME_MAX + 1];
	struct pid *pid;		/* the VMM's thread group */
	struct mm_struct *mm;		/* mmgrab()bed */
	unsigned long blockers;		/* CV_BLOCK_* of all its sets; atomic bits */

	spinlock_t lock;		/* words, watches' pages, invalidation state */
	unsigned int invalidating;	/* ranges being invalidated; lock */
	u64 invalidations;		/* counts them; lock */

	struct mutex resolve_lock;	/* one resolver at a time */
	struct delayed_work resolve;	/* translates and pins what is not live */
	struct work_struct gone;	/* the guest died: detach */
	wait_queue_head_t visited;	/* a vCPU was visited or disarmed */

	DECLARE_HASHTABLE(by_gfn, 6);	/* live watches; RCU; changed under lock */
	struct kvm_page_track_notifier_node track;
	unsigned int n_tracked;		/* watches whose pages KVM tracks; lock */
	u64 untracks;			/* counts those that are not any more; lock */
	bool untrackable;		/* the guest stores as KVM cannot emulate */
	struct list_head watches;	/* RCU; changed under cv_config, resolve_lock and lock */
	unsigned int n_watches;		/* cv_config */
	struct list_head sets;		/* RCU; changed under cv_config */
	struct hrtimer tick;
	struct mmu_notifier mn;
	unsigned int resting;		/* ticks, after a flood; the tick's own, as are: */
	u64 hits_before, floods;
	bool disarmed;			/* debug registers rest */
	bool dying;			/* vCPUs disarm instead of arming */
	unsigned int restarts;		/* the boot CPU's only, until others have started anew */
	struct kref ref;
	struct rcu_head rcu;
};

/*
 * Attached guests by their struct kvm. A power of two. Each chain begins, or
 * rather ends, with cv_no_vm, which has none, so that a look-up that finds what
 * it wants at once makes one comparison.
 */
#define CV_VM_BUCKETS 256
extern struct cv_vm __rcu *cv_vm_table[CV_VM_BUCKETS];

/* struct kvm is allocated in pages, so the page number spreads well. */
static inline unsigned int cv_vm_bucket(const struct kvm *kvm)
{
	return ((unsigned long)kvm >> PAGE_SHIFT) % CV_VM_BUCKETS;
}

/*
 * The attached guest of @kvm or NULL. Interrupts are off or rcu_read_lock()
 * is held; an armed vCPU keeps its cv_vm beyond that.
 */
static __always_inline struct cv_vm *cv_vm_lookup(const struct kvm *kvm)
{
	struct cv_vm *vm;

	vm = rcu_dereference_check(cv_vm_table[cv_vm_bucket(kvm)], irqs_disabled());
	while (unlikely(vm->kvm != kvm)) {
		vm = rcu_dereference_check(vm->next, irqs_disabled());
		if (!vm)
			break;
	}
	return vm;
}

static inline struct cv_vcpu *cv_vcpu_of(struct cv_vm *vm, struct kvm_vcpu *vcpu)
{
	return &vm->vcpus[vcpu->vcpu_idx];
}

/*
 * Armed with what the guest must be armed with, and not overwritten since. A
 * plain load, in the middle of an exit: one that misses a new generation is
 * made good by new_generation()'s barrier and the request that follows it.
 */
static __always_inline bool cv_vcpu_current(struct cv_vm *vm, struct kvm_vcpu *vcpu)
{
	/* data_race(): see above */
	return cv_vcpu_gen(vcpu) == data_race(vm->gen);
}

/* All: cv_config held, may sleep. */
struct cv_vm *cv_vm_attach(int fd, u32 flags, const char *name,
			   struct netlink_ext_ack *extack);
void cv_vm_detach(struct cv_vm *vm);
struct cv_vm *cv_vm_find(u32 id);
struct cv_vm *cv_vm_next(unsigned long *id);
int cv_vm_rearm(struct cv_vm *vm);

/* Any context. */
void cv_vm_block(struct cv_vm *vm, u32 blockers);
void cv_vm_unblock(struct cv_vm *vm, u32 blockers);
/* Every vCPU arms anew at its next entry, and is made to enter. Not from NMI. */
void cv_vm_stale(struct cv_vm *vm);
/* Another kernel will run: what addresses meant is void. RCU held. */
void cv_vm_restarts(struct cv_vm *vm);
/* Nobody will run the guest again: detach it, soon. */
void cv_vm_abandoned(struct cv_vm *vm);
void cv_vm_put(struct cv_vm *vm);

struct cv_vm_counts {
	u32 vcpus, armed;
	u64 exits, hits, foreign, rearmed, unserved;
};
void cv_vm_count(struct cv_vm *vm, struct cv_vm_counts *c);

void cv_vms_drop(void);

#endif /* _CV_VM_H */
