/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A guest of which nobody knows what it shows: a disk image, with nothing of ours in it. Its display
 * is judged by what every system's fulfils that starts well: it is not blank, it comes to rest, and all
 * captures show the same then. How many pictures came before, and whether it answers a key, is told,
 * not judged: firmware that finds no system rests, too, and a login without an echo does not answer.
 */

#include "boot-display.h"

#include <stdbool.h>

struct qt_path;
struct qt_vm;
struct qt_frame;

struct qt_image_guest {
	struct qt_boot_display display; /* the picture at rest is display.picture */
	unsigned int rest_ms; /* when it came to rest, from power-on */
	bool answers; /* its picture changes after a key was pressed */
};

/**
 * Watches until the picture has come to rest, at most @limit_ms. 0, or a negative errno with @err
 * saying what is wrong: -ENODATA (blank), -ETIMEDOUT (no rest), -EPROTO (captures differ).
 */
int qt_image_guest_watch(struct qt_vm *vm, const struct qt_path *path, unsigned int limit_ms,
			 struct qt_image_guest *out, struct vgpu_error *err);
