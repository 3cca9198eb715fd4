// SPDX-License-Identifier: GPL-2.0
#include <linux/kthread.h>
#include <linux/kvm_host.h>
#include <linux/sched/mm.h>
#include <linux/workqueue.h>
#include "compat/compat.h"
#include "compat/track.h"
#include "event.h"
#include "look.h"
#include "main.h"
#include "track.h"
#include "truth.h"
#include "vm.h"

/*
 * A page that is written more often than this between two ticks is not tracked
 * for a while: each write is emulated, which costs the guest about a hundred
 * times what it costs otherwise.
 */
#define HOT_WRITES	200
#define COOL_TICKS	100

static void written(struct cv_vm *vm, gpa_t gpa, int bytes)
{
	struct kvm_vcpu *vcpu = kvm_get_running_vcpu();
	struct cv_watch *w;

	rcu_read_lock();
	hash_for_each_possible_rcu(vm->by_gfn, w, by_gfn, gpa >> PAGE_SHIFT) {
		if (!READ_ONCE(w->tracked) || gpa >> PAGE_SHIFT != cv_watch_gpa(w) >> PAGE_SHIFT)
			continue;
		w->page_writes++;
		if (gpa >= cv_watch_gpa(w) + w->len || cv_watch_gpa(w) >= gpa + bytes)
			continue;
		w->hits++;
		cv_watch_look(w, CV_SOURCE_STORE, vcpu ? vcpu->vcpu_id : CV_NO_VCPU);
	}
	rcu_read_unlock();
}

/* KVM calls once for each page of a store across two. */
CV_TRACK_WRITTEN(track_written, node, gpa, bytes)
{
	written(container_of(node, struct cv_vm, track), gpa, bytes);
}

/* The pages' tracking goes with their slot, and so does what they meant. */
CV_TRACK_REMOVED(track_removed, node, gfn, pages)
{
	struct cv_vm *vm = container_of(node, struct cv_vm, track);

	spin_lock_irq(&vm->lock);
	cv_watches_lose(vm, gfn, pages);
	spin_unlock_irq(&vm->lock);
}

struct enlisting {
	struct work_struct work;
	struct cv_vm *vm;
	int err;
};

static void enlist(struct work_struct *work)
{
	struct enlisting *e = container_of(work, struct enlisting, work);

	e->err = -ESHUTDOWN;
	if (!mmget_not_zero(e->vm->mm))
		return;
	kthread_use_mm(e->vm->mm);
	e->err = cv_kvm_track_register(e->vm->kvm, &e->vm->track);
	kthread_unuse_mm(e->vm->mm);
	mmput(e->vm->mm);
}

/* KVM takes it from the VMM's address space only. */
int cv_track_start(struct cv_vm *vm)
{
	struct enlisting e = { .vm = vm };

	cv_track_node(&vm->track, track_written, track_removed);
	INIT_WORK_ONSTACK(&e.work, enlist);
	queue_work(cv_wq, &e.work);
	flush_work(&e.work);
	destroy_work_on_stack(&e.work);
	return e.err;
}

void cv_track_stop(struct cv_vm *vm)
{
	kvm_page_track_unregister_notifier(vm->kvm, &vm->track);
}

static bool is_wanted(const struct cv_watch *w)
{
	return w->trigger == CV_TRIGGER_PAGE && w->state == CV_WATCH_LIVE && !w->gone &&
	       !w->cooling && !READ_ONCE(w->vm->untrackable);
}

static bool is_as_wanted(const struct cv_watch *w)
{
	if (!w->tracked)
		return !is_wanted(w);
	return is_wanted(w) && w->tracked_gfn == cv_watch_gpa(w) >> PAGE_SHIFT;
}

static void start(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;

	if (cv_kvm_track_add(vm->kvm, cv_watch_gpa(w) >> PAGE_SHIFT))
		return;
	spin_lock_irq(&vm->lock);
	w->tracked_gfn = cv_watch_gpa(w) >> PAGE_SHIFT;
	WRITE_ONCE(w->tracked, true);
	vm->n_tracked++;
	spin_unlock_irq(&vm->lock);
}

void cv_track_ended(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;

	lockdep_assert_held(&vm->lock);
	WRITE_ONCE(w->tracked, false);
	WRITE_ONCE(vm->untracks, vm->untracks + 1);
	smp_wmb();	/* may_be_ours() reads in the other order */
	WRITE_ONCE(vm->n_tracked, vm->n_tracked - 1);
}

/* The page is writable first, then counted: see may_be_ours(). */
static void stop(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;

	cv_kvm_track_remove(vm->kvm, w->tracked_gfn);
	spin_lock_irq(&vm->lock);
	cv_track_ended(w);
	spin_unlock_irq(&vm->lock);
}

/* Memory slots stand still, so that what KVM counts is what we count. */
void cv_track_update(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;

	lockdep_assert_held(&vm->resolve_lock);
	if (is_as_wanted(w))
		return;
	mutex_lock(&vm->kvm->slots_lock);
	if (w->tracked && !is_as_wanted(w))
		stop(w);
	if (is_wanted(w) && !w->tracked)
		start(w);
	mutex_unlock(&vm->kvm->slots_lock);
}

void cv_watches_untrack(struct cv_vm *vm)
{
	struct cv_watch *w;

	mutex_lock(&vm->resolve_lock);
	list_for_each_entry(w, &vm->watches, in_vm) {
		w->gone = true;
		cv_track_update(w);
	}
	mutex_unlock(&vm->resolve_lock);
}

bool cv_track_tick(struct cv_watch *w)
{
	unsigned int writes = w->page_writes;

	w->page_writes = 0;
	if (w->cooling)
		return !--w->cooling;
	if (!READ_ONCE(w->tracked) || writes < HOT_WRITES)
		return false;
	w->cooling = COOL_TICKS;
	return true;
}

/*
 * May the failed store have been to a page that was tracked when it trapped? The
 * page may have become writable since, so each vCPU tries once more after that.
 */
static bool may_be_ours(struct cv_vm *vm, struct cv_vcpu *v)
{
	u64 untracks;

	if (READ_ONCE(vm->n_tracked)) {
		WRITE_ONCE(vm->untrackable, true);
		mod_delayed_work(cv_wq, &vm->resolve, 0);
		return true;
	}
	smp_rmb();	/* cv_track_ended() */
	untracks = READ_ONCE(vm->untracks);
	return xchg(&v->untracks, untracks) != untracks;
}

bool cv_track_unemulatable(struct kvm_vcpu *vcpu)
{
	struct cv_vm *vm;
	bool ours;

	rcu_read_lock();
	vm = cv_vm_lookup(vcpu->kvm);
	ours = vm && may_be_ours(vm, cv_vcpu_of(vm, vcpu));
	rcu_read_unlock();
	return ours;
}
