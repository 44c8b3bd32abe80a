/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What an mdev type says of itself.
 */

#include <stdbool.h>
#include <vgpulab/snapshot.h>

/**
 * Reads the numbers out of type->description. A line that is missing or makes no sense leaves its
 * number 0: other drivers describe their types as they like.
 * Source: drivers/gpu/drm/i915/gvt/kvmgt.c; the lines "weight" and "resolution" came with 4.12, 4.11
 */
void vgpu_mdev_type_parse_description(struct vgpu_mdev_type *type);

/**
 * Is @wanted a type's id ("i915-GVTg_V5_4"), or the id without the prefix that the driver core
 * put before it ("GVTg_V5_4")?
 */
bool vgpu_mdev_type_id_is(const char *id, const char *wanted);
/** The same of @type. */
bool vgpu_mdev_type_is(const struct vgpu_mdev_type *type, const char *wanted);
