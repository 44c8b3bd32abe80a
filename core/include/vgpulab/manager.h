/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The manager's verbs: each checks what it can beforehand, acts with one write, and observes the
 * result. Errors say what to do.
 */

#include <vgpulab/error.h>
#include <vgpulab/snapshot.h>
#include <vgpulab/uuid.h>

struct vgpu_backend;

struct vgpu_create_request {
	const char *parent; /* "0000:00:02.0"; NULL: the only parent that offers the type */
	const char *type; /* "i915-GVTg_V5_4", or without the driver's prefix */
	const struct vgpu_uuid *uuid; /* NULL: make one */
};

/**
 * Creates a vGPU and observes that it is there, bound, of the type asked for.
 * 0 with *@out filled; else a negative errno, @err filled: NO_GPU, NO_MDEV, NO_TYPE (the hint has
 * the nearest name), NO_ROOM (the hint says what would fit), EXISTS, PERMISSION, UNVERIFIED.
 * Source: Documentation/driver-api/vfio-mediated-device.rst; drivers/vfio/mdev/mdev_sysfs.c
 */
int vgpu_create(struct vgpu_backend *backend, const struct vgpu_create_request *request,
		struct vgpu_instance *out, struct vgpu_error *err);

/**
 * Removes a vGPU and observes that it has gone. May block while a VM holds it (Linux 5.2 and later).
 * A UUID is a name: one that another program has removed and made again, until the kernel takes the
 * write, is removed as well, and one that is made again just after it is UNVERIFIED.
 * 0, or a negative errno: NO_VGPU, BUSY, PERMISSION, UNVERIFIED.
 */
int vgpu_remove(struct vgpu_backend *backend, const struct vgpu_uuid *uuid, struct vgpu_error *err);

/**
 * The parent that @name names in @snapshot, which was taken from @backend; @name NULL is the first
 * one. If there is none, @err says why and what to do: NO_GPU, or NO_MDEV for a GPU that could be
 * divided but is not set up for it (the hint says how). 0, or a negative errno.
 */
int vgpu_parent_find(struct vgpu_backend *backend, const struct vgpu_snapshot *snapshot,
		     const char *name, const struct vgpu_parent **out, struct vgpu_error *err);
