// SPDX-License-Identifier: GPL-2.0
/*
 * init: INIT and SIPI from vCPU 0, KVM resets the vCPU. reset: the VMM does, as
 * for a reboot. Either way it comes back through real mode, CR0.PG falls and
 * rises, and whatever was armed must still be.
 */
#include <time.h>
#include <unistd.h>

#include "op.h"

#define BOOT_TIMEOUT_S 20

static bool wait_boot(struct vcpu *v, uint32_t before, struct answer *out)
{
	const volatile struct mailbox *m = v->mailbox;
	time_t end = time(NULL) + BOOT_TIMEOUT_S;

	while (m->boots == before) {
		if (time(NULL) > end || v->dead) {
			answer_add(out, "vCPU %u did not come back: %s", v->index, v->dead ? v->why : "time");
			return false;
		}
		usleep(200);
	}
	return true;
}

static bool init_run(int argc, char **argv, struct answer *out)
{
	struct vcpu *v = vcpu_parse(argc == 1 ? argv[0] : "", out);
	uint32_t before;

	if (!v)
		return false;
	if (!v->index) {
		answer_add(out, "init: expected a CPU other than 0, which sends it");
		return false;
	}
	before = v->mailbox->boots;
	return op_run(vm.vcpu[0], op_find("init-ap"), argc, argv, out) && wait_boot(v, before, out);
}

static bool reset_run(int argc, char **argv, struct answer *out)
{
	struct vcpu *v = vcpu_parse(argc == 1 ? argv[0] : "", out);
	uint32_t before;

	if (!v)
		return false;
	before = v->mailbox->boots;
	vcpu_pause(v);
	v->dead = false;
	v->mailbox->trapped = 0;
	regs_set_reset(v);
	vcpu_resume(v);
	return wait_boot(v, before, out);
}

COMMAND(init) = {
	"init", "CPU", "INIT and SIPI by vCPU 0's local APIC; waits for it to come back", init_run,
};
COMMAND(reset) = {
	"reset", "CPU", "the VMM resets it to real mode; waits for it to come back", reset_run,
};
