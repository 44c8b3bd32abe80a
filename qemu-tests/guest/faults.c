/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "faults.h"

#include <stdlib.h>
#include <string.h>

static size_t pixels_len(const struct guest_faulty *faulty)
{
	return (size_t)faulty->picture->width_px * faulty->picture->height_px;
}

static uint32_t *row_of(const struct guest_faulty *faulty, uint32_t y)
{
	return faulty->xrgb + (size_t)y * faulty->picture->width_px;
}

static void swap_red_blue(struct guest_faulty *faulty)
{
	for (size_t i = 0; i < pixels_len(faulty); i++) {
		uint32_t pixel = faulty->xrgb[i];

		faulty->xrgb[i] = (pixel & 0xff) << 16 | (pixel & 0xff00) | (pixel >> 16 & 0xff);
	}
}

static void rotate_channels(struct guest_faulty *faulty)
{
	for (size_t i = 0; i < pixels_len(faulty); i++)
		faulty->xrgb[i] = (faulty->xrgb[i] << 8 | faulty->xrgb[i] >> 16) & 0xffffff;
}

static void blacken(struct guest_faulty *faulty)
{
	memset(faulty->xrgb, 0, pixels_len(faulty) * sizeof(*faulty->xrgb));
}

static void draw_earlier(struct guest_faulty *faulty)
{
	qt_card_draw(faulty->earlier, faulty->xrgb, faulty->picture->width_px);
}

/* The upper half is new, the lower half old. */
static void tear(struct guest_faulty *faulty)
{
	size_t half = (size_t)faulty->picture->height_px / 2 * faulty->picture->width_px;
	uint32_t *upper = malloc(half * sizeof(*upper));

	if (!upper)
		return;
	memcpy(upper, faulty->xrgb, half * sizeof(*upper));
	draw_earlier(faulty);
	memcpy(faulty->xrgb, upper, half * sizeof(*upper));
	free(upper);
}

static void hide_cursor(struct guest_faulty *faulty)
{
	faulty->picture->cursor = false;
}

static void move_cursor(struct guest_faulty *faulty)
{
	faulty->picture->cursor_x_px += 7;
	faulty->picture->cursor_y_px += 3;
}

static void reverse(uint32_t *pixels, size_t len)
{
	for (size_t i = 0; i < len / 2; i++) {
		uint32_t pixel = pixels[i];

		pixels[i] = pixels[len - 1 - i];
		pixels[len - 1 - i] = pixel;
	}
}

static void rotate(struct guest_faulty *faulty)
{
	reverse(faulty->xrgb, pixels_len(faulty));
}

static void flip_horizontally(struct guest_faulty *faulty)
{
	for (uint32_t y = 0; y < faulty->picture->height_px; y++)
		reverse(row_of(faulty, y), faulty->picture->width_px);
}

static void flip_vertically(struct guest_faulty *faulty)
{
	rotate(faulty);
	flip_horizontally(faulty);
}

/* Black at 16, white at 235, as video has it. */
static void limit_range(struct guest_faulty *faulty)
{
	for (size_t i = 0; i < pixels_len(faulty); i++) {
		uint32_t out = 0;

		for (int shift = 0; shift < 24; shift += 8)
			out |= (16 + ((faulty->xrgb[i] >> shift & 0xff) * 219 + 127) / 255)
			       << shift;
		faulty->xrgb[i] = out;
	}
}

static void lose_depth(struct guest_faulty *faulty)
{
	qt_pixel_format_round(qt_pixel_format_find("RG16"), faulty->xrgb, pixels_len(faulty));
}

static void write_rows_too_far_apart(struct guest_faulty *faulty)
{
	uint32_t tile = faulty->picture->tiling->tile_width_bytes;

	faulty->picture->stride_error_bytes = tile;
}

static void write_other_tiling(struct guest_faulty *faulty)
{
	bool linear = faulty->picture->tiling->kind == QT_TILING_LINEAR;

	faulty->picture->written_tiling = qt_tiling_find(linear ? "x" : "linear");
}

/* By 16 px to the right and 8 down; what leaves on one side comes in on the other. */
static void shift(struct guest_faulty *faulty)
{
	size_t len = pixels_len(faulty), by = 8 * (size_t)faulty->picture->width_px + 16;

	by %= len;
	reverse(faulty->xrgb, len);
	reverse(faulty->xrgb, by);
	reverse(faulty->xrgb + by, len - by);
}

static void enlarge(struct guest_faulty *faulty)
{
	/* from the end: sources lie before their targets */
	for (uint32_t y = faulty->picture->height_px; y-- > 0;)
		for (uint32_t x = faulty->picture->width_px; x-- > 0;)
			row_of(faulty, y)[x] = row_of(faulty, y / 2)[x / 2];
}

static void crop(struct guest_faulty *faulty)
{
	uint32_t old_width = faulty->picture->width_px;
	uint32_t width = old_width * 3 / 4 / 8 * 8, height = faulty->picture->height_px * 3 / 4;

	for (uint32_t y = 0; y < height; y++)
		memmove(faulty->xrgb + (size_t)y * width, faulty->xrgb + (size_t)y * old_width,
			width * sizeof(*faulty->xrgb));
	faulty->picture->width_px = width;
	faulty->picture->height_px = height;
}

const struct guest_fault *guest_fault_find(const char *name)
{
	static const struct guest_fault faults[] = {
		{ "blank", blacken },
		{ "stale", draw_earlier },
		{ "torn", tear },
		{ "cursor-missing", hide_cursor },
		{ "cursor-offset", move_cursor },
		{ "rb-swap", swap_red_blue },
		{ "channels", rotate_channels },
		{ "vertical-flip", flip_vertically },
		{ "horizontal-flip", flip_horizontally },
		{ "rotated", rotate },
		{ "limited-range", limit_range },
		{ "depth", lose_depth },
		{ "stride", write_rows_too_far_apart },
		{ "tiling", write_other_tiling },
		{ "shift", shift },
		{ "cropped", crop },
		{ "scaled", enlarge },
	};

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (strcmp(faults[i].name, name) == 0)
			return &faults[i];
	return NULL;
}
