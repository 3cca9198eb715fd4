/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What guest and VMM agree on: where things lie in guest-physical memory, the
 * ports, the vectors. Read by C and by the assembler.
 *
 *	0x008000	real-mode trampoline for INIT and SIPI
 *	0x009000	page tables in which `words` means `spare`, built by the VMM
 *	0x010000	page tables, built by the VMM
 *	0x020000	op `l2-store`: VMCB and host state of each vCPU
 *	0x100000	guest image
 *	0x200000	one mailbox page per vCPU
 *	0x280000	stacks: tasks, #DB and NMI, entry from CPL 3
 *	0x400000	2 MiB with nothing but the pages tests watch
 */
#ifndef VMM_LAYOUT_H
#define VMM_LAYOUT_H

#define MAX_VCPUS		64

#define TRAMPOLINE		0x8000
#define OTHER_TABLES		0x9000
#define PML4_OTHER		(OTHER_TABLES + 0x0000)
#define PDPT_OTHER		(OTHER_TABLES + 0x1000)
#define PD_OTHER		(OTHER_TABLES + 0x2000)
#define PT_OTHER		(OTHER_TABLES + 0x3000)

#define PAGE_TABLES		0x10000
#define PML4			(PAGE_TABLES + 0x0000)
#define PML4_BARE		(PAGE_TABLES + 0x1000)	/* without the high alias */
#define PDPT_LOW		(PAGE_TABLES + 0x2000)
#define PDPT_HIGH		(PAGE_TABLES + 0x3000)
#define PD_HIGH			(PAGE_TABLES + 0x4000)
#define PT_HIGH			(PAGE_TABLES + 0x5000)	/* two pages: WATCHED, and free names */
#define PD_LOW			(PAGE_TABLES + 0x7000)	/* four pages: 4 GiB */
#define PD32			(PAGE_TABLES + 0xb000)
#define PT32_HIGH		(PAGE_TABLES + 0xc000)	/* WATCHED, and free names */

#define L2_VMCBS		0x20000
#define L2_HOSTS		0x60000
#define L2_SIZE			0x1000

#define IMAGE			0x100000
#define MAILBOXES		0x200000
#define MAILBOX_SIZE		0x1000
#define STACKS			0x280000
#define STACK_SIZE		0x2000
#define IST_STACKS		0x300000
#define IST_SIZE		0x1000
#define USER_STACKS		0x340000
#define RSP0_STACKS		0x380000

#define WATCHED			0x400000		/* a 2 MiB block of its own */
#define WATCHED_SIZE		0x200000
#define WORDS			(WATCHED + 0x5000)	/* the page tests watch */
#define SPARE			(WATCHED + 0x7000)	/* what `remap` puts in its place */
#define MEM_MIN			(WATCHED + WATCHED_SIZE)

#define HIGH64			0xffffffff81000000	/* 4 KiB pages onto WATCHED */
#define HIGH32			0xc1000000

#define LAPIC			0xfee00000

#define MMIO			0xd0000000	/* nothing; answers what was last written to it */

#define SEL_CODE32		0x08
#define SEL_DATA		0x10
#define SEL_CODE64		0x18
#define SEL_PERCPU		0x23	/* DPL 3: must survive a return to CPL 3 */
#define SEL_USER_DATA		0x2b
#define SEL_USER_CODE		0x33
#define SEL_TSS			0x38
#define GDT_ENTRIES		9

#define VEC_WAKE		0x40	/* of `wake`: counted */
#define VEC_SUBMIT		0x41	/* an op waits in the mailbox */
#define VEC_KERNEL		0x80	/* INT from CPL 3 */
#define VEC_SPURIOUS		0xff

#define PORT_OUT		0x500	/* op `out`: an exit the VMM sees */
#define PORT_INS		0x501	/* op `ins`: answers what was last written to it */
#define PORT_TRAP		0x502	/* an exception nobody expected */
#define PORT_DOORBELL		0x510	/* ioeventfd, data = vCPU: op done */

#endif
