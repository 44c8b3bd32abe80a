/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct vgpu_backend;
struct vgpu_instance;

/** The device's path from the tree's root. 0, -ENOENT if no vGPU is called @name, or another errno. */
int vgpu_instance_path(struct vgpu_backend *backend, const char *name, char *path, size_t size);

/** Fills in the parent's name and the device's path, which follows from the parent's. */
void vgpu_instance_set_parent(struct vgpu_instance *instance, const char *name, const char *path);

/**
 * Reads what the vGPU's directory says: type, driver and IOMMU group, each empty (or -1) while the
 * kernel shows none. Its path is known already.
 * Source: drivers/vfio/mdev/mdev_sysfs.c, mdev_create_sysfs_files()
 */
void vgpu_instance_read(struct vgpu_backend *backend, struct vgpu_instance *instance);

/** The same for what is not known yet; without @whole the type alone. */
void vgpu_instance_complete(struct vgpu_backend *backend, struct vgpu_instance *instance,
			    bool whole);
