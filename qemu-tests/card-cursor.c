/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "card.h"

#include <stdbool.h>
#include <stddef.h>

uint32_t qt_card_blend(uint32_t xrgb, uint32_t argb)
{
	uint32_t keep = 255 - (argb >> 24), out = 0;

	for (int shift = 0; shift < 24; shift += 8) {
		uint32_t sum = (argb >> shift & 0xff) + ((xrgb >> shift & 0xff) * keep + 127) / 255;

		out |= (sum > 255 ? 255 : sum) << shift;
	}
	return out;
}

struct corner {
	int x, y;
};

static const struct corner arrow[] = {
	{ 0, 0 }, { 0, 44 }, { 10, 35 }, { 17, 51 }, { 24, 48 }, { 17, 33 }, { 31, 33 },
};

/* Even-odd rule: how many edges lie to the left of the point. */
static bool inside_arrow(int x, int y)
{
	const size_t len = sizeof(arrow) / sizeof(arrow[0]);
	bool inside = false;

	for (size_t i = 0; i < len; i++) {
		struct corner a = arrow[i], b = arrow[(i + 1) % len];

		if ((a.y <= y) == (b.y <= y))
			continue;
		if (a.y > b.y) {
			struct corner lower = a;

			a = b;
			b = lower;
		}
		if ((x - a.x) * (b.y - a.y) >= (b.x - a.x) * (y - a.y))
			inside = !inside;
	}
	return inside;
}

/* Which points are in the arrow. Beyond the cursor none is. */
struct shape {
	bool inside[QT_CARD_CURSOR_PX][QT_CARD_CURSOR_PX];
};

static void draw_shape(struct shape *shape)
{
	for (int y = 0; y < QT_CARD_CURSOR_PX; y++)
		for (int x = 0; x < QT_CARD_CURSOR_PX; x++)
			shape->inside[y][x] = inside_arrow(x, y);
}

/* How many points of the square with sides of 2 * @reach + 1 around (x, y) are in the arrow. */
static unsigned int count_points(const struct shape *shape, int x, int y, int reach)
{
	unsigned int count = 0;

	for (int row = y - reach; row <= y + reach; row++)
		for (int column = x - reach; column <= x + reach; column++)
			count += row >= 0 && row < QT_CARD_CURSOR_PX && column >= 0 &&
				 column < QT_CARD_CURSOR_PX && shape->inside[row][column];
	return count;
}

/* A white arrow with a dark rim, opaque, and a soft shadow: alphas from 0 to 255. */
void qt_card_draw_cursor(uint32_t *argb)
{
	struct shape shape;

	draw_shape(&shape);
	for (int y = 0; y < QT_CARD_CURSOR_PX; y++) {
		for (int x = 0; x < QT_CARD_CURSOR_PX; x++) {
			uint32_t shadow = count_points(&shape, x - 5, y - 6, 3) * 112 / 49;
			uint32_t pixel = shadow << 24;

			if (shape.inside[y][x])
				pixel = count_points(&shape, x, y, 1) == 9 ? 0xffffffff
									   : 0xff101418;
			argb[y * QT_CARD_CURSOR_PX + x] = pixel;
		}
	}
}
