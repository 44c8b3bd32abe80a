/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The guest's kernel log as a judge: a driver that is ill at ease says so, even when its picture is
 * right.
 */

#include "guest-drivers.h"

#include <stdbool.h>
#include <stdio.h>
#include <vgpulab/error.h>

/** Name of the file with all lines in the scenario's directory. */
#define QT_GUEST_LOG "dmesg.txt"

struct qt_guest_log {
	const struct qt_guest_driver *driver;
	FILE *file; /* all lines, for people; may be NULL */
	unsigned int lines, accepted;
	const char *provoked; /* a complaint that was asked for; NULL: none */
	unsigned int provoked_lines;
	unsigned int expected[QT_DRIVER_LINES_MAX]; /* how often each was said */
	bool driver_seen; /* since the guest started */
	char complaint[300]; /* the first line that must not be there; "" */
};

/** Takes one line, "LEVEL SECONDS.MICROSECONDS text". */
void qt_guest_log_take(struct qt_guest_log *log, const char *line);

/** Judges what was taken: the driver was loaded @loads times. 0, or -EBADMSG with @err filled. */
int qt_guest_log_judge(const struct qt_guest_log *log, unsigned int loads, struct vgpu_error *err);
