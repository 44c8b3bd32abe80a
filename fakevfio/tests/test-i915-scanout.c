// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The scanout shows what was programmed: each format, tiling and rotation, through the guest's own
 * page tables, must come out as the picture that went in.
 */

// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/vfio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-picture.h"

enum { WIDTH = 321, HEIGHT = 77, X_OFFSET = 37, Y_OFFSET = 13 };

static void check_layout(const struct layout *layout)
{
	struct fv_device *dev = i915_guest_create(layout->version);
	const uint32_t stride = 4096; /* a multiple of every unit, wider than the picture */
	const uint32_t *pixels;

	i915_picture_map(dev, FB_GMA, 160);
	i915_picture_set_palette(dev);
	i915_picture_set_pipe(dev, WIDTH, HEIGHT);
	i915_picture_draw(dev, layout, stride, WIDTH + X_OFFSET, HEIGHT + Y_OFFSET);
	i915_picture_arm(dev, layout, stride, X_OFFSET, Y_OFFSET);
	pixels = i915_picture_query(dev, WIDTH, HEIGHT);
	for (uint32_t y = 0; y < HEIGHT; y++) {
		for (uint32_t x = 0; x < WIDTH; x++)
			i915_picture_expect(
				pixels, WIDTH, x, y,
				i915_picture_expected(
					layout->format,
					i915_picture_pixel(x + X_OFFSET, y + Y_OFFSET)));
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

		i915_picture_map(dev, FB_GMA, 8);
		i915_picture_set_pipe(dev, 12, 1);
		for (unsigned int i = 0; i < 6; i++) {
			for (unsigned int part = 0; part < 4; part++) {
				char c = order[k][part];

				*i915_picture_byte(dev, FB_GMA + 4 * i + part) =
					c == 'u'   ? bars[i].u
					: c == 'v' ? bars[i].v
						   : bars[i].y;
			}
		}
		i915_guest_write(dev, DSP_STRIDE, 1);
		i915_guest_write(dev, DSP_CONTROL, 1u << 31 | k << 16);
		i915_guest_write(dev, DSP_SURFACE, FB_GMA);
		pixels = i915_picture_query(dev, 12, 1);
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
	struct layout layouts[] = { i915_picture_gen8, i915_picture_gen9 };

	layouts[0].control |= 1u << 15;
	layouts[1].control |= 2;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(layouts); i++) {
		struct fv_device *dev = i915_guest_create(layouts[i].version);
		const uint32_t *pixels;

		i915_picture_map(dev, FB_GMA, 64);
		i915_picture_set_pipe(dev, 100, 50);
		i915_picture_draw(dev, &layouts[i], 512, 100, 50);
		i915_picture_arm(dev, &layouts[i], 512, 0, 0);
		pixels = i915_picture_query(dev, 100, 50);
		for (uint32_t y = 0; y < 50; y++) {
			for (uint32_t x = 0; x < 100; x++)
				i915_picture_expect(pixels, 100, x, y,
						    i915_picture_pixel(99 - x, 49 - y));
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

	i915_picture_map(dev, FB_GMA + 0x100000, COLUMNS * ROWS);
	for (uint32_t y = 0; y < DRAWN_HEIGHT; y++) {
		for (uint32_t x = 0; x < DRAWN_WIDTH; x++)
			memcpy(i915_picture_byte(dev, FB_GMA + 0x100000 +
							      i915_picture_offset(tiling, 4, STRIDE,
										  4 * x, y)),
			       &(uint32_t){ i915_picture_pixel(x, y) }, 4);
	}
	for (uint32_t column = 0; column < COLUMNS; column++) {
		for (uint32_t row = 0; row < ROWS; row++)
			i915_guest_entries(dev)[FB_GMA / 4096 + column * ROWS + row] =
				i915_guest_entries(dev)[FB_GMA / 4096 + 256 +
							(ROWS - 1 - row) * COLUMNS + column];
	}
	i915_picture_set_pipe(dev, DRAWN_HEIGHT, DRAWN_WIDTH);
	i915_guest_write(dev, DSP_STRIDE, ROWS);
	i915_guest_write(dev, DSP_CONTROL, i915_picture_control(&layout) | rotation);
	i915_guest_write(dev, DSP_SURFACE, FB_GMA);
	pixels = i915_picture_query(dev, DRAWN_HEIGHT, DRAWN_WIDTH);
	for (uint32_t y = 0; y < DRAWN_WIDTH; y++) {
		for (uint32_t x = 0; x < DRAWN_HEIGHT; x++)
			i915_picture_expect(pixels, DRAWN_HEIGHT, x, y,
					    rotation == 1
						    ? i915_picture_pixel(y, DRAWN_HEIGHT - 1 - x)
						    : i915_picture_pixel(DRAWN_WIDTH - 1 - y, x));
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

	i915_picture_map(dev, FB_GMA, 64);
	i915_picture_set_pipe(dev, 64, 16);
	i915_picture_draw(dev, &i915_picture_gen8, 256, 64, 16);
	i915_picture_arm(dev, &i915_picture_gen8, 256, 0, 0);
	i915_guest_write(dev, DSP_OFFSET, 3);
	i915_guest_write(dev, DSP_CONTROL, 0);
	pixels = i915_picture_query(dev, 64, 16);
	i915_picture_expect(pixels, 64, 5, 5, i915_picture_pixel(5, 5));
	i915_guest_write(dev, DSP_CONTROL, i915_picture_control(&i915_picture_gen8));
	i915_guest_write(dev, DSP_SURFACE, FB_GMA);
	i915_picture_query(dev, 64, 16);
	i915_picture_expect(pixels, 64, 5, 5, i915_picture_pixel(8, 5));
	i915_guest_destroy(dev);
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
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
