/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the card is drawn with: rectangles and text, cut at the picture's edges. Private to the card.
 */

#include <stdint.h>

struct qt_canvas {
	uint32_t *xrgb;
	int width_px, height_px, stride_px;
};

void qt_canvas_fill(const struct qt_canvas *canvas, int x, int y, int width, int height,
		    uint32_t colour);
/** A frame of @thickness just inside the rectangle. */
void qt_canvas_frame(const struct qt_canvas *canvas, int x, int y, int width, int height,
		     int thickness, uint32_t colour);

/** Digits, capitals, space and a few signs, 5x7 dots in a 6-dot pitch, each dot @scale px. */
void qt_canvas_text(const struct qt_canvas *canvas, int x, int y, int scale, uint32_t colour,
		    const char *text);
/** The text's width without the gap after its last character. */
int qt_canvas_text_width(const char *text, int scale);

/** Where things stand on a card of some size: everything is a multiple of the unit. */
struct qt_card_layout {
	int unit_px;
	int width_px, height_px;
	int middle_y_px; /* where the block between the two codes begins */
};

/** 0, or -EINVAL if the picture is too small for elements. */
int qt_card_layout_init(struct qt_card_layout *layout, int width_px, int height_px);

/** Both bit grids. */
void qt_card_draw_codes(const struct qt_canvas *canvas, const struct qt_card_layout *layout,
			uint64_t nonce, uint32_t frame);

/** Mixes 64 bits well; the card's only source of variety. */
static inline uint64_t qt_card_mix(uint64_t value)
{
	value ^= value >> 30;
	value *= 0xbf58476d1ce4e5b9ull;
	value ^= value >> 27;
	value *= 0x94d049bb133111ebull;
	return value ^ value >> 31;
}
