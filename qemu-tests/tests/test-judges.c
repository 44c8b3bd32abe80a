// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What outside programs show: a picture that is a little wrong must not pass for theirs.
 */

// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "guest-drivers.h"
#include "image.h"
#include "judges.h"

enum { WIDTH = 1024, HEIGHT = 768, PANEL = 32 };

static uint32_t *pixel(struct qt_image *image, uint32_t x, uint32_t y)
{
	return &image->xrgb[(size_t)y * image->width_px + x];
}

static uint32_t colour(const char *text)
{
	return (uint32_t)strtoul(text, NULL, 16) & 0xffffff;
}

/* Two colours, and a launcher at the panel's left end. */
static void draw_desktop(struct qt_image *image)
{
	assert_int_equal(qt_image_init(image, WIDTH, HEIGHT), 0);
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			*pixel(image, x, y) =
				colour(y < PANEL ? QT_DESKTOP_PANEL : QT_DESKTOP_BACKGROUND);
	for (uint32_t y = 4; y < 28; y++)
		for (uint32_t x = 10; x < 34; x++)
			*pixel(image, x, y) = 0x123456;
}

/* Source: libdrm, tests/util/pattern.c: SMPTE's test pattern; below its bars nothing is judged */
static void draw_bars(struct qt_image *image)
{
	static const uint32_t bars[] = { 0xc0c0c0, 0xc0c000, 0x00c0c0, 0x00c000,
					 0xc000c0, 0xc00000, 0x0000c0 };

	assert_int_equal(qt_image_init(image, WIDTH, HEIGHT), 0);
	for (uint32_t y = 0; y < HEIGHT / 2; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			*pixel(image, x, y) = bars[x * 7 / WIDTH];
}

static void make_black(struct qt_image *image)
{
	memset(image->xrgb, 0, sizeof(*image->xrgb) * WIDTH * HEIGHT);
}

static void exchange_red_and_blue(struct qt_image *image)
{
	for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
		uint32_t was = image->xrgb[i];

		image->xrgb[i] = (was & 0xff) << 16 | (was & 0xff00) | was >> 16;
	}
}

static void move_down(struct qt_image *image)
{
	memmove(pixel(image, 0, 1), pixel(image, 0, 0),
		sizeof(*image->xrgb) * WIDTH * (HEIGHT - 1));
}

static void turn_upside_down(struct qt_image *image)
{
	for (uint32_t y = 0; y < HEIGHT / 2; y++)
		for (uint32_t x = 0; x < WIDTH; x++) {
			uint32_t was = *pixel(image, x, y);

			*pixel(image, x, y) = *pixel(image, x, HEIGHT - 1 - y);
			*pixel(image, x, HEIGHT - 1 - y) = was;
		}
}

static void change_one_pixel(struct qt_image *image)
{
	*pixel(image, WIDTH - 1, 1) ^= 1;
}

static void change_the_pixel_below_the_panel(struct qt_image *image)
{
	*pixel(image, 0, PANEL) ^= 0x010000;
}

static void limit_range(struct qt_image *image)
{
	for (size_t i = 0; i < (size_t)WIDTH * HEIGHT; i++) {
		uint32_t limited = 0;

		for (unsigned int shift = 0; shift < 24; shift += 8)
			limited |= (16 + (image->xrgb[i] >> shift & 0xff) * 219 / 255) << shift;
		image->xrgb[i] = limited;
	}
}

static void only_the_true_picture_passes(void (*draw)(struct qt_image *image),
					 bool (*sees)(const struct qt_image *image))
{
	void (*const tamperings[])(struct qt_image * image) = {
		make_black,	  exchange_red_and_blue, turn_upside_down,
		change_one_pixel, limit_range,		 change_the_pixel_below_the_panel,
	};
	_image_ struct qt_image truth = { 0 };

	draw(&truth);
	assert_true(sees(&truth));
	for (size_t i = 0; i < sizeof(tamperings) / sizeof(tamperings[0]); i++) {
		_image_ struct qt_image wrong = { 0 };

		draw(&wrong);
		tamperings[i](&wrong);
		assert_false(sees(&wrong));
	}
}

static void tampered_desktop_is_no_desktop(void **state)
{
	_image_ struct qt_image lower = { 0 };

	only_the_true_picture_passes(draw_desktop, qt_judge_sees_desktop);
	draw_desktop(&lower);
	move_down(&lower);
	assert_false(qt_judge_sees_desktop(&lower));
}

static void tampered_bars_are_no_bars(void **state)
{
	only_the_true_picture_passes(draw_bars, qt_judge_sees_bars);
}

static void fault_of_the_desktop_is_named(void **state)
{
	static const struct {
		void (*tamper)(struct qt_image *image);
		enum qt_fault fault;
	} cases[] = {
		{ make_black, QT_FAULT_BLANK },
		{ exchange_red_and_blue, QT_FAULT_RB_SWAP },
		{ turn_upside_down, QT_FAULT_VERTICAL_FLIP },
		{ limit_range, QT_FAULT_LIMITED_RANGE },
		{ move_down, QT_FAULT_PIXELS },
		{ change_one_pixel, QT_FAULT_PIXELS },
	};
	_image_ struct qt_image bars = { 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_image_ struct qt_image wrong = { 0 };

		draw_desktop(&wrong);
		cases[i].tamper(&wrong);
		assert_int_equal(cases[i].fault, qt_judge_desktop_fault(&wrong, WIDTH, HEIGHT));
	}
	draw_bars(&bars);
	assert_int_equal(QT_FAULT_PIXELS, qt_judge_desktop_fault(&bars, WIDTH, HEIGHT));
}

/* The card that was there before Weston started, or a console, is none of both. */
static void each_is_not_the_other(void **state)
{
	_image_ struct qt_image desktop = { 0 }, bars = { 0 };

	draw_desktop(&desktop);
	draw_bars(&bars);
	assert_false(qt_judge_sees_bars(&desktop));
	assert_false(qt_judge_sees_desktop(&bars));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tampered_desktop_is_no_desktop),
		cmocka_unit_test(tampered_bars_are_no_bars),
		cmocka_unit_test(fault_of_the_desktop_is_named),
		cmocka_unit_test(each_is_not_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
