/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Callout and notification scripts, as mdevctl runs them. The library looks for them, decides on
 * their answers, and lets its user run them: it starts no process itself.
 *
 * A callout script is called with `-t TYPE -e EVENT -a ACTION -s STATE -u UUID -p PARENT` and the
 * definition as JSON on its standard input; it exits with 2 if it does not care for this type.
 * Source: mdevctl(8), CALLOUTS and NOTIFICATIONS
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/definition.h>

struct vgpu_callout_result {
	int status; /* exit code; -1: killed by a signal */
	char *out, *err; /* what it wrote, NUL-terminated, for the library to free */
};

/** The seam for running a program. */
struct vgpu_callout_ops {
	/* runs @program to its end; @input is its standard input. 0 and all of @result, or -errno */
	int (*run)(void *data, const char *program, char *const argv[], const char *input,
		   struct vgpu_callout_result *result);
	/* passes on what a script wrote to standard error, as it is */
	void (*complain)(void *data, const char *script, const char *text);
};

struct vgpu_callouts {
	const char *roots[3]; /* each has callouts/ and notifiers/; ends with NULL */
	const struct vgpu_callout_ops *ops;
	void *data;
};

/** Whether there is any callout script at all: to look for each vGPU anew takes long. */
bool vgpu_callouts_exist(const struct vgpu_callouts *callouts);

/**
 * Does @act between the scripts: "pre" (a failure prevents it), then @act, "post" (told of its
 * success) and all notifiers. @callouts NULL runs none. Returns what @act did, or a negative errno.
 */
int vgpu_callout_around(const struct vgpu_callouts *callouts,
			const struct vgpu_definition *definition, const char *action,
			int (*act)(void *data, struct vgpu_error *err), void *data,
			struct vgpu_error *err);

/** Asks for a running vGPU's settings ("get attributes") and adds them. No script, none added. */
int vgpu_callout_get_settings(const struct vgpu_callouts *callouts,
			      struct vgpu_definition *definition, struct vgpu_error *err);

/**
 * Has a script change a running vGPU to @definition ("live modify", mdevctl 1.3 and later).
 * -EOPNOTSUPP if none offers that.
 */
int vgpu_callout_live(const struct vgpu_callouts *callouts,
		      const struct vgpu_definition *definition, struct vgpu_error *err);
