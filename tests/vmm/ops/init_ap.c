// SPDX-License-Identifier: GPL-2.0
/*
 * init-ap: the guest's vCPU sends INIT and two SIPIs to another through its local APIC; the
 * other comes back through real mode. `init CPU` waits for it as well.
 */
#include "op.h"

#ifdef GUEST

static void delay(void)
{
	volatile unsigned int left = 10000;

	while (left)
		left--;
}

GUEST_OP(init_ap)
{
	u32 command[] = { 0x4500, 0x4600 | TRAMPOLINE >> 12, 0x4600 | TRAMPOLINE >> 12 };
	unsigned int i;

	for (i = 0; i < 3; i++) {
		lapic_write(LAPIC_ICR2, (u32)m->arg[0] << 24);
		lapic_write(LAPIC_ICR, command[i]);
		delay();
	}
}

#else

HOST_OP(init_ap) = {
	.name = "init-ap",
	.usage = "CPU",
	.proves = "a vCPU is reset by INIT and comes back",
	.args = "v",
};

#endif
