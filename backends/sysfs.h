/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vgpulab/backend-impl.h>

extern const struct vgpu_backend_impl vgpu_backend_sysfs;

/**
 * A backend on the tree below @root, a directory's descriptor that it takes over, also on failure.
 * @name is how messages name the tree. NULL if memory ran out.
 */
struct vgpu_backend *sysfs_create(int root, const char *name);

/** The table's open: @argument is a directory, NULL for /sys. */
int sysfs_open(const char *argument, struct vgpu_backend **out, struct vgpu_error *err);
