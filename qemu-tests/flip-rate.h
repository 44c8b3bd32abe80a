/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How fast somebody else's program flips. Its own figures are of when it was told of its flips, which
 * a busy machine delays; vertical blanks and their times are the display's, by the guest's clock.
 */

#include <stdbool.h>
#include <stdint.h>
#include <vgpulab/error.h>

/** Of lines like "vblank=480 us=8000000 freq: 59.98Hz", each said after sixty more flips. */
struct qt_flip_rate {
	unsigned int flips, windows; /* between such lines */
	uint64_t frames, us; /* in which these were */
	unsigned int frames_min; /* of a window */
	double said_hz; /* what the program itself said, the nearest to 60 Hz */
	uint64_t last_frame, last_us; /* 0: the next line begins a window */
};

/** Takes what the program said. */
void qt_flip_rate_take(struct qt_flip_rate *rate, const char *line);
/** Was there a flip at each vertical blank for once? */
bool qt_flip_rate_is_complete(const struct qt_flip_rate *rate);
unsigned int qt_flip_rate_missed(const struct qt_flip_rate *rate);
double qt_flip_rate_hz(const struct qt_flip_rate *rate);
/**
 * 0 if the display refreshes at 60.0 Hz, within half a Hz, and no vertical blank was missed but for
 * those that are explained by QEMU's having been ready for @waited_ms, and not run.
 */
int qt_flip_rate_judge(const struct qt_flip_rate *rate, unsigned int waited_ms,
		       struct vgpu_error *err);

/**
 * Of flips of our own, @flips of them in @frames and @us by the guest's clock: 0 if the display refreshes at 60.0 Hz,
 * within half a Hz and what cannot be known: whose flips come late on the whole has read its counters and its clock
 * as late.
 */
int qt_flip_rate_check(unsigned int flips, uint64_t frames, uint64_t us, struct vgpu_error *err);
