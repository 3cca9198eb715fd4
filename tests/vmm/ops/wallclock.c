// SPDX-License-Identifier: GPL-2.0
/*
 * wallclock: the guest asks KVM to write its wall clock, 12 bytes, to a physical address
 * of its choice. No debug register and no page track sees that.
 */
#include "op.h"

#ifdef GUEST

#define MSR_KVM_WALL_CLOCK_NEW 0x4b564d00

GUEST_OP(wallclock)
{
	wrmsr(MSR_KVM_WALL_CLOCK_NEW, m->arg[0]);
}

#else

HOST_OP(wallclock) = {
	.name = "wallclock",
	.usage = "PHYS",
	.proves = "KVM itself writes 12 bytes where the guest says",
	.args = "p",
};

#endif
