/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card.h"

#include "card-canvas.h"

#include <stdio.h>
#include <string.h>

enum { GRAIN_PX = 8 };

struct card_drawing {
	struct qt_canvas canvas;
	struct qt_card_layout layout;
	uint64_t nonce, seed; /* the seed also depends on the frame */
	uint32_t frame;
};

static uint32_t grey(unsigned int level)
{
	return level * 0x010101u;
}

/* Variety of one 8x8 block: the same for all pixels in it, so that pictures stay compressible. */
static uint64_t block_noise(uint64_t seed, int column, int row)
{
	return qt_card_mix(seed + (uint64_t)row * 0x9e3779b97f4a7c15ull +
			   (uint64_t)column * 0xd1b54a32d192ed03ull);
}

/* Calls @draw for each 8x8 block, cut at the edges, with the block's noise. */
static void for_each_block(const struct card_drawing *card, uint64_t seed,
			   void (*draw)(const struct card_drawing *card, int x, int y, int width,
					int height, uint64_t noise))
{
	const struct qt_canvas *canvas = &card->canvas;

	for (int y = 0; y < canvas->height_px; y += GRAIN_PX) {
		int height = canvas->height_px - y < GRAIN_PX ? canvas->height_px - y : GRAIN_PX;

		for (int x = 0; x < canvas->width_px; x += GRAIN_PX) {
			int width =
				canvas->width_px - x < GRAIN_PX ? canvas->width_px - x : GRAIN_PX;

			draw(card, x, y, width, height,
			     block_noise(seed, x / GRAIN_PX, y / GRAIN_PX));
		}
	}
}

/* A dark field, tinted by the nonce, brighter towards the middle line. */
static void draw_background(const struct card_drawing *card, int x, int y, int width, int height,
			    uint64_t noise)
{
	uint64_t tint = qt_card_mix(card->nonce);
	uint32_t base = 0x1c2028 + ((tint & 7) << 16 | (tint >> 8 & 7) << 8 | (tint >> 16 & 15));
	int rows = card->canvas.height_px;

	for (int row = y; row < y + height; row++) {
		int from_edge = row < rows / 2 ? row : rows - 1 - row;
		unsigned int light = (unsigned int)(from_edge * 24 / rows) + (noise & 3);

		qt_canvas_fill(&card->canvas, x, row, width, 1, base + grey(light));
	}
}

/* Flips lowest bits of a block: invisible, yet hardly a block of one card fits another. */
static void draw_grain(const struct card_drawing *card, int x, int y, int width, int height,
		       uint64_t noise)
{
	uint32_t flip = (noise & 1) << 16 | (noise >> 1 & 1) << 8 | (noise >> 2 & 1);

	for (int row = y; row < y + height; row++) {
		uint32_t *run = card->canvas.xrgb + (long)row * card->canvas.stride_px + x;

		for (int i = 0; i < width; i++)
			run[i] ^= flip;
	}
}

/* Lines every four units from the middle outwards, and a white edge that shows a cut picture. */
static void draw_lattice(const struct card_drawing *card)
{
	const struct qt_canvas *canvas = &card->canvas;
	int width = canvas->width_px, height = canvas->height_px, pitch = 4 * card->layout.unit_px;

	for (int x = width / 2 % pitch; x < width; x += pitch)
		qt_canvas_fill(canvas, x, 0, 1, height, 0x4a505c);
	for (int y = height / 2 % pitch; y < height; y += pitch)
		qt_canvas_fill(canvas, 0, y, width, 1, 0x4a505c);
}

static void draw_border(const struct qt_canvas *canvas)
{
	int width = canvas->width_px, height = canvas->height_px;

	qt_canvas_frame(canvas, 0, 0, width, height, 1, 0xffffff);
	qt_canvas_frame(canvas, 1, 1, width - 2, height - 2, 1, 0x000000);
}

/* Four corner marks. Each has a colour and, as colours may be swapped, a gap that points inwards. */
static void draw_corners(const struct card_drawing *card)
{
	static const uint32_t colours[4] = { 0xff0000, 0x00ff00, 0x0000ff, 0xffff00 };
	const struct qt_canvas *canvas = &card->canvas;
	int unit = card->layout.unit_px, size = 6 * unit;

	for (int i = 0; i < 4; i++) {
		int x = i & 1 ? canvas->width_px - size - unit : unit;
		int y = i & 2 ? canvas->height_px - size - unit : unit;

		qt_canvas_fill(canvas, x, y, size, size, 0x000000);
		qt_canvas_frame(canvas, x + unit / 2, y + unit / 2, size - unit / 2 * 2,
				size - unit / 2 * 2, unit - unit / 4, 0xffffff);
		qt_canvas_fill(canvas, x + 2 * unit, y + 2 * unit, 2 * unit, 2 * unit, colours[i]);
		qt_canvas_fill(canvas, i & 1 ? x : x + 4 * unit, i & 2 ? y : y + 4 * unit, 2 * unit,
			       2 * unit, 0x000000);
		qt_canvas_fill(canvas, i & 1 ? x + unit : x + 9 * unit / 2,
			       i & 2 ? y + unit : y + 9 * unit / 2, unit / 2, unit / 2, colours[i]);
	}
}

/* The name and the mode, between the corner marks and the upper code. */
static void draw_titles(const struct card_drawing *card)
{
	const struct qt_canvas *canvas = &card->canvas;
	int unit = card->layout.unit_px, scale = 8 * unit / 54, y = 4 * unit - 7 * scale / 2;
	int from_middle = 17 * unit + (canvas->width_px / 2 - 24 * unit) / 2;
	char mode[24];

	if (scale < 1)
		return;
	snprintf(mode, sizeof(mode), "%dx%d", canvas->width_px, canvas->height_px);
	qt_canvas_text(canvas,
		       canvas->width_px / 2 - from_middle -
			       qt_canvas_text_width("VGPULAB", scale) / 2,
		       y, scale, 0xe8ecf4, "VGPULAB");
	qt_canvas_text(canvas,
		       canvas->width_px / 2 + from_middle - qt_canvas_text_width(mode, scale) / 2,
		       y, scale, 0xe8ecf4, mode);
}

/* Full and three-quarter bars, and a staircase of greys. */
static void draw_bars(const struct card_drawing *card)
{
	static const uint8_t order[8] = { 7, 6, 3, 2, 5, 4, 1, 0 }; /* by luma, bits are R G B */
	int unit = card->layout.unit_px, y = card->layout.middle_y_px + 17 * unit / 2;
	int left = 2 * unit, width = card->canvas.width_px - 4 * unit;

	for (int i = 0; i < 8; i++) {
		int x = left + width * i / 8, end = left + width * (i + 1) / 8;
		uint32_t full = (order[i] & 4 ? 0xff0000 : 0) | (order[i] & 2 ? 0x00ff00 : 0) |
				(order[i] & 1 ? 0x0000ff : 0);
		uint32_t three_quarters = (order[7 - i] & 4 ? 0xbf0000 : 0) |
					  (order[7 - i] & 2 ? 0x00bf00 : 0) |
					  (order[7 - i] & 1 ? 0x0000bf : 0);

		qt_canvas_fill(&card->canvas, x, y, end - x, 15 * unit / 2, full);
		qt_canvas_fill(&card->canvas, x, y + 15 * unit / 2, end - x,
			       9 * unit - 15 * unit / 2, three_quarters);
	}
	for (int i = 0; i < 16; i++) {
		int x = left + width * i / 16, end = left + width * (i + 1) / 16;

		qt_canvas_fill(&card->canvas, x, y + 9 * unit, end - x, 2 * unit,
			       grey((unsigned int)i * 17));
	}
	qt_canvas_frame(&card->canvas, left - 1, y - 1, width + 2, 11 * unit + 2, 1, 0x8a92a0);
}

/* One ramp a channel: red, green and blue begin at a level that the nonce chose, grey at black. */
static void draw_ramps(const struct card_drawing *card, int left, int top, int width, int height)
{
	static const uint32_t masks[4] = { 0xff0000, 0x00ff00, 0x0000ff, 0xffffff };
	static const char *const labels[4] = { "R", "G", "B", "K" };
	const struct qt_canvas *canvas = &card->canvas;
	int unit = card->layout.unit_px, scale = unit / 6;

	for (int i = 0; i < 4; i++) {
		int y = top + height * i / 4, end = top + height * (i + 1) / 4 - unit / 2;
		unsigned int phase = i == 3 ? 0 : (unsigned int)(card->seed >> 8 * i & 0xff);

		for (int x = 0; x < width; x++) {
			unsigned int level = (unsigned int)(x * 255 / (width - 1)) + phase;

			qt_canvas_fill(canvas, left + x, y, 1, end - y,
				       grey(level & 0xff) & masks[i]);
		}
		qt_canvas_frame(canvas, left - 1, y - 1, width + 2, end - y + 2, 1, 0x8a92a0);
		if (scale < 1)
			continue;
		qt_canvas_fill(canvas, left + unit / 2, y + unit / 2, 7 * scale, 9 * scale,
			       0x080808);
		qt_canvas_text(canvas, left + unit / 2 + scale, y + unit / 2 + scale, scale,
			       0xffffff, labels[i]);
	}
}

/* Lines and checks of one and two pixels: any scaling, blur or chroma loss turns them grey. */
static uint32_t pattern(int kind, int x, int y)
{
	switch (kind) {
	case 0:
		return (x ^ y) & 1 ? 0xffffff : 0;
	case 1:
		return x & 1 ? 0xffffff : 0;
	case 2:
		return y & 1 ? 0xffffff : 0;
	case 3:
		return (x ^ y) >> 1 & 1 ? 0xffffff : 0;
	case 4:
		return x & 1 ? 0xff0000 : 0x0000ff;
	default:
		return y & 1 ? 0x00ff00 : 0xff00ff;
	}
}

static void draw_patterns(const struct card_drawing *card, int left, int top, int width, int height)
{
	const struct qt_canvas *canvas = &card->canvas;
	int gap = card->layout.unit_px / 2;

	for (int i = 0; i < 6; i++) {
		int x = left + width * (i & 1) / 2 + (i & 1 ? gap / 2 : 0);
		int y = top + height * (i / 2) / 3;
		int x_end = i & 1 ? left + width : left + width / 2 - gap / 2;
		int y_end = top + height * (i / 2 + 1) / 3 - gap;

		for (int py = y; py < y_end; py++)
			for (int px = x; px < x_end; px++)
				canvas->xrgb[(long)py * canvas->stride_px + px] =
					pattern(i, px, py);
		qt_canvas_frame(canvas, x - 1, y - 1, x_end - x + 2, y_end - y + 2, 1, 0x8a92a0);
	}
}

/* A sine wave out of two parabolas: 256 steps a period, 0..255. */
static unsigned int wave(unsigned int phase)
{
	unsigned int half = phase & 127, height = half * (128 - half) / 32;

	return phase & 128 ? 128 - (height > 127 ? 127 : height)
			   : 128 + (height > 127 ? 127 : height);
}

/* A zone plate: rings whose pitch falls to two pixels at the rim. The nonce turns its phase. */
static void draw_zone_plate(const struct card_drawing *card, int centre_x, int centre_y, int radius)
{
	const struct qt_canvas *canvas = &card->canvas;
	unsigned int phase = (unsigned int)(card->seed >> 40 & 0xff);
	uint32_t factor = (64u << 10) / (uint32_t)radius;

	for (int y = -radius; y <= radius; y++) {
		uint32_t *row = canvas->xrgb + (long)(centre_y + y) * canvas->stride_px + centre_x;

		for (int x = -radius; x <= radius; x++) {
			uint32_t distance = (uint32_t)(x * x + y * y);

			if (distance > (uint32_t)(radius * radius))
				continue;
			row[x] = distance > (uint32_t)((radius - 2) * (radius - 2))
					 ? 0xffffff
					 : grey(wave((distance * factor >> 10) + phase));
		}
	}
}

/* Sixty ticks around the zone plate, a second's worth of frames; the frame's own is lit. */
static void draw_dial(const struct card_drawing *card, int centre_x, int centre_y, int radius)
{
	/* sine of 0, 6, ... 90 degrees, times 4096 */
	static const int sine[16] = { 0,    428,  852,	1266, 1666, 2048, 2408, 2741,
				      3044, 3314, 3547, 3742, 3896, 4006, 4074, 4096 };
	int now = (int)(card->frame % 60), size = card->layout.unit_px / 3;

	size = size < 1 ? 1 : size;
	for (int i = 0; i < 60; i++) {
		int step = i % 15, quarter = i / 15;
		int across = quarter & 1 ? sine[15 - step] : sine[step];
		int along = quarter & 1 ? sine[step] : sine[15 - step];
		int x = centre_x + (quarter < 2 ? across : -across) * radius / 4096;
		int y = centre_y + (quarter == 0 || quarter == 3 ? -along : along) * radius / 4096;
		int dot = i == now ? 2 * size : i % 5 ? size : size + size / 2;
		uint32_t colour = i == now ? 0xffb000 : i % 5 ? 0x808894 : 0xd8dce4;

		qt_canvas_fill(&card->canvas, x - dot / 2, y - dot / 2, dot, dot, colour);
	}
}

static void draw_frame_plate(const struct card_drawing *card, int centre_x, int centre_y)
{
	const struct qt_canvas *canvas = &card->canvas;
	int unit = card->layout.unit_px, width = 13 * unit, height = 7 * unit / 2, scale;
	char digits[12];

	snprintf(digits, sizeof(digits), "%06u", card->frame);
	for (scale = height * 2 / 3 / 7 + 1; scale > 1; scale--)
		if (qt_canvas_text_width(digits, scale) <= width - unit)
			break;
	qt_canvas_fill(canvas, centre_x - width / 2, centre_y - height / 2, width, height,
		       0x0a0c10);
	qt_canvas_frame(canvas, centre_x - width / 2, centre_y - height / 2, width, height,
			unit / 8 + 1, 0xffffff);
	qt_canvas_text(canvas, centre_x - qt_canvas_text_width(digits, scale) / 2,
		       centre_y - 7 * scale / 2, scale, 0xffb000, digits);
}

static void draw_middle(const struct card_drawing *card)
{
	int unit = card->layout.unit_px, width = card->canvas.width_px;
	int centre_x = width / 2, top = card->layout.middle_y_px + 21 * unit, height = 17 * unit;
	int centre_y = top + height / 2 - unit / 4, radius = 15 * unit / 2;

	draw_ramps(card, 2 * unit, top, centre_x - 12 * unit, height);
	draw_patterns(card, centre_x + 10 * unit, top, width - 12 * unit - centre_x, height);
	draw_zone_plate(card, centre_x, centre_y, radius);
	draw_dial(card, centre_x, centre_y, radius + 3 * unit / 4);
	draw_frame_plate(card, centre_x, centre_y);
}

static void draw_nonce(const struct card_drawing *card)
{
	int unit = card->layout.unit_px, scale = unit * 2 / 7 > 0 ? unit * 2 / 7 : 1;
	int y = card->layout.middle_y_px + 39 * unit - unit / 4;
	int x, label = qt_canvas_text_width("NONCE ", scale);
	char text[24];

	if (unit < 4)
		return;
	snprintf(text, sizeof(text), "%016llX", (unsigned long long)card->nonce);
	x = (card->canvas.width_px - label - qt_canvas_text_width(text, scale)) / 2;
	qt_canvas_text(&card->canvas, x, y, scale, 0x98a0b0, "NONCE");
	qt_canvas_text(&card->canvas, x + label + scale, y, scale, 0xffffff, text);
}

static void draw_elements(const struct card_drawing *card)
{
	draw_lattice(card);
	draw_corners(card);
	draw_titles(card);
	draw_bars(card);
	draw_middle(card);
	draw_nonce(card);
	qt_card_draw_codes(&card->canvas, &card->layout, card->nonce, card->frame);
}

void qt_card_lay_cursor(const struct qt_card *card, uint32_t *xrgb, uint32_t stride_px)
{
	uint32_t cursor[QT_CARD_CURSOR_PX * QT_CARD_CURSOR_PX];

	if (card->cursor_x_px == -1 && card->cursor_y_px == -1)
		return;
	qt_card_draw_cursor(cursor);
	for (int y = 0; y < QT_CARD_CURSOR_PX; y++) {
		uint32_t *row = xrgb + (long)(card->cursor_y_px + y) * stride_px;

		if (card->cursor_y_px + y < 0 || card->cursor_y_px + y >= (int)card->height_px)
			continue;
		for (int x = 0; x < QT_CARD_CURSOR_PX; x++) {
			int at = card->cursor_x_px + x;

			if (at >= 0 && at < (int)card->width_px)
				row[at] = qt_card_blend(row[at], cursor[y * QT_CARD_CURSOR_PX + x]);
		}
	}
}

void qt_card_draw(const struct qt_card *card, uint32_t *xrgb, uint32_t stride_px)
{
	struct card_drawing drawing = {
		.canvas = { xrgb, (int)card->width_px, (int)card->height_px, (int)stride_px },
		.nonce = card->nonce,
		.seed = qt_card_mix(card->nonce ^ qt_card_mix(card->frame + 1ull)),
		.frame = card->frame,
	};

	for_each_block(&drawing, drawing.seed, draw_background);
	if (qt_card_layout_init(&drawing.layout, drawing.canvas.width_px,
				drawing.canvas.height_px) == 0)
		draw_elements(&drawing);
	draw_border(&drawing.canvas);
	for_each_block(&drawing, qt_card_mix(drawing.seed), draw_grain);
	qt_card_lay_cursor(card, xrgb, stride_px);
}
