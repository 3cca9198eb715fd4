// SPDX-License-Identifier: GPL-2.0
/* wait, stop, wake, quiet: ops that were started. */
#include <string.h>

#include "host/vmm.h"

#define MSI_NMI	0x400

static bool wait_run(int argc, char **argv, struct answer *out)
{
	struct vcpu *v = vcpu_parse(argc ? argv[0] : "0", out);

	return v && op_wait(v, out);
}

static bool stop_run(int argc, char **argv, struct answer *out)
{
	struct vcpu *v = vcpu_parse(argc ? argv[0] : "0", out);

	if (!v)
		return false;
	*(volatile uint32_t *)&v->mailbox->stop = 1;
	return op_wait(v, out);
}

static bool wake_run(int argc, char **argv, struct answer *out)
{
	struct vcpu *v = vcpu_parse(argc ? argv[0] : "0", out);
	bool nmi = argc > 1 && !strcmp(argv[1], "nmi");

	if (!v)
		return false;
	if (argc > 1 && !nmi && strcmp(argv[1], "irq")) {
		answer_add(out, "wake: expected irq or nmi, got %s", argv[1]);
		return false;
	}
	if (!vcpu_interrupt(v, nmi ? MSI_NMI : VEC_WAKE)) {
		answer_add(out, "wake: not delivered to vCPU %u", v->index);
		return false;
	}
	return true;
}

static bool quiet_run(int argc, char **argv, struct answer *out)
{
	if (argc != 1 || (strcmp(argv[0], "on") && strcmp(argv[0], "off"))) {
		answer_add(out, "quiet: expected on or off");
		return false;
	}
	vm.quiet = !strcmp(argv[0], "on");
	return true;
}

COMMAND(wait) = { "wait", "[CPU]", "wait for the op that was started; prints its answer", wait_run };
COMMAND(stop) = { "stop", "[CPU]", "end an endless op; prints its answer", stop_run };
COMMAND(wake) = { "wake", "[CPU [irq|nmi]]", "interrupt a vCPU through its local APIC", wake_run };
COMMAND(quiet) = { "quiet", "on|off", "ops are answered without an exit", quiet_run };
