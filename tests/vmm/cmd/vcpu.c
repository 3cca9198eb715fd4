// SPDX-License-Identifier: GPL-2.0
/*
 * pause, resume, kick: a vCPU out of KVM_RUN and back. addcpu, parked: vCPUs that
 * come later; a parked one has been created and never ran. nested: of those.
 */
#include <string.h>

#include "host/vmm.h"

static bool with_vcpu(int argc, char **argv, void (*act)(struct vcpu *v), struct answer *out)
{
	struct vcpu *v = argc == 1 ? vcpu_parse(argv[0], out) : NULL;

	if (argc != 1)
		answer_add(out, "expected CPU");
	if (v)
		act(v);
	return v;
}

static bool pause_run(int argc, char **argv, struct answer *out)
{
	return with_vcpu(argc, argv, vcpu_pause, out);
}

static bool resume_run(int argc, char **argv, struct answer *out)
{
	return with_vcpu(argc, argv, vcpu_resume, out);
}

static bool kick_run(int argc, char **argv, struct answer *out)
{
	return with_vcpu(argc, argv, vcpu_kick, out);
}

static bool create(enum birth birth, struct answer *out)
{
	struct vcpu *v = vcpu_create(birth, out);

	if (v)
		answer_add(out, "%u", v->index);
	return v;
}

static bool addcpu_run(int argc, char **argv, struct answer *out)
{
	if (argc && strcmp(argv[0], "waiting")) {
		answer_add(out, "addcpu: expected nothing or waiting, got %s", argv[0]);
		return false;
	}
	return create(argc ? BIRTH_WAITING : BIRTH_RUNNING, out);
}

static bool parked_run(int argc, char **argv, struct answer *out)
{
	uint64_t index;

	if (argc && (!number_parse(argv[0], &index) || index != vm.vcpus)) {
		answer_add(out, "parked: the next vCPU is %u, got %s", vm.vcpus, argv[0]);
		return false;
	}
	return create(BIRTH_PARKED, out);
}

static bool nested_run(int argc, char **argv, struct answer *out)
{
	unsigned int i;

	if (argc != 1 || (strcmp(argv[0], "on") && strcmp(argv[0], "off"))) {
		answer_add(out, "nested: expected on or off");
		return false;
	}
	vm.nested = !strcmp(argv[0], "on");
	for (i = 0; i < vm.vcpus; i++)
		if (!vm.vcpu[i]->stats.runs && vm.vcpu[i]->in_user)
			cpuid_set(vm.vcpu[i]);
	return true;
}

COMMAND(pause) = { "pause", "CPU", "out of KVM_RUN, into user space", pause_run };
COMMAND(resume) = { "resume", "CPU", "back into KVM_RUN; starts a parked vCPU", resume_run };
COMMAND(kick) = { "kick", "CPU", "a signal: KVM_RUN returns EINTR once", kick_run };
COMMAND(addcpu) = { "addcpu", "[waiting]",
	"one more vCPU, running or waiting for `init`; prints its number", addcpu_run };
COMMAND(parked) = {
	"parked", "[CPU]", "one more vCPU, created and never run; prints its number", parked_run,
};
COMMAND(nested) = { "nested", "on|off", "SVM, VMX in the CPUID of vCPUs that have not run yet", nested_run };
