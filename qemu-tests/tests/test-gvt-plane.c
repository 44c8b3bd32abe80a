/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the guest writes into a vGPU's registers, on plain memory instead of a vGPU. Expected values
 * are the PRM's: Broadwell vol. 2c PRI_CTL, CUR_CTL; Skylake vol. 2c PLANE_CTL, PLANE_STRIDE.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../guest/gvt.h"

enum { BROADWELL = 0x1616, KABY_LAKE = 0x5916 };

static struct gvt *gvt_of(uint16_t device_id)
{
	struct gvt *gvt = calloc(1, sizeof(*gvt));

	gvt->bar0 = calloc(1, 0x80000);
	gvt->plane = gvt_plane_find(device_id);
	assert_non_null(gvt->plane);
	return gvt;
}

static void gvt_free(struct gvt *gvt)
{
	free((void *)gvt->bar0);
	free(gvt);
}

static uint32_t control_of(const struct gvt *gvt, const char *format, const char *tiling)
{
	uint32_t control = 0;

	assert_int_equal(
		gvt->plane->control(qt_pixel_format_find(format), qt_tiling_find(tiling), &control),
		0);
	return control;
}

static void generation_follows_from_the_device_id(void **state)
{
	assert_int_equal(gvt_plane_find(0x1616)->generation, 8);
	assert_int_equal(gvt_plane_find(0x1912)->generation, 9);
	assert_int_equal(gvt_plane_find(0x5912)->generation, 9);
	assert_int_equal(gvt_plane_find(0x3e92)->generation, 9);
	assert_int_equal(gvt_plane_find(0x9bc5)->generation, 9);
	assert_null(gvt_plane_find(0x0412)); /* Haswell has no GVT-g upstream */
}

static void broadwell_control_has_format_and_tiling(void **state)
{
	struct gvt *gvt = gvt_of(BROADWELL);
	uint32_t control;

	assert_int_equal(control_of(gvt, "C8", "linear"), 0x08000000);
	assert_int_equal(control_of(gvt, "RG16", "linear"), 0x14000000);
	assert_int_equal(control_of(gvt, "XR24", "linear"), 0x18000000);
	assert_int_equal(control_of(gvt, "XR24", "x"), 0x18000400);
	assert_int_equal(control_of(gvt, "XB30", "linear"), 0x20000000);
	assert_int_equal(control_of(gvt, "XR30", "linear"), 0x28000000);
	assert_int_equal(control_of(gvt, "XB24", "linear"), 0x38000000);
	assert_int_equal(
		gvt->plane->control(qt_pixel_format_find("XR24"), qt_tiling_find("y"), &control),
		-EOPNOTSUPP);
	assert_int_equal(gvt->plane->control(qt_pixel_format_find("YUYV"), qt_tiling_find("linear"),
					     &control),
			 -EOPNOTSUPP);
	gvt_free(gvt);
}

static void gen9_control_has_format_order_alpha_and_tiling(void **state)
{
	struct gvt *gvt = gvt_of(KABY_LAKE);

	assert_int_equal(control_of(gvt, "XR24", "linear"), 0x04000000);
	assert_int_equal(control_of(gvt, "XR24", "x"), 0x04000400);
	assert_int_equal(control_of(gvt, "XR24", "y"), 0x04001000);
	assert_int_equal(control_of(gvt, "XB24", "linear"), 0x04100000);
	assert_int_equal(control_of(gvt, "AR24", "linear"), 0x04000020);
	assert_int_equal(control_of(gvt, "XR30", "linear"), 0x02000000);
	assert_int_equal(control_of(gvt, "C8", "linear"), 0x0c000000);
	assert_int_equal(control_of(gvt, "RG16", "linear"), 0x0e000000);
	assert_int_equal(control_of(gvt, "YUYV", "linear"), 0x00000000);
	assert_int_equal(control_of(gvt, "VYUY", "linear"), 0x00030000);
	gvt_free(gvt);
}

static void broadwell_plane_is_armed_with_a_stride_in_bytes(void **state)
{
	struct gvt *gvt = gvt_of(BROADWELL);
	const struct guest_surface surface = { .stride_bytes = 5504,
					       .width_px = 1366,
					       .height_px = 768,
					       .tiling = qt_tiling_find("linear") };

	gvt->plane->arm(gvt, &surface, 0x18000000, 0x10001000);
	assert_int_equal(gvt_read(gvt, 0x70188), 5504);
	assert_int_equal(gvt_read(gvt, 0x701a4), 0);
	assert_int_equal(gvt_read(gvt, 0x70180), 0x98000000);
	assert_int_equal(gvt_read(gvt, 0x7019c), 0x10001000);
	gvt_free(gvt);
}

static void gen9_plane_is_armed_with_a_stride_in_tiles(void **state)
{
	static const struct {
		const char *tiling;
		uint32_t stride_bytes, expected;
	} rows[] = { { "linear", 4096, 64 }, { "x", 4096, 8 }, { "y", 4096, 32 } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct gvt *gvt = gvt_of(KABY_LAKE);
		const struct guest_surface surface = { .stride_bytes = rows[i].stride_bytes,
						       .width_px = 1024,
						       .height_px = 768,
						       .tiling = qt_tiling_find(rows[i].tiling) };

		gvt->plane->arm(gvt, &surface, 0x04000000, 0x20000000);
		assert_int_equal(gvt_read(gvt, 0x70188), rows[i].expected);
		assert_int_equal(gvt_read(gvt, 0x70190), 767 << 16 | 1023);
		assert_int_equal(gvt_read(gvt, 0x7018c), 0);
		assert_int_equal(gvt_read(gvt, 0x70180), 0x84000000);
		assert_int_equal(gvt_read(gvt, 0x7019c), 0x20000000);
		gvt_free(gvt);
	}
}

static void pipe_has_size_and_timings(void **state)
{
	struct gvt *gvt = gvt_of(BROADWELL);

	gvt_pipe_start(gvt, 1920, 1200);
	assert_int_equal(gvt_read(gvt, 0x6001c), 1919 << 16 | 1199);
	assert_int_equal(gvt_read(gvt, 0x60000) & 0x1fff, 1919);
	assert_true(gvt_read(gvt, 0x60000) >> 16 > 1919);
	assert_int_equal(gvt_read(gvt, 0x6000c) & 0x1fff, 1199);
	assert_true(gvt_read(gvt, 0x6000c) >> 16 > 1199);
	assert_int_equal(gvt_read(gvt, 0x70008), 0x80000000);
	gvt_free(gvt);
}

static void pipe_of_another_size_switches_the_plane_off_first(void **state)
{
	struct gvt *gvt = gvt_of(BROADWELL);

	gvt_pipe_start(gvt, 1024, 768);
	gvt_write(gvt, 0x70180, 0x98000000);
	gvt_pipe_start(gvt, 1024, 768);
	assert_int_equal(gvt_read(gvt, 0x70180), 0x98000000);
	gvt_pipe_start(gvt, 640, 480);
	assert_int_equal(gvt_read(gvt, 0x70180), 0);
	assert_int_equal(gvt_read(gvt, 0x70008), 0x80000000);
	gvt_free(gvt);
}

static void cursor_position_is_sign_and_magnitude(void **state)
{
	struct gvt *gvt = gvt_of(BROADWELL);

	gvt_cursor_show(gvt, 0x30000000, -20, 450);
	assert_int_equal(gvt_read(gvt, 0x70080), 0x27);
	assert_int_equal(gvt_read(gvt, 0x70084), 0x30000000);
	assert_int_equal(gvt_read(gvt, 0x70088), 450 << 16 | 0x8000 | 20);
	gvt_cursor_show(gvt, 0x30000000, 7, -1);
	assert_int_equal(gvt_read(gvt, 0x70088), 0x80010007);
	gvt_cursor_hide(gvt);
	assert_int_equal(gvt_read(gvt, 0x70080), 0);
	gvt_free(gvt);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(generation_follows_from_the_device_id),
		cmocka_unit_test(broadwell_control_has_format_and_tiling),
		cmocka_unit_test(gen9_control_has_format_order_alpha_and_tiling),
		cmocka_unit_test(broadwell_plane_is_armed_with_a_stride_in_bytes),
		cmocka_unit_test(gen9_plane_is_armed_with_a_stride_in_tiles),
		cmocka_unit_test(pipe_has_size_and_timings),
		cmocka_unit_test(pipe_of_another_size_switches_the_plane_off_first),
		cmocka_unit_test(cursor_position_is_sign_and_magnitude),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
