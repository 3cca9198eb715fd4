// SPDX-License-Identifier: GPL-2.0
/* Addresses by name, and the way from a linear address to the VMM's memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vmm.h"

bool number_parse(const char *text, uint64_t *value)
{
	char *end;

	errno = 0;
	*value = strtoull(text, &end, 0);
	return *text && !*end && !errno;
}

static uint64_t high(uint64_t physical)
{
	return physical - WATCHED + (vm.long_mode ? HIGH64 : HIGH32);
}

/* Plain `words` and `spare` are high wherever the guest starts with paging. */
static bool symbol(const char *name, size_t len, uint64_t *linear, uint64_t *physical)
{
	const struct { const char *name; uint64_t physical; bool high; } known[] = {
		{ "words", WORDS, vm.long_mode },
		{ "words.low", WORDS, false },
		{ "words.high", WORDS, true },
		{ "spare", SPARE, vm.long_mode },
		{ "spare.low", SPARE, false },
		{ "spare.high", SPARE, true },
		{ "target", vm.image.target, false },
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i].name) != len || strncmp(name, known[i].name, len))
			continue;
		*physical = known[i].physical;
		*linear = known[i].high ? high(*physical) : *physical;
		return true;
	}
	return false;
}

static bool parse(const char *text, uint64_t *linear, uint64_t *physical)
{
	size_t len = strcspn(text, "+");
	uint64_t offset = 0;

	if (!symbol(text, len, linear, physical))
		return false;
	if (text[len] && !number_parse(text + len + 1, &offset))
		return false;
	*linear += offset;
	*physical += offset;
	return true;
}

bool linear_parse(const char *text, uint64_t *value)
{
	uint64_t physical;

	return number_parse(text, value) || parse(text, value, &physical);
}

bool physical_parse(const char *text, uint64_t *value)
{
	uint64_t linear;

	return number_parse(text, value) || parse(text, &linear, value);
}

/* As the page tables were built; `remap guest` does not change the answer. */
bool linear_to_physical(uint64_t linear, uint64_t *physical)
{
	uint64_t base = high(WATCHED);

	if (linear >= base && linear - base < WATCHED_SIZE)
		*physical = linear - base + WATCHED;
	else
		*physical = linear;
	return *physical < vm.mem_size;
}

uint8_t *host_address(uint64_t physical, size_t len)
{
	if (physical >= vm.mem_size || len > vm.mem_size - physical)
		return NULL;
	return vm.mem + physical;
}
