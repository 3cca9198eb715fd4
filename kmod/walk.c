// SPDX-License-Identifier: GPL-2.0
#include <linux/uaccess.h>
#include "compat/compat.h"
#include "walk.h"

static bool read_entry(struct kvm *kvm, gpa_t gpa, u64 *entry)
{
	int idx = srcu_read_lock(&kvm->srcu), err;

	pagefault_disable();
	err = kvm_read_guest_page(kvm, gpa >> PAGE_SHIFT, entry, offset_in_page(gpa),
				  sizeof(*entry));
	pagefault_enable();
	srcu_read_unlock(&kvm->srcu, idx);
	return !err && *entry & CV_PTE_PRESENT;
}

/* Not the root's: each process has its own, which goes with it, kernel half and all. */
static void note(struct cv_walk *walk, bool root, gpa_t gpa, u64 entry)
{
	if (root)
		return;
	walk->entry[walk->n] = gpa;
	walk->value[walk->n++] = entry;
}

/* KVM's walk does not look at the bits above those it translates. */
static bool is_canonical(const struct kvm_vcpu *vcpu, u64 addr)
{
	unsigned int unused = vcpu->arch.cr4 & X86_CR4_LA57 ? 64 - 57 : 64 - 48;

	return !(vcpu->arch.efer & EFER_LMA) || (s64)(addr << unused) >> unused == (s64)addr;
}

gpa_t cv_translate(struct kvm_vcpu *vcpu, u64 addr)
{
	struct kvm_mmu *mmu = vcpu->arch.walk_mmu;
	struct cv_exception exception = {};
	gpa_t gpa;
	int idx;

	if (!is_canonical(vcpu, addr))
		return INVALID_GPA;
	idx = srcu_read_lock(&vcpu->kvm->srcu);
	gpa = mmu->gva_to_gpa(vcpu, mmu, addr, 0, (void *)&exception);
	srcu_read_unlock(&vcpu->kvm->srcu, idx);
	return gpa;
}

bool cv_walk(struct kvm_vcpu *vcpu, u64 root, u64 addr, struct cv_walk *walk)
{
	const unsigned int levels = vcpu->arch.cr4 & X86_CR4_LA57 ? 5 : 4;
	unsigned int level = levels, shift;
	gpa_t table = root & CV_PTE_ADDRESS, at;
	u64 entry, offset;

	walk->n = 0;
	for (;; level--) {
		shift = PAGE_SHIFT + 9 * (level - 1);
		at = table + 8 * (addr >> shift & 511);
		if (!read_entry(vcpu->kvm, at, &entry))
			return false;
		note(walk, level == levels, at, entry);
		table = entry & CV_PTE_ADDRESS;
		if (level == 1 || (level < 4 && entry & CV_PTE_LARGE))
			break;
	}
	offset = addr & (BIT_ULL(shift) - 1);
	walk->gpa = (table & ~(BIT_ULL(shift) - 1)) | offset;
	return true;
}
