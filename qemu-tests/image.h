/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pictures: what a display path showed, and what it should have shown.
 */

#include <stddef.h>
#include <stdint.h>
#include <vgpulab/error.h>

/** No display is larger in either direction; files that claim so are refused. */
#define QT_IMAGE_SIDE_MAX_PX 16384

/** Rows without gaps, 0x00RRGGBB: the top byte is always 0, so that pixels compare as numbers. */
struct qt_image {
	uint32_t width_px, height_px;
	uint32_t *xrgb; /* NULL in an empty image */
};

/** The variable is a struct qt_image whose pixels are freed at the end of its scope. */
#define _image_ __attribute__((cleanup(qt_image_finish)))

/** Black, of this size. 0, -EINVAL or -ENOMEM; @image is then empty. */
int qt_image_init(struct qt_image *image, uint32_t width_px, uint32_t height_px);
int qt_image_copy(const struct qt_image *image, struct qt_image *out);
void qt_image_finish(struct qt_image *image);

/** Decodes PPM (P6, 8 bit) or PNG, told apart by their first bytes. 0, or a negative errno. */
int qt_image_decode(const void *data, size_t len, struct qt_image *out, struct vgpu_error *err);
/** Reads @path below @dir_fd. */
int qt_image_read(int dir_fd, const char *path, struct qt_image *out, struct vgpu_error *err);

/** Encodes as PNG; *@out is freed by the caller. */
int qt_image_encode_png(const struct qt_image *image, void **out, size_t *len,
			struct vgpu_error *err);
int qt_image_write_png(const struct qt_image *image, int dir_fd, const char *path,
		       struct vgpu_error *err);

/** A copy that is at most @width_max_px wide, each pixel the mean of those it stands for. */
int qt_image_shrink(const struct qt_image *image, uint32_t width_max_px, struct qt_image *out);

/**
 * An enlarged part: each pixel becomes a square of @factor. What would lie outside is moved in.
 * -EINVAL if the part is larger than the image.
 */
int qt_image_enlarge(const struct qt_image *image, uint32_t x_px, uint32_t y_px, uint32_t width_px,
		     uint32_t height_px, uint32_t factor, struct qt_image *out);

/**
 * A picture of the differences: what agrees is dimmed grey, what differs glows red. It has the size
 * of both together.
 */
int qt_image_diff(const struct qt_image *expected, const struct qt_image *actual,
		  struct qt_image *out);
