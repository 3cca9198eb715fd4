// SPDX-License-Identifier: GPL-2.0
/*
 * push: a store through the stack pointer, which points into the watched page for one
 * instruction. The 32-bit guest has no second stack for #DB: with a breakpoint of its
 * own on ADDR the exception frame lands below it.
 */
#include "op.h"

#ifdef GUEST

#ifdef __x86_64__
#define STACK_REG "rsp"
#else
#define STACK_REG "esp"
#endif

GUEST_OP(push)
{
	word top = m->arg[0] + sizeof(word), value = m->arg[1], saved;

	asm volatile("cli\n\t"
		     "mov %%" STACK_REG ", %0\n\t"
		     "mov %1, %%" STACK_REG "\n\t"
		     "push %2\n\t"
		     "mov %0, %%" STACK_REG "\n\t"
		     "sti"
		     : "=&r" (saved) : "r" (top), "r" (value) : "memory");
}

#else

HOST_OP(push) = {
	.name = "push",
	.usage = "ADDR VALUE",
	.proves = "PUSH of a machine word to ADDR is seen",
	.args = "av",
};

#endif
