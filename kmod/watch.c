// SPDX-License-Identifier: GPL-2.0
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include "ids.h"
#include "main.h"
#include "track.h"
#include "truth.h"
#include "vm.h"
#include "watch.h"

static struct cv_ids watch_ids = CV_IDS(watch_ids);

struct cv_watch *cv_watch_find(u32 id)
{
	return cv_ids_find(&watch_ids, id);
}

struct cv_watch *cv_watch_next(unsigned long *id)
{
	return cv_ids_next(&watch_ids, id);
}

void cv_watches_slots(struct cv_vm *vm, struct cv_slot_watch slots[CV_SLOTS])
{
	struct cv_watch *w;
	int i;

	for (i = 0; i < CV_SLOTS; i++) {
		w = rcu_dereference_check(vm->truth[i].bytes.watch, irqs_disabled());
		if (READ_ONCE(vm->disarmed))
			w = NULL;
		slots[i].addr = w ? w->addr : 0;
		slots[i].len = w ? w->len : 0;
		slots[i].exec = w && w->trigger == CV_TRIGGER_EXEC;
	}
}

void cv_watches_hit(struct cv_vm *vm, unsigned long slots)
{
	struct cv_watch *w;
	int i;

	rcu_read_lock();
	for (i = 0; i < CV_SLOTS; i++) {
		w = rcu_dereference(vm->truth[i].bytes.watch);
		if (w && slots & BIT(i))
			w->hits++;
	}
	rcu_read_unlock();
}

static int free_slot(struct cv_vm *vm)
{
	int i;

	for (i = 0; i < CV_VM_SLOTS; i++)
		if (!rcu_access_pointer(vm->truth[i].bytes.watch))
			return i;
	return CV_NO_SLOT;
}

static bool needs_slot(u8 trigger)
{
	return trigger == CV_TRIGGER_DEBUG || trigger == CV_TRIGGER_EXEC;
}

/* Automatic is a debug register while there is one, then write tracking. */
static int choose_slot(struct cv_vm *vm, const struct cv_place *place,
		       struct netlink_ext_ack *extack)
{
	bool physical = place->flags & CV_WATCH_F_PHYSICAL;
	int slot = CV_NO_SLOT;

	if (!needs_slot(place->trigger) && (place->trigger != CV_TRIGGER_AUTO || physical))
		return slot;
	if (physical) {
		NL_SET_ERR_MSG_MOD(extack, "a debug register takes a linear address, not a physical one");
		return -EINVAL;
	}
	slot = free_slot(vm);
	if (slot == CV_NO_SLOT && needs_slot(place->trigger)) {
		NL_SET_ERR_MSG_MOD(extack, "all four debug registers of this guest watch already");
		return -ENOSPC;
	}
	return slot;
}

static struct cv_watch *new_watch(struct cv_vm *vm, const struct cv_place *place, int slot)
{
	struct cv_watch *w = kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w)
		return NULL;
	w->vm = vm;
	w->slot = slot;
	w->trigger = place->trigger;
	if (w->trigger == CV_TRIGGER_AUTO)
		w->trigger = slot == CV_NO_SLOT ? CV_TRIGGER_PAGE : CV_TRIGGER_DEBUG;
	w->truth = slot == CV_NO_SLOT ? &w->own_truth : &vm->truth[slot];
	cv_truth_init(&w->own_truth);
	w->addr = place->addr;
	w->len = place->len;
	w->flags = place->flags;
	w->capture = place->capture;
	w->shift = 8 * (place->addr & 7);
	w->mask = place->len == 8 ? ~0ULL : BIT_ULL(8 * place->len) - 1;
	w->pin[0].gpa = INVALID_GPA;
	w->state = CV_WATCH_UNRESOLVED;
	INIT_LIST_HEAD(&w->criteria);
	strscpy(w->name, place->name, sizeof(w->name));
	return w;
}

/* From here on the watch is resolved, looked at and, with a slot, armed. */
static void link(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;

	mutex_lock(&vm->resolve_lock);
	spin_lock_irq(&vm->lock);
	cv_truth_give(w->truth, w);
	list_add_tail_rcu(&w->in_vm, &vm->watches);
	vm->n_watches++;
	spin_unlock_irq(&vm->lock);
	mutex_unlock(&vm->resolve_lock);
}

static void unlink(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;

	mutex_lock(&vm->resolve_lock);
	spin_lock_irq(&vm->lock);
	cv_truth_give(w->truth, NULL);
	list_del_rcu(&w->in_vm);
	vm->n_watches--;
	spin_unlock_irq(&vm->lock);
	mutex_unlock(&vm->resolve_lock);
}

static int arm(struct cv_watch *w, struct netlink_ext_ack *extack)
{
	int err = w->slot == CV_NO_SLOT ? 0 : cv_vm_rearm(w->vm);

	if (err)
		NL_SET_ERR_MSG_MOD(extack, "a vCPU did not take the watch in time");
	return err;
}

struct cv_watch *cv_watch_add(struct cv_vm *vm, const struct cv_place *place,
			      struct netlink_ext_ack *extack)
{
	struct cv_watch *w;
	int err, slot;

	lockdep_assert_held(&cv_config);
	if (vm->n_watches == CV_VM_WATCHES) {
		NL_SET_ERR_MSG_MOD(extack, "this guest has 4096 watches already");
		return ERR_PTR(-ENOSPC);
	}
	slot = choose_slot(vm, place, extack);
	if (slot < CV_NO_SLOT)
		return ERR_PTR(slot);
	w = new_watch(vm, place, slot);
	if (!w)
		return ERR_PTR(-ENOMEM);
	err = cv_ids_add(&watch_ids, w, &w->id);
	if (err) {
		kfree(w);
		return ERR_PTR(err);
	}
	link(w);
	err = arm(w, extack);
	if (err) {
		cv_watch_del(w);
		return ERR_PTR(err);
	}
	mod_delayed_work(cv_wq, &vm->resolve, 0);
	return w;
}

static void retire(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;

	WARN_ON(w->n_criteria);
	mutex_lock(&vm->resolve_lock);
	spin_lock_irq(&vm->lock);
	cv_watch_forget(w, CV_WATCH_UNRESOLVED);
	spin_unlock_irq(&vm->lock);
	w->gone = true;
	cv_track_update(w);
	mutex_unlock(&vm->resolve_lock);
	cv_ids_del(&watch_ids, w->id);
}

static void release(struct cv_watch *w)
{
	cv_watch_unpin(w);
	kfree(w);
}

/*
 * Two phases: first nobody reads the bytes or resolves the watch, then those
 * who found it are waited for.
 */
void cv_watch_del(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;

	lockdep_assert_held(&cv_config);
	retire(w);
	synchronize_rcu();	/* no CPU judges by a pointer into the page */
	unlink(w);
	if (w->slot != CV_NO_SLOT && !READ_ONCE(vm->dying))
		cv_vm_rearm(vm);

	synchronize_rcu();
	release(w);
}

/* The same for all at once, of a dying guest: waiting takes long. */
void cv_watches_drop(struct cv_vm *vm)
{
	struct cv_watch *w, *next;
	LIST_HEAD(drop);

	list_for_each_entry(w, &vm->watches, in_vm)
		retire(w);
	synchronize_rcu();
	list_for_each_entry_safe(w, next, &vm->watches, in_vm) {
		unlink(w);
		list_add_tail(&w->dropped, &drop);
	}
	synchronize_rcu();
	list_for_each_entry_safe(w, next, &drop, dropped)
		release(w);
}
