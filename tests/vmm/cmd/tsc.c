// SPDX-License-Identifier: GPL-2.0
/*
 * tsc: the host's counter, which the guest shares: comparable with rdtsc-store. clock: has
 * KVM write every pvclock again, at no guest's asking.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "host/vmm.h"

static bool tsc_run(int argc, char **argv, struct answer *out)
{
	(void)argc, (void)argv;
	answer_add(out, "%llu", __builtin_ia32_rdtsc());
	return true;
}

static bool clock_run(int argc, char **argv, struct answer *out)
{
	struct kvm_clock_data now = { .flags = 0 };

	(void)argc, (void)argv;
	if (!ioctl(vm.fd, KVM_GET_CLOCK, &now)) {
		now.flags = 0;
		if (!ioctl(vm.fd, KVM_SET_CLOCK, &now))
			return true;
	}
	answer_add(out, "KVM_SET_CLOCK: %s", strerror(errno));
	return false;
}

COMMAND(tsc) = { "tsc", "", "the host's TSC", tsc_run };
COMMAND(clock) = { "clock", "", "the VM's clock is set to what it is; KVM writes each pvclock again", clock_run };
