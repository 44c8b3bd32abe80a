/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

struct vgpu_backend;
struct vgpu_instance;

/**
 * Reads what a vGPU's directory says: type, driver and IOMMU group, each empty (or -1) while the
 * kernel shows none. @path is the device's, from the tree's root.
 * Source: drivers/vfio/mdev/mdev_sysfs.c, mdev_create_sysfs_files()
 */
void instance_read(struct vgpu_backend *backend, const char *path, struct vgpu_instance *instance);
