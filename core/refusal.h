/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Why the kernel refuses a write, as a table: errno -> kind, meaning, what to do.
 */

#include <stddef.h>
#include <vgpulab/error.h>

struct vgpu_backend;

struct vgpu_refusal {
	int errnum;
	enum vgpu_error_kind kind;
	const char *meaning; /* "the device is going away" */
	const char *hint;
};

/**
 * Fills @err for the write of @path that gave @ret: "cannot create: MEANING (PATH: errno's text)".
 * A row of @table goes before what every write may give (EACCES, EPERM, EROFS). Returns @ret.
 */
int vgpu_refusal_fail(const struct vgpu_refusal *table, size_t len, int ret,
		      const struct vgpu_backend *backend, const char *verb, const char *path,
		      struct vgpu_error *err);
