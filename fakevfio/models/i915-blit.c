// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The blitter: rectangles filled and copied between linear, X- and Y-tiled surfaces, pixel by row.
 * Source: Broadwell PRM vol. 10 (2D blitter), vol. 2a for encodings; Skylake PRM vol. 11
 */

#include <string.h>

#include "i915-gpu.h"
#include "i915-registers.h"
#include "i915.h"

enum { ROP_SOURCE = 0xcc, ROP_PATTERN = 0xf0, MAX_ROW_LEN = 16384 * 4 };

/** A surface in graphics memory. */
struct surface {
	uint64_t address;
	int32_t pitch_bytes;
	enum i915_tiling tiling;
};

/** A rectangle in bytes across and lines down. */
struct rectangle {
	uint32_t x_bytes, y, width_bytes, height;
};

static uint64_t byte_address(const struct surface *surface, uint32_t x, uint32_t y)
{
	int64_t pitch = surface->pitch_bytes;

	switch (surface->tiling) {
	case I915_TILING_X:
		return surface->address + (uint64_t)(y / 8 * pitch * 8) + x / 512 * 4096ull +
		       y % 8 * 512 + x % 512;
	case I915_TILING_Y:
		return surface->address + (uint64_t)(y / 32 * pitch * 32) + x / 128 * 4096ull +
		       x % 128 / 16 * 512 + y % 32 * 16 + x % 16;
	case I915_TILING_LINEAR:
	case I915_TILING_YF: /* refused by who decodes the command */
		break;
	}
	return surface->address + (uint64_t)((int64_t)y * pitch) + x;
}

/* How many bytes from @x on lie together. */
static uint32_t run_bytes(const struct surface *surface, uint32_t x)
{
	switch (surface->tiling) {
	case I915_TILING_X:
		return 512 - x % 512;
	case I915_TILING_Y:
		return 16 - x % 16;
	case I915_TILING_LINEAR:
	case I915_TILING_YF: /* refused by who decodes the command */
		break;
	}
	return UINT32_MAX;
}

static void transfer_row(struct i915_engine *engine, const struct surface *surface, uint32_t x,
			 uint32_t y, uint8_t *row, uint32_t len, bool store)
{
	while (len > 0) {
		uint32_t run = run_bytes(surface, x);
		uint64_t address = byte_address(surface, x, y);

		if (run > len)
			run = len;
		if (store)
			i915_memory_write(engine, I915_SPACE_PPGTT, address, row, run);
		else
			i915_memory_read(engine, I915_SPACE_PPGTT, address, row, run);
		x += run;
		row += run;
		len -= run;
	}
}

/* A raster operation: bit 4p+2s+d of @rop is the result for pattern p, source s, destination d. */
static uint64_t combine(uint8_t rop, uint64_t pattern, uint64_t source, uint64_t target)
{
	uint64_t result = 0;

	for (unsigned int i = 0; i < 8; i++) {
		if (rop >> i & 1)
			result |= (i & 4 ? pattern : ~pattern) & (i & 2 ? source : ~source) &
				  (i & 1 ? target : ~target);
	}
	return result;
}

/* Pixels of one to four bytes, as many as eight bytes hold. */
static uint64_t repeat_colour(uint32_t colour, unsigned int pixel_bytes)
{
	uint64_t repeated = 0;

	for (unsigned int i = 0; i < sizeof(repeated); i++)
		repeated |= (uint64_t)(uint8_t)(colour >> 8 * (i % pixel_bytes)) << 8 * i;
	return repeated;
}

/* Eight bytes at a time: by the byte, a guest could buy seconds for the price of a few copies. */
static void combine_row(uint8_t rop, uint32_t pattern, unsigned int pixel_bytes,
			const uint8_t *source, uint8_t *target, uint32_t len)
{
	uint64_t patterns = repeat_colour(pattern, pixel_bytes);

	for (uint32_t i = 0; i < len; i += sizeof(uint64_t)) {
		size_t n = len - i < sizeof(uint64_t) ? len - i : sizeof(uint64_t);
		uint64_t over = 0, under = 0;

		memcpy(&over, source + i, n);
		memcpy(&under, target + i, n);
		under = combine(rop, patterns, over, under);
		memcpy(target + i, &under, n);
	}
}

/*
 * Goes through the rows of a blit, from the one at which the turn before this one ended. A turn that
 * is over leaves the rest to the next, which decodes the command anew: a guest that has changed it
 * meanwhile gets what it deserves.
 */
static bool next_row(struct i915_engine *engine, uint32_t height, uint32_t *row)
{
	if (engine->blit_rows >= height) {
		engine->blit_rows = 0;
		return false;
	}
	engine->blit_waits = engine->bytes_left == 0;
	if (engine->blit_waits)
		return false;
	*row = engine->blit_rows++;
	return true;
}

static void fill(struct i915_engine *engine, const struct surface *target,
		 const struct rectangle *at, uint8_t rop, uint32_t colour, unsigned int pixel_bytes)
{
	uint8_t row[MAX_ROW_LEN], source[MAX_ROW_LEN];
	uint32_t y;

	memset(source, 0, at->width_bytes);
	for (uint32_t i = 0; i < at->width_bytes; i++)
		row[i] = (uint8_t)(colour >> 8 * (i % pixel_bytes));
	while (next_row(engine, at->height, &y)) {
		if (rop != ROP_PATTERN) {
			transfer_row(engine, target, at->x_bytes, at->y + y, row, at->width_bytes,
				     false);
			combine_row(rop, colour, pixel_bytes, source, row, at->width_bytes);
		}
		transfer_row(engine, target, at->x_bytes, at->y + y, row, at->width_bytes, true);
	}
}

static void copy(struct i915_engine *engine, const struct surface *target,
		 const struct rectangle *at, const struct surface *source, uint32_t source_x,
		 uint32_t source_y, uint8_t rop)
{
	/* like the hardware, begin at the end that an overlapping copy does not destroy */
	bool upwards = source->address == target->address && source_y < at->y;
	uint32_t i;

	while (next_row(engine, at->height, &i)) {
		uint32_t y = upwards ? at->height - 1 - i : i;
		uint8_t row[MAX_ROW_LEN], under[MAX_ROW_LEN];

		transfer_row(engine, source, source_x, source_y + y, row, at->width_bytes, false);
		if (rop != ROP_SOURCE) {
			transfer_row(engine, target, at->x_bytes, at->y + y, under, at->width_bytes,
				     false);
			combine_row(rop, 0, 4, row, under, at->width_bytes);
			memcpy(row, under, at->width_bytes);
		}
		transfer_row(engine, target, at->x_bytes, at->y + y, row, at->width_bytes, true);
	}
}

/* A coordinate is a signed 16-bit number; nothing is drawn left of or above a surface. */
static int32_t coordinate(uint32_t word, unsigned int shift)
{
	return (int16_t)(word >> shift);
}

static bool find_rectangle(uint32_t from, uint32_t to, unsigned int pixel_bytes,
			   struct rectangle *out)
{
	int32_t x1 = coordinate(from, 0), y1 = coordinate(from, 16);
	int32_t x2 = coordinate(to, 0), y2 = coordinate(to, 16);

	if (x1 < 0 || y1 < 0 || x2 <= x1 || y2 <= y1)
		return false;
	out->x_bytes = (uint32_t)x1 * pixel_bytes;
	out->y = (uint32_t)y1;
	out->width_bytes = (uint32_t)(x2 - x1) * pixel_bytes;
	out->height = (uint32_t)(y2 - y1);
	return out->width_bytes <= MAX_ROW_LEN;
}

static uint64_t address_at(struct i915_engine *engine, unsigned int index)
{
	return i915_memory_fetch(engine, index) | (uint64_t)i915_memory_fetch(engine, index + 1)
							  << 32;
}

/* Pitches are bytes for linear surfaces and words for tiled ones. */
static struct surface surface_at(struct i915_engine *engine, unsigned int pitch_word,
				 unsigned int address_word, enum i915_tiling tiling)
{
	int32_t pitch = (int16_t)i915_memory_fetch(engine, pitch_word);

	return (struct surface){
		.address = address_at(engine, address_word),
		.pitch_bytes = tiling == I915_TILING_LINEAR ? pitch : pitch * 4,
		.tiling = tiling,
	};
}

/* XY blits tell tiled from linear; BCS_SWCTRL tells X from Y. Source: PRM vol. 2c, BCS_SWCTRL */
static enum i915_tiling xy_tiling(struct i915_engine *engine, bool tiled, uint32_t y_bit)
{
	if (!tiled)
		return I915_TILING_LINEAR;
	return i915_get(engine->i915, BCS_SWCTRL) & y_bit ? I915_TILING_Y : I915_TILING_X;
}

static unsigned int xy_pixel_bytes(uint32_t depth)
{
	static const uint8_t bytes[] = { 1, 2, 2, 4 };

	return bytes[depth & 3];
}

bool i915_blit_colour(struct i915_engine *engine)
{
	uint32_t header = i915_memory_fetch(engine, 0), control = i915_memory_fetch(engine, 1);
	unsigned int pixel_bytes = xy_pixel_bytes(control >> 24);
	struct surface target =
		surface_at(engine, 1, 4, xy_tiling(engine, header & 1u << 11, 1u << 1));
	struct rectangle at;

	if (find_rectangle(i915_memory_fetch(engine, 2), i915_memory_fetch(engine, 3), pixel_bytes,
			   &at))
		fill(engine, &target, &at, (uint8_t)(control >> 16), i915_memory_fetch(engine, 6),
		     pixel_bytes);
	return true;
}

bool i915_blit_copy(struct i915_engine *engine)
{
	uint32_t header = i915_memory_fetch(engine, 0), control = i915_memory_fetch(engine, 1);
	uint32_t from = i915_memory_fetch(engine, 6);
	unsigned int pixel_bytes = xy_pixel_bytes(control >> 24);
	struct surface target =
		surface_at(engine, 1, 4, xy_tiling(engine, header & 1u << 11, 1u << 1));
	struct surface source =
		surface_at(engine, 7, 8, xy_tiling(engine, header & 1u << 15, 1u << 0));
	struct rectangle at;

	if (coordinate(from, 0) < 0 || coordinate(from, 16) < 0)
		return false;
	if (find_rectangle(i915_memory_fetch(engine, 2), i915_memory_fetch(engine, 3), pixel_bytes,
			   &at))
		copy(engine, &target, &at, &source, (from & 0xffff) * pixel_bytes, from >> 16,
		     (uint8_t)(control >> 16));
	return true;
}

/* Source: Broadwell PRM vol. 2a, XY_FAST_COPY_BLT: depth 26:24, tilings 21:20 and 14:13 */
bool i915_blit_fast_copy(struct i915_engine *engine)
{
	static const uint8_t bytes[] = { 1, 2, 0, 4, 8, 16, 0, 0 };
	uint32_t header = i915_memory_fetch(engine, 0), control = i915_memory_fetch(engine, 1);
	uint32_t from = i915_memory_fetch(engine, 6);
	unsigned int pixel_bytes = bytes[control >> 24 & 7];
	unsigned int source_tiling = header >> 20 & 3, target_tiling = header >> 13 & 3;
	struct surface target, source;
	struct rectangle at;

	/* code 2 with its bit in the second word is Yf, code 3 is Ys */
	if (!pixel_bytes || source_tiling == 3 || target_tiling == 3 || control >> 30 ||
	    coordinate(from, 0) < 0 || coordinate(from, 16) < 0)
		return false;
	target = surface_at(engine, 1, 4, (enum i915_tiling)target_tiling);
	source = surface_at(engine, 7, 8, (enum i915_tiling)source_tiling);
	if (find_rectangle(i915_memory_fetch(engine, 2), i915_memory_fetch(engine, 3), pixel_bytes,
			   &at))
		copy(engine, &target, &at, &source, (from & 0xffff) * pixel_bytes, from >> 16,
		     ROP_SOURCE);
	return true;
}
