/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Ways to get at what a display path shows. A capture is a file and a row.
 */

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <vgpulab/error.h>

struct qt_image;
struct qt_vm;

struct qt_capture {
	const char *name; /* "qmp" */
	const char *summary;
	/**
	 * What the display shows now, in a picture that the caller finishes. 0, or an error.
	 * NULL: there is no display to look at, and the guest's own copy is judged.
	 */
	int (*grab)(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
		    struct vgpu_error *err);
};

extern const struct qt_capture qt_captures[];
extern const size_t qt_captures_len;

/** The capture of that name, or NULL. */
const struct qt_capture *qt_capture_find(const char *name);

int qt_capture_qmp(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
		   struct vgpu_error *err);
/** The same of whatever console is the first. */
int qt_capture_qmp_first(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
			 struct vgpu_error *err);
int qt_capture_vnc(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
		   struct vgpu_error *err);
int qt_capture_spice(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
		     struct vgpu_error *err);
int qt_capture_dbus(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
		    struct vgpu_error *err);

/**
 * The picture that a VNC server shows on @fd, a connected socket, which is taken over: its first full
 * update, which a server makes when it is asked.
 */
int qt_vnc_grab(int fd, int64_t deadline_ms, struct qt_image *out, struct vgpu_error *err);

/**
 * Looks at a VNC server on @fd, a connected socket, which is taken over, until *@stop: how often
 * the whole picture changed, and how often a second once it did so.
 */
int qt_vnc_count(int fd, const atomic_bool *stop, unsigned int *updates, double *rate_hz,
		 struct vgpu_error *err);

/**
 * A viewer on @fd, a connected socket, which is taken over, wants another size (SetDesktopSize).
 * 0 if the server has passed that on, -EOPNOTSUPP if the console's device does not want to know.
 */
int qt_vnc_resize(int fd, uint32_t width_px, uint32_t height_px, int64_t deadline_ms,
		  struct vgpu_error *err);
