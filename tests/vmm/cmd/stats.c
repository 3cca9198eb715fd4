// SPDX-License-Identifier: GPL-2.0
/* stats: what KVM_RUN returned, of one vCPU or of all. */
#include "host/vmm.h"

static const struct {
	const char *name;
	size_t at;
} counters[] = {
#define COUNTER(field) { #field, offsetof(struct stats, field) }
	COUNTER(runs), COUNTER(io), COUNTER(mmio), COUNTER(debug), COUNTER(hlt),
	COUNTER(shutdown), COUNTER(internal), COUNTER(fail), COUNTER(other),
	COUNTER(eintr), COUNTER(eagain), COUNTER(kicks),
#undef COUNTER
};

static uint64_t sum(size_t at, const struct vcpu *only)
{
	uint64_t total = 0;
	unsigned int i;

	for (i = 0; i < vm.vcpus; i++)
		if (!only || only == vm.vcpu[i])
			total += *(_Atomic uint64_t *)((char *)&vm.vcpu[i]->stats + at);
	return total;
}

static void add_vcpu(const struct vcpu *v, struct answer *out)
{
	const struct stats *s = &v->stats;

	answer_add(out, " dr6=0x%llx dr6_seen=0x%llx dr7=0x%llx pc=0x%llx boots=%u irqs=%u nmis=%u",
		   (unsigned long long)s->dr6, (unsigned long long)s->dr6_seen,
		   (unsigned long long)s->dr7, (unsigned long long)s->pc,
		   v->mailbox->boots, v->mailbox->irqs, v->mailbox->nmis);
	answer_add(out, " state=%s", v->dead ? "dead" : v->in_user ? "user" : "running");
}

static bool stats_run(int argc, char **argv, struct answer *out)
{
	const struct vcpu *only = NULL;
	size_t i;

	if (argc) {
		only = vcpu_parse(argv[0], out);
		if (!only)
			return false;
	}
	answer_add(out, "vcpus=%u", only ? 1 : vm.vcpus);
	for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++)
		answer_add(out, " %s=%llu", counters[i].name,
			   (unsigned long long)sum(counters[i].at, only));
	if (only)
		add_vcpu(only, out);
	return true;
}

COMMAND(stats) = { "stats", "[CPU]", "returns of KVM_RUN by reason; of all vCPUs, or of one", stats_run };
