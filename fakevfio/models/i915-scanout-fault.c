// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A display engine that is wrong on purpose: between a guest that draws well and a viewer that
 * shows what it gets, so that who judges viewers can be judged. Faults of a plane act where it is
 * read, those of a picture after it was composed.
 */

#include <string.h>

#include "i915.h"

enum {
	STRIDE_UNIT = 64, /* Source: Broadwell PRM vol. 2c, DSPSTRIDE */
	X_TILE_WIDTH = 512,
	CURSOR_X_PX = 7,
	CURSOR_Y_PX = 3,
	SHIFT_X_PX = 16,
	SHIFT_Y_PX = 8,
};

bool i915_scanout_fault_size(const struct i915 *i915, uint32_t *width_px, uint32_t *height_px)
{
	switch (i915->dev->vgpu.scanout) {
	case FAKE_SCANOUT_OFF:
		return false;
	case FAKE_SCANOUT_CROPPED:
		*width_px = *width_px * 3 / 4;
		*height_px = *height_px * 3 / 4;
		break;
	default:
		break;
	}
	return true;
}

/* Notes a flip. False if there was none yet in this mode. */
static bool was_flipped(struct i915_scanout_memory *memory, const struct i915_plane *shown)
{
	if (shown->width_px != memory->width_px || shown->height_px != memory->height_px)
		*memory = (struct i915_scanout_memory){ shown->gma, shown->gma, shown->width_px,
							shown->height_px };
	if (shown->gma != memory->shown_gma) {
		memory->before_gma = memory->shown_gma;
		memory->shown_gma = shown->gma;
	}
	return memory->before_gma != memory->shown_gma;
}

static void misread_tiling(struct i915_plane *plane)
{
	if (plane->tiling == I915_TILING_LINEAR) {
		plane->tiling = I915_TILING_X;
		plane->stride_tiles = plane->stride_bytes / X_TILE_WIDTH;
	} else {
		plane->stride_bytes =
			plane->stride_tiles * (plane->tiling == I915_TILING_X ? X_TILE_WIDTH : 128);
		plane->tiling = I915_TILING_LINEAR;
	}
}

static void misread_stride(struct i915_plane *plane)
{
	if (plane->stride_bytes > STRIDE_UNIT)
		plane->stride_bytes -= STRIDE_UNIT;
	if (plane->stride_tiles > 1)
		plane->stride_tiles--;
}

bool i915_scanout_fault_plane(struct i915 *i915, int plane, struct i915_plane *shown,
			      struct i915_plane *lower)
{
	bool flipped;

	if (!i915->dev->vgpu.scanout || plane != 0)
		return false;
	flipped = was_flipped(&i915->scanout, shown);
	switch (i915->dev->vgpu.scanout) {
	case FAKE_SCANOUT_STALE:
		shown->gma = i915->scanout.before_gma;
		break;
	case FAKE_SCANOUT_TORN:
		*lower = *shown;
		lower->gma = i915->scanout.before_gma;
		lower->source_y_px += shown->height_px / 2;
		lower->y_px += (int)(shown->height_px / 2);
		lower->height_px -= shown->height_px / 2;
		return flipped && lower->height_px && !shown->turned && !shown->rotate_180;
	case FAKE_SCANOUT_STRIDE:
		misread_stride(shown);
		break;
	case FAKE_SCANOUT_TILING:
		misread_tiling(shown);
		break;
	default:
		break;
	}
	return false;
}

bool i915_scanout_fault_cursor(const struct i915 *i915, struct i915_cursor *cursor)
{
	switch (i915->dev->vgpu.scanout) {
	case FAKE_SCANOUT_CURSOR_MISSING:
		return false;
	case FAKE_SCANOUT_CURSOR_OFFSET:
		cursor->x_px += CURSOR_X_PX;
		cursor->y_px += CURSOR_Y_PX;
		break;
	default:
		break;
	}
	return true;
}

static uint32_t swap_red_blue(uint32_t pixel)
{
	return (pixel & 0xff) << 16 | (pixel & 0xff00) | (pixel >> 16 & 0xff);
}

static uint32_t move_bytes(uint32_t pixel)
{
	return (pixel << 8 | (pixel >> 16 & 0xff)) & 0xffffff;
}

static uint32_t squeeze(uint32_t pixel)
{
	uint32_t out = 0;

	for (int shift = 0; shift < 24; shift += 8)
		out |= (16 + ((pixel >> shift & 0xff) * 219 + 127) / 255) << shift;
	return out;
}

/* Five, six and five bits, the upper ones repeated below. */
static uint32_t lose_depth(uint32_t pixel)
{
	return (pixel & 0xf8fcf8) + (pixel >> 5 & 0x070007) + (pixel >> 6 & 0x000300);
}

static void map_pixels(uint32_t *pixels, size_t len, uint32_t (*map)(uint32_t))
{
	for (size_t i = 0; i < len; i++)
		pixels[i] = map(pixels[i]);
}

static void reverse(uint32_t *pixels, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		uint32_t pixel = pixels[i];

		pixels[i] = pixels[len - 1 - i];
		pixels[len - 1 - i] = pixel;
	}
}

static void mirror_rows(uint32_t *pixels, uint32_t width_px, uint32_t height_px)
{
	for (uint32_t y = 0; y < height_px; y++)
		reverse(pixels + (size_t)y * width_px, width_px);
}

/* Each pixel of the upper left quarter becomes four; from the end, sources lie before targets. */
static void enlarge(uint32_t *pixels, uint32_t width_px, uint32_t height_px)
{
	for (uint32_t y = height_px; y-- > 0;)
		for (uint32_t x = width_px; x-- > 0;)
			pixels[(size_t)y * width_px + x] =
				pixels[(size_t)(y / 2) * width_px + x / 2];
}

/* What leaves on one side comes in on the other. */
static void move(uint32_t *pixels, uint32_t width_px, size_t len)
{
	size_t by = ((size_t)SHIFT_Y_PX * width_px + SHIFT_X_PX) % len;

	reverse(pixels, len);
	reverse(pixels, by);
	reverse(pixels + by, len - by);
}

void i915_scanout_fault_picture(const struct i915 *i915, uint32_t *pixels, uint32_t width_px,
				uint32_t height_px)
{
	size_t len = (size_t)width_px * height_px;

	switch (i915->dev->vgpu.scanout) {
	case FAKE_SCANOUT_BLANK:
		memset(pixels, 0, len * sizeof(*pixels));
		break;
	case FAKE_SCANOUT_RB_SWAP:
		map_pixels(pixels, len, swap_red_blue);
		break;
	case FAKE_SCANOUT_CHANNELS:
		map_pixels(pixels, len, move_bytes);
		break;
	case FAKE_SCANOUT_LIMITED_RANGE:
		map_pixels(pixels, len, squeeze);
		break;
	case FAKE_SCANOUT_DEPTH:
		map_pixels(pixels, len, lose_depth);
		break;
	case FAKE_SCANOUT_ROTATED:
		reverse(pixels, len);
		break;
	case FAKE_SCANOUT_HORIZONTAL_FLIP:
		mirror_rows(pixels, width_px, height_px);
		break;
	case FAKE_SCANOUT_VERTICAL_FLIP:
		reverse(pixels, len);
		mirror_rows(pixels, width_px, height_px);
		break;
	case FAKE_SCANOUT_SCALED:
		enlarge(pixels, width_px, height_px);
		break;
	case FAKE_SCANOUT_SHIFT:
		move(pixels, width_px, len);
		break;
	default:
		break;
	}
}
