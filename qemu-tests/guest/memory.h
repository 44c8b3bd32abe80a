/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Memory that a device reads: pages that stay where they are, and their physical addresses.
 */

#include <stddef.h>
#include <stdint.h>

enum { GUEST_PAGE_BYTES = 4096 };

struct guest_memory {
	uint8_t *bytes;
	size_t len; /* a multiple of the page size */
	uint64_t *pages; /* physical address of each page */
};

/**
 * Makes sure that there are at least @len bytes; what was in them is lost if they must grow.
 * 0 or a negative errno.
 */
int guest_memory_reserve(struct guest_memory *memory, size_t len);

/** Writes the CPU's caches back, for devices that do not snoop them. */
void guest_memory_flush(const struct guest_memory *memory, size_t len);
