// SPDX-License-Identifier: GPL-2.0
/*
 * addr, phys, hva: where the guest's symbols are, hva in the VMM's own memory, for
 * process_vm_writev() from another process. peek, poke: the VMM's own view of guest
 * memory; what it writes no trigger sees, only a re-read. madvise: of WATCHED, where
 * words and spare are; by dontneed the page of words goes, with its content, while a
 * pin would still hold it.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "host/vmm.h"

static bool addr_run(int argc, char **argv, struct answer *out)
{
	uint64_t value;
	bool good = argc == 1 && linear_parse(argv[0], &value);

	if (good)
		answer_add(out, "0x%llx", (unsigned long long)value);
	else
		answer_add(out, "addr: expected words, words.low, words.high, spare or target");
	return good;
}

static bool phys_run(int argc, char **argv, struct answer *out)
{
	uint64_t value;
	bool good = argc == 1 && physical_parse(argv[0], &value) && linear_to_physical(value, &value);

	if (good)
		answer_add(out, "0x%llx", (unsigned long long)value);
	else
		answer_add(out, "phys: expected an address in guest memory");
	return good;
}

static uint8_t *find(const char *text, uint64_t len, struct answer *out)
{
	uint64_t linear, physical;
	uint8_t *at = NULL;

	if (linear_parse(text, &linear) && linear_to_physical(linear, &physical))
		at = host_address(physical, len);
	if (!at)
		answer_add(out, "expected an address in guest memory, got %s", text);
	return at;
}

static bool hva_run(int argc, char **argv, struct answer *out)
{
	uint8_t *at = find(argc == 1 ? argv[0] : "", 1, out);

	if (at)
		answer_add(out, "0x%llx", (unsigned long long)(uintptr_t)at);
	return at;
}

/* LEN is optional: 8. Copies of a width the machine stores at once. */
static bool peek_run(int argc, char **argv, struct answer *out)
{
	uint64_t len = 8, value = 0;
	uint8_t *at;

	if (argc < 1 || argc > 2 || (argc == 2 && !number_parse(argv[1], &len)) || len > 8 || !len) {
		answer_add(out, "peek: expected ADDR [LEN]");
		return false;
	}
	at = find(argv[0], len, out);
	if (!at)
		return false;
	memcpy(&value, at, len);
	answer_add(out, "0x%llx", (unsigned long long)value);
	return true;
}

static bool poke_run(int argc, char **argv, struct answer *out)
{
	uint64_t len = 8, value;
	uint8_t *at;

	if (argc < 2 || argc > 3 || (argc == 3 && !number_parse(argv[1], &len)) ||
	    !number_parse(argv[argc - 1], &value)) {
		answer_add(out, "poke: expected ADDR [LEN] VALUE");
		return false;
	}
	at = find(argv[0], len, out);
	if (!at)
		return false;
	switch (len) {
	case 1: *(volatile uint8_t *)at = value; break;
	case 2: *(volatile uint16_t *)at = value; break;
	case 4: *(volatile uint32_t *)at = value; break;
	case 8: *(volatile uint64_t *)at = value; break;
	default:
		answer_add(out, "poke: expected a length of 1, 2, 4 or 8, got %llu", (unsigned long long)len);
		return false;
	}
	return true;
}

static const struct advice {
	const char *name;
	int advice;
	bool page;		/* that of words only */
} advices[] = {
	{ "dontneed", MADV_DONTNEED, true },
	{ "pageout", MADV_PAGEOUT, false },
	{ "mergeable", MADV_MERGEABLE, false },
};

static bool madvise_run(int argc, char **argv, struct answer *out)
{
	const char *name = argc ? argv[0] : "dontneed";
	const struct advice *a;

	for (a = advices; a < advices + sizeof(advices) / sizeof(*advices); a++) {
		if (strcmp(a->name, name))
			continue;
		if (!madvise(vm.mem + (a->page ? WORDS & ~(vm.page - 1) : WATCHED),
			     a->page ? vm.page : WATCHED_SIZE, a->advice))
			return true;
		answer_add(out, "madvise: %s", strerror(errno));
		return false;
	}
	answer_add(out, "madvise: expected dontneed, pageout or mergeable, got %s", name);
	return false;
}

COMMAND(addr) = { "addr", "NAME[+OFFSET]", "linear address", addr_run };
COMMAND(phys) = { "phys", "NAME[+OFFSET]", "guest-physical address", phys_run };
COMMAND(hva) = { "hva", "ADDR", "address in the VMM's memory, for another process to write to", hva_run };
COMMAND(peek) = { "peek", "ADDR [LEN]", "the VMM reads guest memory", peek_run };
COMMAND(poke) = { "poke", "ADDR [LEN] VALUE", "the VMM writes guest memory", poke_run };
COMMAND(madvise) = { "madvise", "[dontneed|pageout|mergeable]",
		     "the page of words goes and is zero then; the host may swap, or merge, it and others", madvise_run };
