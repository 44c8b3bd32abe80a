/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rotation.h"

#include <stddef.h>
#include <stdlib.h>

bool guest_rotation_valid(unsigned int degrees)
{
	return degrees % 90 == 0 && degrees < 360;
}

uint32_t *guest_rotation_undo(const uint32_t *xrgb, uint32_t width_px, uint32_t height_px,
			      unsigned int degrees)
{
	uint32_t *out = malloc((size_t)width_px * height_px * sizeof(*out));

	for (uint32_t y = 0; out && y < height_px; y++) {
		for (uint32_t x = 0; x < width_px; x++) {
			uint32_t right = width_px - 1 - x, below = height_px - 1 - y;
			size_t at = (size_t)y * width_px + x;

			if (degrees == 90)
				at = (size_t)x * height_px + below;
			else if (degrees == 180)
				at = (size_t)below * width_px + right;
			else if (degrees == 270)
				at = (size_t)right * height_px + y;
			out[at] = xrgb[(size_t)y * width_px + x];
		}
	}
	return out;
}
