// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Composes what a pipe shows: planes from the bottom up, then the cursor, each read through the
 * GGTT. Rows of pixels are fetched in bands (a row of tiles, or a few lines) that fit a scratch
 * buffer whatever the guest has programmed; a linear XR24 plane is read straight to its place.
 */

#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-registers.h"
#include "i915.h"

/** The picture that is composed. */
struct canvas {
	uint32_t *pixels;
	uint32_t width_px, height_px;
};

/**
 * A tile of 4 KiB. Each bit of a byte's offset in it is a bit of the byte's x or y in the tile, in
 * ascending order; @columns and @rows hold what 16 bytes of x and a line of y contribute.
 */
struct tile_layout {
	uint32_t width_bytes, height;
	uint32_t run_bytes; /* that stay together */
	uint16_t columns[32], rows[64];
};

/* The bits that come from x. Source: Broadwell and Skylake PRM vol. 5, Tile Formats */
static uint16_t x_mask(const struct i915_plane *plane)
{
	switch (plane->tiling) {
	case I915_TILING_X:
		return 0x1ff;
	case I915_TILING_Y:
		return 0xe0f;
	case I915_TILING_YF:
		if (plane->format->bytes_per_pixel == 1)
			return 0xa0f;
		return plane->format->bytes_per_pixel == 8 ? 0xacf : 0xa8f;
	case I915_TILING_LINEAR:
		break;
	}
	return 0xfff;
}

/* Spreads the bits of @value over the bits that are set in @mask. */
static uint16_t deposit(uint16_t mask, unsigned int value)
{
	uint16_t result = 0;

	for (unsigned int i = 0; i < 12; i++) {
		if (!(mask >> i & 1))
			continue;
		result |= (uint16_t)((value & 1) << i);
		value >>= 1;
	}
	return result;
}

static void find_layout(const struct i915_plane *plane, struct tile_layout *out)
{
	uint16_t mask = x_mask(plane);

	out->width_bytes = 1u << __builtin_popcount(mask);
	out->height = I915_PAGE_LEN / out->width_bytes;
	out->run_bytes = plane->tiling == I915_TILING_X ? out->width_bytes : 16;
	for (unsigned int i = 0; i < out->width_bytes / 16; i++)
		out->columns[i] = deposit(mask, 16 * i);
	for (unsigned int i = 0; i < out->height; i++)
		out->rows[i] = deposit((uint16_t)(~mask & 0xfff), i);
}

/* Where row @y of the plane's window goes on the canvas, and which part of the row is visible. */
struct row_target {
	uint32_t *pixels; /* of the first visible pixel */
	uint32_t first_px, width_px; /* visible part, counted along the row as shown */
};

static bool find_row(const struct canvas *canvas, const struct i915_plane *plane, uint32_t y,
		     struct row_target *out)
{
	uint32_t shown_y = plane->rotate_180 ? plane->height_px - 1 - y : y;
	int64_t canvas_y = (int64_t)plane->y_px + shown_y;
	int64_t left = plane->x_px < 0 ? -(int64_t)plane->x_px : 0;
	int64_t right = plane->width_px;

	if (plane->x_px + right > canvas->width_px)
		right = (int64_t)canvas->width_px - plane->x_px;
	if (canvas_y < 0 || canvas_y >= canvas->height_px || left >= right)
		return false;
	out->first_px = (uint32_t)left;
	out->width_px = (uint32_t)(right - left);
	out->pixels = canvas->pixels + canvas_y * canvas->width_px + plane->x_px + left;
	return true;
}

static void mirror(uint32_t *row, uint32_t width_px)
{
	for (uint32_t i = 0; i < width_px / 2; i++) {
		uint32_t pixel = row[i];

		row[i] = row[width_px - 1 - i];
		row[width_px - 1 - i] = pixel;
	}
}

/* Premultiplied alpha over what is there. */
static void blend_row(uint32_t *target, const uint32_t *source, uint32_t width_px)
{
	for (uint32_t i = 0; i < width_px; i++) {
		uint32_t over = source[i], under = target[i], rest = 255 - (over >> 24);
		uint32_t result = 0xff000000;

		for (int shift = 0; shift < 24; shift += 8) {
			uint32_t below = (under >> shift & 0xff) * rest;
			uint32_t sum = (over >> shift & 0xff) + (below + 127) / 255;

			result |= (sum > 255 ? 255 : sum) << shift;
		}
		target[i] = result;
	}
}

/* Puts a row of the plane's own pixels (all of its width) where it belongs. */
static void put_row(const struct canvas *canvas, const struct i915_plane *plane, uint32_t y,
		    const uint8_t *source)
{
	uint32_t row[I915_MAX_WIDTH_PX];
	struct row_target target;

	if (!find_row(canvas, plane, y, &target))
		return;
	plane->format->convert(&plane->colours, source, row, plane->width_px);
	if (plane->rotate_180)
		mirror(row, plane->width_px);
	if (plane->blend)
		blend_row(target.pixels, row + target.first_px, target.width_px);
	else
		memcpy(target.pixels, row + target.first_px, 4 * (size_t)target.width_px);
}

static uint64_t row_gma(const struct i915_plane *plane, uint32_t y)
{
	return plane->gma + (uint64_t)(plane->source_y_px + y) * plane->stride_bytes +
	       (uint64_t)plane->source_x_px * plane->format->bytes_per_pixel;
}

/* Whether the pixels in memory are the pixels to show, row by row. */
static bool is_plain(const struct i915_plane *plane)
{
	return plane->format->drm_format == I915_FOURCC('X', 'R', '2', '4') &&
	       plane->tiling == I915_TILING_LINEAR && !plane->rotate_180;
}

static uint64_t show_plain(struct i915 *i915, const struct canvas *canvas,
			   const struct i915_plane *plane)
{
	struct i915_fetch fetch;

	i915_fetch_begin(&fetch, i915, plane->format->missing_pattern);
	for (uint32_t y = 0; y < plane->height_px; y++) {
		struct row_target target;

		if (find_row(canvas, plane, y, &target))
			i915_fetch_add(&fetch, row_gma(plane, y) + 4 * (uint64_t)target.first_px,
				       target.pixels, 4 * (size_t)target.width_px);
	}
	return i915_fetch_end(&fetch);
}

static size_t row_bytes(const struct i915_plane *plane)
{
	size_t group = plane->format->pixels_per_group;

	return (plane->width_px + group - 1) / group * group * plane->format->bytes_per_pixel;
}

static uint64_t show_linear(struct i915 *i915, const struct canvas *canvas,
			    const struct i915_plane *plane)
{
	size_t row_len = row_bytes(plane);
	uint32_t band_rows = (uint32_t)(sizeof(i915->band) / row_len);
	uint64_t missing = 0;

	for (uint32_t y = 0; y < plane->height_px; y += band_rows) {
		struct i915_fetch fetch;
		uint32_t rows = plane->height_px - y;

		if (rows > band_rows)
			rows = band_rows;
		i915_fetch_begin(&fetch, i915, plane->format->missing_pattern);
		for (uint32_t i = 0; i < rows; i++)
			i915_fetch_add(&fetch, row_gma(plane, y + i), i915->band + i * row_len,
				       row_len);
		missing += i915_fetch_end(&fetch);
		for (uint32_t i = 0; i < rows; i++)
			put_row(canvas, plane, y + i, i915->band + i * row_len);
	}
	return missing;
}

/* Copies one row out of a band of tiles that begins with the tile of the row's first byte. */
static void untile_row(const uint8_t *band, const struct tile_layout *layout, uint32_t x_bytes,
		       uint32_t y, uint8_t *row, size_t row_len)
{
	uint32_t x = x_bytes % layout->width_bytes;

	for (size_t done = 0; done < row_len;) {
		const uint8_t *tile = band + (size_t)(x / layout->width_bytes) * I915_PAGE_LEN;
		uint32_t in_tile = x % layout->width_bytes;
		size_t run = layout->run_bytes - in_tile % layout->run_bytes;

		if (run > row_len - done)
			run = row_len - done;
		memcpy(row + done,
		       tile + layout->rows[y] + layout->columns[in_tile / 16] + in_tile % 16, run);
		done += run;
		x += (uint32_t)run;
	}
}

/*
 * A plane turned by 90 degrees is seen through a view whose pages are rotated already: tiles are
 * as many pixels wide as they are lines high, and each must be turned clockwise.
 * Source: Skylake PRM vol. 12, Plane Rotation; intel_ggtt.c, rotate_pages()
 */
static void untile_turned_row(const uint8_t *band, const struct tile_layout *layout, uint32_t x_px,
			      uint32_t y_bytes, unsigned int pixel_bytes, uint8_t *row,
			      uint32_t width_px)
{
	uint32_t along = y_bytes % layout->width_bytes;
	uint32_t x = x_px % layout->height;

	for (uint32_t i = 0; i < width_px; i++, x++) {
		const uint8_t *tile = band + (size_t)(x / layout->height) * I915_PAGE_LEN;
		uint32_t line = layout->height - 1 - x % layout->height;

		memcpy(row + (size_t)i * pixel_bytes,
		       tile + layout->rows[line] + layout->columns[along / 16] + along % 16,
		       pixel_bytes);
	}
}

/* A row of tiles at a time, and of it the part that is as wide as the plane. */
static uint64_t show_tiled(struct i915 *i915, const struct canvas *canvas,
			   const struct i915_plane *plane)
{
	unsigned int pixel_bytes = plane->format->bytes_per_pixel;
	struct tile_layout layout;
	uint64_t missing = 0;

	find_layout(plane, &layout);
	/* a tile's extent on the surface, in bytes or (turned) pixels across and in lines down */
	uint32_t tile_width = plane->turned ? layout.height : layout.width_bytes;
	uint32_t tile_height = plane->turned ? layout.width_bytes / pixel_bytes : layout.height;
	uint32_t x = plane->source_x_px * (plane->turned ? 1 : pixel_bytes);
	uint32_t row_len = plane->turned ? plane->width_px : (uint32_t)row_bytes(plane);
	uint32_t first_tile = x / tile_width;
	uint32_t tiles = (x + row_len - 1) / tile_width - first_tile + 1;

	for (uint32_t y = 0; y < plane->height_px;) {
		uint32_t source_y = plane->source_y_px + y;
		uint64_t page =
			(uint64_t)(source_y / tile_height) * plane->stride_tiles + first_tile;
		struct i915_fetch fetch;

		i915_fetch_begin(&fetch, i915, plane->format->missing_pattern);
		i915_fetch_add(&fetch, plane->gma + page * I915_PAGE_LEN, i915->band,
			       (size_t)tiles * I915_PAGE_LEN);
		missing += i915_fetch_end(&fetch);
		do {
			uint8_t row[I915_MAX_WIDTH_PX * I915_MAX_PIXEL_BYTES];

			if (plane->turned)
				untile_turned_row(i915->band, &layout, x, source_y * pixel_bytes,
						  pixel_bytes, row, plane->width_px);
			else
				untile_row(i915->band, &layout, x, source_y % tile_height, row,
					   row_len);
			put_row(canvas, plane, y, row);
			y++;
			source_y++;
		} while (y < plane->height_px && source_y % tile_height);
	}
	return missing;
}

static uint64_t show_plane(struct i915 *i915, const struct canvas *canvas,
			   const struct i915_plane *plane)
{
	if (is_plain(plane))
		return show_plain(i915, canvas, plane);
	if (plane->tiling == I915_TILING_LINEAR)
		return show_linear(i915, canvas, plane);
	return show_tiled(i915, canvas, plane);
}

/* A cursor is a small linear plane above all others. */
static uint64_t show_cursor(struct i915 *i915, const struct canvas *canvas,
			    const struct i915_cursor *cursor)
{
	const struct i915_plane plane = {
		.format = i915_format_find(cursor->opaque ? I915_FOURCC('X', 'R', '2', '4')
							  : I915_FOURCC('A', 'R', '2', '4')),
		.tiling = I915_TILING_LINEAR,
		.rotate_180 = cursor->rotate_180,
		.blend = !cursor->opaque,
		.gma = cursor->gma,
		.stride_bytes = cursor->width_px * 4,
		.width_px = cursor->width_px,
		.height_px = cursor->height_px,
		.x_px = cursor->x_px,
		.y_px = cursor->y_px,
	};

	return show_plane(i915, canvas, &plane);
}

static bool covers(const struct canvas *canvas, const struct i915_plane *plane)
{
	return plane->x_px <= 0 && plane->y_px <= 0 &&
	       plane->x_px + (int64_t)plane->width_px >= canvas->width_px &&
	       plane->y_px + (int64_t)plane->height_px >= canvas->height_px;
}

void i915_scanout_compose(struct i915 *i915, int pipe, uint32_t *target, uint32_t width_px,
			  uint32_t height_px)
{
	const struct canvas canvas = { target, width_px, height_px };
	struct i915_cursor cursor;
	uint64_t missing = 0;

	for (int i = 0; i < I915_PLANES; i++) {
		struct i915_plane plane, lower;
		bool shown = i915_plane_decode(i915, pipe, i, &plane);
		bool torn = shown && i915_scanout_fault_plane(i915, i, &plane, &lower);

		if (i == 0 && (!shown || !covers(&canvas, &plane)))
			memset(target, 0, 4 * (size_t)width_px * height_px);
		if (shown)
			missing += show_plane(i915, &canvas, &plane);
		if (torn)
			missing += show_plane(i915, &canvas, &lower);
	}
	if (i915_cursor_decode(i915, pipe, &cursor) && i915_scanout_fault_cursor(i915, &cursor))
		missing += show_cursor(i915, &canvas, &cursor);
	i915_scanout_fault_picture(i915, target, width_px, height_px);
	i915->counters.frames_composed++;
	i915->counters.pages_unmapped = missing;
}
