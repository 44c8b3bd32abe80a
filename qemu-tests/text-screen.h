/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the kernel's text console must look like: the guest says which font the kernel uses, and the
 * screen is drawn from that.
 */

#include "image.h"

#include <stdint.h>

enum { QT_TEXT_CODES = 128, QT_TEXT_GLYPH_BYTES = 128 };

struct qt_text_screen {
	char text[40]; /* in every row */
	unsigned int columns, rows, glyph_width_px, glyph_height_px;
	uint32_t width_px, height_px;
	uint8_t glyphs[QT_TEXT_CODES][QT_TEXT_GLYPH_BYTES]; /* rows of whole bytes */
};

/** Takes a line "glyph CODE HEX"; for qt_console_listen(). */
void qt_text_screen_take(void *screen, const char *line);
/** Takes the answer "mode=1024x768 columns=128 rows=48 glyph=8x16". 0 or -EPROTO. */
int qt_text_screen_measure(struct qt_text_screen *screen, const char *answer);
/** Draws the screen. 0 or a negative errno. */
int qt_text_screen_draw(const struct qt_text_screen *screen, struct qt_image *out);
