// SPDX-License-Identifier: GPL-2.0
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "places.h"

struct place {
	char address[PLACE];
	unsigned int users;
};

static int by_address(const void *a, const void *b)
{
	return strcmp(((const struct place *)a)->address, ((const struct place *)b)->address);
}

static struct place *find(const struct places *places, const char *address)
{
	struct place key, **found;

	snprintf(key.address, sizeof(key.address), "%s", address);
	found = tfind(&key, &places->root, by_address);
	return found ? *found : NULL;
}

bool places_have(const struct places *places, const char *address)
{
	return find(places, address);
}

void places_use(struct places *places, const char *address)
{
	struct place *p = find(places, address);

	if (!p) {
		p = calloc(1, sizeof(*p));
		if (!p)
			abort();
		snprintf(p->address, sizeof(p->address), "%s", address);
		if (!tsearch(p, &places->root, by_address))
			abort();
	}
	p->users++;
}

void places_leave(struct places *places, const char *address)
{
	struct place *p = find(places, address);

	if (--p->users)
		return;
	tdelete(p, &places->root, by_address);
	free(p);
}

void places_clear(struct places *places)
{
	tdestroy(places->root, free);
	places->root = NULL;
}
