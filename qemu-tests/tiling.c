/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tiling.h"

#include <string.h>

enum { TILE_BYTES = 4096 };

/* A linear row is one tile row high; strides of scan-out buffers are multiples of 64 bytes. */
const struct qt_tiling qt_tilings[] = {
	{ "linear", QT_TILING_LINEAR, 64, 1, 64, 0 },
	{ "x", QT_TILING_X, 512, 8, 512, 0x0100000000000001 },
	{ "y", QT_TILING_Y, 128, 32, 16, 0x0100000000000002 },
	{ "yf", QT_TILING_YF, 128, 32, 16, 0x0100000000000003 },
};
const size_t qt_tilings_len = sizeof(qt_tilings) / sizeof(qt_tilings[0]);

const struct qt_tiling *qt_tiling_find(const char *name)
{
	for (size_t i = 0; i < qt_tilings_len; i++)
		if (strcmp(qt_tilings[i].name, name) == 0)
			return &qt_tilings[i];
	return NULL;
}

uint32_t qt_tiling_stride(const struct qt_tiling *tiling, uint32_t row_bytes)
{
	return (row_bytes + tiling->tile_width_bytes - 1) / tiling->tile_width_bytes *
	       tiling->tile_width_bytes;
}

size_t qt_tiling_len(const struct qt_tiling *tiling, uint32_t stride_bytes, uint32_t rows)
{
	rows = (rows + tiling->tile_rows - 1) / tiling->tile_rows * tiling->tile_rows;
	return (size_t)stride_bytes * rows;
}

size_t qt_tiling_offset(const struct qt_tiling *tiling, uint32_t stride_bytes, uint32_t x,
			uint32_t y)
{
	size_t tile = (size_t)(y / tiling->tile_rows) * tiling->tile_rows * stride_bytes +
		      (size_t)(x / tiling->tile_width_bytes) * TILE_BYTES;
	uint32_t tile_x = x % tiling->tile_width_bytes, tile_y = y % tiling->tile_rows;

	switch (tiling->kind) {
	case QT_TILING_X:
		return tile + tile_y * 512 + tile_x;
	case QT_TILING_Y: /* columns of 16 bytes, 32 rows high */
		return tile + tile_x / 16 * 512 + tile_y * 16 + tile_x % 16;
	case QT_TILING_YF: /* bits of the offset: x y x y x y y y x x x x, the highest first */
		return tile + tile_x % 16 + (tile_y & 7) * 16 + (tile_x >> 4 & 1) * 128 +
		       (tile_y >> 3 & 1) * 256 + (tile_x >> 5 & 1) * 512 +
		       (tile_y >> 4 & 1) * 1024 + (tile_x >> 6 & 1) * 2048;
	case QT_TILING_LINEAR:
		break;
	}
	return (size_t)y * stride_bytes + x;
}

void qt_tiling_put_row(const struct qt_tiling *tiling, void *framebuffer, uint32_t stride_bytes,
		       uint32_t y, const void *row, uint32_t len)
{
	uint32_t span = tiling->kind == QT_TILING_LINEAR ? len : tiling->span_bytes;

	for (uint32_t x = 0; x < len; x += span)
		memcpy((char *)framebuffer + qt_tiling_offset(tiling, stride_bytes, x, y),
		       (const char *)row + x, len - x < span ? len - x : span);
}

void qt_tiling_get_row(const struct qt_tiling *tiling, const void *framebuffer,
		       uint32_t stride_bytes, uint32_t y, void *row, uint32_t len)
{
	uint32_t span = tiling->kind == QT_TILING_LINEAR ? len : tiling->span_bytes;

	for (uint32_t x = 0; x < len; x += span)
		memcpy((char *)row + x,
		       (const char *)framebuffer + qt_tiling_offset(tiling, stride_bytes, x, y),
		       len - x < span ? len - x : span);
}
