// SPDX-License-Identifier: GPL-2.0
/* What the guest's CPUID says: what KVM supports, SVM and VMX only if asked. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm.h"

#define ENTRIES	256
#define VMX	(1U << 5)	/* leaf 1 ecx */
#define SVM	(1U << 2)	/* leaf 0x80000001 ecx */

static void adapt(struct kvm_cpuid_entry2 *e, const struct vcpu *v)
{
	switch (e->function) {
	case 1:
		e->ebx = (e->ebx & 0x00ffffff) | v->index << 24;
		if (!vm.nested)
			e->ecx &= ~VMX;
		break;
	case 0xb:
		e->edx = v->index;
		break;
	case 0x80000001:
		if (!vm.nested)
			e->ecx &= ~SVM;
		break;
	case 0x8000000a:
		if (!vm.nested)
			e->eax = e->ebx = e->ecx = e->edx = 0;
		break;
	}
}

void cpuid_set(struct vcpu *v)
{
	struct kvm_cpuid2 *cpuid = calloc(1, sizeof(*cpuid) + ENTRIES * sizeof(cpuid->entries[0]));
	unsigned int i;

	if (!cpuid)
		die("out of memory");
	cpuid->nent = ENTRIES;
	if (ioctl(vm.kvm, KVM_GET_SUPPORTED_CPUID, cpuid))
		die("KVM_GET_SUPPORTED_CPUID: %s", strerror(errno));
	for (i = 0; i < cpuid->nent; i++)
		adapt(&cpuid->entries[i], v);
	if (ioctl(v->fd, KVM_SET_CPUID2, cpuid))
		die("KVM_SET_CPUID2 for vCPU %u: %s", v->index, strerror(errno));
	free(cpuid);
}
