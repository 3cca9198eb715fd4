/* SPDX-License-Identifier: GPL-2.0 */
/* Walking a guest's page tables in long mode: AMD64 manual 2, 5.3; Intel SDM 3A, 4.5. */
#ifndef _CV_WALK_H
#define _CV_WALK_H

#include <linux/kvm_host.h>
#include "word.h"

#define CV_PTE_PRESENT	BIT_ULL(0)
#define CV_PTE_ACCESSED	BIT_ULL(5)
#define CV_PTE_DIRTY	BIT_ULL(6)
#define CV_PTE_LARGE	BIT_ULL(7)
#define CV_PTE_ADDRESS	0x000ffffffffff000ULL

struct cv_walk {
	gpa_t gpa;			/* what the linear address means */
	gpa_t entry[CV_TABLES];		/* where the entries below the root's lie */
	u64 value[CV_TABLES];		/* and what they held */
	unsigned int n;
};

static inline bool cv_walk_possible(const struct kvm_vcpu *vcpu)
{
	return vcpu->arch.efer & EFER_LMA;
}

/*
 * KVM's own walk, whatever the paging mode: INVALID_GPA if the address does not
 * translate. In the VMM's address space, vCPU loaded; sleeps for tables that are
 * not there, unless page faults are disabled.
 */
gpa_t cv_translate(struct kvm_vcpu *vcpu, u64 addr);

/*
 * From @root, a CR3. False if the address does not translate or a table cannot be
 * read without waiting. In the VMM's address space.
 */
bool cv_walk(struct kvm_vcpu *vcpu, u64 root, u64 addr, struct cv_walk *walk);

#endif /* _CV_WALK_H */
