// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Planes as the DMA-BUF path tells of them. What is expected is what GVT-g's decoder does, also
 * where a display would do otherwise.
 * Source: drivers/gpu/drm/i915/gvt/fb_decoder.c, dmabuf.c; drm_fourcc.h for modifiers
 */

// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <errno.h>
#include <linux/vfio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-picture.h"

enum { CURSOR_X_HOT = 0x78830, CURSOR_Y_HOT = 0x78834, SPRITE_CONTROL = 0x70280 };

static int query(struct fv_device *dev, enum fv_plane_type type, struct fv_plane *out)
{
	memset(out, 0xff, sizeof(*out));
	return dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_DMABUF, type, out);
}

/* 256 bytes a line are 64 pixels of 32 bits. */
static struct fv_device *show(int version, uint32_t control, uint32_t stride_register)
{
	struct fv_device *dev = i915_guest_create(version);

	i915_picture_map(dev, FB_GMA, 64);
	i915_picture_set_pipe(dev, 64, 20);
	i915_guest_write(dev, DSP_STRIDE, stride_register);
	i915_guest_write(dev, DSP_CONTROL, 1u << 31 | control);
	i915_guest_write(dev, DSP_SURFACE, FB_GMA);
	return dev;
}

static void each_layout_has_gvts_format_modifier_and_size(void **state)
{
	static const struct {
		int version;
		uint32_t control, stride, format;
		uint64_t modifier;
		uint32_t stride_bytes, size;
	} rows[] = {
		{ 8, 0x6 << 26, 256, DRM_FORMAT_XRGB8888, 0, 256, 256 * 20 },
		{ 8, 0xe << 26, 256, DRM_FORMAT_XBGR8888, 0, 256, 256 * 20 },
		{ 8, 0x8 << 26, 256, DRM_FORMAT_XBGR2101010, 0, 256, 256 * 20 },
		{ 8, 0xa << 26, 256, DRM_FORMAT_XRGB2101010, 0, 256, 256 * 20 },
		{ 8, 0x5 << 26, 128, DRM_FORMAT_RGB565, 0, 128, 128 * 20 },
		{ 8, 0x2 << 26, 64, DRM_FORMAT_C8, 0, 64, 64 * 20 },
		{ 8, 0x6 << 26 | 1 << 10, 512, DRM_FORMAT_XRGB8888, I915_FORMAT_MOD_X_TILED, 512,
		  512 * 24 },
		{ 9, 0x4 << 24, 4, DRM_FORMAT_XRGB8888, 0, 256, 256 * 20 },
		{ 9, 0x4 << 24 | 1 << 20, 4, DRM_FORMAT_XBGR8888, 0, 256, 256 * 20 },
		{ 9, 0x4 << 24 | 2 << 4, 4, DRM_FORMAT_ARGB8888, 0, 256, 256 * 20 },
		{ 9, 0x4 << 24 | 1 << 20 | 2 << 4, 4, DRM_FORMAT_ABGR8888, 0, 256, 256 * 20 },
		{ 9, 0x2 << 24, 4, DRM_FORMAT_XRGB2101010, 0, 256, 256 * 20 },
		{ 9, 0x0 << 24 | 3 << 16, 2, DRM_FORMAT_VYUY, 0, 128, 128 * 20 },
		{ 9, 0x4 << 24 | 1 << 10, 1, DRM_FORMAT_XRGB8888, I915_FORMAT_MOD_X_TILED, 512,
		  512 * 24 },
		{ 9, 0x4 << 24 | 4 << 10, 2, DRM_FORMAT_XRGB8888, I915_FORMAT_MOD_Y_TILED, 256,
		  256 * 32 },
		{ 9, 0x4 << 24 | 5 << 10, 2, DRM_FORMAT_XRGB8888, I915_FORMAT_MOD_Yf_TILED, 256,
		  256 * 32 },
		{ 9, 0xc << 24 | 5 << 10, 1, DRM_FORMAT_C8, I915_FORMAT_MOD_Yf_TILED, 64, 64 * 32 },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++) {
		struct fv_device *dev = show(rows[i].version, rows[i].control, rows[i].stride);
		struct fv_plane plane;

		assert_int_equal(query(dev, FV_PLANE_PRIMARY, &plane), 0);
		assert_int_equal(plane.drm_format, rows[i].format);
		assert_int_equal(plane.drm_modifier, rows[i].modifier);
		assert_int_equal(plane.width_px, 64);
		assert_int_equal(plane.height_px, 20);
		assert_int_equal(plane.stride_bytes, rows[i].stride_bytes);
		assert_int_equal(plane.size_bytes, rows[i].size);
		assert_int_equal(plane.start, FB_GMA);
		assert_int_equal(plane.start_iova, 0x100000 + 64 * 4096);
		i915_guest_destroy(dev);
	}
}

static void what_gvt_does_not_decode_is_refused(void **state)
{
	static const struct {
		int version;
		uint32_t control;
	} rows[] = { { 8, 0x7 << 26 }, { 8, 0xfu << 26 }, { 9, 0x6 << 24 }, { 9, 0x8 << 24 } };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++) {
		struct fv_device *dev = show(rows[i].version, rows[i].control, 256);
		struct fv_plane plane;

		assert_int_equal(query(dev, FV_PLANE_PRIMARY, &plane), -EINVAL);
		i915_guest_destroy(dev);
	}
}

static void planes_that_are_off_are_all_zero(void **state)
{
	static const struct fv_plane none;
	struct fv_device *dev = i915_guest_create(9);
	struct fv_plane plane;

	assert_int_equal(query(dev, FV_PLANE_PRIMARY, &plane), 0);
	assert_memory_equal(&plane, &none, sizeof(plane));
	i915_picture_set_pipe(dev, 64, 20);
	assert_int_equal(query(dev, FV_PLANE_PRIMARY, &plane), 0);
	assert_memory_equal(&plane, &none, sizeof(plane));
	assert_int_equal(query(dev, FV_PLANE_CURSOR, &plane), 0);
	assert_memory_equal(&plane, &none, sizeof(plane));
	assert_int_equal(query(dev, 0, &plane), -EINVAL);
	i915_guest_destroy(dev);
}

/* Offsets and the turn of a picture are not in the answer, and its window is the pipe. */
static void offsets_rotation_and_window_are_not_told(void **state)
{
	struct fv_device *dev = show(9, 0x4 << 24, 4);
	struct fv_plane before, after;

	assert_int_equal(query(dev, FV_PLANE_PRIMARY, &before), 0);
	i915_guest_write(dev, DSP_OFFSET, 5 << 16 | 7);
	i915_guest_write(dev, PLANE_POSITION, 3 << 16 | 2);
	i915_guest_write(dev, PLANE_WINDOW, 9 << 16 | 9);
	i915_guest_write(dev, DSP_CONTROL, 1u << 31 | 0x4 << 24 | 2);
	i915_guest_write(dev, DSP_SURFACE, FB_GMA);
	assert_int_equal(query(dev, FV_PLANE_PRIMARY, &after), 0);
	assert_memory_equal(&before, &after, sizeof(before));
	i915_guest_destroy(dev);
}

static void surfaces_beyond_the_vgpus_memory_are_refused(void **state)
{
	struct fv_device *dev = show(8, 0x6 << 26, 256);
	const uint32_t end = (512u + 384) << 20;
	struct fv_plane plane;

	i915_guest_write(dev, DSP_SURFACE, FB_GMA + 64 * 4096); /* nothing is mapped there */
	assert_int_equal(query(dev, FV_PLANE_PRIMARY, &plane), -EINVAL);
	i915_guest_map(dev, end - 4096, 0x100000, 2);
	i915_guest_write(dev, DSP_SURFACE, end - 4096); /* one page of two */
	assert_int_equal(query(dev, FV_PLANE_PRIMARY, &plane), -EFAULT);
	i915_guest_write(dev, DSP_SURFACE, end);
	assert_int_equal(query(dev, FV_PLANE_PRIMARY, &plane), -EINVAL);
	i915_guest_write(dev, DSP_SURFACE, FB_GMA);
	i915_guest_write(dev, DSP_STRIDE, 0);
	i915_guest_write(dev, DSP_SURFACE, FB_GMA);
	assert_int_equal(query(dev, FV_PLANE_PRIMARY, &plane), -EINVAL);
	i915_guest_destroy(dev);
}

static void cursors_are_told_with_magnitudes_and_hot_spot(void **state)
{
	struct fv_device *dev = show(9, 0x4 << 24, 4);
	struct fv_plane plane;

	i915_guest_map(dev, CURSOR_GMA, 0x80000, 64);
	i915_guest_write(dev, CURSOR_CONTROL, 0x27);
	i915_guest_write(dev, CURSOR_POSITION, 1u << 31 | 7 << 16 | 1 << 15 | 5); /* -5, -7 */
	i915_guest_write(dev, CURSOR_BASE, CURSOR_GMA);
	assert_int_equal(query(dev, FV_PLANE_CURSOR, &plane), 0);
	assert_int_equal(plane.drm_format, DRM_FORMAT_ARGB8888);
	assert_int_equal(plane.width_px, 64);
	assert_int_equal(plane.height_px, 64);
	assert_int_equal(plane.size_bytes, 64 * 64 * 4);
	assert_int_equal(plane.x_px, 5);
	assert_int_equal(plane.y_px, 7);
	assert_int_equal(plane.x_hot_px, UINT32_MAX);
	assert_int_equal(plane.start, CURSOR_GMA);
	i915_guest_write(dev, CURSOR_X_HOT, 3);
	i915_guest_write(dev, CURSOR_Y_HOT, 64);
	assert_int_equal(query(dev, FV_PLANE_CURSOR, &plane), 0);
	assert_int_equal(plane.x_hot_px, 3);
	assert_int_equal(plane.y_hot_px, 64);
	i915_guest_write(dev, CURSOR_CONTROL, 0x02); /* 128 pixels without alpha */
	i915_guest_write(dev, CURSOR_BASE, CURSOR_GMA);
	assert_int_equal(query(dev, FV_PLANE_CURSOR, &plane), -EINVAL);
	i915_guest_destroy(dev);
}

static void the_planes_bytes_are_the_guests_memory(void **state)
{
	struct fv_device *dev = show(8, 0x6 << 26 | 1 << 10, 512);
	uint8_t bytes[3 * 4096];
	struct fv_plane plane;

	for (unsigned int i = 0; i < sizeof(bytes); i++)
		*i915_picture_byte(dev, FB_GMA + i) = (uint8_t)(i * 7 + i / 4096);
	i915_guest_entries(dev)[FB_GMA / 4096 + 1] = 0;
	assert_int_equal(query(dev, FV_PLANE_PRIMARY, &plane), 0);
	assert_int_equal(plane.size_bytes, sizeof(bytes));
	dev->model->read_plane(dev, &plane, bytes, sizeof(bytes));
	for (unsigned int i = 0; i < sizeof(bytes); i++)
		assert_int_equal(bytes[i], i / 4096 == 1 ? 0 : (uint8_t)(i * 7 + i / 4096));
	i915_guest_destroy(dev);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_layout_has_gvts_format_modifier_and_size),
		cmocka_unit_test(what_gvt_does_not_decode_is_refused),
		cmocka_unit_test(planes_that_are_off_are_all_zero),
		cmocka_unit_test(offsets_rotation_and_window_are_not_told),
		cmocka_unit_test(surfaces_beyond_the_vgpus_memory_are_refused),
		cmocka_unit_test(cursors_are_told_with_magnitudes_and_hot_spot),
		cmocka_unit_test(the_planes_bytes_are_the_guests_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
