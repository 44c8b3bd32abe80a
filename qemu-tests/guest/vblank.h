/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Vertical blanks as the kernel counts them, while somebody else has the display.
 */

#include <stdint.h>

/**
 * How many vertical blanks there were on the CRTC @crtc_id of /dev/dri/card0, and when the last one
 * was, by the guest's clock. 0, or a negative errno: -EINVAL while it shows nothing.
 */
int guest_vblank_count(uint32_t crtc_id, uint64_t *count, uint64_t *us);
