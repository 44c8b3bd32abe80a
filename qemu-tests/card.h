/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The test card: the picture that a guest draws and a harness expects, bit for bit. It follows from
 * a nonce and a frame number alone (integers only, no state), so a stale, replayed or foreign frame
 * differs from it in almost every 8x8 block. Guest and harness share this code.
 */

#include <stdint.h>

/** Below this a picture has a background and a border, but neither elements nor a code. */
enum { QT_CARD_MIN_WIDTH_PX = 64, QT_CARD_MIN_HEIGHT_PX = 48 };

/** The cursor's size and the colour depth of its pixels: ARGB8888, colours multiplied by alpha. */
enum { QT_CARD_CURSOR_PX = 64 };

struct qt_card {
	uint32_t width_px, height_px;
	uint64_t nonce;
	uint32_t frame;
	int cursor_x_px, cursor_y_px; /* the cursor's upper left corner; -1, -1: none */
};

/** Draws the card, its cursor included, as XRGB8888 (X is 0). Rows are @stride_px apart. */
void qt_card_draw(const struct qt_card *card, uint32_t *xrgb, uint32_t stride_px);
/** Lays the card's cursor, if it has one, over a picture: what a cursor plane does. */
void qt_card_lay_cursor(const struct qt_card *card, uint32_t *xrgb, uint32_t stride_px);

/** The cursor's picture, QT_CARD_CURSOR_PX squared, rows without gaps. */
void qt_card_draw_cursor(uint32_t *argb);

/** Lays premultiplied @argb over @xrgb: each channel is source + (target * (255 - alpha) + 127) / 255. */
uint32_t qt_card_blend(uint32_t xrgb, uint32_t argb);

/** What the two bit grids of a picture say. */
struct qt_card_code {
	uint64_t nonce;
	uint32_t frame;
};

/**
 * Reads one bit grid of a picture of a card: the upper (@lower = 0) or the lower one. They differ
 * in a torn picture. Judges brightness only, so it works on pictures with wrong colours.
 * Returns 0, or -EBADMSG if there is no such code at its place; then @out is untouched.
 */
int qt_card_read_code(const uint32_t *xrgb, uint32_t width_px, uint32_t height_px,
		      uint32_t stride_px, int lower, struct qt_card_code *out);
