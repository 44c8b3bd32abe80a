/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A tree in the file system: the kernel's /sys, a mount that looks like it, or a copy of one.
 */

#include <vgpulab/backend-impl.h>

struct sysfs {
	struct vgpu_backend base;
	int root; /* the tree's directory */
	int uevents; /* NETLINK_KOBJECT_UEVENT; -1 until somebody waits, and where there are none */
};

extern const struct vgpu_backend_impl vgpu_backend_sysfs;

/** The table's open: @argument is a directory, NULL for /sys. */
int vgpu_sysfs_open(const char *argument, struct vgpu_backend **out, struct vgpu_error *err);

/** For backends built on this one. Takes the directory's descriptor over; @name is for messages. */
void vgpu_sysfs_init(struct sysfs *sysfs, const struct vgpu_backend_impl *impl, int root,
		     const char *name);
void vgpu_sysfs_finish(struct sysfs *sysfs);
ssize_t vgpu_sysfs_read(struct vgpu_backend *backend, const char *path, char *buffer, size_t size);
int vgpu_sysfs_write(struct vgpu_backend *backend, const char *path, const void *data, size_t len);
ssize_t vgpu_sysfs_readlink(struct vgpu_backend *backend, const char *path, char *buffer,
			    size_t size);
int vgpu_sysfs_list(struct vgpu_backend *backend, const char *path,
		    int (*each)(void *data, const char *name), void *data);
int vgpu_sysfs_exists(struct vgpu_backend *backend, const char *path);
int vgpu_sysfs_wait(struct vgpu_backend *backend, int timeout_ms);
