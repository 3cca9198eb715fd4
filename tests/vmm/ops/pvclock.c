// SPDX-License-Identifier: GPL-2.0
/*
 * pvclock: the guest gives KVM a physical address for its clock, 32 bytes, and KVM writes
 * there on the next entry, and again whenever it has reason to, see clock; with ON 0 no more.
 */
#include "op.h"

#ifdef GUEST

#define MSR_KVM_SYSTEM_TIME_NEW 0x4b564d01

GUEST_OP(pvclock)
{
	wrmsr(MSR_KVM_SYSTEM_TIME_NEW, m->arg[0] | m->arg[1]);
}

#else

static const char *check(const uint64_t *arg)
{
	if (arg[0] & 3 || arg[0] % 4096 > 4096 - 32)
		return "PHYS: expected a multiple of 4 and 32 bytes of one page";
	return arg[1] > 1 ? "ON: expected 0 or 1" : NULL;
}

HOST_OP(pvclock) = {
	.name = "pvclock",
	.usage = "PHYS [ON]",
	.proves = "KVM writes its clock where the guest says, now and later",
	.args = "pn",
	.check = check,
};

#endif
