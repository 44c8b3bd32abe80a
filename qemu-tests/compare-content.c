/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "compare-trial.h"

#include <stdlib.h>
#include <string.h>

static bool same_pixels(const struct qt_image *a, const struct qt_image *b)
{
	return a->width_px == b->width_px && a->height_px == b->height_px &&
	       !memcmp(a->xrgb, b->xrgb, (size_t)a->width_px * a->height_px * sizeof(*a->xrgb));
}

/* The most frequent colour, by majority vote, and how many pixels have it. */
static uint32_t main_colour(const struct qt_image *image, uint64_t *count)
{
	size_t pixels = (size_t)image->width_px * image->height_px, votes = 0;
	uint32_t colour = 0;

	for (size_t i = 0; i < pixels; i++) {
		if (!votes)
			colour = image->xrgb[i];
		votes += image->xrgb[i] == colour ? 1 : (size_t)-1;
	}
	*count = 0;
	for (size_t i = 0; i < pixels; i++)
		*count += image->xrgb[i] == colour;
	return colour;
}

bool qt_is_blank(struct qt_trial *trial)
{
	uint64_t pixels = (uint64_t)trial->actual->width_px * trial->actual->height_px, count;
	uint32_t colour = main_colour(trial->actual, &count);

	if (count < pixels - pixels / 1000)
		return false;
	qt_trial_say(trial, "all of %ux%u is #%06x", trial->actual->width_px,
		     trial->actual->height_px, colour);
	return true;
}

static bool read_code(const struct qt_image *image, int lower, struct qt_card_code *out)
{
	return !qt_card_read_code(image->xrgb, image->width_px, image->height_px, image->width_px,
				  lower, out);
}

static bool is_of(const struct qt_card *card, const struct qt_card_code *code)
{
	return card->nonce == code->nonce && card->frame == code->frame;
}

/* Is the picture exactly this earlier one? */
static bool shows(const struct qt_image *actual, const struct qt_shown *shown)
{
	_image_ struct qt_image picture = { 0 };

	return !qt_shown_draw(shown, &picture) && same_pixels(actual, &picture);
}

/* An earlier picture as it would look in the mode and format that are due now. */
static struct qt_shown in_this_mode(const struct qt_expectation *expectation,
				    const struct qt_shown *earlier)
{
	struct qt_shown shown = expectation->shown;

	shown.card.nonce = earlier->card.nonce;
	shown.card.frame = earlier->card.frame;
	return shown;
}

/* What the guest was told to show before, or frames of this nonce that should be over. */
bool qt_is_stale(struct qt_trial *trial)
{
	const struct qt_expectation *expectation = trial->expectation;
	const struct qt_card *card = &expectation->shown.card;
	struct qt_shown shown = expectation->shown;
	struct qt_card_code code;

	if (!read_code(trial->actual, 0, &code))
		return false;
	for (size_t i = 0; i < expectation->earlier_len; i++) {
		const struct qt_shown *earlier = &expectation->earlier[i];
		struct qt_shown converted = in_this_mode(expectation, earlier);

		if (is_of(&earlier->card, &code) &&
		    (shows(trial->actual, earlier) || shows(trial->actual, &converted))) {
			qt_trial_say(trial, "frame %u instead of %u: %zu picture%s old", code.frame,
				     card->frame, i + 1, i ? "s" : "");
			return true;
		}
	}
	if (code.nonce != card->nonce || code.frame == card->frame || !trial->same_size)
		return false;
	shown.card.frame = code.frame;
	if (!shows(trial->actual, &shown))
		return false;
	if (code.frame < card->frame)
		qt_trial_say(trial, "frame %u instead of %u: %u frame%s old", code.frame,
			     card->frame, card->frame - code.frame,
			     card->frame - code.frame > 1 ? "s" : "");
	else
		qt_trial_say(trial, "frame %u, which is not due yet, instead of %u", code.frame,
			     card->frame);
	return true;
}

/* The first row from which on both pictures agree to the end, or up to which they agree. */
static uint32_t equal_rows(const struct qt_image *a, const struct qt_image *b, bool from_top)
{
	uint32_t rows = 0, width = a->width_px;

	while (rows < a->height_px) {
		size_t y = from_top ? rows : a->height_px - 1 - rows;

		if (memcmp(a->xrgb + y * width, b->xrgb + y * width, width * sizeof(*a->xrgb)))
			break;
		rows++;
	}
	return rows;
}

static bool torn_with(struct qt_trial *trial, const struct qt_shown *other)
{
	_image_ struct qt_image picture = { 0 };
	uint32_t height = trial->actual->height_px;

	if (qt_shown_draw(other, &picture) || picture.width_px != trial->actual->width_px ||
	    picture.height_px != height)
		return false;
	for (int new_on_top = 0; new_on_top < 2; new_on_top++) {
		uint32_t new_rows = equal_rows(trial->actual, trial->expected, new_on_top);
		uint32_t old_rows = equal_rows(trial->actual, &picture, !new_on_top);

		if (!new_rows || !old_rows || new_rows + old_rows < height)
			continue;
		qt_trial_say(trial, "rows %u to %u are of frame %u",
			     new_on_top ? height - old_rows : 0,
			     new_on_top ? height - 1 : old_rows - 1, other->card.frame);
		return true;
	}
	return false;
}

bool qt_is_torn(struct qt_trial *trial)
{
	const struct qt_expectation *expectation = trial->expectation;
	struct qt_shown shown = expectation->shown;
	struct qt_card_code code;

	for (size_t i = 0; i < expectation->earlier_len; i++) {
		struct qt_shown converted = in_this_mode(expectation, &expectation->earlier[i]);

		if (torn_with(trial, &expectation->earlier[i]) || torn_with(trial, &converted))
			return true;
	}
	for (int lower = 0; lower < 2; lower++)
		if (read_code(trial->actual, lower, &code) && code.nonce == shown.card.nonce &&
		    code.frame != expectation->shown.card.frame) {
			shown.card.frame = code.frame;
			if (torn_with(trial, &shown))
				return true;
		}
	return false;
}

static bool has_cursor(const struct qt_card *card)
{
	return card->cursor_x_px != -1 || card->cursor_y_px != -1;
}

bool qt_is_cursor_missing(struct qt_trial *trial)
{
	struct qt_shown shown = trial->expectation->shown;

	if (!has_cursor(&shown.card))
		return false;
	shown.card.cursor_x_px = shown.card.cursor_y_px = -1;
	return shows(trial->actual, &shown);
}

/* Upper left corner of what differs; false if nothing does. */
static bool corner_of_difference(const struct qt_image *a, const struct qt_image *b, int *left,
				 int *top)
{
	bool found = false;

	for (uint32_t y = 0; y < a->height_px; y++)
		for (uint32_t x = 0; x < a->width_px; x++) {
			if (a->xrgb[(size_t)y * a->width_px + x] ==
			    b->xrgb[(size_t)y * a->width_px + x])
				continue;
			if (!found)
				*top = (int)y;
			if (!found || (int)x < *left)
				*left = (int)x;
			found = true;
		}
	return found;
}

/* Upper left corner of the cursor's visible pixels. */
static void cursor_corner(int *left, int *top)
{
	uint32_t argb[QT_CARD_CURSOR_PX * QT_CARD_CURSOR_PX];

	qt_card_draw_cursor(argb);
	*left = *top = QT_CARD_CURSOR_PX;
	for (int i = 0; i < QT_CARD_CURSOR_PX * QT_CARD_CURSOR_PX; i++)
		if (argb[i] >> 24) {
			int x = i % QT_CARD_CURSOR_PX, y = i / QT_CARD_CURSOR_PX;

			*left = x < *left ? x : *left;
			*top = y < *top ? y : *top;
		}
}

/* Without its cursor the card is known: where the rest begins, the cursor is. */
bool qt_is_cursor_offset(struct qt_trial *trial)
{
	struct qt_shown bare = trial->expectation->shown, moved = bare;
	_image_ struct qt_image picture = { 0 };
	int left, top, own_left, own_top;

	if (!has_cursor(&bare.card))
		return false;
	bare.card.cursor_x_px = bare.card.cursor_y_px = -1;
	if (qt_shown_draw(&bare, &picture) ||
	    !corner_of_difference(trial->actual, &picture, &left, &top))
		return false;
	cursor_corner(&own_left, &own_top);
	/* a blended or black pixel may hide the very corner */
	for (int dy = 0; dy < 3; dy++)
		for (int dx = 0; dx < 3; dx++) {
			moved.card.cursor_x_px = left - own_left - dx;
			moved.card.cursor_y_px = top - own_top - dy;
			if (!shows(trial->actual, &moved))
				continue;
			qt_trial_say(trial, "at %d,%d instead of %d,%d", moved.card.cursor_x_px,
				     moved.card.cursor_y_px,
				     trial->expectation->shown.card.cursor_x_px,
				     trial->expectation->shown.card.cursor_y_px);
			return true;
		}
	return false;
}

/* Text on a plain ground has few colours; another guest's card says so itself. */
bool qt_is_wrong_console(struct qt_trial *trial)
{
	uint64_t pixels = (uint64_t)trial->actual->width_px * trial->actual->height_px, count;
	const struct qt_card *card = &trial->expectation->shown.card;
	struct qt_card_code code;

	if (read_code(trial->actual, 0, &code) && code.nonce != card->nonce) {
		qt_trial_say(trial, "it shows frame %u of a card with nonce %016llx", code.frame,
			     (unsigned long long)code.nonce);
		return true;
	}
	main_colour(trial->actual, &count);
	if (count * 10 < pixels * 8)
		return false;
	qt_trial_say(trial, "%ux%u, mostly of one colour, as text is", trial->actual->width_px,
		     trial->actual->height_px);
	return true;
}
