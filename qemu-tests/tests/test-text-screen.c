/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "../text-screen.h"

/* A font of two glyphs, 8x2: a bar on top, and a dot at the lower right. */
static struct qt_text_screen small_screen(void)
{
	struct qt_text_screen screen = { .text = "ab" };

	qt_text_screen_take(&screen, "glyph 61 ff00");
	qt_text_screen_take(&screen, "glyph 62 0001");
	return screen;
}

static uint32_t pixel(const struct qt_image *image, uint32_t x, uint32_t y)
{
	return image->xrgb[(size_t)y * image->width_px + x];
}

static void text_is_drawn_with_the_guests_font_in_the_colour_of_its_row(void **state)
{
	struct qt_text_screen screen = small_screen();
	_image_ struct qt_image image = { 0 };

	assert_int_equal(0,
			 qt_text_screen_measure(&screen, "mode=64x5 columns=8 rows=2 glyph=8x2"));
	assert_int_equal(0, qt_text_screen_draw(&screen, &image));
	assert_int_equal(64, image.width_px);
	assert_int_equal(5, image.height_px);
	/* row 0 is red and begins at column 0; row 1 is green and begins at column 3 */
	assert_int_equal(0xaa0000, pixel(&image, 0, 0));
	assert_int_equal(0xaa0000, pixel(&image, 7, 0));
	assert_int_equal(0, pixel(&image, 8, 0));
	assert_int_equal(0xaa0000, pixel(&image, 15, 1));
	assert_int_equal(0x00aa00, pixel(&image, 24, 2));
	assert_int_equal(0x00aa00, pixel(&image, 39, 3));
	/* what is left below the last row */
	assert_int_equal(0, pixel(&image, 0, 4));
}

static void screen_that_cannot_be_is_refused(void **state)
{
	static const char *const answers[] = {
		"",
		"mode=64x5 columns=8 rows=2",
		"mode=64x5 columns=9 rows=2 glyph=8x2", /* wider than the display */
		"mode=64x5 columns=8 rows=3 glyph=8x2", /* higher */
		"mode=64x64 columns=2 rows=2 glyph=8x2", /* no room for the text */
		"mode=4096x4096 columns=8 rows=2 glyph=33x2",
		"mode=64x5 columns=8 rows=0 glyph=8x2", /* nothing of it would be shown */
		"mode=64x5 columns=8 rows=2 glyph=0x2",
		"mode=64x5 columns=8 rows=2 glyph=8x0",
		"mode=64x64 columns=536870912 rows=2 glyph=8x2", /* 4 GiB are no pixels in 32 bits */
	};

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct qt_text_screen screen = small_screen();

		assert_int_equal(-EPROTO, qt_text_screen_measure(&screen, answers[i]));
	}
}

static void text_without_a_glyph_is_no_proof(void **state)
{
	struct qt_text_screen screen = { .text = "ab" };

	qt_text_screen_take(&screen, "glyph 61 ff00");
	assert_int_equal(-EPROTO,
			 qt_text_screen_measure(&screen, "mode=64x5 columns=8 rows=2 glyph=8x2"));
	qt_text_screen_take(&screen, "glyph 62 0000");
	assert_int_equal(-EPROTO,
			 qt_text_screen_measure(&screen, "mode=64x5 columns=8 rows=2 glyph=8x2"));
}

static void lines_that_are_no_glyphs_change_nothing(void **state)
{
	struct qt_text_screen screen = small_screen(), before = screen;

	qt_text_screen_take(&screen, "6 3.5 i915 0000:00:02.0: a kernel message");
	qt_text_screen_take(&screen, "glyph ff 0102");
	qt_text_screen_take(&screen, "glyph");
	qt_text_screen_take(&screen, "glyph 63");
	assert_memory_equal(&before, &screen, sizeof(screen));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_drawn_with_the_guests_font_in_the_colour_of_its_row),
		cmocka_unit_test(screen_that_cannot_be_is_refused),
		cmocka_unit_test(text_without_a_glyph_is_no_proof),
		cmocka_unit_test(lines_that_are_no_glyphs_change_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
