// SPDX-License-Identifier: GPL-2.0
#include <linux/kthread.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include "compat/compat.h"
#include "event.h"
#include "ids.h"
#include "judge.h"
#include "main.h"
#include "trace.h"
#include "vm.h"
#include "watch.h"

#define RESOLVE_AGAIN	msecs_to_jiffies(10)

static struct cv_ids watch_ids = CV_IDS(watch_ids);

struct cv_watch *cv_watch_find(u32 id)
{
	return cv_ids_find(&watch_ids, id);
}

struct cv_watch *cv_watch_next(unsigned long *id)
{
	return cv_ids_next(&watch_ids, id);
}

static struct cv_word *word_of(const struct cv_watch *w)
{
	return &w->vm->word[w->slot];
}

bool cv_watch_read(const struct cv_watch *w, u64 *value)
{
	const u64 *ptr = READ_ONCE(word_of(w)->ptr);

	if (ptr == &cv_no_word)
		return false;
	*value = cv_watch_value_in(w, READ_ONCE(*ptr));
	return true;
}

static void note(struct cv_watch *w, u64 value, u32 vcpu)
{
	u64 old = xchg(&w->value, value);

	if (value == old)
		return;		/* a neighbour in the aligned word, or another vCPU was first */
	w->changes++;
	trace_cv_change(w->id, vcpu, old, value);
}

/* The low half, without the instructions that put both halves together. */
static __always_inline u32 rdtsc_low(void)
{
	u32 low;

	asm volatile("rdtsc" : "=a" (low) : : "edx");
	return low;
}

/* A word that was taken away meanwhile (cv_no_word) is nobody's. */
static void tell_word(struct cv_word *word, u32 vcpu, u32 exit_tsc, u64 tsc)
{
	const u64 *ptr = READ_ONCE(word->ptr);
	struct cv_watch *w;
	u64 raw, value, old;

	if (ptr == &cv_no_word)
		return;
	raw = READ_ONCE(*ptr);
	w = rcu_dereference_check(word->watch, irqs_disabled());
	/* Before telling: who told first may note the new value any moment after. */
	old = READ_ONCE(w->value);
	value = cv_watch_value_in(w, raw);
	cv_criteria_close(w, raw);
	cv_criteria_tell(w, old, value, vcpu, exit_tsc, tsc);
	WRITE_ONCE(word->last, raw);
	note(w, value, vcpu);
}

/*
 * Two vCPUs may come here for one change; both close, the first to tell a set's
 * latch tells it. A watch stays in its word until nobody can hold another
 * pointer to it.
 */
u32 notrace cv_word_close(struct cv_word *word)
{
	u32 exit_tsc = rdtsc_low();
	const u64 *ptr = READ_ONCE(word->ptr);

	if (likely(ptr != &cv_no_word))
		cv_criteria_close(rcu_dereference_check(word->watch, irqs_disabled()),
				  READ_ONCE(*ptr));
	return exit_tsc;
}

void cv_vm_tell(struct cv_vm *vm, struct kvm_vcpu *vcpu, u32 exit_tsc, u64 tsc)
{
	int i;

	for (i = 0; i < CV_VM_WATCHES; i++)
		if (cv_word_is_new(&vm->word[i]))
			tell_word(&vm->word[i], vcpu->vcpu_id, exit_tsc, tsc);
}

void cv_watches_slots(struct cv_vm *vm, struct cv_slot_watch slots[CV_SLOTS])
{
	struct cv_watch *w;
	int i;

	for (i = 0; i < CV_SLOTS; i++) {
		w = rcu_dereference_check(vm->word[i].watch, irqs_disabled());
		slots[i].addr = w ? w->addr : 0;
		slots[i].len = w ? w->len : 0;
	}
}

void cv_watches_hit(struct cv_vm *vm, unsigned long slots)
{
	struct cv_watch *w;
	int i;

	rcu_read_lock();
	for (i = 0; i < CV_SLOTS; i++) {
		w = rcu_dereference(vm->word[i].watch);
		if (w && slots & BIT(i))
			w->hits++;
	}
	rcu_read_unlock();
}

/* The word is not to be read any more; what was pinned is unpinned later. */
static void forget(struct cv_watch *w, u8 state)
{
	struct cv_word *word = word_of(w);

	lockdep_assert_held(&w->vm->lock);
	WRITE_ONCE(w->state, state);
	WRITE_ONCE(word->ptr, &cv_no_word);
	WRITE_ONCE(word->last, cv_no_word);
	WARN_ON(w->stale && w->page);	/* pinned only after the stale one went */
	if (w->page)
		w->stale = w->page;
	w->page = NULL;
}

void cv_watches_invalidate(struct cv_vm *vm, unsigned long start, unsigned long end)
{
	struct cv_watch *w;
	bool lost = false;
	int i;

	lockdep_assert_held(&vm->lock);
	for (i = 0; i < CV_VM_WATCHES; i++) {
		w = rcu_dereference_protected(vm->word[i].watch, true);
		if (!w || w->state != CV_WATCH_LIVE || w->hva < start || w->hva >= end)
			continue;
		forget(w, CV_WATCH_LOST);
		smp_mb();	/* before the list: cv_set_add() looks in the other order */
		cv_criteria_block(&w->criteria, CV_BLOCK_PAGE);
		w->lost++;
		cv_event_watch(w->id, CV_WATCH_LOST);
		lost = true;
	}
	if (lost)
		mod_delayed_work(cv_wq, &vm->resolve, 0);
}

void cv_watches_forget(struct cv_vm *vm)
{
	struct cv_watch *w;
	int i;

	lockdep_assert_held(&vm->lock);
	for (i = 0; i < CV_VM_WATCHES; i++) {
		w = rcu_dereference_protected(vm->word[i].watch, true);
		if (!w)
			continue;
		forget(w, CV_WATCH_UNRESOLVED);
		smp_mb();	/* as above */
		cv_criteria_block(&w->criteria, CV_BLOCK_UNRESOLVED);
		w->gpa = INVALID_GPA;
		cv_event_watch(w->id, CV_WATCH_UNRESOLVED);
	}
	mod_delayed_work(cv_wq, &vm->resolve, 0);
}

static void release_stale(struct cv_vm *vm)
{
	struct page *page[CV_VM_WATCHES] = {};
	struct cv_watch *w;
	int i;

	lockdep_assert_held(&vm->resolve_lock);
	spin_lock_irq(&vm->lock);
	for (i = 0; i < CV_VM_WATCHES; i++) {
		w = rcu_dereference_protected(vm->word[i].watch, true);
		if (w)
			swap(page[i], w->stale);
	}
	spin_unlock_irq(&vm->lock);
	if (!page[0] && !page[1] && !page[2] && !page[3])
		return;
	synchronize_rcu();	/* no CPU reads through the old pointer */
	for (i = 0; i < CV_VM_WATCHES; i++)
		if (page[i])
			unpin_user_page(page[i]);
}

static struct page *pin(struct cv_vm *vm, unsigned long hva)
{
	struct page *page = NULL;
	long n;

	if (!mmget_not_zero(vm->mm))
		return NULL;
	mmap_read_lock(vm->mm);
	n = cv_pin_remote_page(vm->mm, hva & PAGE_MASK, FOLL_WRITE | FOLL_LONGTERM, &page);
	mmap_read_unlock(vm->mm);
	mmput(vm->mm);
	return n == 1 ? page : NULL;
}

static unsigned long hva_of(struct cv_vm *vm, gpa_t gpa)
{
	int idx = srcu_read_lock(&vm->kvm->srcu);
	unsigned long hva = gfn_to_hva(vm->kvm, gpa >> PAGE_SHIFT);

	srcu_read_unlock(&vm->kvm->srcu, idx);
	return kvm_is_error_hva(hva) ? 0 : hva + offset_in_page(gpa);
}

static void publish(struct cv_watch *w, struct page *page, unsigned long hva)
{
	const u64 *ptr = page_address(page) + (offset_in_page(hva) & ~7UL);
	struct cv_word *word = word_of(w);
	u64 raw = READ_ONCE(*ptr);

	lockdep_assert_held(&w->vm->lock);
	w->page = page;
	w->hva = hva;
	WRITE_ONCE(w->value, cv_watch_value_in(w, raw));
	WRITE_ONCE(word->last, raw);
	WRITE_ONCE(word->ptr, ptr);
	WRITE_ONCE(w->state, CV_WATCH_LIVE);
}

/*
 * Pins the page that backs a translated watch. An invalidation that runs or
 * ran meanwhile may have been for this very page: then try again later.
 */
static void resolve(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;
	unsigned long hva;
	struct page *page;
	u64 before;
	bool done;

	lockdep_assert_held(&vm->resolve_lock);
	before = READ_ONCE(vm->invalidations);
	hva = hva_of(vm, w->gpa);
	page = hva ? pin(vm, hva) : NULL;
	if (!page)
		return;

	spin_lock_irq(&vm->lock);
	done = !vm->invalidating && vm->invalidations == before;
	if (done)
		publish(w, page, hva);
	spin_unlock_irq(&vm->lock);
	if (!done) {
		unpin_user_page(page);
		return;
	}
	cv_event_watch(w->id, CV_WATCH_LIVE);
	cv_criteria_unblock(&w->criteria, CV_BLOCK_PAGE | CV_BLOCK_UNRESOLVED);
}

static gpa_t translate(struct cv_vm *vm, struct kvm_vcpu *vcpu, u64 addr)
{
	struct kvm_mmu *mmu = vcpu->arch.walk_mmu;
	struct cv_exception exception = {};
	int idx = srcu_read_lock(&vm->kvm->srcu);
	gpa_t gpa = mmu->gva_to_gpa(vcpu, mmu, addr, 0, (void *)&exception);

	srcu_read_unlock(&vm->kvm->srcu, idx);
	return gpa;
}

static struct cv_watch *watch_in(struct cv_vm *vm, int i)
{
	return rcu_dereference_protected(vm->word[i].watch, lockdep_is_held(&vm->resolve_lock));
}

void cv_watches_translate(struct cv_vm *vm, struct kvm_vcpu *vcpu)
{
	struct cv_watch *w;
	int i;

	mutex_lock(&vm->resolve_lock);
	for (i = 0; i < CV_VM_WATCHES; i++) {
		w = watch_in(vm, i);
		if (!w || w->gone || w->state != CV_WATCH_UNRESOLVED)
			continue;
		w->gpa = translate(vm, vcpu, w->addr);
		if (w->gpa != INVALID_GPA && !w->stale)
			resolve(w);
	}
	mutex_unlock(&vm->resolve_lock);
}

/* Returns false if a watch is still not live. */
static bool repin(struct cv_vm *vm)
{
	struct cv_watch *w;
	bool all = true;
	int i;

	mutex_lock(&vm->resolve_lock);
	release_stale(vm);
	for (i = 0; i < CV_VM_WATCHES; i++) {
		w = watch_in(vm, i);
		if (!w || w->gone)
			continue;
		if (w->state == CV_WATCH_LOST)
			resolve(w);
		if (w->state != CV_WATCH_LIVE)
			all = false;
	}
	mutex_unlock(&vm->resolve_lock);
	return all;
}

void cv_watches_resolve(struct work_struct *work)
{
	struct cv_vm *vm = container_of(to_delayed_work(work), struct cv_vm, resolve);

	if (READ_ONCE(vm->dying) || repin(vm))
		return;
	/* Page tables are read through the VMM's address space. */
	if (!mmget_not_zero(vm->mm))
		return;
	kthread_use_mm(vm->mm);
	cv_vcpus_visit(vm);
	kthread_unuse_mm(vm->mm);
	mmput(vm->mm);
	queue_delayed_work(cv_wq, &vm->resolve, RESOLVE_AGAIN);
}

static int free_slot(struct cv_vm *vm)
{
	int i;

	for (i = 0; i < CV_VM_WATCHES; i++)
		if (!rcu_access_pointer(vm->word[i].watch))
			return i;
	return -1;
}

static void set_slot(struct cv_vm *vm, int slot, struct cv_watch *w)
{
	mutex_lock(&vm->resolve_lock);
	spin_lock_irq(&vm->lock);
	rcu_assign_pointer(vm->word[slot].watch, w);
	spin_unlock_irq(&vm->lock);
	mutex_unlock(&vm->resolve_lock);
}

struct cv_watch *cv_watch_add(struct cv_vm *vm, u64 addr, u8 len, const char *name,
			      struct netlink_ext_ack *extack)
{
	struct cv_watch *w;
	int err, slot;

	lockdep_assert_held(&cv_config);
	slot = free_slot(vm);
	if (slot < 0) {
		NL_SET_ERR_MSG_MOD(extack, "all four debug registers of this guest watch already");
		return ERR_PTR(-ENOSPC);
	}
	w = kzalloc(sizeof(*w), GFP_KERNEL);
	if (!w)
		return ERR_PTR(-ENOMEM);
	w->vm = vm;
	w->slot = slot;
	w->addr = addr;
	w->len = len;
	w->shift = 8 * (addr & 7);
	w->mask = len == 8 ? ~0ULL : BIT_ULL(8 * len) - 1;
	w->gpa = INVALID_GPA;
	w->state = CV_WATCH_UNRESOLVED;
	INIT_LIST_HEAD(&w->criteria);
	strscpy(w->name, name, sizeof(w->name));
	err = cv_ids_add(&watch_ids, w, &w->id);
	if (err) {
		kfree(w);
		return ERR_PTR(err);
	}

	set_slot(vm, slot, w);
	err = cv_vm_rearm(vm);
	if (err) {
		NL_SET_ERR_MSG_MOD(extack, "a vCPU did not take the watch in time");
		cv_watch_del(w);
		return ERR_PTR(err);
	}
	mod_delayed_work(cv_wq, &vm->resolve, 0);
	return w;
}

/*
 * Two phases: first no vCPU, resolver or invalidation finds the watch, then
 * those that had found it are waited for.
 */
void cv_watch_del(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;

	lockdep_assert_held(&cv_config);
	WARN_ON(w->n_criteria);
	mutex_lock(&vm->resolve_lock);
	spin_lock_irq(&vm->lock);
	forget(w, CV_WATCH_UNRESOLVED);
	spin_unlock_irq(&vm->lock);
	w->gone = true;
	mutex_unlock(&vm->resolve_lock);
	cv_ids_del(&watch_ids, w->id);
	synchronize_rcu();	/* no CPU judges by a pointer into the page */
	set_slot(vm, w->slot, NULL);
	if (!READ_ONCE(vm->dying))
		cv_vm_rearm(vm);

	synchronize_rcu();
	if (w->stale)
		unpin_user_page(w->stale);
	kfree(w);
}

void cv_watches_drop(struct cv_vm *vm)
{
	struct cv_watch *w;
	int i;

	for (i = 0; i < CV_VM_WATCHES; i++) {
		w = rcu_dereference_protected(vm->word[i].watch, lockdep_is_held(&cv_config));
		if (w)
			cv_watch_del(w);
	}
}
