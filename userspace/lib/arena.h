/* SPDX-License-Identifier: GPL-2.0 */
/* Memory that is freed all at once, and has a maximum. */
#ifndef ARENA_H
#define ARENA_H

#include <stddef.h>

struct arena_chunk;

struct arena {
	struct arena_chunk *last;
	size_t total, max;
};

/* Zeroed, aligned for anything. NULL beyond the maximum, or without memory. */
void *arena_alloc(struct arena *arena, size_t size);
void arena_clear(struct arena *arena);

#endif
