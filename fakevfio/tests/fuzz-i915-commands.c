// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A ring full of whatever the input says, with page tables that map some of it again as batches:
 * every turn of the engine ends, and only the guest's memory is touched.
 */

#include <string.h>

#include "i915-guest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
	/* graphics memory from here on lies at guest physical address 0 */
	GGTT_BASE = 0x20000000,
	PAGES = 64,
	STATUS_PAGE = 0x0000,
	CONTEXT = 0x1000, /* its registers are in the page after */
	RING = 0x4000,
	RING_PAGES = 4,
	TABLES = 0x10000, /* four levels; the last maps graphics address 0 to guest address 0 */

	ELSP = 0x230,
	GDRST = 0x941c,
};

static const uint32_t engines[] = { 0x2000, 0x22000, 0x12000, 0x1a000 };

static void store(uint32_t at, uint32_t value)
{
	memcpy(i915_guest_memory() + at, &value, sizeof(value));
}

static void make_guest(struct fv_device *dev)
{
	i915_guest_limit(PAGES * 4096);
	i915_guest_map(dev, GGTT_BASE, 0, PAGES);
	memset(i915_guest_memory(), 0, PAGES * 4096);
	for (uint32_t level = 0; level < 3; level++)
		store(TABLES + level * 4096, (TABLES + (level + 1) * 4096) | 3);
	for (uint32_t i = 0; i < PAGES; i++)
		store(TABLES + 3 * 4096 + 8 * i, (i * 4096) | 3);
	store(CONTEXT + 4096 + 4 * 9, GGTT_BASE + RING);
	store(CONTEXT + 4096 + 4 * 11, (RING_PAGES - 1) << 12 | 1);
	store(CONTEXT + 4096 + 4 * 51, TABLES);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static struct fv_device *dev;
	uint32_t engine;
	size_t ring_len;

	if (len < 4)
		return 0;
	if (!dev)
		dev = i915_guest_create(8);
	dev->model->reset(dev);
	make_guest(dev);
	engine = engines[data[0] % 4];
	ring_len = len - 1 < RING_PAGES * 4096 - 8 ? len - 1 : RING_PAGES * 4096 - 8;
	memcpy(i915_guest_memory() + RING, data + 1, ring_len);
	store(CONTEXT + 4096 + 4 * 7, (uint32_t)(ring_len + 7) & ~7u);
	i915_guest_write(dev, engine + 0x80, GGTT_BASE + STATUS_PAGE);
	for (unsigned int i = 0; i < 3; i++)
		i915_guest_write(dev, engine + ELSP, 0);
	i915_guest_write(dev, engine + ELSP, (GGTT_BASE + CONTEXT) | 0x19);
	for (unsigned int i = 0; i < 4 && dev->deadline_ns; i++) {
		dev->now_ns = dev->deadline_ns;
		i915_guest_begin_call();
		dev->model->tick(dev, dev->now_ns);
		i915_guest_end_call();
	}
	i915_guest_write(dev, GDRST, 1);
	return 0;
}
