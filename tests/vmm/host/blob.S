/* SPDX-License-Identifier: GPL-2.0 */
/* The two guest images. */
	.section .rodata
	.globl	guest64, guest64_end, guest32, guest32_end
	.balign	16
guest64:
	.incbin	GUEST64
guest64_end:
	.balign	16
guest32:
	.incbin	GUEST32
guest32_end:
	.section .note.GNU-stack, "", @progbits
