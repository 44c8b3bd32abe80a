/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A display through the kernel's mode setting interface, by ioctls alone. Private to the "kms"
 * output.
 * Source: Documentation/gpu/drm-uapi.rst; drm/drm.h, drm/drm_mode.h
 */

#include "output.h"

#include <drm_mode.h>
#include <stddef.h>
#include <stdint.h>

enum { KMS_MODES_MAX = 64, KMS_BUFFERS = 2 };

struct kms_buffer {
	uint32_t handle, fb_id; /* 0: not there */
	struct guest_surface surface;
};

struct kms {
	struct guest_output output;
	int fd;
	char path[32]; /* "/dev/dri/card0" */
	char driver[32]; /* "i915" */
	uint32_t connector_id, connector_type, connector_index, crtc_id, crtc_index, gamma_size;
	struct drm_mode_modeinfo modes[KMS_MODES_MAX];
	size_t modes_len;
	struct kms_buffer buffers[KMS_BUFFERS], cursor, sprite;
	unsigned int shown; /* index of the buffer on display */
	unsigned int rotated; /* by how many degrees the primary plane turns it */
	struct drm_mode_modeinfo mode; /* hdisplay 0: off */
};

/** ioctl(2) that goes on after signals. 0 or a negative errno. */
int kms_ioctl(const struct kms *kms, unsigned long request, void *argument);

/** Opens the first card with a connected display; waits a while for one. 0 or a negative errno. */
int kms_open_card(struct kms *kms);
/** Asks the connector for its modes again, as after a hot-plug. 0, -ENOTCONN, ... */
int kms_probe(struct kms *kms);

/** Tells the CRTC's primary plane that YUV is BT.601, as pixel-format.h has it; planes may not care. */
void kms_plane_prepare(const struct kms *kms);
/** Turns what the CRTC's primary plane shows. 0, -ENOENT if planes cannot, or another negative errno. */
int kms_plane_rotate(const struct kms *kms, unsigned int degrees);
/**
 * Shows @buffer on a sprite plane of the CRTC, at that place; NULL: takes it away. 0, -ENOENT if there
 * is no such plane.
 */
int kms_plane_show_sprite(const struct kms *kms, const struct kms_buffer *buffer, uint32_t x_px,
			  uint32_t y_px);

/** Makes a framebuffer that the CPU can write. 0 or a negative errno; @buffer is then empty. */
int kms_buffer_create(const struct kms *kms, uint32_t width_px, uint32_t height_px,
		      const struct qt_pixel_format *format, const struct qt_tiling *tiling,
		      struct kms_buffer *buffer);
void kms_buffer_destroy(const struct kms *kms, struct kms_buffer *buffer);
/** Its framebuffer alone: to change what lies beneath. 0 or a negative errno. */
int kms_buffer_add_framebuffer(const struct kms *kms, struct kms_buffer *buffer);
int kms_buffer_remove_framebuffer(const struct kms *kms, struct kms_buffer *buffer);

/** Draws the picture through the aperture. -EOPNOTSUPP if the GPU is not for it, or -ENODEV, ... */
int kms_aperture_draw(const struct kms *kms, const struct guest_picture *picture,
		      struct kms_buffer *buffer, struct guest_reply *reply);

/**
 * Draws the picture by Intel's blitter: fills and copies out of another buffer. -EOPNOTSUPP if the
 * GPU or the tiling is not for it.
 */
int kms_gpu_draw(const struct kms *kms, const struct guest_picture *picture,
		 const struct kms_buffer *target, struct guest_reply *reply);
/** Gives the GPU a batch that never ends, and waits until the driver has got rid of it. */
int kms_gpu_hang(const struct kms *kms, struct guest_reply *reply);
