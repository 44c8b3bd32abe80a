/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a viewer has seen so far, and when it is enough.
 */

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct viewer_picture {
	uint32_t width_px, height_px; /* 0: nothing seen yet */
	uint32_t *xrgb;
};

/** Which bits of a pixel are which colour; the rest of its 32 bits means nothing. */
enum viewer_order { VIEWER_XRGB, VIEWER_XBGR };

/** Begins anew with a black picture of this size. False if no display has such a size. */
bool viewer_picture_resize(struct viewer_picture *picture, uint32_t width_px, uint32_t height_px);
/**
 * Lays a rectangle of pixels at @x_px, @y_px; rows are @stride bytes apart. False if it reaches
 * beyond the picture or beyond @data_len bytes.
 */
bool viewer_picture_lay(struct viewer_picture *picture, uint32_t x_px, uint32_t y_px,
			uint32_t width_px, uint32_t height_px, const void *data, size_t data_len,
			uint32_t stride, enum viewer_order order);
/** A DMA-BUF as a display hands it over. */
struct viewer_dmabuf {
	int fd;
	uint32_t width_px, height_px, stride_bytes, fourcc;
	uint64_t modifier;
	bool y0_top; /* as OpenGL counts: the *last* row in memory is the top one */
};
/** The picture is what is in the DMA-BUF now. NULL, or why it cannot be; static. */
const char *viewer_picture_take_dmabuf(struct viewer_picture *picture,
				       const struct viewer_dmabuf *dmabuf);
/** Writes it to standard output as PPM. */
bool viewer_picture_write(const struct viewer_picture *picture);
void viewer_picture_finish(struct viewer_picture *picture);

/** "view-x: why" on standard error; returns EXIT_FAILURE. */
int viewer_fail(const char *format, ...) G_GNUC_PRINTF(1, 2);
