/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vgpulab/manager.h>

/**
 * The type that @wanted names on @parent; @parent NULL: is there any that offers it? If not, @err
 * names the nearest, or lists them (NO_TYPE). 0, or -ENOENT with *@out untouched.
 */
int vgpu_type_find(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
		   const char *wanted, const struct vgpu_mdev_type **out, struct vgpu_error *err);

/** Says that neither @parent nor, if it is NULL, any other offers @wanted. Returns -ENOENT. */
int vgpu_type_fail(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
		   const char *wanted, struct vgpu_error *err);
