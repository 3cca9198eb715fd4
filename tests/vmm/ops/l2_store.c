// SPDX-License-Identifier: GPL-2.0
/*
 * l2-store: the guest is a hypervisor for one store: SVM, without nested paging, its guest
 * shares its page tables and segments and leaves by VMMCALL. Needs --nested on AMD. As
 * #VMEXIT has it, breakpoints that the guest had of its own are off afterwards.
 */
#include "op.h"

#define EXIT_VMMCALL 0x81

#ifdef GUEST

#ifdef __x86_64__

#define MSR_EFER		0xc0000080
#define MSR_VM_HSAVE_PA		0xc0010117
#define EFER_SVME		(1UL << 12)
#define CPUID_SVM		(1U << 2)

#define INTERCEPT_EXCEPTIONS	(~0U & ~(1U << 1))	/* a #DB is the guest's guest's own */
#define INTERCEPT_SHUTDOWN	(1U << 31)
#define INTERCEPT_VMRUN		(1U << 0)
#define INTERCEPT_VMMCALL	(1U << 1)

#define DR7_NONE		0x400
#define SEGMENT_CODE64		0xa9b
#define SEGMENT_DATA		0xc93

struct segment {
	u16 selector, attributes;
	u32 limit;
	u64 base;
};

/* What VMRUN reads: control area, then the guest's state from 0x400 on. */
struct vmcb {
	u32 intercept_cr, intercept_dr, intercept_exceptions, intercept, intercept_svm;
	u8 to_asid[0x58 - 0x14];
	u32 asid;
	u8 to_exit_code[0x70 - 0x5c];
	u32 exit_code;
	u8 to_state[0x400 - 0x74];
	struct segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 to_efer[0x4d0 - 0x4a0];
	u64 efer;
	u8 to_cr4[0x548 - 0x4d8];
	u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
	u8 to_rsp[0x5d8 - 0x580];
	u64 rsp;
	u8 to_pat[0x668 - 0x5e0];
	u64 pat;
	u8 rest[L2_SIZE - 0x670];
};
_Static_assert(sizeof(struct vmcb) == L2_SIZE, "VMCB");

struct pointer {
	u16 limit;
	u64 base;
} __attribute__((packed));

/* The guest's guest: the argument arrives in rdi, which VMRUN leaves alone. */
static void l2_main(struct mailbox *m)
{
	store_sized(m->arg[0], m->arg[1], m->arg[2]);
	asm volatile("vmmcall");
}

static void set_segments(struct vmcb *v)
{
	struct pointer gdt, idt;

	asm volatile("sgdt %0\n\tsidt %1" : "=m" (gdt), "=m" (idt));
	v->gdtr = (struct segment) { .limit = gdt.limit, .base = gdt.base };
	v->idtr = (struct segment) { .limit = idt.limit, .base = idt.base };
	v->cs = (struct segment) { SEL_CODE64, SEGMENT_CODE64, ~0U, 0 };
	v->es = v->ss = v->ds = (struct segment) { SEL_DATA, SEGMENT_DATA, ~0U, 0 };
}

static void set_up(struct vmcb *v, unsigned int cpu)
{
	v->intercept_exceptions = INTERCEPT_EXCEPTIONS;
	v->intercept = INTERCEPT_SHUTDOWN;
	v->intercept_svm = INTERCEPT_VMRUN | INTERCEPT_VMMCALL;
	v->asid = 1;
	set_segments(v);
	v->efer = rdmsr(MSR_EFER);
	v->cr0 = READ_REG(cr0);
	v->cr3 = READ_REG(cr3);
	v->cr4 = READ_REG(cr4);
	v->dr6 = DR6_CLEAR;
	v->dr7 = DR7_NONE;
	v->rflags = 2;		/* no interrupts: they wait for STGI */
	v->rip = (word)l2_main;
	v->rsp = USER_STACKS + (cpu + 1) * IST_SIZE - 8;
}

static void run(struct vmcb *v, struct mailbox *m)
{
	asm volatile("push %%rbp\n\t"
		     "vmrun\n\t"
		     "stgi\n\t"
		     "pop %%rbp"
		     : "+a" (v), "+D" (m) : : "rbx", "rcx", "rdx", "rsi", "r8", "r9", "r10", "r11",
		     "r12", "r13", "r14", "r15", "memory", "cc");
}

GUEST_OP(l2_store)
{
	struct vmcb *v = (struct vmcb *)(L2_VMCBS + (word)m->cpu * L2_SIZE);
	u64 efer = rdmsr(MSR_EFER);

	m->ret[1] = cpuid_ecx(0x80000001) & CPUID_SVM;
	if (!m->ret[1])
		return;
	wrmsr(MSR_EFER, efer | EFER_SVME);
	wrmsr(MSR_VM_HSAVE_PA, L2_HOSTS + m->cpu * L2_SIZE);
	set_up(v, m->cpu);
	run(v, m);
	wrmsr(MSR_EFER, efer);
	m->ret[0] = v->exit_code;
}

#else

GUEST_OP(l2_store) { (void)m; }

#endif

#else

static bool answer(const struct mailbox *m, struct answer *out)
{
	if (!m->ret[1])
		answer_add(out, "l2-store: not offered");
	else if (m->ret[0] != EXIT_VMMCALL)
		answer_add(out, "exit of the guest's guest: expected 0x%x, got 0x%llx", EXIT_VMMCALL,
			   (unsigned long long)m->ret[0]);
	return !out->len;
}

HOST_OP(l2_store) = {
	.name = "l2-store",
	.usage = "ADDR LEN VALUE",
	.proves = "a store by a guest of the guest (--nested, AMD)",
	.args = "alv",
	.long_mode = true,
	.answer = answer,
};

#endif
