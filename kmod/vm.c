// SPDX-License-Identifier: GPL-2.0
#include <linux/delay.h>
#include <linux/file.h>
#include <linux/kvm_host.h>
#include <linux/mmu_notifier.h>
#include <linux/netlink.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "event.h"
#include "ids.h"
#include "kvmhook.h"
#include "main.h"
#include "set.h"
#include "tick.h"
#include "track.h"
#include "truth.h"
#include "vm.h"
#include "watch.h"

/* How long a vCPU in the guest may take to come out when kicked. */
#define REARM_TRIES	2000
#define REARM_POLL_US	500
#define DISARM_AGAIN	msecs_to_jiffies(10)

static struct cv_vm cv_no_vm;
struct cv_vm __rcu *cv_vm_table[CV_VM_BUCKETS] = {
	[0 ... CV_VM_BUCKETS - 1] = RCU_INITIALIZER(&cv_no_vm),
};

static struct cv_ids vm_ids = CV_IDS(vm_ids);
static atomic_t generation = ATOMIC_INIT(CV_GEN_STALE);	/* last given out */

struct cv_vm *cv_vm_find(u32 id)
{
	return cv_ids_find(&vm_ids, id);
}

struct cv_vm *cv_vm_next(unsigned long *id)
{
	return cv_ids_next(&vm_ids, id);
}

static void free_vm(struct kref *ref)
{
	struct cv_vm *vm = container_of(ref, struct cv_vm, ref);

	put_pid(vm->pid);
	kvfree(vm->vcpus);
	kfree_rcu(vm, rcu);
}

void cv_vm_put(struct cv_vm *vm)
{
	kref_put(&vm->ref, free_vm);
}

static void block_sets(struct cv_vm *vm, u32 blockers)
{
	struct cv_set *set;

	rcu_read_lock();
	list_for_each_entry_rcu(set, &vm->sets, in_vm)
		cv_set_block(set, blockers);
	rcu_read_unlock();
}

void cv_vm_block(struct cv_vm *vm, u32 blockers)
{
	unsigned int bit;

	for (bit = 0; blockers >> bit; bit++)
		if (blockers & BIT(bit))
			set_bit(bit, &vm->blockers);
	smp_mb();	/* before the list: cv_set_add() looks in the other order */
	block_sets(vm, blockers);
}

void cv_vm_unblock(struct cv_vm *vm, u32 blockers)
{
	struct cv_set *set;
	unsigned int bit;

	for (bit = 0; blockers >> bit; bit++)
		if (blockers & BIT(bit))
			clear_bit(bit, &vm->blockers);
	smp_mb();	/* as above */
	rcu_read_lock();
	list_for_each_entry_rcu(set, &vm->sets, in_vm)
		cv_set_unblock(set, blockers);
	rcu_read_unlock();
}

/*
 * The sets that are there stay closed until they are re-attested, even where
 * the next kernel maps something at the same addresses; later sets are free.
 */
void cv_vm_restarts(struct cv_vm *vm)
{
	unsigned long flags;

	block_sets(vm, CV_BLOCK_RESTART);
	WRITE_ONCE(vm->restarts, vm->restarts + 1);
	spin_lock_irqsave(&vm->lock, flags);
	cv_watches_forget(vm);
	spin_unlock_irqrestore(&vm->lock, flags);
	cv_event_vm(CV_EV_VM_RESTART, vm->id);
}

static int invalidate_start(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct cv_vm *vm = container_of(mn, struct cv_vm, mn);
	unsigned long flags;

	spin_lock_irqsave(&vm->lock, flags);
	vm->invalidating++;
	WRITE_ONCE(vm->invalidations, vm->invalidations + 1);
	cv_watches_invalidate(vm, range->start, range->end);
	spin_unlock_irqrestore(&vm->lock, flags);
	return 0;
}

static void invalidate_end(struct mmu_notifier *mn, const struct mmu_notifier_range *range)
{
	struct cv_vm *vm = container_of(mn, struct cv_vm, mn);
	unsigned long flags;

	spin_lock_irqsave(&vm->lock, flags);
	vm->invalidating--;
	spin_unlock_irqrestore(&vm->lock, flags);
}

void cv_vm_abandoned(struct cv_vm *vm)
{
	cv_vm_block(vm, CV_BLOCK_GUEST);
	kref_get(&vm->ref);
	if (!queue_work(cv_wq, &vm->gone))
		cv_vm_put(vm);
}

/* The VMM's memory goes: the guest is dead, however it died. */
static void mm_release(struct mmu_notifier *mn, struct mm_struct *mm)
{
	struct cv_vm *vm = container_of(mn, struct cv_vm, mn);

	if (READ_ONCE(vm->dying))
		return;		/* our own unregistering */
	cv_vm_abandoned(vm);
	spin_lock_irq(&vm->lock);
	cv_watches_invalidate(vm, 0, ULONG_MAX);
	spin_unlock_irq(&vm->lock);
}

static const struct mmu_notifier_ops mn_ops = {
	.invalidate_range_start = invalidate_start,
	.invalidate_range_end = invalidate_end,
	.release = mm_release,
};

static void gone(struct work_struct *work)
{
	struct cv_vm *vm = container_of(work, struct cv_vm, gone);

	mutex_lock(&cv_config);
	if (!vm->dying) {
		cv_event_vm(CV_EV_VM_GONE, vm->id);
		cv_vm_detach(vm);
	}
	mutex_unlock(&cv_config);
	cv_vm_put(vm);
}

static void new_generation(struct cv_vm *vm)
{
	u32 gen;

	do {
		gen = atomic_inc_return(&generation);
	} while (gen < CV_GEN_FIRST);
	WRITE_ONCE(vm->gen, gen);
	smp_mb();	/* pairs with KVM's between vcpu->mode and the entry hook */
}

void cv_vm_stale(struct cv_vm *vm)
{
	new_generation(vm);
	cv_vcpus_kick(vm);
}

/* No vCPU executes guest instructions with an older generation. */
static bool all_current(struct cv_vm *vm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, vm->kvm)
		if (!cv_vcpu_current(vm, vcpu) &&
		    /* pairs with vcpu_enter_guest(): outside, it comes by the hook again */
		    smp_load_acquire(&vcpu->mode) != OUTSIDE_GUEST_MODE)
			return false;
	return true;
}

/**
 * cv_vm_rearm - have the guest's watches in force on every vCPU
 * @vm: the guest; cv_config is held
 *
 * When it returns 0, every vCPU either has them or is outside the guest and
 * takes them before its next guest instruction.
 */
int cv_vm_rearm(struct cv_vm *vm)
{
	int i;

	new_generation(vm);
	for (i = 0; i < REARM_TRIES; i++) {
		cv_vcpus_kick(vm);
		if (all_current(vm))
			return 0;
		usleep_range(REARM_POLL_US / 2, REARM_POLL_US);
	}
	return -ETIMEDOUT;
}

static bool all_disarmed(struct cv_vm *vm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, vm->kvm) {
		struct cv_vcpu *v = cv_vcpu_of(vm, vcpu);

		if (READ_ONCE(v->armed) || cv_vcpu_gen(vcpu) != CV_GEN_NONE)
			return false;
	}
	return true;
}

static void disarm_all(struct cv_vm *vm)
{
	while (!all_disarmed(vm)) {
		cv_vcpus_visit(vm);
		cv_vcpus_kick(vm);
		wait_event_timeout(vm->visited, all_disarmed(vm), DISARM_AGAIN);
	}
}

static void hash(struct cv_vm *vm)
{
	struct cv_vm __rcu **bucket = &cv_vm_table[cv_vm_bucket(vm->kvm)];

	RCU_INIT_POINTER(vm->next, rcu_dereference_protected(*bucket, lockdep_is_held(&cv_config)));
	rcu_assign_pointer(*bucket, vm);
}

static void unhash(struct cv_vm *vm)
{
	struct cv_vm __rcu **link = &cv_vm_table[cv_vm_bucket(vm->kvm)];
	struct cv_vm *at;

	while ((at = rcu_dereference_protected(*link, lockdep_is_held(&cv_config))) != vm)
		link = &at->next;
	rcu_assign_pointer(*link, rcu_dereference_protected(vm->next, lockdep_is_held(&cv_config)));
	synchronize_rcu();
}

static bool attached(const struct kvm *kvm)
{
	struct cv_vm *vm;

	rcu_read_lock();
	vm = cv_vm_lookup(kvm);
	rcu_read_unlock();
	return vm;
}

/*
 * A vCPU that has run cannot change its CPUID any more; another is held still
 * for the look, or, if it is busy, is judged at its first entry.
 */
static bool offers_nesting(struct kvm_vcpu *vcpu)
{
	bool offers;

	if (vcpu->arch.last_vmentry_cpu != -1)
		return cv_vcpu_offers_nesting(vcpu);
	if (!mutex_trylock(&vcpu->mutex))
		return false;
	offers = cv_vcpu_offers_nesting(vcpu);
	mutex_unlock(&vcpu->mutex);
	return offers;
}

static int refuse(struct kvm *kvm, u32 flags, struct netlink_ext_ack *extack)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	if (attached(kvm)) {
		NL_SET_ERR_MSG_MOD(extack, "this guest is attached already");
		return -EBUSY;
	}
	kvm_for_each_vcpu(i, vcpu, kvm) {
		if (vcpu->arch.guest_state_protected) {
			NL_SET_ERR_MSG_MOD(extack, "encrypted guest state: its registers and memory are out of the host's reach");
			return -EOPNOTSUPP;
		}
		if (!(flags & CV_VM_F_ALLOW_NESTED) && offers_nesting(vcpu)) {
			NL_SET_ERR_MSG_MOD(extack, "guest is offered nested virtualization: start it without, or allow it");
			return -EOPNOTSUPP;
		}
	}
	return 0;
}

static struct kvm *kvm_of_fd(int fd, struct netlink_ext_ack *extack)
{
	struct file *file = fget(fd);
	struct kvm *kvm = NULL;

	if (!file) {
		NL_SET_ERR_MSG_MOD(extack, "not an open file descriptor of the caller");
		return ERR_PTR(-EBADF);
	}
	if (file_is_kvm(file))
		kvm = file->private_data;
	if (kvm && !kvm_get_kvm_safe(kvm))
		kvm = NULL;
	fput(file);
	if (!kvm) {
		NL_SET_ERR_MSG_MOD(extack, "not a KVM VM file descriptor");
		return ERR_PTR(-EINVAL);
	}
	return kvm;
}

static struct pid *owner_of(struct mm_struct *mm)
{
	struct pid *pid = NULL;
	struct task_struct *task;

	rcu_read_lock();
	task = rcu_dereference(mm->owner);
	if (task)
		pid = get_task_pid(task, PIDTYPE_TGID);
	rcu_read_unlock();
	return pid;
}

static struct cv_vm *new_vm(struct kvm *kvm, u32 flags, const char *name)
{
	struct cv_vm *vm = kzalloc(sizeof(*vm), GFP_KERNEL);
	int i;

	if (!vm)
		return NULL;
	vm->vcpus = kvcalloc(kvm->max_vcpus, sizeof(*vm->vcpus), GFP_KERNEL);
	if (!vm->vcpus) {
		kfree(vm);
		return NULL;
	}
	for (i = 0; i < CV_VM_SLOTS; i++)
		cv_truth_init(&vm->truth[i]);
	vm->kvm = kvm;
	vm->mm = kvm->mm;
	vm->flags = flags;
	vm->pid = owner_of(kvm->mm);
	strscpy(vm->name, name, sizeof(vm->name));
	spin_lock_init(&vm->lock);
	mutex_init(&vm->resolve_lock);
	INIT_DELAYED_WORK(&vm->resolve, cv_watches_resolve);
	INIT_WORK(&vm->gone, gone);
	init_waitqueue_head(&vm->visited);
	hash_init(vm->by_gfn);
	INIT_LIST_HEAD(&vm->watches);
	INIT_LIST_HEAD(&vm->sets);
	vm->mn.ops = &mn_ops;
	kref_init(&vm->ref);
	return vm;
}

static int watch_mm(struct cv_vm *vm)
{
	int err;

	if (!mmget_not_zero(vm->mm))
		return -ESHUTDOWN;
	err = mmu_notifier_register(&vm->mn, vm->mm);
	mmput(vm->mm);
	return err;
}

struct cv_vm *cv_vm_attach(int fd, u32 flags, const char *name,
			   struct netlink_ext_ack *extack)
{
	struct kvm *kvm = kvm_of_fd(fd, extack);
	struct cv_vm *vm;
	int err;

	lockdep_assert_held(&cv_config);
	if (IS_ERR(kvm))
		return ERR_CAST(kvm);
	err = refuse(kvm, flags, extack);
	if (err)
		goto err_kvm;
	err = cv_kvmhook_get(extack);
	if (err)
		goto err_kvm;
	err = -ENOMEM;
	vm = new_vm(kvm, flags, name);
	if (!vm)
		goto err_hook;
	mmgrab(vm->mm);
	err = cv_ids_add(&vm_ids, vm, &vm->id);
	if (err)
		goto err_vm;
	err = watch_mm(vm);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "the VMM is exiting");
		goto err_id;
	}
	err = cv_track_start(vm);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "KVM does not let the guest's pages be tracked");
		goto err_mm;
	}
	new_generation(vm);
	hash(vm);
	cv_vcpus_kick(vm);
	cv_tick_start(vm);
	pr_info("created vm %u\n", vm->id);
	return vm;

err_mm:
	WRITE_ONCE(vm->dying, true);	/* for mm_release() */
	mmu_notifier_unregister(&vm->mn, vm->mm);
err_id:
	cv_ids_del(&vm_ids, vm->id);
err_vm:
	mmdrop(vm->mm);
	cv_vm_put(vm);
err_hook:
	cv_kvmhook_put();
err_kvm:
	kvm_put_kvm(kvm);
	return ERR_PTR(err);
}

/*
 * Two phases. First nothing new: sets close and go, vCPUs disarm instead of
 * arming. When every vCPU has, none of them can be inside our hook with this
 * vm, and it leaves the look-up table. Then the rest, that nobody can reach:
 *	vCPU entry and exit	synchronize_rcu(), all disarmed, unhashed, synchronize_rcu()
 *	failed emulation	untracked before the vCPU disarms on its thread
 *	task work on a vCPU	finds nothing armed; holds references to all it touches
 *	resolve work, tick	cancelled
 *	mmu notifier, tracking	unregistered, which waits for running ones
 *	gone work		finds dying set, and holds a reference
 */
void cv_vm_detach(struct cv_vm *vm)
{
	struct cv_set *set, *next;

	lockdep_assert_held(&cv_config);
	cv_vm_block(vm, CV_BLOCK_GUEST);
	list_for_each_entry_safe(set, next, &vm->sets, in_vm)
		cv_set_del(set);
	cv_ids_del(&vm_ids, vm->id);

	cv_watches_untrack(vm);
	WRITE_ONCE(vm->dying, true);
	new_generation(vm);
	/* Who was about to arm a vCPU, with interrupts off, has done so now: disarm_all() sees it. */
	synchronize_rcu();
	cv_tick_stop(vm);
	cancel_delayed_work_sync(&vm->resolve);
	disarm_all(vm);
	unhash(vm);

	mmu_notifier_unregister(&vm->mn, vm->mm);
	cancel_delayed_work_sync(&vm->resolve);
	cv_watches_drop(vm);
	cv_track_stop(vm);
	cancel_delayed_work_sync(&vm->resolve);
	mmdrop(vm->mm);
	cv_kvmhook_put();	/* writes to KVM's module, which the guest holds */
	kvm_put_kvm(vm->kvm);
	pr_info("destroyed vm %u\n", vm->id);
	cv_vm_put(vm);
}

void cv_vm_count(struct cv_vm *vm, struct cv_vm_counts *c)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	*c = (struct cv_vm_counts){};
	kvm_for_each_vcpu(i, vcpu, vm->kvm) {
		const struct cv_vcpu *v = cv_vcpu_of(vm, vcpu);

		c->vcpus++;
		c->armed += READ_ONCE(v->armed) && cv_vcpu_current(vm, vcpu);
		if (v->seen)
			c->exits += vcpu->stat.exits - v->exits_before;
		c->hits += v->hits;
		c->foreign += v->foreign;
		c->rearmed += v->rearmed;
		c->unserved += v->unserved;
	}
}

void cv_vms_drop(void)
{
	struct cv_vm *vm;
	unsigned long id = 0;

	while ((vm = cv_vm_next(&id)))
		cv_vm_detach(vm);
}
