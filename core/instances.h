/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * All vGPUs of a tree. To ask each one for its links takes four system calls a vGPU; the directories
 * that hold links *to* them are read whole: parents, types and drivers. That leaves one, the group.
 */

#include <stdbool.h>

struct vgpu_backend;
struct vgpu_error;
struct vgpu_snapshot;

/**
 * Fills in @snapshot's instances; its parents and the ids of their types are known already. Without
 * @whole the drivers and groups are left out. 0, or a negative errno with @err filled.
 * Source: drivers/vfio/mdev/mdev_sysfs.c, mdev_create_sysfs_files(); drivers/base/dd.c,
 * driver_sysfs_add()
 */
int vgpu_instances_take(struct vgpu_backend *backend, struct vgpu_snapshot *snapshot, bool whole,
			struct vgpu_error *err);
