// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What modetest says of its flips, on quiet and on busy machines, and on displays that are wrong.
 */

// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>

#include "flip-rate.h"

enum { WINDOWS = 8 };

/* Sixty flips a window, in so many frames of so many microseconds. */
static struct qt_flip_rate of(const unsigned int *frames, unsigned int frame_us)
{
	struct qt_flip_rate rate = { 0 };
	unsigned int frame = 1000;

	for (int i = 0; i < WINDOWS; i++) {
		char line[80];

		frame += frames[i];
		snprintf(line, sizeof(line), "| vblank=%u us=%u freq: %.2fHz", frame,
			 frame * frame_us, 60e6 / (frames[i] * frame_us));
		qt_flip_rate_take(&rate, line);
	}
	return rate;
}

static void quiet_machine_misses_nothing(void **state)
{
	const unsigned int frames[WINDOWS] = { 60, 60, 60, 60, 60, 60, 60, 60 };
	struct qt_flip_rate rate = of(frames, 16667);

	assert_int_equal(0, qt_flip_rate_judge(&rate, 0, NULL));
	assert_int_equal(60 * (WINDOWS - 1), rate.flips);
	assert_int_equal(0, qt_flip_rate_missed(&rate));
	assert_in_range(qt_flip_rate_hz(&rate) * 100, 5998, 6001);
}

/* Told late of a flip, modetest takes one second for longer and the next for shorter. */
static void late_news_are_no_faster_display(void **state)
{
	const unsigned int frames[WINDOWS] = { 60, 64, 56, 60, 61, 59, 63, 57 };
	struct qt_flip_rate rate = of(frames, 16667);

	assert_int_equal(0, qt_flip_rate_judge(&rate, 0, NULL));
	assert_int_equal(0, qt_flip_rate_missed(&rate));
}

static void missed_frames_are_the_machines_only_if_it_was_busy(void **state)
{
	const unsigned int frames[WINDOWS] = { 70, 71, 75, 66, 90, 62, 80, 75 };
	struct qt_flip_rate rate = of(frames, 16667);
	struct vgpu_error err = { 0 };

	assert_int_equal(99, qt_flip_rate_missed(&rate));
	assert_int_equal(0, qt_flip_rate_judge(&rate, 2000, NULL));
	assert_int_equal(-ERANGE, qt_flip_rate_judge(&rate, 50, &err));
	assert_true(*err.message);
}

static void each_second_frame_is_no_rate_of_60(void **state)
{
	const unsigned int frames[WINDOWS] = { 120, 120, 120, 120, 120, 120, 120, 120 };
	struct qt_flip_rate rate = of(frames, 16667);

	assert_int_equal(-ERANGE, qt_flip_rate_judge(&rate, 100, NULL));
}

static void wrong_clock_is_seen_however_busy_the_machine_was(void **state)
{
	const unsigned int frames[WINDOWS] = { 60, 60, 60, 60, 60, 60, 60, 60 };
	const unsigned int frame_us[] = { 16400, 16950, 8333, 33333 };

	for (size_t i = 0; i < sizeof(frame_us) / sizeof(frame_us[0]); i++) {
		struct qt_flip_rate rate = of(frames, frame_us[i]);

		assert_int_equal(-ERANGE, qt_flip_rate_judge(&rate, 100000, NULL));
	}
}

static void flips_that_wait_for_nothing_are_seen(void **state)
{
	const unsigned int frames[WINDOWS] = { 5, 5, 5, 5, 5, 5, 5, 5 };
	struct qt_flip_rate rate = of(frames, 16667);

	assert_int_equal(-ERANGE, qt_flip_rate_judge(&rate, 100000, NULL));
}

/* Ten flips in twelve seconds, of a guest in a lab VM; on a machine that is in time the same is wrong. */
static void what_is_late_is_not_exact(void **state)
{
	struct vgpu_error err = { 0 };

	assert_int_equal(0, qt_flip_rate_check(10, 722, 11862141, NULL));
	assert_int_equal(-ERANGE, qt_flip_rate_check(722, 722, 11862141, &err));
	assert_true(*err.message);
	assert_int_equal(-ERANGE, qt_flip_rate_check(10, 830, 11862141, NULL));
}

static void own_flips_are_held_to_half_a_hertz(void **state)
{
	static const struct {
		unsigned int flips, frames, us;
		int wanted;
	} rows[] = { { 10, 10, 166667, 0 },	   { 60, 61, 1016667, 0 },
		     { 10, 10, 169492, -ERANGE },  { 10, 10, 164000, -ERANGE },
		     { 60, 60, 1020000, -ERANGE }, { 10, 10, 333333, -ERANGE },
		     { 10, 0, 0, -ERANGE } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(rows[i].wanted, qt_flip_rate_check(rows[i].flips, rows[i].frames,
								    rows[i].us, NULL));
}

static void other_lines_are_no_measurement(void **state)
{
	static const char *const lines[] = {
		"freq: 60.00Hz",
		"vblank=0 us=0 freq: 60.00Hz",
		"vblank=60 us=1000000 setting mode 1024x768",
		"vblank=120 us=2000000 freq: 60.00Hz",
	};
	struct qt_flip_rate rate = { 0 };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		qt_flip_rate_take(&rate, lines[i]);
	assert_int_equal(-ENODATA, qt_flip_rate_judge(&rate, 0, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quiet_machine_misses_nothing),
		cmocka_unit_test(late_news_are_no_faster_display),
		cmocka_unit_test(missed_frames_are_the_machines_only_if_it_was_busy),
		cmocka_unit_test(each_second_frame_is_no_rate_of_60),
		cmocka_unit_test(wrong_clock_is_seen_however_busy_the_machine_was),
		cmocka_unit_test(flips_that_wait_for_nothing_are_seen),
		cmocka_unit_test(what_is_late_is_not_exact),
		cmocka_unit_test(own_flips_are_held_to_half_a_hertz),
		cmocka_unit_test(other_lines_are_no_measurement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
