/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "../pixel-format.h"
#include "../tiling.h"

static void check_bytes(const char *name, uint32_t xrgb, const char *expected, size_t len)
{
	const uint32_t pair[2] = { xrgb, xrgb };
	uint8_t bytes[8] = { 0 };

	qt_pixel_format_find(name)->encode(pair, bytes, 2);
	for (size_t i = 0; i < len; i++)
		if (expected[i] != 'x' && bytes[i] != (uint8_t)expected[i])
			fail_msg("%s: byte %zu is %02x", name, i, bytes[i]);
}

/* Source: drm/drm_fourcc.h, which gives each format's layout as a little-endian word */
static void pixels_lie_in_memory_as_drm_says(void **state)
{
	check_bytes("XR24", 0x112233, "\x33\x22\x11x", 4);
	check_bytes("AR24", 0x112233, "\x33\x22\x11\xff", 4);
	check_bytes("XB24", 0x112233, "\x11\x22\x33x", 4);
	check_bytes("AB24", 0x112233, "\x11\x22\x33\xff", 4);
	check_bytes("RG16", 0xff0000, "\x00\xf8", 2);
	check_bytes("RG16", 0x00ff00, "\xe0\x07", 2);
	check_bytes("RG16", 0x0000ff, "\x1f\x00", 2);
	check_bytes("XR30", 0xff0000, "\x00\x00\xf0\x3f", 4);
	check_bytes("XB30", 0xff0000, "\xff\x03\x00\x00", 4);
	/* BT.601: red is Y 81, U 90, V 240 */
	check_bytes("YUYV", 0xff0000, "\x51\x5a\x51\xf0", 4);
	check_bytes("UYVY", 0xff0000, "\x5a\x51\xf0\x51", 4);
	check_bytes("YVYU", 0xff0000, "\x51\xf0\x51\x5a", 4);
	check_bytes("VYUY", 0xff0000, "\xf0\x51\x5a\x51", 4);
}

static void fourcc_is_the_name(void **state)
{
	assert_int_equal(qt_pixel_format_fourcc(qt_pixel_format_find("XR24")), 0x34325258);
	assert_int_equal(qt_pixel_format_fourcc(qt_pixel_format_find("C8")), 0x20203843);
}

static void unknown_names_are_not_found(void **state)
{
	assert_null(qt_pixel_format_find("XR2"));
	assert_null(qt_pixel_format_find(""));
	assert_null(qt_tiling_find("z"));
}

static void formats_of_eight_bits_and_more_lose_nothing(void **state)
{
	static const char *const names[] = { "XR24", "AR24", "XB24", "AB24", "XR30", "XB30" };

	for (size_t n = 0; n < VGPU_ARRAY_LEN(names); n++) {
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t pixels[2] = { i << 16 | (255 - i) << 8 | (i ^ 0x5a),
					       i * 0x010101 };
			uint32_t copy[2] = { pixels[0], pixels[1] };

			qt_pixel_format_round(qt_pixel_format_find(names[n]), copy, 2);
			assert_memory_equal(copy, pixels, sizeof(copy));
		}
	}
}

static void rounding_twice_is_rounding_once_and_keeps_black_and_white(void **state)
{
	for (size_t n = 0; n < qt_pixel_formats_len; n++) {
		const struct qt_pixel_format *format = &qt_pixel_formats[n];
		uint32_t ends[2] = { 0x000000, 0xffffff };

		if (format->name[1] == 'U' || format->name[1] == 'V' || format->name[1] == 'Y')
			ends[1] = ends[0]; /* a pair shares its colour */
		qt_pixel_format_round(format, ends, 2);
		assert_int_equal(ends[0], 0);
		assert_true(ends[1] == 0xffffff || ends[1] == 0);
	}
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t once[2] = { i * 0x010101, i << 8 }, twice[2];

		qt_pixel_format_round(qt_pixel_format_find("RG16"), once, 2);
		memcpy(twice, once, sizeof(once));
		qt_pixel_format_round(qt_pixel_format_find("RG16"), twice, 2);
		assert_memory_equal(once, twice, sizeof(once));
	}
}

/* Source: Intel PRM, "Tile Formats": X is 8 rows of 512 bytes, Y 8 columns of 16 bytes x 32 rows */
static void bytes_lie_in_tiles_as_the_hardware_reads_them(void **state)
{
	const struct qt_tiling *linear = qt_tiling_find("linear"), *x = qt_tiling_find("x"),
			       *y = qt_tiling_find("y");

	assert_int_equal(qt_tiling_offset(linear, 4096, 100, 3), 3 * 4096 + 100);
	assert_int_equal(qt_tiling_offset(x, 4096, 511, 0), 511);
	assert_int_equal(qt_tiling_offset(x, 4096, 512, 0), 4096);
	assert_int_equal(qt_tiling_offset(x, 4096, 0, 1), 512);
	assert_int_equal(qt_tiling_offset(x, 4096, 0, 8), 8 * 4096);
	assert_int_equal(qt_tiling_offset(y, 4096, 15, 0), 15);
	assert_int_equal(qt_tiling_offset(y, 4096, 16, 0), 512);
	assert_int_equal(qt_tiling_offset(y, 4096, 0, 1), 16);
	assert_int_equal(qt_tiling_offset(y, 4096, 128, 0), 4096);
	assert_int_equal(qt_tiling_offset(y, 4096, 0, 32), 32 * 4096);
}

static void strides_are_whole_tiles(void **state)
{
	assert_int_equal(qt_tiling_stride(qt_tiling_find("linear"), 4 * 1366), 5504);
	assert_int_equal(qt_tiling_stride(qt_tiling_find("x"), 4 * 1366), 5632);
	assert_int_equal(qt_tiling_stride(qt_tiling_find("y"), 4 * 1366), 5504);
	assert_int_equal(qt_tiling_len(qt_tiling_find("y"), 4096, 33), 64 * 4096);
}

static void rows_come_back_from_every_tiling(void **state)
{
	enum { WIDTH = 1366 * 4, ROWS = 67 };

	for (size_t n = 0; n < qt_tilings_len; n++) {
		const struct qt_tiling *tiling = &qt_tilings[n];
		uint32_t stride = qt_tiling_stride(tiling, WIDTH);
		_autofree_ uint8_t *memory = calloc(1, qt_tiling_len(tiling, stride, ROWS));
		uint8_t row[WIDTH], back[WIDTH];

		for (uint32_t y = 0; y < ROWS; y++) {
			for (uint32_t i = 0; i < WIDTH; i++)
				row[i] = (uint8_t)(i * 7 + y * 13);
			qt_tiling_put_row(tiling, memory, stride, y, row, WIDTH);
		}
		for (uint32_t y = 0; y < ROWS; y++) {
			qt_tiling_get_row(tiling, memory, stride, y, back, WIDTH);
			for (uint32_t i = 0; i < WIDTH; i++)
				assert_int_equal(back[i], (uint8_t)(i * 7 + y * 13));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pixels_lie_in_memory_as_drm_says),
		cmocka_unit_test(fourcc_is_the_name),
		cmocka_unit_test(unknown_names_are_not_found),
		cmocka_unit_test(formats_of_eight_bits_and_more_lose_nothing),
		cmocka_unit_test(rounding_twice_is_rounding_once_and_keeps_black_and_white),
		cmocka_unit_test(bytes_lie_in_tiles_as_the_hardware_reads_them),
		cmocka_unit_test(strides_are_whole_tiles),
		cmocka_unit_test(rows_come_back_from_every_tiling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
