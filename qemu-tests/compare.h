/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The oracle: is this picture the card, bit for bit? If not, which known fault turns the card into
 * it? A fault is named only if undoing it explains the whole picture; else the verdict is "pixels".
 */

#include "card.h"
#include "image.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum qt_fault {
	QT_FAULT_NONE = 0,
	QT_FAULT_NO_PICTURE, /* nothing was captured */
	QT_FAULT_BLANK,
	QT_FAULT_STALE,
	QT_FAULT_TORN,
	QT_FAULT_CURSOR_MISSING,
	QT_FAULT_CURSOR_OFFSET,
	QT_FAULT_RB_SWAP,
	QT_FAULT_CHANNELS,
	QT_FAULT_VERTICAL_FLIP,
	QT_FAULT_HORIZONTAL_FLIP,
	QT_FAULT_ROTATED,
	QT_FAULT_LIMITED_RANGE,
	QT_FAULT_DEPTH,
	QT_FAULT_STRIDE,
	QT_FAULT_TILING,
	QT_FAULT_SHIFT,
	QT_FAULT_CROPPED,
	QT_FAULT_SCALED,
	QT_FAULT_WRONG_CONSOLE,
	QT_FAULT_PIXELS, /* it differs in a way that has no name */
	QT_FAULT_CAPTURES_DISAGREE, /* captures of one frame differ from each other */
	QT_FAULTS_LEN,
};

/** The word for a fault: "rb-swap". */
const char *qt_fault_name(enum qt_fault fault);
/** What usually causes it, in one line for people. */
const char *qt_fault_meaning(enum qt_fault fault);

/** What the guest was told to show. */
struct qt_shown {
	struct qt_card card;
	char format[5]; /* DRM fourcc as text: "XR24" */
};

/** Draws what a display shows when the guest draws @shown: the card in the format's depth. */
int qt_shown_draw(const struct qt_shown *shown, struct qt_image *out);

struct qt_expectation {
	struct qt_shown shown;
	const struct qt_image *picture; /* qt_shown_draw() of it */
	const struct qt_shown *earlier; /* what was shown before, the latest first */
	size_t earlier_len;
	/* OpenGL lays the cursor over the picture, in a precision of its own: where the cursor is half
	 * transparent, a channel may be one off. Source: OpenGL ES 3.2, 2.3.1 "Floating-Point Computation" */
	bool gl_cursor;
};

struct qt_judgement {
	enum qt_fault fault;
	char detail[200]; /* "by 16 px a line"; empty if there is nothing to add */
	uint64_t differing_px;
	uint32_t box_x_px, box_y_px, box_width_px, box_height_px; /* around what differs */
};

void qt_compare(const struct qt_expectation *expectation, const struct qt_image *actual,
		struct qt_judgement *out);
