// SPDX-License-Identifier: GPL-2.0
/*
 * Where this module stands inside KVM, the same for AMD and Intel:
 *
 *  1. kvm_x86_ops.vcpu_run, a static call of kvm.ko, is pointed at
 *     cv_vcpu_run(): watched words are read just before the guest is entered
 *     and just after it left, with interrupts off, before KVM or any other
 *     CPU can act on what the guest did. A guest that is not attached costs a
 *     table look-up and a jump. (The kvm_entry and kvm_exit tracepoints would
 *     see the same, at three times the cost for every guest of the host.)
 *  2. The vendor's #DB handler is wrapped through ftrace, so that a hit of
 *     ours reaches neither guest nor VMM. It runs only for exceptions.
 *  3. kvm_set_dr() and kvm_update_dr7() are traced, so that a guest's own
 *     breakpoints are merged anew at its next entry.
 *  4. The vendor's set_cr0 is traced: paging turned off is a restart.
 *  5. mark_page_dirty_in_slot() is traced: KVM has written to the guest itself.
 *  6. Where KVM gives up emulating an instruction is wrapped: it may have been
 *     a store to a page that is write-tracked for us.
 *  7. The vendor's handler of accesses to debug registers is wrapped: it does
 *     not see that a guest has forbidden them to itself.
 *
 * None of the symbols is exported; they are looked up by name once, and every
 * one that is missing is named.
 */
#include <linux/delay.h>
#include <linux/ftrace.h>
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/netlink.h>
#include <linux/static_call.h>
#include "compat/track.h"
#include "event.h"
#include "kvmhook.h"
#include "look.h"
#include "main.h"
#include "track.h"
#include "vcpu.h"
#include "vm.h"

typedef typeof(*((struct kvm_x86_ops *)0)->vcpu_run) vcpu_run_fn;

static fastpath_t no_vcpu_run(struct kvm_vcpu *vcpu, u64 run_flags)
{
	return EXIT_FASTPATH_NONE;
}

static int no_db_handler(struct kvm_vcpu *vcpu)
{
	return 1;
}

static int no_dr_handler(struct kvm_vcpu *vcpu)
{
	return 1;
}

static CV_EMULATION_RETURNS no_emulation_fails(CV_EMULATION_TAKES)
{
	return 1;
}

/* Static calls are direct: an indirect one to a sealed function faults with IBT. */
DEFINE_STATIC_CALL(kvm_vcpu_run, no_vcpu_run);
DEFINE_STATIC_CALL(kvm_db_handler, no_db_handler);
DEFINE_STATIC_CALL(kvm_dr_handler, no_dr_handler);
DEFINE_STATIC_CALL(kvm_emulation_fails, no_emulation_fails);

static unsigned long no_kallsyms(const char *name)
{
	return 0;
}

DEFINE_STATIC_CALL(kallsyms_lookup, no_kallsyms);

static struct static_call_key *run_key;
static void *run_tramp;
static void *run_original;
static atomic_t in_wrapper;	/* an original may sleep; unload waits */
static unsigned int users;	/* attached guests; protected by cv_config */

/*
 * KVM has loaded the debug registers of a vCPU that needs any, through calls;
 * for ours it is told not to (see arm()), and this does it.
 */
static __always_inline void load_debug_registers(const struct kvm_vcpu *vcpu)
{
	const unsigned long *db = vcpu->arch.eff_db;

	asm volatile("mov %0, %%db0" : : "r" (db[0]));
	asm volatile("mov %0, %%db1" : : "r" (db[1]));
	asm volatile("mov %0, %%db2" : : "r" (db[2]));
	asm volatile("mov %0, %%db3" : : "r" (db[3]));
}

/*
 * What every exit and entry of an attached guest pays for, four times. The
 * address of a word is computed only once it is new.
 */
static __always_inline void reread(struct cv_vm *vm, int i, struct kvm_vcpu *vcpu)
{
	struct cv_vm *late = vm;
	u32 exit_tsc;

	if (!cv_word_is_new(&vm->truth[i].bytes))
		return;
	OPTIMIZER_HIDE_VAR(late);
	exit_tsc = cv_word_close(&late->truth[i].bytes);
	cv_vm_tell(vm, vcpu, exit_tsc, rdtsc());
}

static __always_inline void reread_all(struct cv_vm *vm, struct kvm_vcpu *vcpu)
{
	reread(vm, 0, vcpu);
	reread(vm, 1, vcpu);
	reread(vm, 2, vcpu);
	reread(vm, 3, vcpu);
}

static __always_inline bool any_new(const struct cv_vm *vm)
{
	return cv_word_is_new(&vm->truth[0].bytes) || cv_word_is_new(&vm->truth[1].bytes) ||
	       cv_word_is_new(&vm->truth[2].bytes) || cv_word_is_new(&vm->truth[3].bytes);
}

static __always_inline fastpath_t run_and_reread(struct kvm_vcpu *vcpu, u64 run_flags,
						 struct cv_vm *vm)
{
	fastpath_t fastpath;

	load_debug_registers(vcpu);
	fastpath = static_call(kvm_vcpu_run)(vcpu, run_flags);
	reread_all(vm, vcpu);
	return fastpath;
}

/* Somebody on the host wrote since the exit. Once: it may go on writing. */
static noinline fastpath_t run_changed(struct kvm_vcpu *vcpu, u64 run_flags,
				       struct cv_vm *vm)
{
	reread_all(vm, vcpu);
	return run_and_reread(vcpu, run_flags, vm);
}

static noinline fastpath_t run_stale(struct kvm_vcpu *vcpu, u64 run_flags,
				     struct cv_vm *vm)
{
	switch (cv_vcpu_prepare(vm, vcpu)) {
	case CV_PREPARED:
		return run_changed(vcpu, run_flags, vm);
	case CV_PREPARE_LATER:
		run_flags |= KVM_RUN_FORCE_IMMEDIATE_EXIT;
		break;
	case CV_NOT_WATCHED:
		break;
	}
	return static_call(kvm_vcpu_run)(vcpu, run_flags);
}

/*
 * Never inlined: other guests' vCPUs do not save registers for it. What is rare
 * leaves for good, so that the arguments stay where they are until the guest
 * is entered.
 */
static noinline fastpath_t run_watched(struct kvm_vcpu *vcpu, u64 run_flags,
				       struct cv_vm *vm)
{
	if (unlikely(!cv_vcpu_current(vm, vcpu)))
		return run_stale(vcpu, run_flags, vm);
	if (unlikely(any_new(vm)))
		return run_changed(vcpu, run_flags, vm);
	return run_and_reread(vcpu, run_flags, vm);
}

/* Interrupts are off from here to the return, the guest's time excepted. */
static fastpath_t cv_vcpu_run(struct kvm_vcpu *vcpu, u64 run_flags)
{
	struct cv_vm *vm = cv_vm_lookup(vcpu->kvm);

	if (unlikely(vm))
		return run_watched(vcpu, run_flags, vm);
	return static_call(kvm_vcpu_run)(vcpu, run_flags);
}

/*
 * Not a tail call: the guard in wrap_thunk() tells our call of the original from
 * KVM's by the return address, which must lie in this module. So with the others.
 */
static noinline int cv_db_handler(struct kvm_vcpu *vcpu)
{
	int r;

	atomic_inc(&in_wrapper);
	r = static_call(kvm_db_handler)(vcpu);
	if (r == 0 && vcpu->run->exit_reason == KVM_EXIT_DEBUG &&
	    vcpu->run->debug.arch.exception == DB_VECTOR)
		r = cv_vcpu_debug_exit(vcpu);
	atomic_dec(&in_wrapper);
	return r;
}

static noinline int cv_dr_handler(struct kvm_vcpu *vcpu)
{
	int r = 1;

	atomic_inc(&in_wrapper);
	if (!cv_vcpu_general_detect(vcpu))
		r = static_call(kvm_dr_handler)(vcpu);
	atomic_dec(&in_wrapper);
	return r;
}

/* Retried, a store that KVM cannot emulate finds its page writable. */
static noinline CV_EMULATION_RETURNS cv_emulation_fails(CV_EMULATION_TAKES)
{
	CV_EMULATION_RETURNS r = 1;

	atomic_inc(&in_wrapper);
	if (!(type & EMULTYPE_PF) || !cv_track_unemulatable(vcpu))
		r = static_call(kvm_emulation_fails)(CV_EMULATION_PASSES);
	atomic_dec(&in_wrapper);
	return r;
}

/* KVM's call goes to the wrapper, ours to the original. */
static void notrace wrap_thunk(unsigned long ip, unsigned long parent_ip,
			       struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);

	if (regs && !within_module(parent_ip, THIS_MODULE))
		regs->ip = (unsigned long)ops->private;
}

/*
 * mark_page_dirty_in_slot(), after the bytes are written: rdi = kvm, rdx = gfn.
 * Not for what KVM writes as a vCPU is scheduled away, with the run queue locked:
 * telling of it wakes workers. The next entry, packet or tick sees that.
 */
static void notrace dirty_thunk(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);
	struct kvm_vcpu *vcpu;
	struct cv_vm *vm;

	if (!regs || irqs_disabled())
		return;
	rcu_read_lock();
	vm = cv_vm_lookup((struct kvm *)regs->di);
	if (vm) {
		vcpu = kvm_get_running_vcpu();
		cv_vm_look_at(vm, regs->dx, CV_SOURCE_KVM, vcpu ? vcpu->vcpu_id : CV_NO_VCPU);
	}
	rcu_read_unlock();
}

/* rdi = vcpu, for both functions. */
static void notrace dr_thunk(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);

	if (regs && !within_module(parent_ip, THIS_MODULE))
		cv_vcpu_breakpoints_changed((struct kvm_vcpu *)regs->di);
}

/* rdi = vcpu, rsi = the new CR0; the old one is in its place still. */
static void notrace cr0_thunk(unsigned long ip, unsigned long parent_ip,
			      struct ftrace_ops *ops, struct ftrace_regs *fregs)
{
	struct pt_regs *regs = ftrace_get_regs(fregs);

	if (regs)
		cv_vcpu_cr0_changes((struct kvm_vcpu *)regs->di, regs->si);
}

/* Permanent: not to be turned off by the sysctl kernel.ftrace_enabled. */
#define OPS_FLAGS (FTRACE_OPS_FL_SAVE_REGS | FTRACE_OPS_FL_PERMANENT)

static struct ftrace_ops cr0_ops = {
	.func = cr0_thunk,
	.flags = OPS_FLAGS,
};

static struct ftrace_ops db_ops = {
	.func = wrap_thunk,
	.private = cv_db_handler,
	.flags = OPS_FLAGS | FTRACE_OPS_FL_IPMODIFY,
};

static struct ftrace_ops dr_access_ops = {
	.func = wrap_thunk,
	.private = cv_dr_handler,
	.flags = OPS_FLAGS | FTRACE_OPS_FL_IPMODIFY,
};

static struct ftrace_ops emulation_ops = {
	.func = wrap_thunk,
	.private = cv_emulation_fails,
	.flags = OPS_FLAGS | FTRACE_OPS_FL_IPMODIFY,
};

static struct ftrace_ops dirty_ops = {
	.func = dirty_thunk,
	.flags = OPS_FLAGS,
};

static struct ftrace_ops dr_ops = {
	.func = dr_thunk,
	.flags = OPS_FLAGS,
};

/* kallsyms_lookup_name() is not exported, but a probe on it knows where it is. */
static int find_kallsyms(void)
{
	struct kprobe kp = { .symbol_name = "kallsyms_lookup_name" };
	typeof(&no_kallsyms) addr;
	int err = register_kprobe(&kp);

	if (err) {
		pr_err("kprobe on kallsyms_lookup_name: error %d; CONFIG_KPROBES and CONFIG_KALLSYMS are needed\n",
		       err);
		return err;
	}
	/* Past ENDBR on some kernels; functions are aligned to 16. */
	addr = (void *)((unsigned long)kp.addr & ~15UL);
	static_call_update(kallsyms_lookup, addr);
	unregister_kprobe(&kp);
	return 0;
}

static unsigned long symbol(const char *name, struct netlink_ext_ack *extack)
{
	unsigned long addr = static_call(kallsyms_lookup)(name);

	if (!addr) {
		pr_err("this kernel has no symbol %s\n", name);
		NL_SET_ERR_MSG_MOD(extack, "a KVM symbol is missing, see the kernel log; is kvm_amd or kvm_intel loaded?");
	}
	return addr;
}

/* Exactly one of the two vendor modules is loaded. */
static unsigned long vendor_symbol(const char *amd, const char *intel,
				   struct netlink_ext_ack *extack)
{
	return static_call(kallsyms_lookup)(amd) ?: symbol(intel, extack);
}

static int set_filters(struct netlink_ext_ack *extack)
{
	unsigned long db = vendor_symbol("db_interception", "handle_exception_nmi", extack);
	unsigned long access = vendor_symbol("dr_interception", "handle_dr", extack);
	unsigned long cr0 = vendor_symbol("svm_set_cr0", "vmx_set_cr0", extack);
	unsigned long set_dr = symbol("kvm_set_dr", extack);
	unsigned long update_dr7 = symbol("kvm_update_dr7", extack);
	unsigned long emulation = symbol(CV_EMULATION_FAILS, extack);
	unsigned long dirty = symbol("mark_page_dirty_in_slot", extack);

	if (!db || !access || !cr0 || !set_dr || !update_dr7 || !emulation || !dirty)
		return -EOPNOTSUPP;
	static_call_update(kvm_emulation_fails, (typeof(&no_emulation_fails))emulation);
	static_call_update(kvm_db_handler, (typeof(&no_db_handler))db);
	static_call_update(kvm_dr_handler, (typeof(&no_dr_handler))access);
	return ftrace_set_filter_ip(&db_ops, db, 0, 1) ?:
	       ftrace_set_filter_ip(&dr_access_ops, access, 0, 1) ?:
	       ftrace_set_filter_ip(&cr0_ops, cr0, 0, 1) ?:
	       ftrace_set_filter_ip(&emulation_ops, emulation, 0, 1) ?:
	       ftrace_set_filter_ip(&dirty_ops, dirty, 0, 1) ?:
	       ftrace_set_filter_ip(&dr_ops, set_dr, 0, 1) ?:
	       ftrace_set_filter_ip(&dr_ops, update_dr7, 0, 0);
}

static struct ftrace_ops * const traces[] = {
	&dr_ops, &cr0_ops, &dirty_ops, &emulation_ops, &dr_access_ops, &db_ops,
};

static int trace_install(struct netlink_ext_ack *extack)
{
	int err = set_filters(extack), i;

	if (err)
		return err;
	for (i = 0; i < ARRAY_SIZE(traces); i++) {
		err = register_ftrace_function(traces[i]);
		if (err)
			goto out;
	}
	return 0;

out:
	while (i--)
		unregister_ftrace_function(traces[i]);
	NL_SET_ERR_MSG_MOD(extack, "cannot hook KVM: does a livepatch own a function, or is kernel.ftrace_enabled 0?");
	return err;
}

/*
 * Other guests' vCPUs run the wrappers too. The originals may sleep there, so
 * they are counted; unregistering waits for tasks that are before the count,
 * synchronize_rcu() for those on their last instructions after it.
 */
static void trace_remove(void)
{
	int i;

	for (i = ARRAY_SIZE(traces) - 1; i >= 0; i--)
		unregister_ftrace_function(traces[i]);
	while (atomic_read(&in_wrapper))
		usleep_range(100, 200);
	synchronize_rcu();
}

static int run_install(struct netlink_ext_ack *extack)
{
	BUILD_BUG_ON(!__same_type(vcpu_run_fn, no_vcpu_run));

	run_key = (void *)symbol("__SCK__kvm_x86_vcpu_run", extack);
	run_tramp = (void *)symbol("__SCT__kvm_x86_vcpu_run", extack);
	if (!run_key || !run_tramp)
		return -EOPNOTSUPP;
	run_original = READ_ONCE(run_key->func);
	if (!run_original) {
		NL_SET_ERR_MSG_MOD(extack, "no KVM vendor module is loaded");
		return -EOPNOTSUPP;
	}
	static_call_update(kvm_vcpu_run, (vcpu_run_fn *)run_original);
	__static_call_update(run_key, run_tramp, cv_vcpu_run);
	return 0;
}

/*
 * Nobody is inside run_watched() any more: it is entered only for guests that
 * are attached, and none is. What may still be in flight are a few
 * instructions before and after the look-up, with interrupts off and RCU
 * watching.
 */
static void run_remove(void)
{
	__static_call_update(run_key, run_tramp, run_original);
	synchronize_rcu();
}

int cv_kvmhook_get(struct netlink_ext_ack *extack)
{
	int err;

	lockdep_assert_held(&cv_config);
	if (users) {
		users++;
		return 0;
	}
	err = trace_install(extack);
	if (err)
		return err;
	err = run_install(extack);
	if (err) {
		trace_remove();
		return err;
	}
	users = 1;
	return 0;
}

void cv_kvmhook_put(void)
{
	lockdep_assert_held(&cv_config);
	if (--users)
		return;
	run_remove();
	trace_remove();
}

bool cv_kvmhook_installed(void)
{
	return READ_ONCE(users);
}

int cv_kvmhook_init(void)
{
	return find_kallsyms();
}

/*
 * Filters are freed once only: ftrace leaves the pointers behind. Task work of
 * ours that ran last may still be on its way back.
 */
void cv_kvmhook_uninit(void)
{
	int i;

	WARN_ON(users);
	for (i = 0; i < ARRAY_SIZE(traces); i++)
		ftrace_free_filter(traces[i]);
	synchronize_rcu_tasks();
}
