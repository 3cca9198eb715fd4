// SPDX-License-Identifier: GPL-2.0
#include <linux/kvm_host.h>
#include <linux/uaccess.h>
#include <asm/msr.h>
#include <asm/processor-flags.h>
#include "execution.h"
#include "judge.h"
#include "look.h"
#include "program.h"
#include "vm.h"
#include "walk.h"

#define READ_TRIES	3

/* An execution on its way to be judged. */
struct executing {
	struct cv_vm *vm;
	struct kvm_vcpu *vcpu;
	int slot;
	u32 watch;			/* id */
	struct cv_capture capture;	/* of the watch */
	u64 missed;			/* linear address that could not be read */
	struct cv_execution is;
};

/* NULL if it has gone since the vCPU was armed. RCU held. */
static struct cv_watch *watch_of(const struct executing *e)
{
	struct cv_watch *w = rcu_dereference(e->vm->truth[e->slot].bytes.watch);

	return w && w->id == e->watch ? w : NULL;
}

/* --- capturing -------------------------------------------------------------------------------------------------- */

/* Without waiting for a page of the host's. */
static bool read_page(struct kvm_vcpu *vcpu, u64 addr, void *data, unsigned int len)
{
	gpa_t gpa;
	bool done;

	pagefault_disable();
	gpa = cv_translate(vcpu, addr);
	done = gpa != INVALID_GPA && !kvm_vcpu_read_guest_atomic(vcpu, gpa, data, len);
	pagefault_enable();
	return done;
}

/* As much as can be had; @missed is where it ended. */
static unsigned int read_linear(struct executing *e, u64 addr, void *data, unsigned int len)
{
	unsigned int done, part;

	for (done = 0; done < len; done += part) {
		part = min_t(unsigned int, len - done, PAGE_SIZE - offset_in_page(addr + done));
		e->missed = addr + done;
		if (!read_page(e->vcpu, addr + done, data + done, part))
			break;
	}
	return done;
}

/* At most CV_CAPTURE_STEPS reads of a word, wherever the pointers lead. */
static bool follow(struct executing *e, u64 *addr)
{
	u64 p = e->is.regs[e->capture.reg];
	unsigned int i;

	for (i = 0; i + 1 < e->capture.steps; i++)
		if (read_linear(e, p + e->capture.path[i], &p, sizeof(p)) != sizeof(p))
			return false;
	*addr = p + e->capture.path[i];
	return true;
}

static bool capture(struct executing *e)
{
	u64 addr;

	memset(e->is.capture, 0, sizeof(e->is.capture));
	e->is.captured = 0;
	if (!e->capture.len)
		return true;
	if (follow(e, &addr))
		e->is.captured = read_linear(e, addr, e->is.capture, e->capture.len);
	memset(e->is.capture + e->is.captured, 0, sizeof(e->is.capture) - e->is.captured);
	return e->is.captured;
}

enum fetched { FETCHED, NOT_MAPPED, NOT_READABLE };

static enum fetched fetch(struct executing *e)
{
	gpa_t gpa = cv_translate(e->vcpu, e->missed);
	int idx, err;
	u8 byte;

	if (gpa == INVALID_GPA)
		return NOT_MAPPED;
	idx = srcu_read_lock(&e->vcpu->kvm->srcu);
	err = kvm_vcpu_read_guest(e->vcpu, gpa, &byte, sizeof(byte));
	srcu_read_unlock(&e->vcpu->kvm->srcu, idx);
	return err ? NOT_READABLE : FETCHED;
}

/* --- waiting for the host's pages ---------------------------------------------------------------------------------- */

static void close_meanwhile(const struct executing *e)
{
	struct cv_watch *w;

	rcu_read_lock();
	w = watch_of(e);
	if (w) {
		atomic_inc(&w->unread);
		cv_criteria_block(&w->criteria, CV_BLOCK_EXEC);
	}
	rcu_read_unlock();
}

static void open_again(const struct executing *e)
{
	struct cv_watch *w;

	rcu_read_lock();
	w = watch_of(e);
	if (w && atomic_dec_and_test(&w->unread))
		cv_criteria_read(&w->criteria);
	rcu_read_unlock();
}

/* --- judging -------------------------------------------------------------------------------------------------------- */

static bool is_allowed(const struct cv_criterion *c, const struct executing *e, bool readable)
{
	return !c->prog ||
	       (readable && cv_program_allows(c->prog, c->records, c->watch, &e->is));
}

static void judge(const struct executing *e, bool readable)
{
	struct cv_look look = { .source = CV_SOURCE_EXEC, .vcpu = e->is.vcpu };
	struct cv_criterion *c;
	unsigned long flags;
	struct cv_watch *w;
	u64 value;

	rcu_read_lock();
	local_irq_save(flags);		/* programs expect to stay on their CPU */
	look.since = rdtsc();
	w = watch_of(e);
	if (w) {
		list_for_each_entry_rcu(c, &w->criteria, on_watch)
			if (!is_allowed(c, e, readable))
				set_bit(CV_WORD_LATCH_BIT, &c->set->gate.word);
		look.tsc = rdtsc();
		value = READ_ONCE(w->value);
		cv_criteria_tell_closed(w, value, value, &look);
	}
	local_irq_restore(flags);
	rcu_read_unlock();
}

static bool is_whole(const struct executing *e)
{
	return e->is.captured == e->capture.len;
}

/* What was cut short by a page that the guest has not mapped counts; by one that the host does not give, it does not. */
static bool wait_for(struct executing *e)
{
	enum fetched fetched = FETCHED;
	bool readable = false;
	int i;

	for (i = 0; i < READ_TRIES && fetched == FETCHED && !is_whole(e); i++) {
		fetched = fetch(e);
		readable = capture(e);
	}
	return readable && (is_whole(e) || fetched == NOT_MAPPED);
}

static void observe(struct executing *e)
{
	bool readable = capture(e);

	if (is_whole(e)) {
		judge(e, readable);
		return;
	}
	close_meanwhile(e);
	judge(e, wait_for(e));
	open_again(e);
}

static bool begin(struct executing *e, int slot)
{
	struct cv_watch *w;
	bool exec;

	rcu_read_lock();
	e->slot = slot;
	w = rcu_dereference(e->vm->truth[slot].bytes.watch);
	exec = w && w->trigger == CV_TRIGGER_EXEC;
	if (exec) {
		e->watch = w->id;
		e->capture = w->capture;
	}
	rcu_read_unlock();
	return exec;
}

static void read_registers(struct executing *e)
{
	struct kvm_vcpu *vcpu = e->vcpu;
	int i;

	BUILD_BUG_ON(CV_REG_R15 != (int)VCPU_REGS_R15 || CV_REG_RIP != (int)VCPU_REGS_RIP);
	if (!test_bit(VCPU_REGS_RSP, (unsigned long *)&vcpu->arch.regs_avail))
		static_call(kvm_x86_cache_reg)(vcpu, VCPU_REGS_RSP);
	for (i = 0; i <= CV_REG_R15; i++)
		e->is.regs[i] = vcpu->arch.regs[i];
	e->is.regs[CV_REG_RIP] = kvm_get_linear_rip(vcpu);
	e->is.regs[CV_REG_RFLAGS] = kvm_get_rflags(vcpu);
	e->is.vcpu = vcpu->vcpu_id;
}

/* The resume flag: the instruction runs without trapping again. Intel SDM vol. 3 17.3.1.1. */
static void resume(struct kvm_vcpu *vcpu)
{
	kvm_set_rflags(vcpu, kvm_get_rflags(vcpu) | X86_EFLAGS_RF);
}

void cv_executed(struct cv_vm *vm, struct kvm_vcpu *vcpu, unsigned long slots)
{
	struct executing e = { .vm = vm, .vcpu = vcpu };
	unsigned int i;

	if (!slots)
		return;
	read_registers(&e);
	for_each_set_bit(i, &slots, CV_VM_SLOTS)
		if (begin(&e, i))
			observe(&e);
	resume(vcpu);
}
