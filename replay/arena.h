/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Memory that goes all at once, with the recording that it is of.
 */

#include <stddef.h>

struct replay_arena {
	void **items;
	size_t len, max;
	int full; /* an allocation failed: whoever makes much looks once, at its end */
};

/** Zeroed memory, or NULL. */
void *replay_arena_alloc(struct replay_arena *arena, size_t size);
/** A copy of @len bytes and a NUL, or NULL. */
char *replay_arena_copy(struct replay_arena *arena, const char *text, size_t len);
/** The first @len of @old, with room for @size bytes, the rest zero; or NULL. @old stays. */
void *replay_arena_grow(struct replay_arena *arena, const void *old, size_t len, size_t size);
void replay_arena_finish(struct replay_arena *arena);
