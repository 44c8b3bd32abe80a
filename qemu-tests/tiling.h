/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How Intel's display engine lays out framebuffers: linear, or in 4 KiB tiles. Shared by guest and
 * harness.
 * Source: Intel PRM, memory views, "Tiling"; drm/drm_fourcc.h, I915_FORMAT_MOD_*
 */

#include <stddef.h>
#include <stdint.h>

enum qt_tiling_kind { QT_TILING_LINEAR, QT_TILING_X, QT_TILING_Y, QT_TILING_YF };

struct qt_tiling {
	const char *name; /* "linear", "x", "y", "yf" (of pixels of 2 or 4 bytes) */
	enum qt_tiling_kind kind;
	uint32_t tile_width_bytes, tile_rows;
	uint32_t span_bytes; /* neighbouring bytes of a row that are neighbours in memory */
	uint64_t modifier; /* DRM's name for it */
};

extern const struct qt_tiling qt_tilings[];
extern const size_t qt_tilings_len;

/** The tiling of that name, or NULL. */
const struct qt_tiling *qt_tiling_find(const char *name);

/** The least stride for rows of @row_bytes, and the memory that @rows of them take. */
uint32_t qt_tiling_stride(const struct qt_tiling *tiling, uint32_t row_bytes);
size_t qt_tiling_len(const struct qt_tiling *tiling, uint32_t stride_bytes, uint32_t rows);

/** Where byte @x of row @y is. */
size_t qt_tiling_offset(const struct qt_tiling *tiling, uint32_t stride_bytes, uint32_t x,
			uint32_t y);

/** Copies row @y, @len bytes, between a framebuffer and a plain buffer. */
void qt_tiling_put_row(const struct qt_tiling *tiling, void *framebuffer, uint32_t stride_bytes,
		       uint32_t y, const void *row, uint32_t len);
void qt_tiling_get_row(const struct qt_tiling *tiling, const void *framebuffer,
		       uint32_t stride_bytes, uint32_t y, void *row, uint32_t len);
