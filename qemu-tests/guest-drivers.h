/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Stock drivers that the guest may show its pictures with, and what the kernel says when all is
 * well with them.
 */

#include <stddef.h>

/* The desktop's colours, 0xaarrggbb. */
#define QT_DESKTOP_BACKGROUND "0xff2e6f8e"
#define QT_DESKTOP_PANEL      "0xffb5532a"

enum {
	QT_DRIVER_MODULES_MAX = 4,
	QT_DRIVER_LINES_MAX = 16,
	QT_DRIVER_PROGRAMS_MAX = 8,
	QT_DRIVER_INFOS_MAX = 4,
	QT_DRIVER_FILES_MAX = 4
};

/** A complaint of the guest's kernel that is no fault of the vGPU. */
struct qt_accepted_line {
	const char *text; /* is in it */
	const char *reason;
};

/** What the guest's programs find besides: a file with @text, or without it a directory. */
struct qt_driver_file {
	const char *path; /* no leading slash */
	const char *text;
};

struct qt_guest_driver {
	const char *name; /* "i915" */
	const char *output; /* the guest program's: "kms" */
	/* beyond what the guest's kernel has built in; the last one is what `reload` unloads */
	const char *modules[QT_DRIVER_MODULES_MAX];
	/* of this machine, for the guest: judges, and what they load by themselves */
	const char *programs[QT_DRIVER_PROGRAMS_MAX];
	const char *packages; /* where the programs are from, for people */
	const char *need; /* the need that finds them */
	struct qt_driver_file files[QT_DRIVER_FILES_MAX];
	const char *info[QT_DRIVER_INFOS_MAX]; /* the guest's `info` must say these */
	const char *expected[QT_DRIVER_LINES_MAX]; /* said each time that it is loaded */
	struct qt_accepted_line accepted[QT_DRIVER_LINES_MAX];
};

extern const struct qt_guest_driver qt_guest_drivers[];
extern const size_t qt_guest_drivers_len;

/** The driver of that name, or NULL. */
const struct qt_guest_driver *qt_guest_driver_find(const char *name);
