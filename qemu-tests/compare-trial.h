/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Hypotheses about a picture that is not the card. Each tries one known fault. Private to the
 * comparator.
 */

#include "compare.h"

/** Share of the judged pixels that a hypothesis must explain. */
#define QT_EXPLAINED 0.97

struct qt_trial {
	const struct qt_expectation *expectation;
	const struct qt_image *expected, *actual;
	bool same_size;
	char *detail; /* sizeof(struct qt_judgement.detail) */
	size_t detail_size;
};

/** Each returns true, with the detail written, if its fault explains the picture. */
typedef bool qt_hypothesis(struct qt_trial *trial);

/* compare-content.c: the right way to show the wrong thing */
qt_hypothesis qt_is_blank, qt_is_stale, qt_is_torn, qt_is_cursor_missing, qt_is_cursor_offset,
	qt_is_wrong_console;
/* compare-colour.c: each pixel in its place, in the wrong colour */
qt_hypothesis qt_is_rb_swap, qt_is_channels, qt_is_limited_range, qt_is_depth;
/* compare-geometry.c: the right pixels in the wrong place */
qt_hypothesis qt_is_vertical_flip, qt_is_horizontal_flip, qt_is_rotated, qt_is_stride, qt_is_tiling,
	qt_is_shift, qt_is_cropped;
/* compare-scale.c */
qt_hypothesis qt_is_scaled;

void qt_trial_say(struct qt_trial *trial, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
