/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Small numbers that are handed out lowest first and used again at once, each with its owner: what
 * the kernel calls an IDR.
 */

#include <stddef.h>
#include <stdint.h>

/** All zero is an empty set. */
struct fake_ids {
	void **owners;
	size_t len; /* numbers there is room for: a multiple of 64 */
	uint64_t *taken; /* one bit a number */
	size_t first_free; /* every number below this one is taken */
};

/** Takes the lowest free number for @owner (not NULL). The number, or -ENOMEM. */
int fake_ids_take(struct fake_ids *ids, void *owner);
/** Takes this very number. 0, -EEXIST if it is taken, or -ENOMEM. */
int fake_ids_take_at(struct fake_ids *ids, unsigned int id, void *owner);
void fake_ids_release(struct fake_ids *ids, unsigned int id);
/** Who owns the number; NULL if it is free. */
void *fake_ids_find(const struct fake_ids *ids, unsigned int id);
void fake_ids_finish(struct fake_ids *ids);
