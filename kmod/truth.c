// SPDX-License-Identifier: GPL-2.0
/*
 * Which bytes of the host a watch reads: translated, pinned, and given up when
 * the guest's memory changes under them.
 */
#include <linux/kthread.h>
#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include "compat/compat.h"
#include "event.h"
#include "main.h"
#include "set.h"
#include "track.h"
#include "truth.h"
#include "vcpu.h"
#include "vm.h"
#include "walk.h"

#define RESOLVE_AGAIN	msecs_to_jiffies(10)

static bool is_physical(const struct cv_watch *w)
{
	return w->flags & CV_WATCH_F_PHYSICAL;
}

void cv_truth_init(struct cv_truth *truth)
{
	int i;

	truth->bytes.ptr = &cv_no_word;
	for (i = 0; i < CV_TABLES; i++)
		truth->table[i].ptr = &cv_no_word;
}

void cv_truth_give(struct cv_truth *truth, struct cv_watch *w)
{
	int i;

	rcu_assign_pointer(truth->bytes.watch, w);
	for (i = 0; i < CV_TABLES; i++)
		rcu_assign_pointer(truth->table[i].watch, w);
}

static struct cv_word *word_of(struct cv_watch *w, unsigned int i)
{
	return i ? &w->truth->table[i - 1] : &w->truth->bytes;
}

static void let_go(struct cv_word *word, struct cv_pin *pin)
{
	WRITE_ONCE(word->ptr, &cv_no_word);
	WRITE_ONCE(word->last, cv_no_word);
	WARN_ON(pin->stale && pin->page);	/* pinned only after the stale one went */
	if (pin->page)
		pin->stale = pin->page;
	pin->page = NULL;
}

void cv_watch_forget(struct cv_watch *w, u8 state)
{
	unsigned int i;

	lockdep_assert_held(&w->vm->lock);
	if (w->state == CV_WATCH_LIVE)
		hash_del_rcu(&w->by_gfn);
	WRITE_ONCE(w->state, state);
	for (i = 0; i < ARRAY_SIZE(w->pin); i++)
		let_go(word_of(w, i), &w->pin[i]);
}

void cv_watch_unpin(struct cv_watch *w)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(w->pin); i++)
		if (w->pin[i].stale)
			unpin_user_page(w->pin[i].stale);
}

static bool has_stale(const struct cv_watch *w)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(w->pin); i++)
		if (w->pin[i].stale)
			return true;
	return false;
}

/* The page went, or the address means another: closed until it is resolved again. */
static void lose(struct cv_watch *w, u8 state, u32 blocker)
{
	cv_watch_forget(w, state);
	smp_mb();	/* before the list: cv_set_add() looks in the other order */
	cv_criteria_block(&w->criteria, blocker);
	w->lost++;
	cv_event_watch(w->id, state);
	mod_delayed_work(cv_wq, &w->vm->resolve, 0);
}

/* A table's page may become another's: what it says is to be read anew. */
static void lose_pinned(struct cv_watch *w, unsigned int i)
{
	if (i)
		lose(w, CV_WATCH_UNRESOLVED, CV_BLOCK_UNRESOLVED);
	else
		lose(w, CV_WATCH_LOST, CV_BLOCK_PAGE);
}

/* The processor marks entries as used and written; anything else moves the address. */
static bool are_tables_changed(struct cv_watch *w)
{
	const struct cv_word *entry;

	for (entry = w->truth->table; entry < w->truth->table + CV_TABLES; entry++)
		if ((*entry->ptr ^ entry->last) & ~(CV_PTE_ACCESSED | CV_PTE_DIRTY))
			return true;
	return false;
}

static void lose_translation(struct cv_watch *w, bool sure)
{
	unsigned long flags;

	spin_lock_irqsave(&w->vm->lock, flags);
	if (w->state == CV_WATCH_LIVE && (sure || are_tables_changed(w)))
		lose(w, CV_WATCH_UNRESOLVED, CV_BLOCK_UNRESOLVED);
	spin_unlock_irqrestore(&w->vm->lock, flags);
}

void cv_watch_moved(struct cv_watch *w)
{
	lose_translation(w, false);
}

void cv_watches_invalidate(struct cv_vm *vm, unsigned long start, unsigned long end)
{
	struct cv_watch *w;
	unsigned int i;

	lockdep_assert_held(&vm->lock);
	list_for_each_entry(w, &vm->watches, in_vm)
		for (i = 0; i < w->n_pins && w->state == CV_WATCH_LIVE; i++)
			if (w->pin[i].hva >= start && w->pin[i].hva < end)
				lose_pinned(w, i);
}

/* Slots of system management mode lie over others, which stay. kvm->slots_lock. */
static bool is_gone(struct cv_vm *vm, gfn_t gfn)
{
	const struct kvm_memory_slot *slot = gfn_to_memslot(vm->kvm, gfn);

	return !slot || slot->flags & KVM_MEMSLOT_INVALID;
}

void cv_watches_lose(struct cv_vm *vm, gfn_t gfn, unsigned long pages)
{
	struct cv_watch *w;
	unsigned int i;

	lockdep_assert_held(&vm->lock);
	list_for_each_entry(w, &vm->watches, in_vm) {
		if (w->tracked && w->tracked_gfn - gfn < pages && is_gone(vm, w->tracked_gfn))
			cv_track_ended(w);
		for (i = 0; i < w->n_pins && w->state == CV_WATCH_LIVE; i++)
			if ((w->pin[i].gpa >> PAGE_SHIFT) - gfn < pages &&
			    is_gone(vm, w->pin[i].gpa >> PAGE_SHIFT))
				lose_pinned(w, i);
	}
	vm->invalidations++;	/* who resolves now may have found the old slot */
}

void cv_watches_forget(struct cv_vm *vm)
{
	struct cv_watch *w;

	lockdep_assert_held(&vm->lock);
	list_for_each_entry(w, &vm->watches, in_vm) {
		cv_watch_forget(w, CV_WATCH_UNRESOLVED);
		smp_mb();	/* as above */
		cv_criteria_block(&w->criteria, CV_BLOCK_UNRESOLVED);
		w->pin[0].gpa = INVALID_GPA;
		cv_event_watch(w->id, CV_WATCH_UNRESOLVED);
	}
	vm->untrackable = false;
	vm->invalidations++;	/* who resolves now does so by the old address space */
	mod_delayed_work(cv_wq, &vm->resolve, 0);
}

static bool take_stale(struct cv_watch *w)
{
	unsigned int i;
	bool any = false;

	for (i = 0; i < ARRAY_SIZE(w->pin); i++) {
		swap(w->pin[i].unpin, w->pin[i].stale);
		any = any || w->pin[i].unpin;
	}
	return any;
}

static void unpin_taken(struct cv_watch *w)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(w->pin); i++) {
		if (w->pin[i].unpin)
			unpin_user_page(w->pin[i].unpin);
		w->pin[i].unpin = NULL;
	}
}

static void release_stale(struct cv_vm *vm)
{
	struct cv_watch *w;
	bool any = false;

	lockdep_assert_held(&vm->resolve_lock);
	spin_lock_irq(&vm->lock);
	list_for_each_entry(w, &vm->watches, in_vm)
		any |= take_stale(w);
	spin_unlock_irq(&vm->lock);
	if (!any)
		return;
	synchronize_rcu();	/* no CPU reads through the old pointer */
	list_for_each_entry(w, &vm->watches, in_vm)
		unpin_taken(w);
}

/*
 * Without waiting, neither for a lock of the VMM's nor for a page that has to be
 * fetched (that is started): others wait for resolve_lock. It is tried again.
 */
static struct page *pin_page(struct cv_vm *vm, unsigned long hva)
{
	struct page *page = NULL;
	long n;

	if (!mmget_not_zero(vm->mm))
		return NULL;
	if (!mmap_read_trylock(vm->mm)) {
		mmput(vm->mm);
		return NULL;
	}
	n = cv_pin_remote_page(vm->mm, hva & PAGE_MASK,
			       FOLL_WRITE | FOLL_LONGTERM | FOLL_NOWAIT, &page);
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

/* Pages for all pins, or for none. */
static bool pin_all(struct cv_watch *w, unsigned long *hva, struct page **page)
{
	unsigned int i;

	for (i = 0; i < w->n_pins; i++) {
		hva[i] = hva_of(w->vm, w->pin[i].gpa);
		page[i] = hva[i] ? pin_page(w->vm, hva[i]) : NULL;
		if (!page[i])
			break;
	}
	if (i == w->n_pins)
		return true;
	while (i--)
		unpin_user_page(page[i]);
	return false;
}

static const u64 *word_in(struct page *page, unsigned long hva)
{
	return page_address(page) + (offset_in_page(hva) & ~7UL);
}

/* Do the tables still say what they said when the address was translated? */
static bool still_leads(const struct cv_walk *walk, unsigned long *hva, struct page **page)
{
	unsigned int i;

	for (i = 0; walk && i < walk->n; i++)
		if ((READ_ONCE(*word_in(page[i + 1], hva[i + 1])) ^ walk->value[i]) &
		    ~(CV_PTE_ACCESSED | CV_PTE_DIRTY))
			return false;
	return true;
}

/* The bytes come last: once they can be read, so can what they depend on. */
static void publish(struct cv_watch *w, const unsigned long *hva, struct page **page)
{
	unsigned int i = w->n_pins;

	lockdep_assert_held(&w->vm->lock);
	while (i--) {
		const u64 *ptr = word_in(page[i], hva[i]);
		struct cv_word *word = word_of(w, i);
		u64 raw = READ_ONCE(*ptr);

		w->pin[i].page = page[i];
		w->pin[i].hva = hva[i];
		if (!i)
			WRITE_ONCE(w->value, cv_watch_value_in(w, raw));
		WRITE_ONCE(word->last, raw);
		WRITE_ONCE(word->ptr, ptr);
	}
	WRITE_ONCE(w->state, CV_WATCH_LIVE);
	hash_add_rcu(w->vm->by_gfn, &w->by_gfn, cv_watch_gpa(w) >> PAGE_SHIFT);
}

/*
 * Pins what backs a watch that was translated when @before invalidations had
 * been. One that runs or ran since may have been for one of these very pages:
 * then try again later.
 */
static void resolve(struct cv_watch *w, const struct cv_walk *walk, u64 before)
{
	struct page *page[1 + CV_TABLES];
	unsigned long hva[1 + CV_TABLES];
	struct cv_vm *vm = w->vm;
	unsigned int i;
	bool done;

	lockdep_assert_held(&vm->resolve_lock);
	if (!pin_all(w, hva, page))
		return;
	spin_lock_irq(&vm->lock);
	done = !vm->invalidating && vm->invalidations == before && still_leads(walk, hva, page);
	if (done)
		publish(w, hva, page);
	spin_unlock_irq(&vm->lock);
	if (!done) {
		for (i = 0; i < w->n_pins; i++)
			unpin_user_page(page[i]);
		return;
	}
	w->doubts = 0;
	cv_event_watch(w->id, CV_WATCH_LIVE);
	cv_criteria_unblock(&w->criteria, CV_BLOCK_PAGE | CV_BLOCK_UNRESOLVED);
}

static gpa_t translate(struct kvm_vcpu *vcpu, u64 addr)
{
	gpa_t gpa;

	pagefault_disable();	/* as in pin_page() */
	gpa = cv_translate(vcpu, addr);
	pagefault_enable();
	return gpa;
}

/* KVM's walk decides; ours, in long mode, tells which entries led there. */
static bool find_way(struct cv_watch *w, struct kvm_vcpu *vcpu, struct cv_walk *walk)
{
	gpa_t gpa = translate(vcpu, w->addr);
	unsigned int i;

	walk->n = 0;
	if (gpa == INVALID_GPA)
		return false;
	if (cv_walk_possible(vcpu) &&
	    (!cv_walk(vcpu, vcpu->arch.walk_mmu->get_guest_pgd(vcpu), w->addr, walk) ||
	     walk->gpa != gpa))
		return false;
	w->pin[0].gpa = gpa;
	for (i = 0; i < walk->n; i++)
		w->pin[i + 1].gpa = walk->entry[i];
	w->n_pins = 1 + walk->n;
	return true;
}

void cv_watches_translate(struct cv_vm *vm, struct kvm_vcpu *vcpu)
{
	struct cv_watch *w;
	struct cv_walk walk;
	u64 before;

	mutex_lock(&vm->resolve_lock);
	list_for_each_entry(w, &vm->watches, in_vm) {
		if (w->gone || w->state == CV_WATCH_LIVE || is_physical(w) || has_stale(w))
			continue;
		before = READ_ONCE(vm->invalidations);
		if (find_way(w, vcpu, &walk))
			resolve(w, &walk, before);
		cv_track_update(w);
	}
	mutex_unlock(&vm->resolve_lock);
}

/* On Intel KVM reads it when it needs it, and then until the next exit. */
static bool knows_cr3(const struct kvm_vcpu *vcpu)
{
	return test_bit(VCPU_EXREG_CR3, (const unsigned long *)&vcpu->arch.regs_avail);
}

/*
 * Does the address mean something else on some vCPU, by the tables it uses now?
 * One that was reused may say so for a moment: it must say so twice. Tables that
 * do not translate it (those of user space, with KPTI) say nothing.
 */
static bool is_doubtful(struct cv_watch *w)
{
	struct cv_vm *vm = w->vm;
	struct kvm_vcpu *vcpu;
	struct cv_walk walk;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, vm->kvm)
		if (cv_vcpu_has_address_space(vm, vcpu) && cv_walk_possible(vcpu) &&
		    knows_cr3(vcpu) && cv_walk(vcpu, READ_ONCE(vcpu->arch.cr3), w->addr, &walk) &&
		    walk.gpa != cv_watch_gpa(w))
			return true;
	return false;
}

static void recheck(struct cv_watch *w)
{
	if (w->state != CV_WATCH_LIVE || w->n_pins == 1)
		return;
	w->doubts = is_doubtful(w) ? w->doubts + 1 : 0;
	if (w->doubts == 2)
		lose_translation(w, true);
	cond_resched();
}

/* Physical addresses need no vCPU. Returns false if a watch is still not live. */
static bool repin(struct cv_vm *vm)
{
	struct cv_watch *w;
	bool all = true;

	mutex_lock(&vm->resolve_lock);
	release_stale(vm);
	list_for_each_entry(w, &vm->watches, in_vm) {
		if (w->gone)
			continue;
		if (is_physical(w) && w->state != CV_WATCH_LIVE && !has_stale(w)) {
			w->pin[0].gpa = w->addr;
			w->n_pins = 1;
			resolve(w, NULL, READ_ONCE(vm->invalidations));
		}
		recheck(w);
		cv_track_update(w);
		if (w->state != CV_WATCH_LIVE)
			all = false;
	}
	mutex_unlock(&vm->resolve_lock);
	return all;
}

void cv_watches_resolve(struct work_struct *work)
{
	struct cv_vm *vm = container_of(to_delayed_work(work), struct cv_vm, resolve);
	bool all;

	/* Page tables are read through the VMM's address space. */
	if (READ_ONCE(vm->dying) || !mmget_not_zero(vm->mm))
		return;
	kthread_use_mm(vm->mm);
	all = repin(vm);
	if (!all)
		cv_vcpus_visit(vm);
	kthread_unuse_mm(vm->mm);
	mmput(vm->mm);
	if (!all)
		queue_delayed_work(cv_wq, &vm->resolve, RESOLVE_AGAIN);
}
