// SPDX-License-Identifier: GPL-2.0
/* tsc: the host's counter, which the guest shares: comparable with rdtsc-store. */
#include "host/vmm.h"

static bool tsc_run(int argc, char **argv, struct answer *out)
{
	(void)argc, (void)argv;
	answer_add(out, "%llu", __builtin_ia32_rdtsc());
	return true;
}

COMMAND(tsc) = { "tsc", "", "the host's TSC", tsc_run };
