/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text-screen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Source: console_codes(4) for their order, Linux drivers/tty/vt/vt.c for their levels */
static const uint32_t colours[] = { 0x000000, 0xaa0000, 0x00aa00, 0xaa5500,
				    0x0000aa, 0xaa00aa, 0x00aaaa, 0xaaaaaa };

void qt_text_screen_take(void *data, const char *line)
{
	struct qt_text_screen *screen = data;
	unsigned int code, byte;
	int at = 0;

	if (sscanf(line, "glyph %2x %n", &code, &at) != 1 || !at || code >= QT_TEXT_CODES)
		return;
	for (size_t i = 0; i < QT_TEXT_GLYPH_BYTES; i++, at += 2) {
		if (sscanf(line + at, "%2x", &byte) != 1)
			return;
		screen->glyphs[code][i] = (uint8_t)byte;
	}
}

/* A text without glyphs is as black as a screen that is off. */
static bool has_glyphs(const struct qt_text_screen *screen)
{
	static const uint8_t blank[QT_TEXT_GLYPH_BYTES];

	for (const char *c = screen->text; *c; c++)
		if (*c < 0 || !memcmp(screen->glyphs[(uint8_t)*c], blank, sizeof(blank)))
			return false;
	return true;
}

int qt_text_screen_measure(struct qt_text_screen *screen, const char *answer)
{
	if (sscanf(answer, "mode=%ux%u columns=%u rows=%u glyph=%ux%u", &screen->width_px,
		   &screen->height_px, &screen->columns, &screen->rows, &screen->glyph_width_px,
		   &screen->glyph_height_px) != 6 ||
	    !screen->glyph_width_px || screen->glyph_width_px > 32 || !screen->glyph_height_px ||
	    screen->glyph_height_px > 32 ||
	    screen->columns > screen->width_px / screen->glyph_width_px ||
	    screen->columns <= strlen(screen->text) || !screen->rows ||
	    screen->rows > screen->height_px / screen->glyph_height_px || !has_glyphs(screen))
		return -EPROTO;
	return 0;
}

static bool is_set(const struct qt_text_screen *screen, unsigned char code, unsigned int x,
		   unsigned int y)
{
	unsigned int row_bytes = (screen->glyph_width_px + 7) / 8;

	return code < QT_TEXT_CODES &&
	       screen->glyphs[code][y * row_bytes + x / 8] >> (7 - x % 8) & 1;
}

static void draw_character(const struct qt_text_screen *screen, struct qt_image *out, char c,
			   unsigned int column, unsigned int row)
{
	for (unsigned int y = 0; y < screen->glyph_height_px; y++)
		for (unsigned int x = 0; x < screen->glyph_width_px; x++)
			if (is_set(screen, (unsigned char)c, x, y))
				out->xrgb[(row * screen->glyph_height_px + y) * out->width_px +
					  column * screen->glyph_width_px + x] =
					colours[row % 7 + 1];
}

int qt_text_screen_draw(const struct qt_text_screen *screen, struct qt_image *out)
{
	unsigned int len = (unsigned int)strlen(screen->text);
	int r = qt_image_init(out, screen->width_px, screen->height_px);

	for (unsigned int row = 0; row < screen->rows && !r; row++)
		for (unsigned int i = 0; i < len; i++)
			draw_character(screen, out, screen->text[i],
				       row * 3 % (screen->columns - len) + i, row);
	return r;
}
