// SPDX-License-Identifier: GPL-2.0
/*
 * steal-time: the guest gives KVM a physical address for what other threads have stolen
 * from it, 64 bytes. KVM writes there whenever the vCPU's thread comes back to KVM_RUN or is
 * scheduled, once for this op's exit to the VMM; with ON 0 no more. It writes through the
 * VMM's address, not through the guest's mapping.
 */
#include "op.h"

#ifdef GUEST

#define MSR_KVM_STEAL_TIME 0x4b564d03

GUEST_OP(steal_time)
{
	wrmsr(MSR_KVM_STEAL_TIME, m->arg[0] | m->arg[1]);
	outl(PORT_OUT, 0);
}

#else

static const char *check(const uint64_t *arg)
{
	if (arg[0] & 63)
		return "PHYS: expected a multiple of 64";
	return arg[1] > 1 ? "ON: expected 0 or 1" : NULL;
}

HOST_OP(steal_time) = {
	.name = "steal-time",
	.usage = "PHYS [ON]",
	.proves = "KVM writes the stolen time where the guest says, at each return to KVM_RUN",
	.args = "pn",
	.check = check,
};

#endif
