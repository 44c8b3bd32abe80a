/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The card's bit grids: nonce, frame and a check value as 32x4 cells, once in the upper and once in
 * the lower margin. The bits are whitened by a fixed pattern, so that small numbers look like large
 * ones and an empty picture is not a code.
 */
#include "card-canvas.h"
#include "card.h"

#include <errno.h>
#include <stdbool.h>

enum { CODE_COLUMNS = 32, CODE_ROWS = 4, CODE_WORDS = 4 };

static const uint32_t whitening[CODE_WORDS] = { 0x9e3779b9, 0x7f4a7c15, 0xf39cc060, 0x5cedc834 };

int qt_card_layout_init(struct qt_card_layout *layout, int width_px, int height_px)
{
	int unit_px = width_px / QT_CARD_MIN_WIDTH_PX;

	if (unit_px > height_px / QT_CARD_MIN_HEIGHT_PX)
		unit_px = height_px / QT_CARD_MIN_HEIGHT_PX;
	if (unit_px < 1)
		return -EINVAL;
	*layout = (struct qt_card_layout){
		.unit_px = unit_px,
		.width_px = width_px,
		.height_px = height_px,
		.middle_y_px = (height_px - QT_CARD_MIN_HEIGHT_PX * unit_px) / 2,
	};
	return 0;
}

static void code_place(const struct qt_card_layout *layout, bool lower, int *x, int *y)
{
	*x = (layout->width_px - CODE_COLUMNS * layout->unit_px) / 2;
	*y = lower ? layout->height_px - 6 * layout->unit_px : 2 * layout->unit_px;
}

static uint32_t check_value(uint64_t nonce, uint32_t frame)
{
	return (uint32_t)(qt_card_mix(nonce ^ qt_card_mix(frame + 1ull)) >> 32);
}

static void draw_code(const struct qt_canvas *canvas, const struct qt_card_layout *layout,
		      const uint32_t *words, bool lower)
{
	int unit = layout->unit_px, x, y;
	int pad = unit / 2 + 1;

	code_place(layout, lower, &x, &y);
	qt_canvas_fill(canvas, x - pad, y - pad, CODE_COLUMNS * unit + 2 * pad,
		       CODE_ROWS * unit + 2 * pad, 0x080808);
	qt_canvas_frame(canvas, x - pad, y - pad, CODE_COLUMNS * unit + 2 * pad,
			CODE_ROWS * unit + 2 * pad, 1, 0xa0a0a0);
	for (int row = 0; row < CODE_ROWS; row++)
		for (int column = 0; column < CODE_COLUMNS; column++)
			if ((words[row] ^ whitening[row]) >> (CODE_COLUMNS - 1 - column) & 1)
				qt_canvas_fill(canvas, x + column * unit, y + row * unit,
					       unit - (unit > 4), unit - (unit > 4), 0xf0f0f0);
}

void qt_card_draw_codes(const struct qt_canvas *canvas, const struct qt_card_layout *layout,
			uint64_t nonce, uint32_t frame)
{
	const uint32_t words[CODE_WORDS] = { (uint32_t)(nonce >> 32), (uint32_t)nonce, frame,
					     check_value(nonce, frame) };

	draw_code(canvas, layout, words, false);
	draw_code(canvas, layout, words, true);
}

static bool is_bright(uint32_t xrgb)
{
	return (xrgb >> 16 & 0xff) + (xrgb >> 8 & 0xff) + (xrgb & 0xff) >= 3 * 128;
}

int qt_card_read_code(const uint32_t *xrgb, uint32_t width_px, uint32_t height_px,
		      uint32_t stride_px, int lower, struct qt_card_code *out)
{
	struct qt_card_layout layout;
	uint32_t words[CODE_WORDS] = { 0 };
	uint64_t nonce;
	int x, y;

	if (width_px > INT16_MAX || height_px > INT16_MAX ||
	    qt_card_layout_init(&layout, (int)width_px, (int)height_px) < 0)
		return -EBADMSG;
	code_place(&layout, lower, &x, &y);
	for (int row = 0; row < CODE_ROWS; row++) {
		int cell_y = y + row * layout.unit_px + layout.unit_px / 2;

		for (int column = 0; column < CODE_COLUMNS; column++) {
			int cell_x = x + column * layout.unit_px + layout.unit_px / 2;

			words[row] = words[row] << 1 |
				     is_bright(xrgb[(uint64_t)cell_y * stride_px + cell_x]);
		}
		words[row] ^= whitening[row];
	}
	nonce = (uint64_t)words[0] << 32 | words[1];
	if (words[3] != check_value(nonce, words[2]))
		return -EBADMSG;
	*out = (struct qt_card_code){ .nonce = nonce, .frame = words[2] };
	return 0;
}
