// SPDX-License-Identifier: GPL-2.0
/*
 * user-store, user-spin: the same in CPL 3. A store from there hits as well, and
 * an address must resolve while a vCPU is in CPL 3.
 */
#include "op.h"

#ifdef GUEST

#ifdef __x86_64__

extern void enter_user(void (*function)(struct mailbox *m), struct mailbox *m, word stack,
		       u64a *kernel_stack);

asm(".globl enter_user, trap_kernel\n"
    "enter_user:\n\t"
    "push %rbx\n\tpush %rbp\n\tpush %r12\n\tpush %r13\n\tpush %r14\n\tpush %r15\n\t"
    "mov %rsp, (%rcx)\n\t"
    "push $0x2b\n\t"			/* SEL_USER_DATA */
    "push %rdx\n\t"
    "push $0x202\n\t"
    "push $0x33\n\t"			/* SEL_USER_CODE */
    "push %rdi\n\t"
    "mov %rsi, %rdi\n\t"
    "iretq\n"
    "trap_kernel:\n\t"			/* INT $VEC_KERNEL */
    "mov %gs:0, %eax\n\t"
    "mov user_return_offset(%rip), %ecx\n\t"
    "mov (%rax, %rcx), %rsp\n\t"
    "mov $0x10, %eax\n\t"		/* SEL_DATA */
    "mov %eax, %ss\n\t"
    "pop %r15\n\tpop %r14\n\tpop %r13\n\tpop %r12\n\tpop %rbp\n\tpop %rbx\n\t"
    "sti\n\t"
    "ret");

const u32 user_return_offset = __builtin_offsetof(struct mailbox, user_return);

static void user_store(struct mailbox *m)
{
	store_sized(m->arg[0], m->arg[1], m->arg[2]);
	asm volatile("int $0x80");
}

static void user_spin(struct mailbox *m)
{
	while (!stopped(m))
		m->ret[0]++;
	asm volatile("int $0x80");
}

static void in_user(void (*function)(struct mailbox *m), struct mailbox *m)
{
	word stack = USER_STACKS + (m->cpu + 1) * IST_SIZE - 8;

	enter_user(function, m, stack, &m->user_return);
}

GUEST_OP(user_store)
{
	in_user(user_store, m);
}

GUEST_OP(user_spin)
{
	m->ret[0] = 0;
	in_user(user_spin, m);
}

#else

const char trap_kernel[1];

GUEST_OP(user_store) { (void)m; }
GUEST_OP(user_spin) { (void)m; }

#endif

#else

HOST_OP(user_store) = {
	.name = "user-store",
	.usage = "ADDR LEN VALUE",
	.proves = "a store in CPL 3 is seen",
	.args = "alv",
	.long_mode = true,
};

HOST_OP(user_spin) = {
	.name = "user-spin",
	.usage = "",
	.proves = "an address resolves while the vCPU is in CPL 3; endless, see start",
	.args = "",
	.long_mode = true,
	.answer = answer_dec,
};

#endif
