/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Errors for people. A function returns 0 or a negative errno for the program, and fills a
 * caller-owned struct vgpu_error for the person: what failed, where, why, and what to do.
 */

#include <stddef.h>

/**
 * What kind of trouble it is. The kind decides the program's exit code (see docs/errors.md), so
 * scripts can tell "full" from "not permitted". Values are part of the interface: only append.
 */
enum vgpu_error_kind {
	VGPU_ERROR_NONE = 0,
	VGPU_ERROR_FAILED = 1, /* anything without a kind of its own */
	VGPU_ERROR_USAGE = 2, /* the command line or an argument is malformed */
	VGPU_ERROR_NO_GPU = 3, /* no such parent device, or none at all */
	VGPU_ERROR_NO_MDEV = 4, /* the parent has no mdev_supported_types */
	VGPU_ERROR_NO_TYPE = 5, /* the parent does not offer this mdev type */
	VGPU_ERROR_NO_ROOM = 6, /* no instance left: ENOSPC, EUSERS */
	VGPU_ERROR_EXISTS = 7, /* this UUID is taken */
	VGPU_ERROR_NO_VGPU = 8, /* no vGPU has this UUID */
	VGPU_ERROR_BUSY = 9, /* the vGPU or the node is in use */
	VGPU_ERROR_PERMISSION = 10, /* EACCES, EPERM */
	VGPU_ERROR_UNVERIFIED = 11, /* the kernel said yes, but the result cannot be observed */
	VGPU_ERROR_NEED = 12, /* something this needs is missing on the machine */
};

/** Fixed size, never freed, may be copied. Zero-initialise before use. */
struct vgpu_error {
	enum vgpu_error_kind kind;
	int errnum; /* positive errno, 0 if none applies */
	char message[400]; /* one sentence: what, where, errno's text */
	char hint[400]; /* why, and what to do; empty if there is nothing sensible to say */
};

/**
 * Fills @err (which may be NULL) and returns -errnum, or -EIO if @errnum is 0, so that a function
 * can end with `return vgpu_error_set(err, ...)`. Text beyond the field's size is cut.
 */
int vgpu_error_set(struct vgpu_error *err, enum vgpu_error_kind kind, int errnum,
		   const char *format, ...) __attribute__((format(printf, 4, 5)));

/** Sets the hint of @err, which may be NULL. Call it after vgpu_error_set(). */
void vgpu_error_hint(struct vgpu_error *err, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** The word for a kind as --json prints it: "no-room", "exists". Never NULL. */
const char *vgpu_error_kind_name(enum vgpu_error_kind kind);
