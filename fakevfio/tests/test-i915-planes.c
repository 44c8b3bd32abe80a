// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What is shown where: planes and cursors on a pipe, at its edges, off, without memory behind
 * them, and programmed by somebody who means harm.
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

#include "i915-picture.h"

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
	i915_picture_set_pipe(dev, 64, 16);
	expect_off(dev);
	i915_picture_arm(dev, &i915_picture_gen8, 256, 0, 0);
	i915_picture_query(dev, 64, 16);
	i915_guest_write(dev, PIPE_CONFIG, 0);
	expect_off(dev);
	i915_guest_destroy(dev);
}

static void type_zero_is_the_primary_and_no_path_is_refused(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	struct fv_plane plane;

	assert_int_equal(dev->model->query_plane(dev, 0, FV_PLANE_PRIMARY, &plane), -EINVAL);
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
	i915_picture_set_pipe(dev, 64, 64);
	for (uint32_t i = 0; i < 1024; i++) {
		memcpy(i915_guest_memory() + 0x10000 + 4 * i, &(uint32_t){ 0x112233 }, 4);
		memcpy(i915_guest_memory() + 0x11000 + 4 * i, &(uint32_t){ 0x445566 }, 4);
	}
	i915_picture_arm(dev, &i915_picture_gen8, 256, 0, 0);
	pixels = i915_picture_query(dev, 64, 64);
	i915_picture_expect(pixels, 64, 63, 15, 0x112233);
	i915_picture_expect(pixels, 64, 0, 16, FLAG);
	i915_picture_expect(pixels, 64, 63, 31, FLAG);
	i915_picture_expect(pixels, 64, 0, 32, FLAG);
	i915_picture_expect(pixels, 64, 63, 47, FLAG);
	i915_picture_expect(pixels, 64, 0, 48, 0x445566);
	i915_guest_destroy(dev);
}

static void gen9_plane_keeps_to_its_window(void **state)
{
	struct fv_device *dev = i915_guest_create(9);
	const uint32_t *pixels;

	i915_picture_map(dev, FB_GMA, 64);
	i915_picture_set_pipe(dev, 64, 64);
	i915_picture_draw(dev, &i915_picture_gen9, 256, 20, 10);
	i915_guest_write(dev, PLANE_POSITION, 7u << 16 | 50);
	i915_guest_write(dev, PLANE_WINDOW, 9u << 16 | 19);
	i915_picture_arm(dev, &i915_picture_gen9, 256, 0, 0);
	pixels = i915_picture_query(dev, 64, 64);
	i915_picture_expect(pixels, 64, 49, 7, 0);
	i915_picture_expect(pixels, 64, 50, 6, 0);
	i915_picture_expect(pixels, 64, 50, 7, i915_picture_pixel(0, 0));
	i915_picture_expect(pixels, 64, 63, 16, i915_picture_pixel(13, 9));
	i915_picture_expect(pixels, 64, 63, 17, 0);
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
	const struct layout *layout = version == 9 ? &i915_picture_gen9 : &i915_picture_gen8;
	struct fv_device *dev = i915_guest_create(version);
	const uint32_t *pixels;

	i915_picture_map(dev, FB_GMA, 400);
	for (unsigned int i = 0; i < 64; i++)
		i915_guest_map(dev, CURSOR_GMA + i * 4096, 0x1000000 + (63 - i) * 4096, 1);
	i915_picture_set_pipe(dev, W, H);
	i915_picture_draw(dev, layout, 1280, W, H);
	i915_picture_arm(dev, layout, 1280, 0, 0);
	for (uint32_t y = 0; y < size; y++) {
		for (uint32_t x = 0; x < size; x++)
			memcpy(i915_picture_byte(dev, CURSOR_GMA + (y * size + x) * 4),
			       &(uint32_t){ cursor_picture(x, y) }, 4);
	}
	i915_guest_write(dev, CURSOR_CONTROL, mode);
	i915_guest_write(dev, CURSOR_POSITION,
			 (uint32_t)abs(x_at) | (uint32_t)(x_at < 0) << 15 |
				 (uint32_t)abs(y_at) << 16 | (uint32_t)(y_at < 0) << 31);
	i915_guest_write(dev, CURSOR_BASE, CURSOR_GMA);
	pixels = i915_picture_query(dev, W, H);
	for (int y = 0; y < H; y++) {
		for (int x = 0; x < W; x++) {
			bool inside = x >= x_at && x < x_at + (int)size && y >= y_at &&
				      y < y_at + (int)size;
			uint32_t below = i915_picture_pixel((uint32_t)x, (uint32_t)y);

			i915_picture_expect(pixels, W, (uint32_t)x, (uint32_t)y,
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

/* The picture that the guest drew, as a display engine shows it that is wrong on purpose. */
static const uint32_t *show_wrong(struct fv_device *dev, enum fake_scanout_fault fault)
{
	dev->vgpu.scanout = fault;
	return i915_picture_query(dev, 64, 16);
}

static void a_wrong_display_engine_does_what_its_fault_says(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	uint32_t first = i915_picture_pixel(0, 0), last = i915_picture_pixel(63, 15);

	i915_picture_map(dev, FB_GMA, 2);
	i915_picture_draw(dev, &i915_picture_gen8, 256, 64, 16);
	i915_picture_set_pipe(dev, 64, 16);
	i915_picture_arm(dev, &i915_picture_gen8, 256, 0, 0);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_RIGHT), 64, 0, 0, first);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_BLANK), 64, 63, 15, 0);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_ROTATED), 64, 0, 0, last);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_VERTICAL_FLIP), 64, 63, 0, last);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_HORIZONTAL_FLIP), 64, 0, 15, last);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_SCALED), 64, 1, 1, first);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_SHIFT), 64, 16, 8, first);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_RB_SWAP), 64, 0, 0,
			    (first & 0xff) << 16 | (first & 0xff00) | first >> 16);
	/* lines of 64 pixels, read 48 apart */
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_STRIDE), 64, 0, 1,
			    i915_picture_pixel(48, 0));
	dev->vgpu.scanout = FAKE_SCANOUT_CROPPED;
	i915_picture_query(dev, 48, 12);
	dev->vgpu.scanout = FAKE_SCANOUT_OFF;
	expect_off(dev);
	i915_guest_destroy(dev);
}

static void a_stale_display_engine_shows_the_surface_before_the_last_flip(void **state)
{
	struct fv_device *dev = i915_guest_create(8);
	uint32_t old = i915_picture_pixel(63, 15);

	/* two surfaces: one that is drawn, and one all of whose pixels are 0x112233 */
	i915_picture_map(dev, FB_GMA, 1);
	i915_guest_map(dev, FB_GMA + 0x1000, 0x10000, 1);
	i915_picture_draw(dev, &i915_picture_gen8, 256, 64, 16);
	for (uint32_t i = 0; i < 1024; i++)
		memcpy(i915_guest_memory() + 0x10000 + 4 * i, &(uint32_t){ 0x112233 }, 4);
	i915_picture_set_pipe(dev, 64, 16);
	i915_picture_arm(dev, &i915_picture_gen8, 256, 0, 0);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_STALE), 64, 63, 15, old);
	i915_guest_write(dev, DSP_SURFACE, FB_GMA + 0x1000);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_STALE), 64, 63, 15, old);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_TORN), 64, 63, 7, 0x112233);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_TORN), 64, 63, 15, old);
	i915_picture_expect(show_wrong(dev, FAKE_SCANOUT_RIGHT), 64, 63, 15, 0x112233);
	i915_guest_destroy(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_shown_until_pipe_and_plane_are_on),
		cmocka_unit_test(type_zero_is_the_primary_and_no_path_is_refused),
		cmocka_unit_test(a_wrong_display_engine_does_what_its_fault_says),
		cmocka_unit_test(a_stale_display_engine_shows_the_surface_before_the_last_flip),
		cmocka_unit_test(unmapped_pages_show_the_flag_colour),
		cmocka_unit_test(gen9_plane_keeps_to_its_window),
		cmocka_unit_test(cursor_is_blended_and_clipped_at_every_edge),
		cmocka_unit_test(cursors_have_three_sizes_on_each_generation),
		cmocka_unit_test(hostile_values_stay_inside_the_picture),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
