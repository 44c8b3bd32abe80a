/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "arena.h"

#include <stdlib.h>
#include <string.h>

void *replay_arena_alloc(struct replay_arena *arena, size_t size)
{
	void *item = NULL;

	if (arena->len == arena->max) {
		size_t max = arena->max ? arena->max * 2 : 64;
		void **items = reallocarray(arena->items, max, sizeof(*items));

		if (items) {
			arena->items = items;
			arena->max = max;
		}
	}
	if (arena->len < arena->max)
		item = calloc(1, size ? size : 1);
	if (item)
		arena->items[arena->len++] = item;
	else
		arena->full = 1;
	return item;
}

char *replay_arena_copy(struct replay_arena *arena, const char *text, size_t len)
{
	char *copy = replay_arena_alloc(arena, len + 1);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

void *replay_arena_grow(struct replay_arena *arena, const void *old, size_t len, size_t size)
{
	void *item = replay_arena_alloc(arena, size);

	if (item && len)
		memcpy(item, old, len);
	return item;
}

void replay_arena_finish(struct replay_arena *arena)
{
	for (size_t i = 0; i < arena->len; i++)
		free(arena->items[i]);
	free(arena->items);
	*arena = (struct replay_arena){ 0 };
}
