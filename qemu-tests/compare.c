/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "compare.h"

#include "compare-trial.h"
#include "pixel-format.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct fault {
	const char *name, *meaning;
	qt_hypothesis *test; /* NULL: not found by trying */
	bool any_size; /* the test copes with a picture of another size */
};

/* Tried from the first to the last: the more specific before what could pass for it. */
static const struct fault faults[QT_FAULTS_LEN] = {
	[QT_FAULT_NONE] = { "none", "exactly the picture that the guest drew" },
	[QT_FAULT_NO_PICTURE] = { "no-picture", "the capture itself failed" },
	[QT_FAULT_BLANK] = { "blank",
			     "one colour all over: the plane is off, or scans out memory that "
			     "nobody drew to",
			     qt_is_blank, true },
	[QT_FAULT_STALE] = { "stale",
			     "an earlier frame: the flip was not noticed, or the picture was cached",
			     qt_is_stale, true },
	[QT_FAULT_TORN] = { "torn", "two frames in one picture: it was copied while it changed",
			    qt_is_torn },
	[QT_FAULT_CURSOR_MISSING] = { "cursor-missing", "the cursor plane is not composed",
				      qt_is_cursor_missing },
	[QT_FAULT_CURSOR_OFFSET] = { "cursor-offset",
				     "the cursor is elsewhere: hot spot or position misread",
				     qt_is_cursor_offset },
	[QT_FAULT_RB_SWAP] = { "rb-swap",
			       "red and blue exchanged: XRGB is read as XBGR or the reverse",
			       qt_is_rb_swap },
	[QT_FAULT_CHANNELS] = { "channels",
				"colour channels exchanged or off by one byte: wrong pixel format",
				qt_is_channels },
	[QT_FAULT_VERTICAL_FLIP] = { "vertical-flip",
				     "upside down: the picture's origin is taken to be at the "
				     "bottom, as in OpenGL",
				     qt_is_vertical_flip },
	[QT_FAULT_HORIZONTAL_FLIP] = { "horizontal-flip", "mirrored left to right",
				       qt_is_horizontal_flip },
	[QT_FAULT_ROTATED] = { "rotated", "turned by 180 degrees: the plane's rotation is ignored",
			       qt_is_rotated },
	[QT_FAULT_LIMITED_RANGE] = { "limited-range",
				     "levels squeezed to 16..235 or stretched from it: video range "
				     "taken for full range",
				     qt_is_limited_range },
	[QT_FAULT_DEPTH] = { "depth", "low bits are lost: an intermediate format is too shallow",
			     qt_is_depth },
	[QT_FAULT_STRIDE] = { "stride",
			      "each line begins some pixels off: the line length in memory is "
			      "misread",
			      qt_is_stride },
	[QT_FAULT_TILING] = { "tiling", "memory is read in another tiling than it was written in",
			      qt_is_tiling },
	[QT_FAULT_SHIFT] = { "shift", "the whole picture is moved: a wrong start address or offset",
			     qt_is_shift },
	[QT_FAULT_CROPPED] = { "cropped",
			       "a part of the picture, or too much: the old mode's size is used",
			       qt_is_cropped, true },
	[QT_FAULT_SCALED] = { "scaled", "the picture is resized: a panel fitter or a viewer acts",
			      qt_is_scaled, true },
	[QT_FAULT_WRONG_CONSOLE] = { "wrong-console",
				     "this is another console, or QEMU's placeholder text",
				     qt_is_wrong_console, true },
	[QT_FAULT_PIXELS] = { "pixels", "some pixels differ, in no way that has a name" },
	[QT_FAULT_CAPTURES_DISAGREE] = { "captures-disagree",
					 "two captures of one frozen frame are not the same" },
};

const char *qt_fault_name(enum qt_fault fault)
{
	return faults[fault].name;
}

const char *qt_fault_meaning(enum qt_fault fault)
{
	return faults[fault].meaning;
}

int qt_shown_draw(const struct qt_shown *shown, struct qt_image *out)
{
	const struct qt_pixel_format *format = qt_pixel_format_find(shown->format);
	struct qt_card card = shown->card;
	int r = qt_image_init(out, card.width_px, card.height_px);

	if (r)
		return r;
	card.cursor_x_px = card.cursor_y_px = -1;
	qt_card_draw(&card, out->xrgb, out->width_px);
	if (format)
		qt_pixel_format_round(format, out->xrgb, (size_t)out->width_px * out->height_px);
	/* the cursor is a plane of its own, which keeps its depth */
	qt_card_lay_cursor(&shown->card, out->xrgb, out->width_px);
	return 0;
}

void qt_trial_say(struct qt_trial *trial, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(trial->detail, trial->detail_size, format, args);
	va_end(args);
}

static bool is_one_off(uint32_t a, uint32_t b)
{
	for (int shift = 0; shift < 24; shift += 8) {
		int by = (int)(a >> shift & 0xff) - (int)(b >> shift & 0xff);

		if (by < -1 || by > 1)
			return false;
	}
	return true;
}

/* Is that pixel of the picture one where @cursor lets some of the card shine through? */
static bool is_half_transparent(const struct qt_card *card, const uint32_t *cursor, uint32_t x,
				uint32_t y)
{
	int at_x = (int)x - card->cursor_x_px, at_y = (int)y - card->cursor_y_px;
	uint32_t alpha;

	if (card->cursor_x_px == -1 && card->cursor_y_px == -1)
		return false;
	if (at_x < 0 || at_x >= QT_CARD_CURSOR_PX || at_y < 0 || at_y >= QT_CARD_CURSOR_PX)
		return false;
	alpha = cursor[at_y * QT_CARD_CURSOR_PX + at_x] >> 24;
	return alpha > 0 && alpha < 255;
}

/* Counts differing pixels of the common part, and boxes them in. */
static void measure(const struct qt_expectation *expectation, const struct qt_image *actual,
		    struct qt_judgement *out)
{
	const struct qt_image *expected = expectation->picture;
	uint32_t cursor[QT_CARD_CURSOR_PX * QT_CARD_CURSOR_PX];
	uint32_t width =
		expected->width_px < actual->width_px ? expected->width_px : actual->width_px;
	uint32_t height =
		expected->height_px < actual->height_px ? expected->height_px : actual->height_px;
	uint32_t left = width, top = height, right = 0, bottom = 0;

	qt_card_draw_cursor(cursor);
	for (uint32_t y = 0; y < height; y++) {
		const uint32_t *want = expected->xrgb + (size_t)y * expected->width_px;
		const uint32_t *is = actual->xrgb + (size_t)y * actual->width_px;

		if (!memcmp(want, is, width * sizeof(*want)))
			continue;
		for (uint32_t x = 0; x < width; x++) {
			if (want[x] == is[x] ||
			    (expectation->gl_cursor && is_one_off(want[x], is[x]) &&
			     is_half_transparent(&expectation->shown.card, cursor, x, y)))
				continue;
			left = x < left ? x : left;
			right = x + 1 > right ? x + 1 : right;
			top = y < top ? y : top;
			bottom = y + 1;
			out->differing_px++;
		}
	}
	if (out->differing_px) {
		out->box_x_px = left;
		out->box_y_px = top;
		out->box_width_px = right - left;
		out->box_height_px = bottom - top;
	}
}

static void describe_pixels(struct qt_trial *trial, const struct qt_judgement *judgement)
{
	if (!trial->same_size)
		qt_trial_say(trial, "%ux%u instead of %ux%u", trial->actual->width_px,
			     trial->actual->height_px, trial->expected->width_px,
			     trial->expected->height_px);
	else
		qt_trial_say(trial, "%llu px differ, in %ux%u px at %u,%u",
			     (unsigned long long)judgement->differing_px, judgement->box_width_px,
			     judgement->box_height_px, judgement->box_x_px, judgement->box_y_px);
}

void qt_compare(const struct qt_expectation *expectation, const struct qt_image *actual,
		struct qt_judgement *out)
{
	const struct qt_image *expected = expectation->picture;
	struct qt_trial trial = {
		.expectation = expectation,
		.expected = expected,
		.actual = actual,
		.same_size = expected->width_px == actual->width_px &&
			     expected->height_px == actual->height_px,
		.detail = out->detail,
		.detail_size = sizeof(out->detail),
	};

	*out = (struct qt_judgement){ 0 };
	measure(expectation, actual, out);
	if (trial.same_size && !out->differing_px)
		return;
	for (size_t i = 0; i < QT_FAULTS_LEN; i++) {
		if (!faults[i].test || (!trial.same_size && !faults[i].any_size))
			continue;
		out->detail[0] = '\0';
		if (faults[i].test(&trial)) {
			out->fault = (enum qt_fault)i;
			return;
		}
	}
	out->fault = QT_FAULT_PIXELS;
	describe_pixels(&trial, out);
}
