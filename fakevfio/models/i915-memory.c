// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Graphics memory as an engine sees it: addresses through the GGTT or through the context's own
 * page tables, which lie in guest memory and are walked when they are needed.
 * Source: Broadwell PRM vol. 5, PPGTT; Skylake PRM vol. 5
 */

#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-gpu.h"
#include "i915.h"

#define PRESENT	      1ull
#define LARGE_PAGE    (1ull << 7)
#define PAGES_OF_64K  (1ull << 11) /* of a directory entry, gen9 */
#define TABLE_ADDRESS 0x7ffffff000ull

void i915_memory_flush(struct i915_engine *engine)
{
	memset(engine->tlb, 0, sizeof(engine->tlb));
	for (size_t i = 0; i < VGPU_ARRAY_LEN(engine->windows); i++)
		engine->windows[i].valid = false;
}

static bool load_entry(struct i915_engine *engine, uint64_t table, uint64_t index, uint64_t *entry)
{
	uint64_t iova = (table & TABLE_ADDRESS) + index % 512 * sizeof(*entry);

	return fv_guest_read(engine->i915->dev, iova, entry, sizeof(*entry)) == 0 &&
	       *entry & PRESENT;
}

/* Four levels at most, so a walk ends whatever the tables hold. */
static bool walk(struct i915_engine *engine, uint64_t address, uint64_t *iova)
{
	const struct i915_context *context = &engine->context;
	uint64_t entry;

	if (context->four_levels) {
		if (!load_entry(engine, context->roots[0], address >> 39, &entry) ||
		    !load_entry(engine, entry, address >> 30, &entry))
			return false;
		if (entry & LARGE_PAGE) {
			*iova = (entry & TABLE_ADDRESS & ~0x3fffffffull) | (address & 0x3ffff000);
			return true;
		}
	} else {
		entry = context->roots[address >> 30 & 3];
	}
	if (!load_entry(engine, entry, address >> 21, &entry))
		return false;
	if (entry & LARGE_PAGE) {
		*iova = (entry & TABLE_ADDRESS & ~0x1fffffull) | (address & 0x1ff000);
		return true;
	}
	if (entry & PAGES_OF_64K && engine->i915->generation == I915_GEN9) {
		if (!load_entry(engine, entry, address >> 12 & ~15ull, &entry))
			return false;
		*iova = (entry & TABLE_ADDRESS & ~0xffffull) | (address & 0xf000);
		return true;
	}
	if (!load_entry(engine, entry, address >> 12, &entry))
		return false;
	*iova = entry & TABLE_ADDRESS;
	return true;
}

static void pay(struct i915_engine *engine, uint32_t price)
{
	engine->bytes_left -= price < engine->bytes_left ? price : engine->bytes_left;
}

static bool translate(struct i915_engine *engine, enum i915_space space, uint64_t address,
		      uint64_t *iova)
{
	uint64_t page = (address & 0xffffffffffff) / I915_PAGE_LEN;
	struct i915_tlb_entry *cached = &engine->tlb[page % VGPU_ARRAY_LEN(engine->tlb)];

	if (space == I915_SPACE_GGTT)
		return i915_ggtt_translate(engine->i915, address, iova);
	if (cached->page != page + 1) {
		uint64_t found;

		pay(engine, I915_PRICE_WALK);
		if (!walk(engine, address, &found))
			return false;
		*cached = (struct i915_tlb_entry){ page + 1, found };
	}
	*iova = cached->iova | (address & (I915_PAGE_LEN - 1));
	return true;
}

/* Calls the container's copy for every page of the range. */
static bool copy(struct i915_engine *engine, enum i915_space space, uint64_t address,
		 uint8_t *buffer, size_t len, bool to_guest)
{
	struct fv_device *dev = engine->i915->dev;
	bool complete = true;

	while (len > 0) {
		size_t piece = I915_PAGE_LEN - address % I915_PAGE_LEN;
		uint64_t iova;
		bool done;

		if (piece > len)
			piece = len;
		pay(engine, I915_PRICE_PIECE + (uint32_t)piece);
		done = translate(engine, space, address, &iova) &&
		       (to_guest ? fv_guest_write(dev, iova, buffer, piece)
				 : fv_guest_read(dev, iova, buffer, piece)) == 0;
		if (!done) {
			engine->i915->counters.faults++;
			complete = false;
		}
		address += piece;
		buffer += piece;
		len -= piece;
	}
	return complete;
}

bool i915_memory_read(struct i915_engine *engine, enum i915_space space, uint64_t address,
		      void *buffer, size_t len)
{
	memset(buffer, 0, len);
	return copy(engine, space, address, buffer, len, false);
}

bool i915_memory_write(struct i915_engine *engine, enum i915_space space, uint64_t address,
		       const void *buffer, size_t len)
{
	/* commands may write commands */
	for (size_t i = 0; i < VGPU_ARRAY_LEN(engine->windows); i++)
		engine->windows[i].valid = false;
	return copy(engine, space, address, (uint8_t *)buffer, len, true);
}

static uint32_t fetch(struct i915_engine *engine, enum i915_space space, uint64_t address)
{
	uint64_t page = address & ~(uint64_t)(I915_PAGE_LEN - 1);
	struct i915_window *window = &engine->windows[page / I915_PAGE_LEN % 2];

	if (!window->valid || window->space != space || window->address != page) {
		i915_memory_read(engine, space, page, window->words, sizeof(window->words));
		window->valid = true;
		window->space = space;
		window->address = page;
	}
	return window->words[address % I915_PAGE_LEN / 4];
}

uint32_t i915_memory_fetch(struct i915_engine *engine, unsigned int index)
{
	const struct i915_context *context = &engine->context;
	uint32_t offset;

	if (context->level > 0) {
		const struct i915_batch *batch = &context->batches[context->level - 1];

		return fetch(engine, batch->space, (batch->address & ~3ull) + 4ull * index);
	}
	offset = (context->head + 4 * index) % context->ring_len;
	return fetch(engine, I915_SPACE_GGTT, (uint64_t)context->ring_start + offset);
}
