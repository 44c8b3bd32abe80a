/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "../card.h"

static uint32_t *draw(const struct qt_card *card)
{
	uint32_t *xrgb = calloc((size_t)card->width_px * card->height_px, sizeof(*xrgb));

	assert_non_null(xrgb);
	qt_card_draw(card, xrgb, card->width_px);
	return xrgb;
}

static const struct qt_card typical = {
	.width_px = 1024,
	.height_px = 768,
	.nonce = 0x0123456789abcdef,
	.frame = 42,
	.cursor_x_px = -1,
	.cursor_y_px = -1,
};

static void card_drawn_twice_is_the_same(void **state)
{
	_autofree_ uint32_t *first = draw(&typical), *second = draw(&typical);

	assert_memory_equal(first, second, 1024 * 768 * sizeof(*first));
}

static unsigned int percent_of_blocks_that_differ(const uint32_t *a, const uint32_t *b)
{
	unsigned int differing = 0;

	for (int y = 0; y < 768; y += 8) {
		for (int x = 0; x < 1024; x += 8) {
			unsigned int equal = 0;

			for (int row = y; row < y + 8; row++)
				equal += !memcmp(&a[row * 1024 + x], &b[row * 1024 + x], 8 * 4);
			differing += equal != 8;
		}
	}
	return differing * 100 / (768 / 8 * 1024 / 8);
}

static void card_of_another_nonce_differs_all_over(void **state)
{
	struct qt_card other = typical;
	_autofree_ uint32_t *a = draw(&typical), *b = NULL;

	other.nonce ^= 1;
	b = draw(&other);
	assert_in_range(percent_of_blocks_that_differ(a, b), 85, 100);
}

static void card_of_the_next_frame_differs_all_over(void **state)
{
	struct qt_card other = typical;
	_autofree_ uint32_t *a = draw(&typical), *b = NULL;

	other.frame++;
	b = draw(&other);
	assert_in_range(percent_of_blocks_that_differ(a, b), 85, 100);
}

static void codes_say_nonce_and_frame_in_every_mode(void **state)
{
	static const uint32_t modes[][2] = { { 64, 48 },    { 320, 200 },   { 640, 480 },
					     { 800, 600 },  { 1366, 768 },  { 1920, 1200 },
					     { 301, 1001 }, { 3840, 2160 }, { 1001, 99 } };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(modes); i++) {
		struct qt_card card = { modes[i][0],	  modes[i][1], ~0ull << i,
					0xffffffffu >> i, -1,	       -1 };
		_autofree_ uint32_t *xrgb = draw(&card);

		for (int lower = 0; lower < 2; lower++) {
			struct qt_card_code code = { 0 };

			assert_int_equal(qt_card_read_code(xrgb, card.width_px, card.height_px,
							   card.width_px, lower, &code),
					 0);
			assert_true(code.nonce == card.nonce);
			assert_int_equal(code.frame, card.frame);
		}
	}
}

static void code_is_read_with_red_and_blue_swapped_and_limited_range(void **state)
{
	_autofree_ uint32_t *xrgb = draw(&typical);
	struct qt_card_code code = { 0 };

	for (size_t i = 0; i < 1024 * 768; i++) {
		uint32_t out = 0;

		for (int shift = 0; shift < 24; shift += 8)
			out |= (16 + (xrgb[i] >> shift & 0xff) * 219 / 255) << (16 - shift);
		xrgb[i] = out;
	}
	assert_int_equal(qt_card_read_code(xrgb, 1024, 768, 1024, 0, &code), 0);
	assert_true(code.nonce == typical.nonce);
}

static void pictures_that_are_no_card_have_no_code(void **state)
{
	_autofree_ uint32_t *xrgb = calloc(1024 * 768, sizeof(*xrgb));
	struct qt_card_code code = { .frame = 7 };
	uint32_t seed = 1;

	assert_int_equal(qt_card_read_code(xrgb, 1024, 768, 1024, 0, &code), -EBADMSG);
	memset(xrgb, 0xff, 1024 * 768 * 4);
	assert_int_equal(qt_card_read_code(xrgb, 1024, 768, 1024, 1, &code), -EBADMSG);
	for (size_t i = 0; i < 1024 * 768; i++)
		xrgb[i] = seed = seed * 1664525 + 1013904223;
	assert_int_equal(qt_card_read_code(xrgb, 1024, 768, 1024, 0, &code), -EBADMSG);
	assert_int_equal(qt_card_read_code(xrgb, 63, 47, 1024, 0, &code), -EBADMSG);
	assert_int_equal(code.frame, 7);
}

static void flipped_card_has_no_code(void **state)
{
	_autofree_ uint32_t *xrgb = draw(&typical), *flipped = calloc(1024 * 768, 4);
	struct qt_card_code code;

	for (int y = 0; y < 768; y++)
		memcpy(&flipped[y * 1024], &xrgb[(767 - y) * 1024], 1024 * 4);
	assert_int_equal(qt_card_read_code(flipped, 1024, 768, 1024, 0, &code), -EBADMSG);
}

static void card_stays_within_its_rows(void **state)
{
	struct qt_card card = typical;

	card.cursor_x_px = 1000;
	card.cursor_y_px = -20;
	for (card.width_px = 1; card.width_px < 700; card.width_px += 37) {
		card.height_px = card.width_px * 5 % 611 + 1;
		size_t len = (size_t)1024 * card.height_px;
		_autofree_ uint32_t *xrgb = malloc((len + 1) * sizeof(*xrgb));

		memset(xrgb, 0xa5, (len + 1) * sizeof(*xrgb));
		qt_card_draw(&card, xrgb, 1024);
		for (size_t i = 0; i <= len; i++)
			if (i == len || i % 1024 >= card.width_px)
				assert_int_equal(xrgb[i], 0xa5a5a5a5);
			else
				assert_int_equal(xrgb[i] >> 24, 0);
	}
}

static void colour_bars_hold_the_primaries(void **state)
{
	static const uint32_t expected[8] = { 0xffffff, 0xffff00, 0x00ffff, 0x00ff00,
					      0xff00ff, 0xff0000, 0x0000ff, 0x000000 };
	_autofree_ uint32_t *xrgb = draw(&typical);

	/* the grain moves a level by one at most */
	for (int i = 0; i < 8; i++)
		assert_int_equal(xrgb[200 * 1024 + 32 + 60 + i * 120] & 0xfefefe,
				 expected[i] & 0xfefefe);
}

static void every_corner_has_its_own_mark(void **state)
{
	_autofree_ uint32_t *xrgb = draw(&typical);

	assert_int_equal(xrgb[64 * 1024 + 64] & 0xfefefe, 0xfe0000);
	assert_int_equal(xrgb[64 * 1024 + 960] & 0xfefefe, 0x00fe00);
	assert_int_equal(xrgb[704 * 1024 + 64] & 0xfefefe, 0x0000fe);
	assert_int_equal(xrgb[704 * 1024 + 960] & 0xfefefe, 0xfefe00);
}

static void edge_is_one_white_pixel(void **state)
{
	_autofree_ uint32_t *xrgb = draw(&typical);

	for (int x = 0; x < 1024; x++) {
		assert_int_equal(xrgb[x] & 0xfefefe, 0xfefefe);
		assert_int_equal(xrgb[767 * 1024 + x] & 0xfefefe, 0xfefefe);
	}
	for (int x = 1; x < 1023; x++)
		assert_int_equal(xrgb[1024 + x] & 0xfefefe, 0);
}

static void cursor_changes_its_own_square_only(void **state)
{
	struct qt_card with = typical;
	_autofree_ uint32_t *plain = draw(&typical), *pointed = NULL;
	unsigned int changed = 0;

	with.cursor_x_px = 300;
	with.cursor_y_px = 330;
	pointed = draw(&with);
	for (int y = 0; y < 768; y++) {
		for (int x = 0; x < 1024; x++) {
			bool inside = x >= 300 && x < 364 && y >= 330 && y < 394;
			bool differs = plain[y * 1024 + x] != pointed[y * 1024 + x];

			assert_true(inside || !differs);
			changed += differs;
		}
	}
	assert_in_range(changed, 500, 64 * 64);
}

static void blend_keeps_takes_and_mixes(void **state)
{
	assert_int_equal(qt_card_blend(0x123456, 0x00000000), 0x123456);
	assert_int_equal(qt_card_blend(0x123456, 0xffabcdef), 0xabcdef);
	/* 0x40 + (200 * 127 + 127) / 255 = 64 + 100 */
	assert_int_equal(qt_card_blend(0xc8c8c8, 0x80404040), 0xa4a4a4);
}

static void cursor_is_premultiplied_and_has_all_alphas(void **state)
{
	uint32_t argb[QT_CARD_CURSOR_PX * QT_CARD_CURSOR_PX];
	unsigned int opaque = 0, clear = 0, mixed = 0;

	qt_card_draw_cursor(argb);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(argb); i++) {
		uint32_t alpha = argb[i] >> 24;

		for (int shift = 0; shift < 24; shift += 8)
			assert_true((argb[i] >> shift & 0xff) <= alpha);
		opaque += alpha == 255;
		clear += alpha == 0;
		mixed += alpha != 0 && alpha != 255;
	}
	assert_true(opaque > 300 && clear > 300 && mixed > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(card_drawn_twice_is_the_same),
		cmocka_unit_test(card_of_another_nonce_differs_all_over),
		cmocka_unit_test(card_of_the_next_frame_differs_all_over),
		cmocka_unit_test(codes_say_nonce_and_frame_in_every_mode),
		cmocka_unit_test(code_is_read_with_red_and_blue_swapped_and_limited_range),
		cmocka_unit_test(pictures_that_are_no_card_have_no_code),
		cmocka_unit_test(flipped_card_has_no_code),
		cmocka_unit_test(card_stays_within_its_rows),
		cmocka_unit_test(colour_bars_hold_the_primaries),
		cmocka_unit_test(every_corner_has_its_own_mark),
		cmocka_unit_test(edge_is_one_white_pixel),
		cmocka_unit_test(cursor_changes_its_own_square_only),
		cmocka_unit_test(blend_keeps_takes_and_mixes),
		cmocka_unit_test(cursor_is_premultiplied_and_has_all_alphas),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
