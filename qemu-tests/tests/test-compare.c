/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../compare.h"

enum { WIDTH = 640, HEIGHT = 480 };

/* The frame that is due, and what a faulty display makes of it. */
struct scene {
	struct qt_expectation expectation;
	struct qt_shown earlier[2];
	struct qt_image expected, actual;
};

static struct qt_shown shown(uint64_t nonce, uint32_t frame, uint32_t width_px, uint32_t height_px,
			     bool cursor)
{
	return (struct qt_shown){
		.card = { width_px, height_px, nonce, frame, cursor ? 200 : -1, cursor ? 90 : -1 },
		.format = "XR24",
	};
}

static void begin_sized(struct scene *scene, uint32_t width_px, uint32_t height_px, bool cursor)
{
	*scene = (struct scene){ 0 };
	scene->earlier[0] = shown(0xaaaabbbbccccdddd, 6, width_px, height_px, cursor);
	scene->earlier[1] = shown(0x1111222233334444, 5, width_px, height_px, cursor);
	scene->expectation.shown = shown(0x0123456789abcdef, 7, width_px, height_px, cursor);
	scene->expectation.earlier = scene->earlier;
	scene->expectation.earlier_len = 2;
	assert_int_equal(0, qt_shown_draw(&scene->expectation.shown, &scene->expected));
	scene->expectation.picture = &scene->expected;
	assert_int_equal(0, qt_image_copy(&scene->expected, &scene->actual));
}

static void begin(struct scene *scene)
{
	begin_sized(scene, WIDTH, HEIGHT, false);
}

static void judge(struct scene *scene, struct qt_judgement *out)
{
	qt_compare(&scene->expectation, &scene->actual, out);
	qt_image_finish(&scene->expected);
	qt_image_finish(&scene->actual);
}

static void expect_fault(struct scene *scene, const char *name, const char *detail_part)
{
	struct qt_judgement judgement;

	judge(scene, &judgement);
	assert_string_equal(name, qt_fault_name(judgement.fault));
	if (detail_part && !strstr(judgement.detail, detail_part))
		fail_msg("\"%s\" is not in \"%s\"", detail_part, judgement.detail);
}

/* A pixel of the expected picture; what lies outside is what memory may hold. */
static uint32_t pick(const struct scene *scene, int64_t x, int64_t y)
{
	const struct qt_image *image = &scene->expected;

	if (x < 0 || y < 0 || x >= image->width_px || y >= image->height_px)
		return 0x123456;
	return image->xrgb[(size_t)y * image->width_px + (size_t)x];
}

static void show_pixel(struct scene *scene, uint32_t x, uint32_t y, uint32_t px)
{
	scene->actual.xrgb[(size_t)y * scene->actual.width_px + x] = px;
}

#define EACH_PIXEL(scene, x, y)                                  \
	for (uint32_t y = 0; y < (scene)->actual.height_px; y++) \
		for (uint32_t x = 0; x < (scene)->actual.width_px; x++)

static void exact_picture_has_no_fault(void **state)
{
	struct scene scene;
	struct qt_judgement judgement;

	begin_sized(&scene, 1024, 768, true);
	judge(&scene, &judgement);
	assert_int_equal(QT_FAULT_NONE, judgement.fault);
	assert_int_equal(0, judgement.differing_px);
}

static void two_hundred_clean_cards_raise_no_alarm(void **state)
{
	srandom(20);
	for (int i = 0; i < 200; i++) {
		struct qt_expectation expectation = {
			.shown = shown((uint64_t)random() << 32 | (uint64_t)random(),
				       (uint32_t)random(), 64 + (uint32_t)random() % 900,
				       48 + (uint32_t)random() % 700, i & 1),
		};
		_image_ struct qt_image picture = { 0 }, actual = { 0 };
		struct qt_judgement judgement;

		assert_int_equal(0, qt_shown_draw(&expectation.shown, &picture));
		assert_int_equal(0, qt_image_copy(&picture, &actual));
		expectation.picture = &picture;
		qt_compare(&expectation, &actual, &judgement);
		assert_int_equal(QT_FAULT_NONE, judgement.fault);
	}
}

static void one_wrong_pixel_is_found_and_placed(void **state)
{
	struct scene scene;
	struct qt_judgement judgement;

	begin(&scene);
	scene.actual.xrgb[100 * WIDTH + 33] ^= 1;
	judge(&scene, &judgement);
	assert_int_equal(QT_FAULT_PIXELS, judgement.fault);
	assert_int_equal(1, judgement.differing_px);
	assert_int_equal(33, judgement.box_x_px);
	assert_int_equal(100, judgement.box_y_px);
	assert_int_equal(1, judgement.box_width_px);
	assert_int_equal(1, judgement.box_height_px);
}

static void blank_is_named_with_its_colour(void **state)
{
	struct scene scene;

	begin(&scene);
	EACH_PIXEL(&scene, x, y)
	show_pixel(&scene, x, y, 0x0000aa);
	expect_fault(&scene, "blank", "#0000aa");
}

static void blank_of_another_size_is_blank(void **state)
{
	struct scene scene;

	begin(&scene);
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_image_init(&scene.actual, 800, 600));
	expect_fault(&scene, "blank", "800x600");
}

static void stale_by_one_shown_picture_is_named(void **state)
{
	struct scene scene;

	begin(&scene);
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_shown_draw(&scene.earlier[0], &scene.actual));
	expect_fault(&scene, "stale", "1 picture old");
}

static void stale_by_two_shown_pictures_is_named(void **state)
{
	struct scene scene;

	begin(&scene);
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_shown_draw(&scene.earlier[1], &scene.actual));
	expect_fault(&scene, "stale", "2 pictures old");
}

static void stale_by_frames_of_the_same_nonce_is_named(void **state)
{
	struct scene scene;
	struct qt_shown old;

	begin(&scene);
	old = scene.expectation.shown;
	old.card.frame -= 3;
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_shown_draw(&old, &scene.actual));
	expect_fault(&scene, "stale", "3 frames old");
}

/* After a change of mode the old content may stay, seen through the new mode. */
static void stale_content_in_a_new_mode_is_named(void **state)
{
	struct scene scene;
	struct qt_shown old;

	begin(&scene);
	scene.earlier[0].card.width_px = 320;
	strcpy(scene.earlier[1].format, "RG16");
	old = scene.expectation.shown;
	old.card.nonce = scene.earlier[0].card.nonce;
	old.card.frame = scene.earlier[0].card.frame;
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_shown_draw(&old, &scene.actual));
	expect_fault(&scene, "stale", "1 picture old");
}

static void torn_picture_is_named_with_its_rows(void **state)
{
	struct scene scene;
	_image_ struct qt_image old = { 0 };

	begin(&scene);
	assert_int_equal(0, qt_shown_draw(&scene.earlier[0], &old));
	memcpy(scene.actual.xrgb + 300 * WIDTH, old.xrgb + 300 * WIDTH, 180 * WIDTH * 4);
	expect_fault(&scene, "torn", "rows 300 to 479 are of frame 6");
}

static void missing_cursor_is_named(void **state)
{
	struct scene scene;
	struct qt_shown bare;

	begin_sized(&scene, WIDTH, HEIGHT, true);
	bare = scene.expectation.shown;
	bare.card.cursor_x_px = bare.card.cursor_y_px = -1;
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_shown_draw(&bare, &scene.actual));
	expect_fault(&scene, "cursor-missing", NULL);
}

/* Blue, by so much. */
static void change_channel(struct scene *scene, uint32_t x, uint32_t y, uint32_t by)
{
	uint32_t *pixel = &scene->actual.xrgb[(size_t)y * scene->actual.width_px + x];

	*pixel = (*pixel & 0xff) >= by ? *pixel - by : *pixel + by;
}

static void opengl_may_round_a_half_transparent_cursor(void **state)
{
	uint32_t cursor[QT_CARD_CURSOR_PX * QT_CARD_CURSOR_PX], at = 0, opaque = 0;
	const struct {
		bool gl;
		bool soft;
		uint32_t by;
		const char *fault;
	} rows[] = {
		{ true, true, 1, "none" },
		{ false, true, 1, "pixels" },
		{ true, true, 2, "pixels" },
		{ true, false, 1, "pixels" },
	};

	qt_card_draw_cursor(cursor);
	while (cursor[at] >> 24 == 0 || cursor[at] >> 24 == 255)
		at++;
	while (cursor[opaque] >> 24 != 255)
		opaque++;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t of = rows[i].soft ? at : opaque;
		struct scene scene;

		begin_sized(&scene, WIDTH, HEIGHT, true);
		scene.expectation.gl_cursor = rows[i].gl;
		change_channel(&scene, 200 + of % QT_CARD_CURSOR_PX, 90 + of / QT_CARD_CURSOR_PX,
			       rows[i].by);
		expect_fault(&scene, rows[i].fault, NULL);
	}
}

static void misplaced_cursor_is_named_with_its_place(void **state)
{
	struct scene scene;
	struct qt_shown moved;

	begin_sized(&scene, WIDTH, HEIGHT, true);
	moved = scene.expectation.shown;
	moved.card.cursor_x_px += 7;
	moved.card.cursor_y_px -= 4;
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_shown_draw(&moved, &scene.actual));
	expect_fault(&scene, "cursor-offset", "at 207,86 instead of 200,90");
}

static void red_and_blue_swapped_is_named(void **state)
{
	struct scene scene;

	begin(&scene);
	EACH_PIXEL(&scene, x, y)
	{
		uint32_t px = pick(&scene, x, y);

		show_pixel(&scene, x, y, (px & 0xff) << 16 | (px & 0xff00) | px >> 16);
	}
	expect_fault(&scene, "rb-swap", NULL);
}

static void other_channel_orders_are_named(void **state)
{
	struct scene scene;

	begin(&scene);
	EACH_PIXEL(&scene, x, y)
	{
		uint32_t px = pick(&scene, x, y);

		show_pixel(&scene, x, y, (px & 0xff00) << 8 | (px >> 8 & 0xff00) | (px & 0xff));
	}
	expect_fault(&scene, "channels", "red and green");
	begin(&scene);
	EACH_PIXEL(&scene, x, y)
	show_pixel(&scene, x, y, pick(&scene, x, y) << 8 & 0xffffff);
	expect_fault(&scene, "channels", "one place too low");
}

static void flips_and_rotation_are_named(void **state)
{
	static const struct {
		const char *name;
		bool across, down;
	} cases[] = { { "vertical-flip", false, true },
		      { "horizontal-flip", true, false },
		      { "rotated", true, true } };

	for (size_t i = 0; i < 3; i++) {
		struct scene scene;

		begin(&scene);
		EACH_PIXEL(&scene, x, y)
		show_pixel(&scene, x, y,
			   pick(&scene, cases[i].across ? WIDTH - 1 - x : x,
				cases[i].down ? HEIGHT - 1 - y : y));
		expect_fault(&scene, cases[i].name, NULL);
	}
}

static void limited_range_is_named_both_ways(void **state)
{
	struct scene scene;

	begin(&scene);
	EACH_PIXEL(&scene, x, y)
	{
		uint32_t px = pick(&scene, x, y), out = 0;

		for (int shift = 0; shift < 24; shift += 8)
			out |= (uint32_t)(16 + (px >> shift & 0xff) * 219 / 255) << shift;
		show_pixel(&scene, x, y, out);
	}
	expect_fault(&scene, "limited-range", "white is 235");
	begin(&scene);
	EACH_PIXEL(&scene, x, y)
	{
		uint32_t px = pick(&scene, x, y), out = 0;

		for (int shift = 0; shift < 24; shift += 8) {
			int level = ((int)(px >> shift & 0xff) - 16) * 255 / 219;

			out |= (uint32_t)(level < 0 ? 0 : level > 255 ? 255 : level) << shift;
		}
		show_pixel(&scene, x, y, out);
	}
	expect_fault(&scene, "limited-range", "stretched");
}

static void lost_low_bits_are_named(void **state)
{
	struct scene scene;

	begin(&scene);
	EACH_PIXEL(&scene, x, y)
	show_pixel(&scene, x, y, pick(&scene, x, y) & 0xf8fcf8);
	expect_fault(&scene, "depth", "5, 6 and 5");
}

/* Memory that was drawn with one line length and is shown with another. */
static void stride_off_by(struct scene *scene, int64_t drawn_px, int64_t shown_px)
{
	EACH_PIXEL(scene, x, y)
	{
		int64_t at = (int64_t)y * shown_px + x;

		show_pixel(scene, x, y, pick(scene, at % drawn_px, at / drawn_px));
	}
}

static void wrong_stride_is_named_with_its_offset(void **state)
{
	static const struct {
		int64_t drawn_px, shown_px;
		const char *detail;
	} cases[] = {
		{ WIDTH, WIDTH + 16, "16 px" },	  { WIDTH, WIDTH - 16, "16 px" },
		{ WIDTH + 16, WIDTH, "16 px" },	  { WIDTH - 16, WIDTH, "16 px" },
		{ WIDTH, WIDTH + 1, "1 px" },	  { WIDTH, 2 * WIDTH - 1, "639 px" },
		{ WIDTH, WIDTH + 384, "384 px" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		begin(&scene);
		stride_off_by(&scene, cases[i].drawn_px, cases[i].shown_px);
		expect_fault(&scene, "stride", cases[i].detail);
	}
}

/* Byte offset of a pixel in X- or Y-tiled memory, written from the layout's description. */
static uint64_t tiled(char kind, uint32_t x, uint32_t y, uint32_t stride)
{
	uint32_t tile_width = kind == 'x' ? 512 : 128, tile_height = kind == 'x' ? 8 : 32;
	uint32_t byte = x * 4, column = byte / tile_width, row = y / tile_height;
	uint64_t tile = (uint64_t)row * (stride / tile_width) + column;
	uint32_t in_x = byte % tile_width, in_y = y % tile_height;

	if (kind == 'x')
		return tile * 4096 + in_y * 512 + in_x;
	return tile * 4096 + in_x / 16 * 512 + in_y * 16 + in_x % 16;
}

static void memory_read_in_another_tiling_is_named(void **state)
{
	static const char *const details[2][2] = {
		{ "X-tiled memory is read as if it were linear",
		  "linear memory is read as if it were X-tiled" },
		{ "Y-tiled memory is read as if it were linear",
		  "linear memory is read as if it were Y-tiled" },
	};
	const uint32_t stride = WIDTH * 4;

	for (int kind = 0; kind < 2; kind++)
		for (int reverse = 0; reverse < 2; reverse++) {
			static uint32_t memory[WIDTH * (HEIGHT + 32)];
			struct scene scene;

			begin(&scene);
			memset(memory, 0, sizeof(memory));
			for (uint32_t y = 0; y < HEIGHT; y++)
				for (uint32_t x = 0; x < WIDTH; x++) {
					uint64_t at = tiled(kind ? 'y' : 'x', x, y, stride) / 4;

					memory[reverse ? y * WIDTH + x : at] = pick(&scene, x, y);
				}
			EACH_PIXEL(&scene, x, y)
			{
				uint64_t at = tiled(kind ? 'y' : 'x', x, y, stride) / 4;

				show_pixel(&scene, x, y, memory[reverse ? at : y * WIDTH + x]);
			}
			expect_fault(&scene, "tiling", details[kind][reverse]);
		}
}

static void shifted_picture_is_named_with_its_shift(void **state)
{
	static const struct {
		int x, y;
		const char *detail;
	} cases[] = { { 1, 0, "1 px right, 0 px down" },
		      { -37, 12, "-37 px right, 12 px down" },
		      { 0, -1, "0 px right, -1 px down" },
		      { 200, 160, "200 px right, 160 px down" } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct scene scene;

		begin(&scene);
		EACH_PIXEL(&scene, x, y)
		show_pixel(&scene, x, y,
			   pick(&scene, (int64_t)x - cases[i].x, (int64_t)y - cases[i].y));
		expect_fault(&scene, "shift", cases[i].detail);
	}
}

static void picture_of_the_old_modes_size_is_cropped(void **state)
{
	struct scene scene;

	begin(&scene);
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_image_init(&scene.actual, 512, 400));
	EACH_PIXEL(&scene, x, y)
	show_pixel(&scene, x, y, pick(&scene, x, y));
	expect_fault(&scene, "cropped", "512x400 instead of 640x480");
}

static void resized_picture_is_scaled(void **state)
{
	struct scene scene;

	begin_sized(&scene, 1024, 768, false);
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_image_shrink(&scene.expected, 800, &scene.actual));
	expect_fault(&scene, "scaled", "800x600 instead of 1024x768");
	/* nearest pixel, inside a picture of the right size */
	begin_sized(&scene, 1024, 768, false);
	EACH_PIXEL(&scene, x, y)
	show_pixel(&scene, x, y, pick(&scene, x / 2, y / 2));
	expect_fault(&scene, "scaled", "by 2.00");
}

static void placeholder_text_is_a_wrong_console(void **state)
{
	struct scene scene;

	begin_sized(&scene, 1024, 768, false);
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_image_init(&scene.actual, 640, 480));
	srandom(3);
	for (uint32_t y = 232; y < 248; y++)
		for (uint32_t x = 140; x < 500; x++)
			show_pixel(&scene, x, y, random() % 4 ? 0 : 0xaaaaaa);
	expect_fault(&scene, "wrong-console", "640x480");
}

static void card_of_another_guest_is_a_wrong_console(void **state)
{
	struct scene scene;
	struct qt_shown other = shown(0xfeedfacecafebeef, 7, WIDTH, HEIGHT, false);

	begin(&scene);
	qt_image_finish(&scene.actual);
	assert_int_equal(0, qt_shown_draw(&other, &scene.actual));
	expect_fault(&scene, "wrong-console", "nonce feedfacecafebeef");
}

static void noise_has_no_name(void **state)
{
	struct scene scene;

	begin(&scene);
	srandom(5);
	EACH_PIXEL(&scene, x, y)
	show_pixel(&scene, x, y, (uint32_t)random() & 0xffffff);
	expect_fault(&scene, "pixels", "px differ");
}

static void damaged_corner_has_no_other_name(void **state)
{
	struct scene scene;

	begin(&scene);
	for (uint32_t y = 0; y < 60; y++)
		for (uint32_t x = 0; x < 80; x++)
			show_pixel(&scene, x, y, 0);
	expect_fault(&scene, "pixels", "in 80x60 px at 0,0");
}

static void sixteen_bit_format_is_expected_in_its_depth(void **state)
{
	struct qt_expectation expectation = { .shown = shown(1, 2, WIDTH, HEIGHT, false) };
	_image_ struct qt_image picture = { 0 }, full = { 0 };
	struct qt_judgement judgement;

	assert_int_equal(0, qt_shown_draw(&expectation.shown, &full));
	strcpy(expectation.shown.format, "RG16");
	assert_int_equal(0, qt_shown_draw(&expectation.shown, &picture));
	for (size_t i = 0; i < WIDTH * HEIGHT; i++)
		assert_false((picture.xrgb[i] ^ full.xrgb[i]) & 0xf8fcf8);
	expectation.picture = &picture;
	qt_compare(&expectation, &picture, &judgement);
	assert_int_equal(QT_FAULT_NONE, judgement.fault);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_picture_has_no_fault),
		cmocka_unit_test(two_hundred_clean_cards_raise_no_alarm),
		cmocka_unit_test(one_wrong_pixel_is_found_and_placed),
		cmocka_unit_test(blank_is_named_with_its_colour),
		cmocka_unit_test(blank_of_another_size_is_blank),
		cmocka_unit_test(stale_by_one_shown_picture_is_named),
		cmocka_unit_test(stale_by_two_shown_pictures_is_named),
		cmocka_unit_test(stale_by_frames_of_the_same_nonce_is_named),
		cmocka_unit_test(stale_content_in_a_new_mode_is_named),
		cmocka_unit_test(torn_picture_is_named_with_its_rows),
		cmocka_unit_test(missing_cursor_is_named),
		cmocka_unit_test(opengl_may_round_a_half_transparent_cursor),
		cmocka_unit_test(misplaced_cursor_is_named_with_its_place),
		cmocka_unit_test(red_and_blue_swapped_is_named),
		cmocka_unit_test(other_channel_orders_are_named),
		cmocka_unit_test(flips_and_rotation_are_named),
		cmocka_unit_test(limited_range_is_named_both_ways),
		cmocka_unit_test(lost_low_bits_are_named),
		cmocka_unit_test(wrong_stride_is_named_with_its_offset),
		cmocka_unit_test(memory_read_in_another_tiling_is_named),
		cmocka_unit_test(shifted_picture_is_named_with_its_shift),
		cmocka_unit_test(picture_of_the_old_modes_size_is_cropped),
		cmocka_unit_test(resized_picture_is_scaled),
		cmocka_unit_test(placeholder_text_is_a_wrong_console),
		cmocka_unit_test(card_of_another_guest_is_a_wrong_console),
		cmocka_unit_test(noise_has_no_name),
		cmocka_unit_test(damaged_corner_has_no_other_name),
		cmocka_unit_test(sixteen_bit_format_is_expected_in_its_depth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
