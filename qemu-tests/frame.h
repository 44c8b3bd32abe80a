/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * One frame from command to judgement: the guest is told to show it, every capture takes it, every
 * check judges it, and what is worth keeping is kept.
 */

#include "verdict.h"

struct qt_path;
struct qt_vm;

struct qt_frame_request {
	struct qt_vm *vm;
	const struct qt_path *path;
	bool keep; /* it must be on display already */
	bool console; /* text on the kernel's console instead of the card */
	bool blitter; /* the GPU draws it */
	bool aperture; /* the CPU draws it, through the GPU's aperture */
	bool sprite; /* a part of it is on a sprite plane */
	unsigned int rotation; /* the plane turns it, in degrees */
	const char *tamper; /* NULL: none */
	const struct qt_shown *earlier; /* what was shown before, the latest first */
	size_t earlier_len;
	unsigned int number; /* from 1, for file names */
	int dir_fd; /* where pictures go */
};

/**
 * Runs one frame; @frame comes with shown and tiling filled. 0 if it was judged, well or ill; a
 * negative errno with @err filled if the guest or QEMU failed.
 */
int qt_frame_run(const struct qt_frame_request *request, struct qt_frame *frame,
		 struct vgpu_error *err);
