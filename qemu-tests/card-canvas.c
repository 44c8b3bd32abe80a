/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card-canvas.h"

#include <string.h>

void qt_canvas_fill(const struct qt_canvas *canvas, int x, int y, int width, int height,
		    uint32_t colour)
{
	int x_end = x + width < canvas->width_px ? x + width : canvas->width_px;
	int y_end = y + height < canvas->height_px ? y + height : canvas->height_px;

	x = x > 0 ? x : 0;
	y = y > 0 ? y : 0;
	for (; y < y_end; y++) {
		uint32_t *row = canvas->xrgb + (long)y * canvas->stride_px;

		for (int column = x; column < x_end; column++)
			row[column] = colour;
	}
}

void qt_canvas_frame(const struct qt_canvas *canvas, int x, int y, int width, int height,
		     int thickness, uint32_t colour)
{
	qt_canvas_fill(canvas, x, y, width, thickness, colour);
	qt_canvas_fill(canvas, x, y + height - thickness, width, thickness, colour);
	qt_canvas_fill(canvas, x, y, thickness, height, colour);
	qt_canvas_fill(canvas, x + width - thickness, y, thickness, height, colour);
}

enum { GLYPH_COLUMNS = 5, GLYPH_ROWS = 7, GLYPH_PITCH = 6 };

/* Seven rows of five dots; the leftmost dot is bit 4. */
struct glyph {
	char character;
	uint8_t rows[GLYPH_ROWS];
};

static const struct glyph glyphs[] = {
	{ '0', { 0x0e, 0x11, 0x13, 0x15, 0x19, 0x11, 0x0e } },
	{ '1', { 0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e } },
	{ '2', { 0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f } },
	{ '3', { 0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e } },
	{ '4', { 0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02 } },
	{ '5', { 0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e } },
	{ '6', { 0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e } },
	{ '7', { 0x1f, 0x01, 0x02, 0x04, 0x08, 0x08, 0x08 } },
	{ '8', { 0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e } },
	{ '9', { 0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c } },
	{ 'A', { 0x0e, 0x11, 0x11, 0x1f, 0x11, 0x11, 0x11 } },
	{ 'B', { 0x1e, 0x11, 0x11, 0x1e, 0x11, 0x11, 0x1e } },
	{ 'C', { 0x0e, 0x11, 0x10, 0x10, 0x10, 0x11, 0x0e } },
	{ 'D', { 0x1e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x1e } },
	{ 'E', { 0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x1f } },
	{ 'F', { 0x1f, 0x10, 0x10, 0x1e, 0x10, 0x10, 0x10 } },
	{ 'G', { 0x0e, 0x11, 0x10, 0x17, 0x11, 0x11, 0x0f } },
	{ 'K', { 0x11, 0x12, 0x14, 0x18, 0x14, 0x12, 0x11 } },
	{ 'L', { 0x10, 0x10, 0x10, 0x10, 0x10, 0x10, 0x1f } },
	{ 'M', { 0x11, 0x1b, 0x15, 0x15, 0x11, 0x11, 0x11 } },
	{ 'N', { 0x11, 0x19, 0x15, 0x13, 0x11, 0x11, 0x11 } },
	{ 'O', { 0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e } },
	{ 'P', { 0x1e, 0x11, 0x11, 0x1e, 0x10, 0x10, 0x10 } },
	{ 'R', { 0x1e, 0x11, 0x11, 0x1e, 0x14, 0x12, 0x11 } },
	{ 'U', { 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e } },
	{ 'V', { 0x11, 0x11, 0x11, 0x11, 0x0a, 0x0a, 0x04 } },
	{ 'x', { 0x00, 0x00, 0x11, 0x0a, 0x04, 0x0a, 0x11 } },
};

static const struct glyph *find_glyph(char character)
{
	for (size_t i = 0; i < sizeof(glyphs) / sizeof(glyphs[0]); i++)
		if (glyphs[i].character == character)
			return &glyphs[i];
	return NULL;
}

static int dot(const struct glyph *glyph, int column, int row)
{
	if (column < 0 || column >= GLYPH_COLUMNS || row < 0 || row >= GLYPH_ROWS)
		return 0;
	return glyph->rows[row] >> (GLYPH_COLUMNS - 1 - column) & 1;
}

/*
 * Large dots would look like stairs: a lone outer corner is cut, and the inner corner between two
 * dots that meet diagonally is filled, by a triangle a third of a dot wide.
 */
static int dot_covers(const struct glyph *glyph, int column, int row, int scale, int x, int y)
{
	int self = dot(glyph, column, row);
	int side_x = 2 * x < scale ? -1 : 1;
	int side_y = 2 * y < scale ? -1 : 1;
	int from_corner = (side_x < 0 ? x : scale - 1 - x) + (side_y < 0 ? y : scale - 1 - y);
	int beside = dot(glyph, column + side_x, row);
	int above = dot(glyph, column, row + side_y);
	int across = dot(glyph, column + side_x, row + side_y);

	if (scale < 3 || from_corner >= scale / 3 + !self)
		return self;
	if (self)
		return beside || above || across;
	return beside && above;
}

static void draw_glyph(const struct qt_canvas *canvas, int x, int y, int scale, uint32_t colour,
		       const struct glyph *glyph)
{
	for (int py = 0; py < GLYPH_ROWS * scale; py++) {
		for (int px = 0; px < GLYPH_COLUMNS * scale; px++) {
			if (x + px < 0 || x + px >= canvas->width_px || y + py < 0 ||
			    y + py >= canvas->height_px)
				continue;
			if (dot_covers(glyph, px / scale, py / scale, scale, px % scale,
				       py % scale))
				canvas->xrgb[(long)(y + py) * canvas->stride_px + x + px] = colour;
		}
	}
}

void qt_canvas_text(const struct qt_canvas *canvas, int x, int y, int scale, uint32_t colour,
		    const char *text)
{
	for (; *text; text++, x += GLYPH_PITCH * scale) {
		const struct glyph *glyph = find_glyph(*text);

		if (glyph)
			draw_glyph(canvas, x, y, scale, colour, glyph);
	}
}

int qt_canvas_text_width(const char *text, int scale)
{
	return ((int)strlen(text) * GLYPH_PITCH - 1) * scale;
}
