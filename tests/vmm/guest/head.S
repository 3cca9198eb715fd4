/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The image's head, the entry with the vCPU's number in edi, and the trampoline
 * that an INIT + SIPI sends an application processor through.
 */
#include "layout.h"

	/* a label as one of image_head's 64-bit numbers */
	.macro	number label
#ifdef __x86_64__
	.quad	\label
#else
	.long	\label, 0
#endif
	.endm

	.section .head, "a"
	.quad	0x74736575676d6d76
	number	start
	number	target
	number	trampoline
	.quad	trampoline_end - trampoline

	.text
	.globl	start
start:
	mov	%edi, %eax
	inc	%eax
	imul	$STACK_SIZE, %eax, %eax
	add	$STACKS, %eax
#ifdef __x86_64__
	mov	%rax, %rsp
	call	guest_main
#else
	mov	%eax, %esp
	push	%edi
	call	guest_main
#endif

/* Runs at TRAMPOLINE, in real mode first. */
#define AT(label) (TRAMPOLINE + label - trampoline)
	.globl	trampoline, trampoline_end
	.code16
trampoline:
	cli
	mov	%cs, %ax
	mov	%ax, %ds
	lgdtl	gdt_pointer - trampoline
	mov	%cr0, %eax
	and	$0x9fffffff, %eax	/* CD and NW, set by INIT */
	or	$1, %eax
	mov	%eax, %cr0
	ljmpl	$SEL_CODE32, $AT(protected)
	.code32
protected:
	mov	$SEL_DATA, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	mov	(LAPIC + 0x20), %edi
	shr	$24, %edi
#ifdef __x86_64__
	mov	$0x20, %eax		/* PAE */
	mov	%eax, %cr4
	mov	$PML4, %eax
	mov	%eax, %cr3
	mov	$0xc0000080, %ecx	/* EFER.LME */
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$0x80000000, %eax
	mov	%eax, %cr0
	ljmp	$SEL_CODE64, $AT(long_mode)
	.code64
long_mode:
	mov	$start, %eax
	jmp	*%rax
#else
	mov	$start, %eax
	jmp	*%eax
#endif
	.balign 8
gdt:
	.quad	0
	.quad	0x00cf9b000000ffff	/* SEL_CODE32 */
	.quad	0x00cf93000000ffff	/* SEL_DATA */
	.quad	0x00af9b000000ffff	/* SEL_CODE64 */
gdt_pointer:
	.word	gdt_pointer - gdt - 1
	.long	AT(gdt)
trampoline_end:
	.section .note.GNU-stack, "", @progbits
