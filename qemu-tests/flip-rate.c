/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "flip-rate.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Source: a vGPU's refresh rate, GVTG_VGPU "60 Hz"; the slack is the timer's */
#define HZ	 60.0
#define SLACK_HZ 0.5

/*
 * Source: libdrm, tests/modetest/modetest.c, page_flip_handler(): sixty flips a line. Lines are read
 * a little after they are written: a frame more or less is no frame missed.
 */
enum { WINDOW_FLIPS = 60, SLACK_FRAMES = 1, MISS_MS = 4 };

void qt_flip_rate_take(struct qt_flip_rate *rate, const char *line)
{
	const char *stamp = strstr(line, "vblank=");
	unsigned long long frame, us;
	unsigned int frames;
	double hz;

	if (!stamp || sscanf(stamp, "vblank=%llu us=%llu freq: %lfHz", &frame, &us, &hz) != 3 ||
	    !us)
		return;
	if (rate->last_us && us > rate->last_us) {
		frames = (unsigned int)(frame - rate->last_frame);
		rate->frames += frames;
		rate->us += us - rate->last_us;
		rate->flips += WINDOW_FLIPS;
		if (!rate->windows++ || frames < rate->frames_min)
			rate->frames_min = frames;
		if (fabs(hz - 60) < fabs(rate->said_hz - 60))
			rate->said_hz = hz;
	}
	rate->last_frame = frame;
	rate->last_us = us;
}

bool qt_flip_rate_is_complete(const struct qt_flip_rate *rate)
{
	return rate->windows && rate->frames_min <= WINDOW_FLIPS + SLACK_FRAMES;
}

unsigned int qt_flip_rate_missed(const struct qt_flip_rate *rate)
{
	return rate->frames > rate->flips ? (unsigned int)(rate->frames - rate->flips) : 0;
}

double qt_flip_rate_hz(const struct qt_flip_rate *rate)
{
	return rate->us ? (double)rate->frames * 1e6 / (double)rate->us : 0;
}

int qt_flip_rate_judge(const struct qt_flip_rate *rate, unsigned int waited_ms,
		       struct vgpu_error *err)
{
	double hz = qt_flip_rate_hz(rate);
	unsigned int missed = qt_flip_rate_missed(rate);

	if (rate->windows < 2)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENODATA,
				      "flips were measured %u times, twice are needed",
				      rate->windows);
	if (fabs(hz - HZ) > SLACK_HZ)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ERANGE,
				      "the display refreshes at %.2f Hz, by the guest's clock, "
				      "instead of 60.0",
				      hz);
	/* who reads the first line late sees too few frames */
	if (rate->flips > rate->frames + rate->frames / 10)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ERANGE,
				      "%u flips in %llu vertical blanks: they do not wait for them",
				      rate->flips, (unsigned long long)rate->frames);
	if (qt_flip_rate_is_complete(rate) || missed <= waited_ms / MISS_MS)
		return 0;
	return vgpu_error_set(
		err, VGPU_ERROR_FAILED, ERANGE,
		"%u of %llu vertical blanks had no flip, and never sixty in a row did, "
		"though QEMU waited for a processor for %u ms only",
		missed, (unsigned long long)rate->frames, waited_ms);
}

int qt_flip_rate_check(unsigned int flips, uint64_t frames, uint64_t us, struct vgpu_error *err)
{
	double hz = us ? (double)frames * 1e6 / (double)us : 0;
	double late_us = flips ? (double)us / flips - 1e6 / HZ : 0;
	double slack_hz = SLACK_HZ + (late_us > 0 ? HZ * late_us / (double)us : 0);

	if (fabs(hz - HZ) <= slack_hz)
		return 0;
	return vgpu_error_set(err, VGPU_ERROR_FAILED, ERANGE,
			      "the display refreshes at %.2f Hz instead of 60.0, within %.1f", hz,
			      slack_hz);
}
