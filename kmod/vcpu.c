// SPDX-License-Identifier: GPL-2.0
#include <linux/kvm_host.h>
#include <linux/task_work.h>
#include <asm/debugreg.h>
#include "compat/compat.h"
#include "event.h"
#include "execution.h"
#include "truth.h"
#include "vcpu.h"
#include "vm.h"
#include "watch.h"

#define VMM_FLAGS (KVM_GUESTDBG_ENABLE | KVM_GUESTDBG_USE_HW_BP)

static void set_gen(struct kvm_vcpu *vcpu, u32 control, u32 gen)
{
	WRITE_ONCE(vcpu->guest_debug, (u64)gen << 32 | control);
}

/* Nothing of ours stands in the vCPU, neither registers nor a generation. */
static bool is_free(const struct cv_vcpu *v, const struct kvm_vcpu *vcpu)
{
	return !v->armed && cv_vcpu_gen(vcpu) == CV_GEN_NONE;
}

static bool vmm_owns_breakpoints(const struct cv_vcpu *v)
{
	return (v->vmm_control & VMM_FLAGS) == VMM_FLAGS;
}

/* What stands in the vCPU is the VMM's: remember it, to be given back. */
static void save_vmm(struct cv_vcpu *v, struct kvm_vcpu *vcpu)
{
	v->vmm_control = (u32)vcpu->guest_debug;
	if (!vmm_owns_breakpoints(v))
		return;
	memcpy(v->vmm_db, vcpu->arch.eff_db, sizeof(v->vmm_db));
	v->vmm_dr7 = vcpu->arch.guest_debug_dr7;
}

/* Interrupts off or vcpu->mutex held, vCPU loaded: KVM as if we had not been. */
static void restore_vmm(struct cv_vcpu *v, struct kvm_vcpu *vcpu, u32 gen)
{
	bool vmm = vmm_owns_breakpoints(v);

	memcpy(vcpu->arch.eff_db, vmm ? v->vmm_db : vcpu->arch.db,
	       sizeof(vcpu->arch.eff_db));
	if (vmm)
		vcpu->arch.guest_debug_dr7 = v->vmm_dr7;
	set_gen(vcpu, v->vmm_control, gen);
	kvm_update_dr7(vcpu);
	v->slots = (struct cv_slots){};
	WRITE_ONCE(v->armed, false);
}

static void plan(struct cv_vm *vm, struct cv_vcpu *v, struct kvm_vcpu *vcpu)
{
	struct cv_slot_watch w[CV_SLOTS];

	cv_watches_slots(vm, w);
	if (vmm_owns_breakpoints(v))
		cv_slots_plan(&v->slots, w, v->vmm_db, v->vmm_dr7);
	else
		cv_slots_plan(&v->slots, w, vcpu->arch.db, vcpu->arch.dr7);
}

/* A guest or VMM that changes its breakpoints all the time does not fill the ring. */
static void tell(struct cv_vm *vm, struct cv_vcpu *v, const struct kvm_vcpu *vcpu,
		 enum cv_event_type type)
{
	if (v->told && time_before(jiffies, v->told + HZ))
		return;
	v->told = jiffies | 1;
	cv_event_vcpu(type, vm->id, vcpu->vcpu_id);
}

static void arm(struct cv_vm *vm, struct cv_vcpu *v, struct kvm_vcpu *vcpu)
{
	u32 gen = READ_ONCE(vm->gen);

	plan(vm, v, vcpu);
	if (!v->slots.ours) {
		restore_vmm(v, vcpu, gen);
		return;
	}
	if (v->slots.unserved) {
		v->unserved += v->slots.unserved;
		tell(vm, v, vcpu, CV_EV_UNSERVED);
	}
	memcpy(vcpu->arch.eff_db, v->slots.db, sizeof(vcpu->arch.eff_db));
	vcpu->arch.guest_debug_dr7 = v->slots.dr7;
	set_gen(vcpu, v->vmm_control | VMM_FLAGS, gen);
	kvm_update_dr7(vcpu);
	vcpu->arch.switch_db_regs &= ~KVM_DEBUGREG_BP_ENABLED;	/* the entry hook loads them */
	WRITE_ONCE(v->armed, true);
}

bool cv_vcpu_offers_nesting(struct kvm_vcpu *vcpu)
{
	struct kvm_cpuid_entry2 *svm = kvm_find_cpuid_entry(vcpu, 0x80000001);
	struct kvm_cpuid_entry2 *vmx = kvm_find_cpuid_entry(vcpu, 1);

	return (svm && svm->ecx & BIT(2)) || (vmx && vmx->ecx & BIT(5));
}

static void first_entry(struct cv_vm *vm, struct cv_vcpu *v, struct kvm_vcpu *vcpu)
{
	v->seen = true;
	v->exits_before = vcpu->stat.exits;
	if (!(vm->flags & CV_VM_F_ALLOW_NESTED) && cv_vcpu_offers_nesting(vcpu))
		cv_vm_block(vm, CV_BLOCK_NESTED);
	if (vcpu->arch.guest_state_protected)
		cv_vm_block(vm, CV_BLOCK_ENCRYPTED);
}

enum cv_prepared cv_vcpu_prepare(struct cv_vm *vm, struct kvm_vcpu *vcpu)
{
	struct cv_vcpu *v = cv_vcpu_of(vm, vcpu);

	lockdep_assert_irqs_disabled();
	if (READ_ONCE(vm->dying) && is_free(v, vcpu))
		return CV_NOT_WATCHED;
	/* The guest holds the registers themselves; KVM takes them back at exit. */
	if (vcpu->arch.switch_db_regs & KVM_DEBUGREG_WONT_EXIT)
		return CV_PREPARE_LATER;

	if (cv_vcpu_gen(vcpu) == CV_GEN_NONE) {
		if (v->armed) {
			v->rearmed++;
			tell(vm, v, vcpu, CV_EV_DEBUGGER);
		}
		save_vmm(v, vcpu);
	}
	if (READ_ONCE(vm->dying)) {
		restore_vmm(v, vcpu, CV_GEN_NONE);
		return CV_PREPARE_LATER;	/* KVM loads what is restored */
	}
	if (!v->seen)
		first_entry(vm, v, vcpu);
	arm(vm, v, vcpu);
	return CV_PREPARED;
}

void notrace cv_vcpu_breakpoints_changed(struct kvm_vcpu *vcpu)
{
	if (cv_vcpu_gen(vcpu) != CV_GEN_NONE)
		set_gen(vcpu, (u32)vcpu->guest_debug, CV_GEN_STALE);
}

/*
 * A system management interrupt turns paging off as well, its handler may turn
 * it on, and RSM turns it off once more before it is back as it was. Nor is the
 * guest of a guest ours.
 */
static bool is_restart(struct cv_vcpu *v, struct kvm_vcpu *vcpu, unsigned long cr0)
{
	bool off = vcpu->arch.cr0 & ~cr0 & X86_CR0_PG;

	if (vcpu->arch.hflags & HF_GUEST_MASK)
		return false;
	if (vcpu->arch.hflags & HF_SMM_MASK)
		v->smm = true;
	else if (cr0 & X86_CR0_PG)
		v->smm = false;
	return off && !v->smm;
}

static void paging_changes(struct cv_vm *vm, struct kvm_vcpu *vcpu, unsigned long cr0)
{
	struct cv_vcpu *v = cv_vcpu_of(vm, vcpu);

	if (vcpu->vcpu_id != vcpu->kvm->arch.bsp_vcpu_id) {
		if (cr0 & X86_CR0_PG)
			WRITE_ONCE(v->restarts, READ_ONCE(vm->restarts));
	} else if (is_restart(v, vcpu, cr0)) {
		cv_vm_restarts(vm);
	}
}

void notrace cv_vcpu_cr0_changes(struct kvm_vcpu *vcpu, unsigned long cr0)
{
	struct cv_vm *vm;

	rcu_read_lock();
	vm = cv_vm_lookup(vcpu->kvm);
	if (vm)
		paging_changes(vm, vcpu, cr0);
	rcu_read_unlock();
}

/*
 * A #DB left to the VMM because guest_debug says so. Causes of ours are
 * dropped, others go to whom they belong: the VMM if it debugs, else the guest.
 */
int cv_vcpu_debug_exit(struct kvm_vcpu *vcpu)
{
	struct kvm_debug_exit_arch *dbg = &vcpu->run->debug.arch;
	unsigned long dr6 = dbg->dr6 ^ DR6_RESERVED, ours, theirs;
	struct cv_vcpu *v;
	struct cv_vm *vm;

	rcu_read_lock();
	vm = cv_vm_lookup(vcpu->kvm);
	rcu_read_unlock();
	if (!vm || cv_vcpu_gen(vcpu) == CV_GEN_NONE)
		return 0;
	v = cv_vcpu_of(vm, vcpu);	/* stays: an armed vCPU keeps its vm */
	if (!v->armed && v->vmm_control & KVM_GUESTDBG_ENABLE)
		return 0;

	ours = dr6 & v->slots.ours;
	theirs = cv_slots_theirs(&v->slots, dr6);
	if (ours) {
		v->hits++;
		cv_watches_hit(vm, ours);
		cv_executed(vm, vcpu, ours & cv_slots_exec(&v->slots));
	}
	if (ours && !theirs)
		goto handled;

	v->foreign++;
	if (v->vmm_control & KVM_GUESTDBG_ENABLE) {
		dbg->dr6 = theirs ^ DR6_RESERVED;
		dbg->dr7 = vmm_owns_breakpoints(v) ? v->vmm_dr7 : vcpu->arch.dr7;
		return 0;
	}
	/* INT1 names no cause; on Intel it is a fault to the host, and a trap to the guest. */
	if (!theirs && boot_cpu_has(X86_FEATURE_VMX))
		kvm_skip_emulated_instruction(vcpu);
	kvm_queue_exception_p(vcpu, DB_VECTOR, theirs);
handled:
	vcpu->run->exit_reason = KVM_EXIT_UNKNOWN;
	return 1;
}

/* KVM looks for GD in the DR7 that is loaded, which is ours. Intel SDM vol. 3 17.2.4. */
bool cv_vcpu_general_detect(struct kvm_vcpu *vcpu)
{
	struct cv_vm *vm;

	if (cv_vcpu_gen(vcpu) == CV_GEN_NONE || !(vcpu->arch.dr7 & DR7_GD))
		return false;
	rcu_read_lock();
	vm = cv_vm_lookup(vcpu->kvm);
	rcu_read_unlock();
	if (!vm || vmm_owns_breakpoints(cv_vcpu_of(vm, vcpu)))	/* an armed vCPU keeps its vm */
		return false;
	kvm_queue_exception_p(vcpu, DB_VECTOR, DR6_BD);
	return true;
}

bool cv_vcpu_has_address_space(struct cv_vm *vm, struct kvm_vcpu *vcpu)
{
	int state = vcpu->arch.mp_state;

	/* What translates then is the guest's guest's. */
	if (vcpu->arch.hflags & HF_GUEST_MASK)
		return false;
	/* After a restart the others wait, with the old kernel's, to be started. */
	if (READ_ONCE(cv_vcpu_of(vm, vcpu)->restarts) != READ_ONCE(vm->restarts) &&
	    vcpu->vcpu_id != vm->kvm->arch.bsp_vcpu_id)
		return false;
	return vcpu->arch.last_vmentry_cpu != -1 &&
	       (state == KVM_MP_STATE_RUNNABLE || state == KVM_MP_STATE_HALTED);
}

static bool is_attached(struct cv_vm *vm)
{
	bool attached;

	rcu_read_lock();
	attached = cv_vm_lookup(vm->kvm) == vm;
	rcu_read_unlock();
	return attached;
}

/* vCPU loaded, on its thread or under its mutex; may sleep. */
static void visit(struct cv_vm *vm, struct kvm_vcpu *vcpu)
{
	struct cv_vcpu *v = cv_vcpu_of(vm, vcpu);

	if (!READ_ONCE(vm->dying)) {
		if (cv_vcpu_has_address_space(vm, vcpu))
			cv_watches_translate(vm, vcpu);
		return;
	}
	/* Late, and attached anew meanwhile: what is armed is no longer this one's. */
	if (is_free(v, vcpu) || !is_attached(vm))
		return;
	preempt_disable();
	if (cv_vcpu_gen(vcpu) == CV_GEN_NONE)
		save_vmm(v, vcpu);
	restore_vmm(v, vcpu, CV_GEN_NONE);
	preempt_enable();
}

static bool visit_idle(struct cv_vm *vm, struct kvm_vcpu *vcpu)
{
	if (!mutex_trylock(&vcpu->mutex))
		return false;
	vcpu_load(vcpu);
	visit(vm, vcpu);
	vcpu_put(vcpu);
	mutex_unlock(&vcpu->mutex);
	return true;
}

/*
 * On a thread that was running the vCPU. Either it is on its way back into the
 * guest and has it loaded, or it has left KVM_RUN meanwhile. It may come late, as
 * late as the VMM likes, so nobody waits for it.
 */
static void visit_work(struct callback_head *head)
{
	struct cv_vcpu *v = container_of(head, struct cv_vcpu, visit);
	struct cv_vm *vm = v->vm;

	struct kvm *kvm = vm->kvm;

	if (!(current->flags & PF_EXITING)) {
		if (kvm_get_running_vcpu() == v->vcpu)
			visit(vm, v->vcpu);
		else
			visit_idle(vm, v->vcpu);
	}
	atomic_set_release(&v->visiting, 0);
	wake_up_all(&vm->visited);
	cv_vm_put(vm);
	kvm_put_kvm(kvm);
	module_put(THIS_MODULE);	/* cv_kvmhook_uninit() waits for our return */
}

static bool visit_thread(struct cv_vm *vm, struct kvm_vcpu *vcpu)
{
	struct cv_vcpu *v = cv_vcpu_of(vm, vcpu);
	struct task_struct *task = NULL;
	struct pid *pid;

	if (atomic_xchg(&v->visiting, 1))
		return true;
	v->vm = vm;
	v->vcpu = vcpu;
	kref_get(&vm->ref);
	kvm_get_kvm(vm->kvm);
	__module_get(THIS_MODULE);
	init_task_work(&v->visit, visit_work);

	rcu_read_lock();
	pid = rcu_dereference(vcpu->pid);
	if (pid)
		task = get_pid_task(pid, PIDTYPE_PID);
	rcu_read_unlock();
	if (!task || task_work_add(task, &v->visit, TWA_RESUME)) {
		atomic_set(&v->visiting, 0);
		module_put(THIS_MODULE);
		kvm_put_kvm(vm->kvm);
		cv_vm_put(vm);
		if (task)
			put_task_struct(task);
		return false;
	}
	/* A halted vCPU comes out of its wait without a reason to the guest. */
	kvm_make_request(KVM_REQ_UNBLOCK, vcpu);
	kvm_vcpu_kick(vcpu);
	put_task_struct(task);
	return true;
}

void cv_vcpus_visit(struct cv_vm *vm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, vm->kvm)
		if (!visit_idle(vm, vcpu))
			visit_thread(vm, vcpu);
}

void cv_vcpus_kick(struct cv_vm *vm)
{
	struct kvm_vcpu *vcpu;
	unsigned long i;

	kvm_for_each_vcpu(i, vcpu, vm->kvm)
		kvm_vcpu_kick(vcpu);
}
