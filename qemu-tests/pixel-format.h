/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pixel formats of framebuffers, by their DRM names: how the guest writes a picture in them, and
 * what an exact display then shows. Shared by guest and harness.
 */

#include <stddef.h>
#include <stdint.h>

struct qt_pixel_format {
	char name[5]; /* the DRM fourcc's letters: "XR24" */
	uint8_t pixel_bytes; /* packed YUV: per pixel, though pixels come in pairs */
	/* @len_px pixels of a row; even if the format is packed YUV */
	void (*encode)(const uint32_t *xrgb, void *out, size_t len_px);
	void (*decode)(const void *in, uint32_t *xrgb, size_t len_px);
};

extern const struct qt_pixel_format qt_pixel_formats[];
extern const size_t qt_pixel_formats_len;

/** The format of that name, or NULL. */
const struct qt_pixel_format *qt_pixel_format_find(const char *name);

/** The format's DRM code. Source: drm/drm_fourcc.h */
uint32_t qt_pixel_format_fourcc(const struct qt_pixel_format *format);

/** What remains of @xrgb after it was stored in the format and shown. In place. */
void qt_pixel_format_round(const struct qt_pixel_format *format, uint32_t *xrgb, size_t len_px);

/** The colour that C8 pixels of this value have: three bits of red and green, two of blue. */
uint32_t qt_pixel_format_palette(uint8_t index);
