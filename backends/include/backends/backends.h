/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The backends there are. One table; --backend names a row.
 */

#include <stddef.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/error.h>

/** A way to get a backend. @argument is what follows the colon in --backend NAME:ARGUMENT. */
struct vgpu_backend_entry {
	const struct vgpu_backend_impl *impl; /* name, summary */
	const char *argument; /* what the argument means, for --help: "DIR (/sys)" */
	int (*open)(const char *argument, struct vgpu_backend **out, struct vgpu_error *err);
};

extern const struct vgpu_backend_entry vgpu_backends[];
extern const size_t vgpu_backends_len;

/**
 * Opens "sysfs", "sysfs:DIR", "fake:GPU[+GPU...]", "mem:GPU", "trace:FILE,SPEC" (writes what SPEC's
 * backend is asked and answers to FILE). *@out is released with (*out)->impl->destroy(*out).
 */
int vgpu_backend_open(const char *spec, struct vgpu_backend **out, struct vgpu_error *err);
