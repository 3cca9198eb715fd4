// SPDX-License-Identifier: GPL-2.0
/*
 * remap: `words` becomes another page, by the guest's page table (the page SPARE;
 * no trigger sees that), in the VMM's address space (a fresh page with the same
 * content), or by deleting and re-creating the memory slot while the guest runs.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "op.h"

/* By every vCPU that can: one changes the table, the others forget. */
static bool remap_guest(uint64_t page, struct answer *out)
{
	char number[32], physical[32], *setpte[] = { number, physical }, *invlpg[] = { "words.high" };
	unsigned int i;

	snprintf(number, sizeof(number), "%d", (WORDS - WATCHED) / 4096);
	snprintf(physical, sizeof(physical), "0x%llx", (unsigned long long)page);
	if (!op_run(vm.vcpu[0], op_find("setpte"), 2, setpte, out))
		return false;
	for (i = 1; i < vm.vcpus; i++) {
		struct vcpu *v = vm.vcpu[i];

		if (v->in_user || op_busy(v))
			continue;
		if (!op_run(v, op_find("invlpg"), 1, invlpg, out))
			return false;
	}
	return true;
}

static bool remap_host(struct answer *out)
{
	size_t len = vm.page;
	uint8_t *at = vm.mem + (WORDS & ~(len - 1));
	int huge = len > 4096 ? MAP_HUGETLB : 0;
	uint8_t *fresh = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | huge, -1, 0);

	if (fresh == MAP_FAILED) {
		answer_add(out, "mmap: %s", strerror(errno));
		return false;
	}
	memcpy(fresh, at, len);
	if (mremap(fresh, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, at) != MAP_FAILED)
		return true;
	answer_add(out, "mremap: %s", strerror(errno));
	return false;
}

static bool remap_slot(void)
{
	vm_slot(1, WATCHED, 0);
	vm_slot(1, WATCHED, WATCHED_SIZE);
	return true;
}

static bool remap_run(int argc, char **argv, struct answer *out)
{
	const char *how = argc ? argv[0] : "";

	if (!strcmp(how, "guest"))
		return remap_guest(argc > 1 && !strcmp(argv[1], "back") ? WORDS : SPARE, out);
	if (!strcmp(how, "host"))
		return remap_host(out);
	if (!strcmp(how, "slot"))
		return remap_slot();
	answer_add(out, "remap: expected guest [back], host or slot, got %s", how);
	return false;
}

COMMAND(remap) = {
	"remap", "guest [back]|host|slot", "words is another page, in one of three ways", remap_run,
};
