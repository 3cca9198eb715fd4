// SPDX-License-Identifier: GPL-2.0
/*
 * pv-eoi: the guest lets KVM have a byte to say that an interrupt needs no EOI, and sends
 * itself one: KVM writes 1 when it injects it and 0 at the next exit, the handler's EOI.
 * Prints what the handler found. KVM leaves the byte alone while another interrupt waits.
 */
#include "op.h"

#ifdef GUEST

#define MSR_KVM_PV_EOI_EN	0x4b564d04
#define ICR_SELF		0x44000		/* fixed, assert, to itself */

static void interrupt_self(const struct mailbox *m)
{
	u32 before = m->irqs;

	lapic_write(LAPIC_ICR, ICR_SELF | VEC_WAKE);
	while (*(const volatile u32 *)&m->irqs == before)
		asm volatile("pause" : : : "memory");
}

GUEST_OP(pv_eoi)
{
	unsigned int tries = 10;

	wrmsr(MSR_KVM_PV_EOI_EN, m->arg[0] | 1);
	m->eoi_byte = m->arg[0];
	do
		interrupt_self(m);
	while (m->ret[0] != 1 && --tries);
	m->eoi_byte = 0;
	wrmsr(MSR_KVM_PV_EOI_EN, 0);
}

#else

static const char *check(const uint64_t *arg)
{
	if (vm.no_irqchip)
		return "needs KVM's local APIC";
	return arg[0] & 3 ? "PHYS: expected a multiple of 4" : NULL;
}

static bool answer(const struct mailbox *m, struct answer *out)
{
	answer_add(out, "0x%llx", (unsigned long long)m->ret[0]);
	return m->ret[0] == 1;
}

HOST_OP(pv_eoi) = {
	.name = "pv-eoi",
	.usage = "PHYS",
	.proves = "KVM writes a byte with an interrupt and again at its EOI; prints the first",
	.args = "p",
	.check = check,
	.answer = answer,
};

#endif
