// SPDX-License-Identifier: GPL-2.0
/*
 * The two states a vCPU is put in: at the guest's entry with segments and
 * paging set up, or as after a reset, at the real-mode trampoline.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "vmm.h"

#define CR0_START	0x00050033	/* PE MP ET NE WP AM */
#define CR0_PG		0x80000000
#define CR0_RESET	0x60000010
#define CR4_PAE		0x20
#define EFER_LONG	0x500		/* LME LMA */

static void set(int fd, unsigned long request, const void *value, const char *name)
{
	if (ioctl(fd, request, value))
		die("%s: %s", name, strerror(errno));
}
#define SET(v, request, value) set((v)->fd, request, value, #request)

static struct kvm_segment segment(uint16_t selector, uint8_t type)
{
	return (struct kvm_segment) {
		.limit = 0xffffffff, .selector = selector, .type = type,
		.present = 1, .s = 1, .g = 1, .db = 1,
	};
}

static void system_segments(struct kvm_sregs *s)
{
	s->tr = (struct kvm_segment) { .limit = 0xffff, .type = 11, .present = 1 };
	s->ldt = (struct kvm_segment) { .unusable = 1 };
	s->gdt = s->idt = (struct kvm_dtable) { .limit = 0 };
}

static void flat(struct kvm_sregs *s)
{
	s->cs = segment(SEL_CODE32, 11);
	s->ds = s->es = s->fs = s->gs = s->ss = segment(SEL_DATA, 3);
	s->cr0 = CR0_START;
	s->cr3 = s->cr4 = s->efer = 0;
}

static void long_mode(struct kvm_sregs *s)
{
	s->cs.selector = SEL_CODE64;
	s->cs.l = 1;
	s->cs.db = 0;
	s->cr0 |= CR0_PG;
	s->cr3 = PML4;
	s->cr4 = CR4_PAE;
	s->efer = EFER_LONG;
}

static void real_mode(struct kvm_sregs *s)
{
	struct kvm_segment data = { .limit = 0xffff, .type = 3, .present = 1, .s = 1 };

	s->ds = s->es = s->fs = s->gs = s->ss = data;
	s->cs = data;
	s->cs.type = 11;
	s->cs.selector = TRAMPOLINE >> 4;
	s->cs.base = TRAMPOLINE;
	s->cr0 = CR0_RESET;
	s->cr3 = s->cr4 = s->efer = 0;
}

static void forget_events(struct vcpu *v)
{
	struct kvm_debugregs debug = { .dr6 = 0xffff0ff0, .dr7 = 0x400 };
	struct kvm_vcpu_events events = { .flags = 0 };

	SET(v, KVM_SET_VCPU_EVENTS, &events);
	SET(v, KVM_SET_DEBUGREGS, &debug);
}

static void apply(struct vcpu *v, const struct kvm_sregs *sregs, uint64_t rip)
{
	struct kvm_regs regs = { .rip = rip, .rdi = v->index, .rflags = 2 };
	struct kvm_mp_state runnable = { .mp_state = KVM_MP_STATE_RUNNABLE };

	SET(v, KVM_SET_SREGS, sregs);
	SET(v, KVM_SET_REGS, &regs);
	SET(v, KVM_SET_MP_STATE, &runnable);
}

/* The guest's TSC is the host's: `rdtsc-store` compares with host times. */
static void share_tsc(struct vcpu *v)
{
	uint64_t offset = 0;
	struct kvm_device_attr attr = {
		.group = KVM_VCPU_TSC_CTRL,
		.attr = KVM_VCPU_TSC_OFFSET,
		.addr = (uintptr_t)&offset,
	};

	SET(v, KVM_SET_DEVICE_ATTR, &attr);
}

/*
 * KVM lists a vCPU as an interrupt's destination when its local APIC changes;
 * at its creation it is not among the VM's vCPUs yet. Without this, an INIT for
 * a vCPU that has never run is lost.
 */
static void make_reachable(struct vcpu *v)
{
	struct kvm_lapic_state lapic;

	if (vm.no_irqchip)
		return;
	SET(v, KVM_GET_LAPIC, &lapic);
	SET(v, KVM_SET_LAPIC, &lapic);
}

void regs_set_start(struct vcpu *v)
{
	struct kvm_sregs sregs;

	SET(v, KVM_GET_SREGS, &sregs);
	system_segments(&sregs);
	flat(&sregs);
	if (vm.long_mode)
		long_mode(&sregs);
	apply(v, &sregs, vm.image.entry);
	make_reachable(v);
	share_tsc(v);
}

void regs_set_waiting(struct vcpu *v)
{
	struct kvm_mp_state waiting = { .mp_state = KVM_MP_STATE_UNINITIALIZED };

	SET(v, KVM_SET_MP_STATE, &waiting);
}

void regs_set_reset(struct vcpu *v)
{
	struct kvm_sregs sregs;

	SET(v, KVM_GET_SREGS, &sregs);
	system_segments(&sregs);
	real_mode(&sregs);
	forget_events(v);
	apply(v, &sregs, 0);
}
