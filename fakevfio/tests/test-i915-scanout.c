// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The scanout shows what was programmed: each format and tiling is written by an encoder that
 * knows only the formulas of the PRM and drm_fourcc.h, through the guest's own page tables, and
 * must come out as the picture that went in.
 */

// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <linux/vfio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-guest.h"

#define FOURCC(a, b, c, d) ((uint32_t)(a) | (b) << 8 | (c) << 16 | (uint32_t)(d) << 24)

enum { LINEAR, TILED_X, TILED_Y, TILED_YF };
enum {
	DSP_CONTROL = 0x70180,
	DSP_STRIDE = 0x70188,
	PLANE_POSITION = 0x7018c,
	PLANE_WINDOW = 0x70190,
	DSP_SURFACE = 0x7019c,
	DSP_OFFSET = 0x701a4,
	PIPE_SOURCE = 0x6001c,
	PIPE_CONFIG = 0x70008,
	CURSOR_CONTROL = 0x70080,
	CURSOR_BASE = 0x70084,
	CURSOR_POSITION = 0x70088,
	CURSOR_FBC = 0x700a0,
	PALETTE_A = 0x4a000,
};

#define FB_GMA	   0x20000000u
#define CURSOR_GMA 0x21000000u
#define FLAG	   0xff00ffu

/** How a picture is laid out in graphics memory. */
struct layout {
	int version; /* 8 or 9 */
	uint32_t format; /* fourcc */
	int tiling;
	uint32_t control; /* register value without tiling and enable */
	unsigned int bytes_per_pixel;
};

static uint32_t picture(unsigned int x, unsigned int y)
{
	return (x * 0x050311 + y * 0x1107d3 + (x ^ y)) & 0xffffff;
}

static uint8_t *graphics_byte(struct fv_device *dev, uint64_t gma)
{
	uint64_t pte = i915_guest_entries(dev)[gma >> 12];

	assert_true(pte & 1);
	return i915_guest_memory() + (pte & ~0xfffull) + (gma & 0xfff);
}

/*
 * Yf: bits of x and y from offset bit 11 down, per bytes of a pixel.
 * Source: Skylake PRM vol. 5, Tile Formats, as GmmLib's swizzle patterns name them
 */
static const char *yf_bits(unsigned int bytes_per_pixel)
{
	return bytes_per_pixel == 1   ? "XYXYYYYYXXXX"
	       : bytes_per_pixel == 8 ? "XYXYXXYYXXXX"
				      : "XYXYXYYYXXXX";
}

static uint64_t yf_offset(unsigned int bytes_per_pixel, uint32_t stride, uint32_t x, uint32_t y)
{
	const char *bits = yf_bits(bytes_per_pixel);
	uint32_t in_tile = 0, width = 1, height = 1;

	for (int i = 0; i < 12; i++) {
		if (bits[11 - i] == 'X') {
			in_tile |= (x / width & 1) << i;
			width *= 2;
		} else {
			in_tile |= (y / height & 1) << i;
			height *= 2;
		}
	}
	return (uint64_t)(y / height) * stride * height + x / width * 4096 + in_tile;
}

/* Source: Broadwell PRM vol. 5, Tile Formats */
static uint64_t byte_offset(int tiling, unsigned int bytes_per_pixel, uint32_t stride, uint32_t x,
			    uint32_t y)
{
	switch (tiling) {
	case TILED_X:
		return (uint64_t)(y / 8) * stride * 8 + x / 512 * 4096 + y % 8 * 512 + x % 512;
	case TILED_Y:
		return (uint64_t)(y / 32) * stride * 32 + x / 128 * 4096 + x % 128 / 16 * 512 +
		       y % 32 * 16 + x % 16;
	case TILED_YF:
		return yf_offset(bytes_per_pixel, stride, x, y);
	}
	return (uint64_t)y * stride + x;
}

/* @value / 255 as a half-precision number, cut off: at most 2^-11 too small. */
static uint16_t half(uint32_t value)
{
	double part = value / 255.0;
	int exponent = 15;

	if (value == 0)
		return 0;
	for (; part < 1; exponent--)
		part *= 2;
	return (uint16_t)(exponent << 10 | (unsigned int)((part - 1) * 1024));
}

/* The pixel as the guest writes it. */
static uint64_t encode(uint32_t format, uint32_t rgb)
{
	uint32_t r = rgb >> 16, g = rgb >> 8 & 0xff, b = rgb & 0xff;

	switch (format) {
	case FOURCC('C', '8', ' ', ' '):
		return g;
	case FOURCC('R', 'G', '1', '6'):
		return (r >> 3) << 11 | (g >> 2) << 5 | b >> 3;
	case FOURCC('X', 'R', '2', '4'):
	case FOURCC('A', 'R', '2', '4'):
		return 0xa5000000 | r << 16 | g << 8 | b;
	case FOURCC('X', 'B', '2', '4'):
	case FOURCC('A', 'B', '2', '4'):
		return 0x5a000000 | b << 16 | g << 8 | r;
	case FOURCC('X', 'R', '3', '0'):
		return 3u << 30 | (r << 2 | 1) << 20 | (g << 2 | 2) << 10 | (b << 2 | 3);
	case FOURCC('X', 'B', '3', '0'):
		return 3u << 30 | (b << 2 | 1) << 20 | (g << 2 | 2) << 10 | (r << 2 | 3);
	case FOURCC('X', 'B', '4', 'H'):
		return half(r) | (uint64_t)half(g) << 16 | (uint64_t)half(b) << 32 |
		       0x3c00ull << 48;
	}
	fail();
	return 0;
}

/* What must be shown for @rgb: formats with fewer bits lose some. */
static uint32_t expected(uint32_t format, uint32_t rgb)
{
	uint32_t r = rgb >> 16, g = rgb >> 8 & 0xff, b = rgb & 0xff;

	switch (format) {
	case FOURCC('C', '8', ' ', ' '):
		return g * 0x010203 & 0xffffff; /* what set_palette() writes */
	case FOURCC('R', 'G', '1', '6'):
		/* upper bits repeated below */
		return ((r & 0xf8) + r / 32) << 16 | ((g & 0xfc) + g / 64) << 8 |
		       ((b & 0xf8) + b / 32);
	}
	return rgb;
}

static void set_palette(struct fv_device *dev)
{
	for (uint32_t i = 0; i < 256; i++)
		i915_guest_write(dev, PALETTE_A + 4 * i, i * 0x010203 & 0xffffff);
}

static void set_pipe(struct fv_device *dev, uint32_t width, uint32_t height)
{
	i915_guest_write(dev, PIPE_SOURCE, (width - 1) << 16 | (height - 1));
	i915_guest_write(dev, PIPE_CONFIG, 1u << 31);
}

/* Scatters pages so that none follows its neighbour: every one must be translated. */
static void map_scattered(struct fv_device *dev, uint32_t gma, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		i915_guest_map(dev, gma + i * 4096, 0x100000 + (pages - i) * 4096, 1);
}

static uint32_t stride_register(const struct layout *layout, uint32_t stride)
{
	const uint32_t yf_unit = layout->bytes_per_pixel == 1	? 64
				 : layout->bytes_per_pixel == 8 ? 256
								: 128;
	const uint32_t units[] = { 64, 512, 128, yf_unit };

	return layout->version == 9 ? stride / units[layout->tiling] : stride;
}

static uint32_t control_register(const struct layout *layout)
{
	static const uint32_t gen9_tilings[] = { 0, 1, 4, 5 };
	uint32_t tiling = layout->version == 9 ? gen9_tilings[layout->tiling] << 10
					       : (uint32_t)(layout->tiling == TILED_X) << 10;

	return 1u << 31 | layout->control | tiling;
}

static void draw(struct fv_device *dev, const struct layout *layout, uint32_t stride,
		 uint32_t width, uint32_t height)
{
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			uint64_t pixel = encode(layout->format, picture(x, y));

			for (unsigned int i = 0; i < layout->bytes_per_pixel; i++)
				*graphics_byte(dev,
					       FB_GMA + byte_offset(layout->tiling,
								    layout->bytes_per_pixel, stride,
								    x * layout->bytes_per_pixel + i,
								    y)) = (uint8_t)(pixel >> 8 * i);
		}
	}
}

static void arm(struct fv_device *dev, const struct layout *layout, uint32_t stride,
		uint32_t x_offset, uint32_t y_offset)
{
	i915_guest_write(dev, DSP_STRIDE, stride_register(layout, stride));
	i915_guest_write(dev, DSP_OFFSET, y_offset << 16 | x_offset);
	i915_guest_write(dev, DSP_CONTROL, control_register(layout));
	i915_guest_write(dev, DSP_SURFACE, FB_GMA);
}

static const uint32_t *query(struct fv_device *dev, uint32_t width, uint32_t height)
{
	struct fv_plane plane;

	assert_int_equal(
		dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_REGION, FV_PLANE_PRIMARY, &plane),
		0);
	assert_int_equal(plane.drm_format, FOURCC('X', 'R', '2', '4'));
	assert_int_equal(plane.drm_modifier, 0);
	assert_int_equal(plane.width_px, width);
	assert_int_equal(plane.height_px, height);
	assert_int_equal(plane.stride_bytes, width * 4);
	assert_int_equal(plane.size_bytes, width * height * 4);
	return fv_device_memory(dev, plane.region);
}

static void expect_pixel(const uint32_t *pixels, uint32_t width, uint32_t x, uint32_t y,
			 uint32_t rgb)
{
	uint32_t shown = pixels[y * width + x] & 0xffffff;

	if (shown != rgb)
		fail_msg("pixel %u,%u is %06x, expected %06x", x, y, shown, rgb);
}

enum { WIDTH = 321, HEIGHT = 77, X_OFFSET = 37, Y_OFFSET = 13 };

static void check_layout(const struct layout *layout)
{
	struct fv_device *dev = i915_guest_create(layout->version);
	const uint32_t stride = 4096; /* a multiple of every unit, wider than the picture */
	const uint32_t *pixels;

	map_scattered(dev, FB_GMA, 160);
	set_palette(dev);
	set_pipe(dev, WIDTH, HEIGHT);
	draw(dev, layout, stride, WIDTH + X_OFFSET, HEIGHT + Y_OFFSET);
	arm(dev, layout, stride, X_OFFSET, Y_OFFSET);
	pixels = query(dev, WIDTH, HEIGHT);
	for (uint32_t y = 0; y < HEIGHT; y++) {
		for (uint32_t x = 0; x < WIDTH; x++)
			expect_pixel(pixels, WIDTH, x, y,
				     expected(layout->format, picture(x + X_OFFSET, y + Y_OFFSET)));
	}
	i915_guest_destroy(dev);
}

/* Source of the control values: Broadwell PRM vol. 2c PRI_CTL, Skylake PRM vol. 2c PLANE_CTL */
static const struct layout formats[] = {
	{ 8, FOURCC('C', '8', ' ', ' '), 0, 0x08000000, 1 },
	{ 8, FOURCC('R', 'G', '1', '6'), 0, 0x14000000, 2 },
	{ 8, FOURCC('X', 'R', '2', '4'), 0, 0x18000000, 4 },
	{ 8, FOURCC('X', 'B', '2', '4'), 0, 0x38000000, 4 },
	{ 8, FOURCC('X', 'R', '3', '0'), 0, 0x28000000, 4 },
	{ 8, FOURCC('X', 'B', '3', '0'), 0, 0x20000000, 4 },
	{ 8, FOURCC('X', 'B', '4', 'H'), 0, 0x30000000, 8 },
	{ 9, FOURCC('X', 'B', '4', 'H'), 0, 0x06100000, 8 },
	{ 9, FOURCC('C', '8', ' ', ' '), 0, 0x0c000000, 1 },
	{ 9, FOURCC('R', 'G', '1', '6'), 0, 0x0e000000, 2 },
	{ 9, FOURCC('X', 'R', '2', '4'), 0, 0x04000000, 4 },
	{ 9, FOURCC('X', 'B', '2', '4'), 0, 0x04100000, 4 },
	{ 9, FOURCC('A', 'R', '2', '4'), 0, 0x04000020, 4 },
	{ 9, FOURCC('A', 'B', '2', '4'), 0, 0x04100020, 4 },
	{ 9, FOURCC('X', 'R', '3', '0'), 0, 0x02000000, 4 },
	{ 9, FOURCC('X', 'B', '3', '0'), 0, 0x02100000, 4 },
};

static void check_all(int version, int tiling)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(formats); i++) {
		struct layout layout = formats[i];

		layout.tiling = tiling;
		if (layout.version == version)
			check_layout(&layout);
	}
}

static void broadwell_linear_formats_come_out_as_drawn(void **state)
{
	check_all(8, LINEAR);
}

static void broadwell_x_tiled_formats_come_out_as_drawn(void **state)
{
	check_all(8, TILED_X);
}

static void gen9_linear_formats_come_out_as_drawn(void **state)
{
	check_all(9, LINEAR);
}

static void gen9_x_tiled_formats_come_out_as_drawn(void **state)
{
	check_all(9, TILED_X);
}

static void gen9_y_tiled_formats_come_out_as_drawn(void **state)
{
	check_all(9, TILED_Y);
}

static void gen9_yf_tiled_formats_come_out_as_drawn(void **state)
{
	check_all(9, TILED_YF);
}

static const struct layout xr24_gen8 = { 8, FOURCC('X', 'R', '2', '4'), LINEAR, 0x18000000, 4 };
static const struct layout xr24_gen9 = { 9, FOURCC('X', 'R', '2', '4'), LINEAR, 0x04000000, 4 };

/* 100 % bars of BT.601, limited range, to within rounding. Source: ITU-R BT.601-7 */
static void gen9_packed_yuv_shows_the_colour_bars(void **state)
{
	static const struct {
		uint8_t y, u, v;
		uint32_t rgb;
	} bars[] = {
		{ 16, 128, 128, 0x000000 }, { 235, 128, 128, 0xffffff },
		{ 81, 90, 240, 0xff0000 },  { 145, 54, 34, 0x00ff00 },
		{ 41, 240, 110, 0x0000ff }, { 106, 202, 222, 0xff00ff },
	};
	static const char order[4][4] = { "yuYv", "uyvY", "yvYu", "vyuY" };

	for (unsigned int k = 0; k < 4; k++) {
		struct fv_device *dev = i915_guest_create(9);
		const uint32_t *pixels;

		map_scattered(dev, FB_GMA, 8);
		set_pipe(dev, 12, 1);
		for (unsigned int i = 0; i < 6; i++) {
			for (unsigned int part = 0; part < 4; part++) {
				char c = order[k][part];

				*graphics_byte(dev, FB_GMA + 4 * i + part) = c == 'u'	? bars[i].u
									     : c == 'v' ? bars[i].v
											: bars[i].y;
			}
		}
		i915_guest_write(dev, DSP_STRIDE, 1);
		i915_guest_write(dev, DSP_CONTROL, 1u << 31 | k << 16);
		i915_guest_write(dev, DSP_SURFACE, FB_GMA);
		pixels = query(dev, 12, 1);
		for (unsigned int x = 0; x < 12; x++) {
			for (int shift = 0; shift < 24; shift += 8)
				assert_in_range((pixels[x] >> shift & 0xff) + 2 -
							(bars[x / 2].rgb >> shift & 0xff),
						0, 4);
		}
		i915_guest_destroy(dev);
	}
}

static void rotation_by_180_degrees_turns_the_picture(void **state)
{
	struct layout layouts[] = { xr24_gen8, xr24_gen9 };

	layouts[0].control |= 1u << 15;
	layouts[1].control |= 2;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(layouts); i++) {
		struct fv_device *dev = i915_guest_create(layouts[i].version);
		const uint32_t *pixels;

		map_scattered(dev, FB_GMA, 64);
		set_pipe(dev, 100, 50);
		draw(dev, &layouts[i], 512, 100, 50);
		arm(dev, &layouts[i], 512, 0, 0);
		pixels = query(dev, 100, 50);
		for (uint32_t y = 0; y < 50; y++) {
			for (uint32_t x = 0; x < 100; x++)
				expect_pixel(pixels, 100, x, y, picture(99 - x, 49 - y));
		}
		i915_guest_destroy(dev);
	}
}

/*
 * The driver maps the tiles of a turned picture column by column, each from the bottom up; the
 * hardware turns what is in the tiles. Source: intel_ggtt.c, rotate_pages(); Skylake PRM vol. 12
 */
static void check_turned(uint32_t rotation, int tiling)
{
	enum { COLUMNS = 3, ROWS = 2, DRAWN_WIDTH = 96, DRAWN_HEIGHT = 64, STRIDE = COLUMNS * 128 };
	const struct layout layout = { 9, FOURCC('X', 'R', '2', '4'), tiling, 0x04000000, 4 };
	struct fv_device *dev = i915_guest_create(9);
	const uint32_t *pixels;

	map_scattered(dev, FB_GMA + 0x100000, COLUMNS * ROWS);
	for (uint32_t y = 0; y < DRAWN_HEIGHT; y++) {
		for (uint32_t x = 0; x < DRAWN_WIDTH; x++)
			memcpy(graphics_byte(dev, FB_GMA + 0x100000 +
							  byte_offset(tiling, 4, STRIDE, 4 * x, y)),
			       &(uint32_t){ picture(x, y) }, 4);
	}
	for (uint32_t column = 0; column < COLUMNS; column++) {
		for (uint32_t row = 0; row < ROWS; row++)
			i915_guest_entries(dev)[FB_GMA / 4096 + column * ROWS + row] =
				i915_guest_entries(dev)[FB_GMA / 4096 + 256 +
							(ROWS - 1 - row) * COLUMNS + column];
	}
	set_pipe(dev, DRAWN_HEIGHT, DRAWN_WIDTH);
	i915_guest_write(dev, DSP_STRIDE, ROWS);
	i915_guest_write(dev, DSP_CONTROL, control_register(&layout) | rotation);
	i915_guest_write(dev, DSP_SURFACE, FB_GMA);
	pixels = query(dev, DRAWN_HEIGHT, DRAWN_WIDTH);
	for (uint32_t y = 0; y < DRAWN_WIDTH; y++) {
		for (uint32_t x = 0; x < DRAWN_HEIGHT; x++)
			expect_pixel(pixels, DRAWN_HEIGHT, x, y,
				     rotation == 1 ? picture(y, DRAWN_HEIGHT - 1 - x)
						   : picture(DRAWN_WIDTH - 1 - y, x));
	}
	i915_guest_destroy(dev);
}

static void gen9_rotation_by_90_and_270_degrees_turns_the_picture(void **state)
{
	check_turned(1, TILED_Y);
	check_turned(3, TILED_Y);
	check_turned(1, TILED_YF);
	check_turned(3, TILED_YF);
}

static void registers_take_effect_when_the_surface_is_written(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	const uint32_t *pixels;

	map_scattered(dev, FB_GMA, 64);
	set_pipe(dev, 64, 16);
	draw(dev, &xr24_gen8, 256, 64, 16);
	arm(dev, &xr24_gen8, 256, 0, 0);
	i915_guest_write(dev, DSP_OFFSET, 3);
	i915_guest_write(dev, DSP_CONTROL, 0);
	pixels = query(dev, 64, 16);
	expect_pixel(pixels, 64, 5, 5, picture(5, 5));
	i915_guest_write(dev, DSP_CONTROL, control_register(&xr24_gen8));
	i915_guest_write(dev, DSP_SURFACE, FB_GMA);
	query(dev, 64, 16);
	expect_pixel(pixels, 64, 5, 5, picture(8, 5));
	i915_guest_destroy(dev);
}

static void expect_off(struct fv_device *dev)
{
	struct fv_plane plane;

	memset(&plane, 0xff, sizeof(plane));
	assert_int_equal(
		dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_REGION, FV_PLANE_PRIMARY, &plane),
		0);
	assert_int_equal(plane.drm_format, 0);
	assert_int_equal(plane.size_bytes, 0);
}

static void nothing_is_shown_until_pipe_and_plane_are_on(void **state)
{
	struct fv_device *dev = i915_guest_create(8);

	expect_off(dev);
	set_pipe(dev, 64, 16);
	expect_off(dev);
	arm(dev, &xr24_gen8, 256, 0, 0);
	query(dev, 64, 16);
	i915_guest_write(dev, PIPE_CONFIG, 0);
	expect_off(dev);
	i915_guest_destroy(dev);
}

static void dmabuf_is_refused_and_type_zero_is_the_primary(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	struct fv_plane plane;

	assert_int_equal(
		dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_DMABUF, FV_PLANE_PRIMARY, &plane),
		-EINVAL);
	assert_int_equal(dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_REGION, 0, &plane), 0);
	i915_guest_destroy(dev);
}

static void unmapped_pages_show_the_flag_colour(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	const uint32_t *pixels;

	/* 64x64: one page holds 16 lines; page 1 has no entry, page 2 no memory behind it */
	i915_guest_map(dev, FB_GMA, 0x10000, 1);
	i915_guest_map(dev, FB_GMA + 0x2000, 0x20000000, 1);
	i915_guest_map(dev, FB_GMA + 0x3000, 0x11000, 1);
	set_pipe(dev, 64, 64);
	for (uint32_t i = 0; i < 1024; i++) {
		memcpy(i915_guest_memory() + 0x10000 + 4 * i, &(uint32_t){ 0x112233 }, 4);
		memcpy(i915_guest_memory() + 0x11000 + 4 * i, &(uint32_t){ 0x445566 }, 4);
	}
	arm(dev, &xr24_gen8, 256, 0, 0);
	pixels = query(dev, 64, 64);
	expect_pixel(pixels, 64, 63, 15, 0x112233);
	expect_pixel(pixels, 64, 0, 16, FLAG);
	expect_pixel(pixels, 64, 63, 31, FLAG);
	expect_pixel(pixels, 64, 0, 32, FLAG);
	expect_pixel(pixels, 64, 63, 47, FLAG);
	expect_pixel(pixels, 64, 0, 48, 0x445566);
	i915_guest_destroy(dev);
}

static void gen9_plane_keeps_to_its_window(void **state)
{
	struct fv_device *dev = i915_guest_create(9);
	const uint32_t *pixels;

	map_scattered(dev, FB_GMA, 64);
	set_pipe(dev, 64, 64);
	draw(dev, &xr24_gen9, 256, 20, 10);
	i915_guest_write(dev, PLANE_POSITION, 7u << 16 | 50);
	i915_guest_write(dev, PLANE_WINDOW, 9u << 16 | 19);
	arm(dev, &xr24_gen9, 256, 0, 0);
	pixels = query(dev, 64, 64);
	expect_pixel(pixels, 64, 49, 7, 0);
	expect_pixel(pixels, 64, 50, 6, 0);
	expect_pixel(pixels, 64, 50, 7, picture(0, 0));
	expect_pixel(pixels, 64, 63, 16, picture(13, 9));
	expect_pixel(pixels, 64, 63, 17, 0);
	i915_guest_destroy(dev);
}

static uint32_t over(uint32_t argb, uint32_t below)
{
	uint32_t out = 0;

	for (int shift = 0; shift < 24; shift += 8) {
		double sum = (argb >> shift & 0xff) +
			     (below >> shift & 0xff) * (255.0 - (argb >> 24)) / 255.0;

		out |= (uint32_t)(sum > 255 ? 255 : sum + 0.5) << shift;
	}
	return out;
}

/* Premultiplied: no channel exceeds alpha. */
static uint32_t cursor_picture(uint32_t x, uint32_t y)
{
	uint32_t alpha = (x * 7 + y * 5) & 0xff;

	return alpha << 24 | (alpha / 2) << 16 | (alpha / 3) << 8 | alpha;
}

static void check_cursor(int version, uint32_t mode, uint32_t size, int x_at, int y_at)
{
	enum { W = 300, H = 280 };
	const struct layout *layout = version == 9 ? &xr24_gen9 : &xr24_gen8;
	struct fv_device *dev = i915_guest_create(version);
	const uint32_t *pixels;

	map_scattered(dev, FB_GMA, 400);
	for (unsigned int i = 0; i < 64; i++)
		i915_guest_map(dev, CURSOR_GMA + i * 4096, 0x1000000 + (63 - i) * 4096, 1);
	set_pipe(dev, W, H);
	draw(dev, layout, 1280, W, H);
	arm(dev, layout, 1280, 0, 0);
	for (uint32_t y = 0; y < size; y++) {
		for (uint32_t x = 0; x < size; x++)
			memcpy(graphics_byte(dev, CURSOR_GMA + (y * size + x) * 4),
			       &(uint32_t){ cursor_picture(x, y) }, 4);
	}
	i915_guest_write(dev, CURSOR_CONTROL, mode);
	i915_guest_write(dev, CURSOR_POSITION,
			 (uint32_t)abs(x_at) | (uint32_t)(x_at < 0) << 15 |
				 (uint32_t)abs(y_at) << 16 | (uint32_t)(y_at < 0) << 31);
	i915_guest_write(dev, CURSOR_BASE, CURSOR_GMA);
	pixels = query(dev, W, H);
	for (int y = 0; y < H; y++) {
		for (int x = 0; x < W; x++) {
			bool inside = x >= x_at && x < x_at + (int)size && y >= y_at &&
				      y < y_at + (int)size;
			uint32_t below = picture((uint32_t)x, (uint32_t)y);

			expect_pixel(pixels, W, (uint32_t)x, (uint32_t)y,
				     inside ? over(cursor_picture((uint32_t)(x - x_at),
								  (uint32_t)(y - y_at)),
						   below)
					    : below);
		}
	}
	i915_guest_destroy(dev);
}

static void cursor_is_blended_and_clipped_at_every_edge(void **state)
{
	static const int at[][2] = {
		{ 100, 90 }, { -30, 40 }, { 40, -63 }, { 299, 279 }, { 280, 100 },   { 100, 270 },
		{ -1, -1 },  { -64, 0 },  { 300, 0 },  { 0, 280 },   { -500, -500 }, { 4000, 4000 },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(at); i++)
		check_cursor(8, 0x27, 64, at[i][0], at[i][1]);
}

static void cursors_have_three_sizes_on_each_generation(void **state)
{
	check_cursor(8, 0x22, 128, 10, 20);
	check_cursor(8, 0x23, 256, -100, 20);
	check_cursor(9, 0x27, 64, 10, 20);
	check_cursor(9, 0x22, 128, 10, -20);
	check_cursor(9, 0x23, 256, 100, 20);
}

/* A guest may write anything: nothing outside the picture may be touched, nor may it take ages. */
static void hostile_values_stay_inside_the_picture(void **state)
{
	static const uint32_t values[] = { 0, 1, 0x7fffffff, 0x80000000, 0xffffffff, 0x0fff0fff };

	for (int version = 8; version <= 9; version++) {
		struct fv_device *dev = i915_guest_create(version);
		struct fv_plane plane;

		for (size_t i = 0; i < 1 << 20; i++)
			i915_guest_entries(dev)[i] = ~0ull;
		i915_guest_write(dev, PIPE_CONFIG, 1u << 31);
		i915_guest_write(dev, PIPE_SOURCE, 0x00ff00ff);
		for (size_t i = 0; i < VGPU_ARRAY_LEN(values); i++) {
			for (uint32_t at = 0; at < 0x300; at += 0x100) {
				i915_guest_write(dev, DSP_CONTROL + at,
						 1u << 31 | 0x1bffffff % (values[i] | 1));
				i915_guest_write(dev, DSP_STRIDE + at, values[i]);
				i915_guest_write(dev, DSP_OFFSET + at, values[(i + 1) % 6]);
				i915_guest_write(dev, PLANE_POSITION + at, values[(i + 2) % 6]);
				i915_guest_write(dev, PLANE_WINDOW + at, values[(i + 3) % 6]);
				i915_guest_write(dev, DSP_SURFACE + at, values[(i + 4) % 6]);
			}
			i915_guest_write(dev, CURSOR_CONTROL, 0x27);
			i915_guest_write(dev, CURSOR_FBC, values[i]);
			i915_guest_write(dev, CURSOR_POSITION, values[i]);
			i915_guest_write(dev, CURSOR_BASE, values[i]);
			assert_int_equal(dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_REGION,
								 FV_PLANE_PRIMARY, &plane),
					 0);
		}
		i915_guest_destroy(dev);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(broadwell_linear_formats_come_out_as_drawn),
		cmocka_unit_test(broadwell_x_tiled_formats_come_out_as_drawn),
		cmocka_unit_test(gen9_linear_formats_come_out_as_drawn),
		cmocka_unit_test(gen9_x_tiled_formats_come_out_as_drawn),
		cmocka_unit_test(gen9_y_tiled_formats_come_out_as_drawn),
		cmocka_unit_test(gen9_yf_tiled_formats_come_out_as_drawn),
		cmocka_unit_test(gen9_rotation_by_90_and_270_degrees_turns_the_picture),
		cmocka_unit_test(gen9_packed_yuv_shows_the_colour_bars),
		cmocka_unit_test(rotation_by_180_degrees_turns_the_picture),
		cmocka_unit_test(registers_take_effect_when_the_surface_is_written),
		cmocka_unit_test(nothing_is_shown_until_pipe_and_plane_are_on),
		cmocka_unit_test(dmabuf_is_refused_and_type_zero_is_the_primary),
		cmocka_unit_test(unmapped_pages_show_the_flag_colour),
		cmocka_unit_test(gen9_plane_keeps_to_its_window),
		cmocka_unit_test(cursor_is_blended_and_clipped_at_every_edge),
		cmocka_unit_test(cursors_have_three_sizes_on_each_generation),
		cmocka_unit_test(hostile_values_stay_inside_the_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
