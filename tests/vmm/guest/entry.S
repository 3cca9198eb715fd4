/* SPDX-License-Identifier: GPL-2.0 */
/* Interrupt entry: every stub leaves vector and error code and calls trap(). */
#include "layout.h"

#ifdef __x86_64__
#define WORD .quad
#else
#define WORD .long
#endif

	.text
common:
#ifdef __x86_64__
	push	%rax
	push	%rcx
	push	%rdx
	push	%rbx
	push	%rbp
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	cld
	mov	%rsp, %rdi
	mov	%rsp, %rbx
	and	$-16, %rsp
	call	trap
	mov	%rbx, %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rbp
	pop	%rbx
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$16, %rsp
	iretq
#else
	push	%eax
	push	%ecx
	push	%edx
	push	%ebx
	push	%ebp
	push	%esi
	push	%edi
	cld
	mov	%esp, %eax
	push	%eax
	call	trap
	add	$4, %esp
	pop	%edi
	pop	%esi
	pop	%ebp
	pop	%ebx
	pop	%edx
	pop	%ecx
	pop	%eax
	add	$8, %esp
	iret
#endif

	.macro	stub vector
stub_\vector:
	.if	!(\vector == 8 || (\vector >= 10 && \vector <= 14) || \vector == 17 || \vector == 21 || \vector == 29 || \vector == 30)
	push	$0
	.endif
	push	$\vector
	jmp	common
	.section .rodata
	WORD	stub_\vector
	.text
	.endm

	.section .rodata
	.balign 8
	.globl	trap_stubs
trap_stubs:
	.text
	.altmacro
	.set	v, 0
	.rept	32
	stub	%v
	.set	v, v + 1
	.endr
	.noaltmacro

	.globl	trap_wake, trap_submit, trap_spurious
trap_wake:
	push	$0
	push	$VEC_WAKE
	jmp	common
trap_submit:
	push	$0
	push	$VEC_SUBMIT
	jmp	common
trap_spurious:
	push	$0
	push	$VEC_SPURIOUS
	jmp	common
	.section .note.GNU-stack, "", @progbits
