/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "output.h"

#include <stdlib.h>

struct guest_surface guest_surface_linear(uint8_t *memory, const struct guest_picture *picture)
{
	uint32_t stride_bytes = picture->width_px * picture->format->pixel_bytes;

	return (struct guest_surface){
		.memory = memory,
		.len = (size_t)stride_bytes * picture->height_px,
		.stride_bytes = stride_bytes,
		.width_px = picture->width_px,
		.height_px = picture->height_px,
		.format = picture->format,
		.tiling = picture->tiling,
	};
}

void guest_surface_write(const struct guest_surface *surface, const struct guest_picture *picture)
{
	const struct qt_tiling *tiling =
		picture->written_tiling ? picture->written_tiling : surface->tiling;
	uint32_t stride_bytes = surface->stride_bytes + picture->stride_error_bytes;
	uint32_t row_bytes = picture->width_px * surface->format->pixel_bytes;
	void *row = malloc(row_bytes);

	if (!row)
		return;
	stride_bytes = stride_bytes / tiling->tile_width_bytes * tiling->tile_width_bytes;
	for (uint32_t y = 0; y < picture->height_px; y++) {
		if (qt_tiling_len(tiling, stride_bytes, y + 1) > surface->len)
			break;
		surface->format->encode(picture->xrgb + (size_t)y * picture->width_px, row,
					picture->width_px);
		qt_tiling_put_row(tiling, surface->memory, stride_bytes, y, row, row_bytes);
	}
	free(row);
}

/* Source: ISO 3309, the CRC of zlib and Ethernet */
static uint32_t crc32_add(uint32_t crc, const void *data, size_t len)
{
	static uint32_t table[256];
	const uint8_t *bytes = data;

	if (!table[1]) {
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t value = i;

			for (int bit = 0; bit < 8; bit++)
				value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
			table[i] = value;
		}
	}
	crc = ~crc;
	for (size_t i = 0; i < len; i++)
		crc = crc >> 8 ^ table[(crc ^ bytes[i]) & 0xff];
	return ~crc;
}

uint32_t guest_surface_crc32(const struct guest_surface *surface)
{
	uint32_t row_bytes = surface->width_px * surface->format->pixel_bytes, crc = 0;
	void *row = malloc(row_bytes);
	uint32_t *xrgb = malloc((size_t)surface->width_px * sizeof(*xrgb));

	for (uint32_t y = 0; row && xrgb && y < surface->height_px; y++) {
		qt_tiling_get_row(surface->tiling, surface->memory, surface->stride_bytes, y, row,
				  row_bytes);
		surface->format->decode(row, xrgb, surface->width_px);
		crc = crc32_add(crc, xrgb, (size_t)surface->width_px * sizeof(*xrgb));
	}
	free(row);
	free(xrgb);
	return crc;
}
