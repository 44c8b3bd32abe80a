/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a boot display (ramfb) shows from power-on until the guest is ready: nobody knows it in
 * advance, so it is judged by what every firmware's picture fulfils. It is not blank, not QEMU's
 * placeholder, and it stands still at least for a moment. That the driver takes over is judged by
 * the first frame, which must be the card.
 */

#include <stdbool.h>
#include <stdint.h>
#include <vgpulab/error.h>

struct qt_image;
struct qt_vm;

struct qt_boot_display {
	unsigned int looks; /* how often it was looked at */
	unsigned int pictures; /* how many different ones, one after the other */
	unsigned int stood_ms; /* the longest that one stood still */
	uint32_t width_px, height_px;
	char picture[64]; /* file of the one that stood longest; empty: there was none */
	/* of somebody's system: those that stood for a moment on the way, in files of this name from 1 on */
#define QT_STAGE_FORMAT "guest-%u.png"
	unsigned int stages;
};

/** Is it neither blank nor QEMU's placeholder? */
bool qt_boot_display_says_something(const struct qt_image *image);

/**
 * Looks at the display until the guest is ready; @line as of qt_console_wait_ready(). 0, or a
 * negative errno with @err filled if the guest or QEMU failed.
 */
int qt_boot_display_watch(struct qt_vm *vm, int64_t deadline_ms, char *line,
			  struct qt_boot_display *out, struct vgpu_error *err);

/** Was that a firmware's picture? 0, or a negative errno with @err saying what was wrong. */
int qt_boot_display_judge(const struct qt_boot_display *display, struct vgpu_error *err);
