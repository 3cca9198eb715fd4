// SPDX-License-Identifier: GPL-2.0
#include <stdalign.h>
#include <stdlib.h>
#include "arena.h"

#define CHUNK	16384

struct arena_chunk {
	struct arena_chunk *before;
	size_t size, used;
	alignas(max_align_t) char data[];
};

static struct arena_chunk *grow(struct arena *arena, size_t size)
{
	size_t want = size > CHUNK ? size : CHUNK;
	struct arena_chunk *chunk;

	if (want > arena->max - arena->total)
		return NULL;
	chunk = calloc(1, sizeof(*chunk) + want);
	if (!chunk)
		return NULL;
	chunk->size = want;
	chunk->before = arena->last;
	arena->last = chunk;
	arena->total += want;
	return chunk;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	struct arena_chunk *chunk = arena->last;
	void *got;

	if (size > arena->max)
		return NULL;
	size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (!chunk || chunk->size - chunk->used < size)
		chunk = grow(arena, size);
	if (!chunk)
		return NULL;
	got = chunk->data + chunk->used;
	chunk->used += size;
	return got;
}

void arena_clear(struct arena *arena)
{
	while (arena->last) {
		struct arena_chunk *chunk = arena->last;

		arena->last = chunk->before;
		free(chunk);
	}
	arena->total = 0;
}
