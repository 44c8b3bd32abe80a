/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Resized pictures. No pixel need be right, whatever filter was used; but the mean brightness of
 * parts of the picture survives.
 */
#include "compare-trial.h"

#include <stdlib.h>

enum { COLUMNS = 40, ROWS = 30, TOLERANCE = 10 };

struct part {
	double x, y, width, height;
};

/* Mean of one channel over a part of the image, on at most 64 samples a side. */
static int mean_level(const struct qt_image *image, const struct part *part, int shift)
{
	uint64_t sum = 0, n = 0;
	uint32_t x0 = (uint32_t)part->x, y0 = (uint32_t)part->y;
	uint32_t x1 = (uint32_t)(part->x + part->width), y1 = (uint32_t)(part->y + part->height);

	x1 = x1 > image->width_px ? image->width_px : x1;
	y1 = y1 > image->height_px ? image->height_px : y1;
	for (uint32_t y = y0; y < y1; y++)
		for (uint32_t x = x0; x < x1; x++, n++)
			sum += image->xrgb[(size_t)y * image->width_px + x] >> shift & 0xff;
	return n ? (int)(sum / n) : -1;
}

/* Do the parts look the same, cell by cell? */
static bool alike(const struct qt_image *a, const struct part *in_a, const struct qt_image *b,
		  const struct part *in_b)
{
	int good = 0;

	for (int row = 0; row < ROWS; row++)
		for (int column = 0; column < COLUMNS; column++) {
			struct part cell_a = { in_a->x + in_a->width * column / COLUMNS,
					       in_a->y + in_a->height * row / ROWS,
					       in_a->width / COLUMNS, in_a->height / ROWS };
			struct part cell_b = { in_b->x + in_b->width * column / COLUMNS,
					       in_b->y + in_b->height * row / ROWS,
					       in_b->width / COLUMNS, in_b->height / ROWS };
			bool near = true;

			for (int shift = 0; shift < 24; shift += 8)
				near = near && abs(mean_level(a, &cell_a, shift) -
						   mean_level(b, &cell_b, shift)) <= TOLERANCE;
			good += near;
		}
	return good >= COLUMNS * ROWS * 17 / 20;
}

bool qt_is_scaled(struct qt_trial *trial)
{
	const struct qt_image *expected = trial->expected, *actual = trial->actual;
	struct part whole_expected = { 0, 0, expected->width_px, expected->height_px };
	struct part whole_actual = { 0, 0, actual->width_px, actual->height_px };
	/* sizes that one might have been taken for the other */
	static const double ratios[] = { 0.5, 2, 2.0 / 3, 1.5, 0.75, 4.0 / 3, 0.8, 1.25, 0.533 };

	if (!trial->same_size) {
		if (!alike(expected, &whole_expected, actual, &whole_actual))
			return false;
		qt_trial_say(trial, "the whole card, as %ux%u instead of %ux%u", actual->width_px,
			     actual->height_px, expected->width_px, expected->height_px);
		return true;
	}
	for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
		bool larger = ratios[i] > 1;
		double share = larger ? 1 / ratios[i] : ratios[i];
		struct part part = { 0, 0, expected->width_px * share,
				     expected->height_px * share };

		if (larger ? !alike(expected, &part, actual, &whole_actual)
			   : !alike(expected, &whole_expected, actual, &part))
			continue;
		qt_trial_say(trial, "by %.2f, from the upper left corner", ratios[i]);
		return true;
	}
	return false;
}
