/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "../image.h"

static void fill(struct qt_image *image, uint32_t width_px, uint32_t height_px)
{
	assert_int_equal(0, qt_image_init(image, width_px, height_px));
	srandom(7);
	for (size_t i = 0; i < (size_t)width_px * height_px; i++)
		image->xrgb[i] = (uint32_t)random() & 0xffffff;
}

static void ppm_is_read_pixel_by_pixel(void **state)
{
	static const char file[] = "P6\n# a comment\n2 1 # another\n255\n\x01\x02\x03\xff\xfe\xfd";
	_image_ struct qt_image image = { 0 };

	assert_int_equal(0, qt_image_decode(file, sizeof(file) - 1, &image, NULL));
	assert_int_equal(2, image.width_px);
	assert_int_equal(1, image.height_px);
	assert_int_equal(0x010203, image.xrgb[0]);
	assert_int_equal(0xfffefd, image.xrgb[1]);
}

static void malformed_files_are_refused(void **state)
{
	static const char *const files[] = {
		"",
		"P6",
		"P6\n",
		"P6\n2 1\n255\n\x01\x02",
		"P6\n2 1\n65535\n123456123456",
		"P6\n99999 99999\n255\n",
		"P6\n999999999999 1\n255\n",
		"P6\n0 0\n255\n",
		"P6\n-1 1\n255\nabc",
		"P3\n1 1\n255\n1 2 3",
		"\x89PNG\r\n\x1a\nnothing else",
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(files); i++) {
		struct vgpu_error err = { 0 };
		struct qt_image image = { 0 };

		assert_int_equal(-EINVAL,
				 qt_image_decode(files[i], strlen(files[i]), &image, &err));
		assert_true(*err.message);
		assert_null(image.xrgb);
	}
}

static void png_survives_encoding_and_decoding(void **state)
{
	_image_ struct qt_image image = { 0 }, again = { 0 };
	_autofree_ void *data = NULL;
	size_t len;

	fill(&image, 321, 67);
	assert_int_equal(0, qt_image_encode_png(&image, &data, &len, NULL));
	assert_int_equal(0, qt_image_decode(data, len, &again, NULL));
	assert_int_equal(321, again.width_px);
	assert_int_equal(67, again.height_px);
	assert_memory_equal(image.xrgb, again.xrgb, 321 * 67 * 4);
}

static void cut_png_is_refused(void **state)
{
	_image_ struct qt_image image = { 0 }, again = { 0 };
	_autofree_ void *data = NULL;
	size_t len;

	fill(&image, 64, 64);
	assert_int_equal(0, qt_image_encode_png(&image, &data, &len, NULL));
	assert_int_equal(-EINVAL, qt_image_decode(data, len / 2, &again, NULL));
	assert_null(again.xrgb);
}

static void file_is_written_and_read_below_a_directory(void **state)
{
	char path[] = "/tmp/test-image-XXXXXX";
	_image_ struct qt_image image = { 0 }, again = { 0 };
	_autoclose_ int dir = -1;

	fill(&image, 5, 3);
	assert_non_null(mkdtemp(path));
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(dir >= 0);
	assert_int_equal(0, qt_image_write_png(&image, dir, "x.png", NULL));
	assert_int_equal(0, qt_image_read(dir, "x.png", &again, NULL));
	assert_memory_equal(image.xrgb, again.xrgb, 5 * 3 * 4);
	assert_int_equal(-ENOENT, qt_image_read(dir, "y.png", &again, NULL));
	unlinkat(dir, "x.png", 0);
	rmdir(path);
}

static void shrinking_keeps_the_mean(void **state)
{
	_image_ struct qt_image image = { 0 }, small = { 0 };

	assert_int_equal(0, qt_image_init(&image, 200, 100));
	for (size_t i = 0; i < 200 * 100; i++)
		image.xrgb[i] = i & 1 ? 0xffffff : 0;
	assert_int_equal(0, qt_image_shrink(&image, 100, &small));
	assert_int_equal(100, small.width_px);
	assert_int_equal(50, small.height_px);
	for (size_t i = 0; i < 100 * 50; i++)
		assert_int_equal(0x7f7f7f, small.xrgb[i]);
}

static void difference_marks_what_differs_and_what_is_missing(void **state)
{
	_image_ struct qt_image a = { 0 }, b = { 0 }, diff = { 0 };

	assert_int_equal(0, qt_image_init(&a, 4, 2));
	assert_int_equal(0, qt_image_init(&b, 3, 2));
	b.xrgb[1] = 0x0000ff;
	assert_int_equal(0, qt_image_diff(&a, &b, &diff));
	assert_int_equal(4, diff.width_px);
	assert_int_equal(0x000000, diff.xrgb[0]);
	assert_int_equal(0xff2a2a, diff.xrgb[1]);
	assert_int_equal(0x601030, diff.xrgb[3]);
}

static void enlarged_part_stays_inside(void **state)
{
	_image_ struct qt_image image = { 0 }, large = { 0 };

	fill(&image, 10, 8);
	assert_int_equal(0, qt_image_enlarge(&image, 9, 7, 3, 2, 4, &large));
	assert_int_equal(12, large.width_px);
	assert_int_equal(8, large.height_px);
	assert_int_equal(image.xrgb[6 * 10 + 7], large.xrgb[0]);
	assert_int_equal(image.xrgb[7 * 10 + 9], large.xrgb[7 * 12 + 11]);
	qt_image_finish(&large);
	assert_int_equal(-EINVAL, qt_image_enlarge(&image, 0, 0, 11, 2, 4, &large));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(enlarged_part_stays_inside),
		cmocka_unit_test(ppm_is_read_pixel_by_pixel),
		cmocka_unit_test(malformed_files_are_refused),
		cmocka_unit_test(png_survives_encoding_and_decoding),
		cmocka_unit_test(cut_png_is_refused),
		cmocka_unit_test(file_is_written_and_read_below_a_directory),
		cmocka_unit_test(shrinking_keeps_the_mean),
		cmocka_unit_test(difference_marks_what_differs_and_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
