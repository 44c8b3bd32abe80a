/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Pictures for planes that turn what is in their framebuffer.
 */

#include <stdbool.h>
#include <stdint.h>

/** Is this a rotation, in degrees? 0, 90, 180, 270. */
bool guest_rotation_valid(unsigned int degrees);

/**
 * The framebuffer's content with which a plane that turns it by @degrees counter-clockwise shows
 * @xrgb, @width_px by @height_px. Turned by 90 or 270 it is @height_px wide. Freed by the caller;
 * NULL if memory is short. Source: drm_blend.c, DRM_MODE_ROTATE_*
 */
uint32_t *guest_rotation_undo(const uint32_t *xrgb, uint32_t width_px, uint32_t height_px,
			      unsigned int degrees);
