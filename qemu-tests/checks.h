/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What every frame must fulfil, once it is captured and each picture is compared with the card. A
 * check is a function and a row.
 */

#include "verdict.h"

struct qt_check {
	const char *name;
	const char *summary;
	/**
	 * Judges @frame, whose shots have been compared; images[i] belongs to shots[i] and is empty
	 * if the capture failed. QT_FAULT_NONE, or the fault with @reason written.
	 */
	enum qt_fault (*judge)(const struct qt_frame *frame, const struct qt_image *images,
			       char *reason, size_t reason_size);
};

extern const struct qt_check qt_checks[];
extern const size_t qt_checks_len;

/** Runs all checks and fills the frame's verdict with the first that fails. */
void qt_frame_check(struct qt_frame *frame, const struct qt_image *images);

/** Was any frame judged, of a scenario that shows some? 0, or -ENODATA with @err filled. */
int qt_frames_check(const struct qt_result *result, struct vgpu_error *err);
