/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which kernel the fake host plays. What differs between versions is one table: a feature has a
 * first and a last version, and code asks for features, never for versions.
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/error.h>

#define FAKE_KERNEL(major, minor) ((unsigned int)(major) << 16 | (unsigned int)(minor))
/** What a host plays unless it is told otherwise: Debian 12's. */
#define FAKE_KERNEL_DEFAULT FAKE_KERNEL(6, 1)

enum fake_feature {
	FAKE_FEATURE_ANY, /* every kernel has it */
	FAKE_FEATURE_HW_ID, /* intel_vgpu/hw_id */
	FAKE_FEATURE_VFIO_MDEV, /* one driver, vfio_mdev, for the vGPUs of all parents */
	FAKE_FEATURE_VFIO_MDEV_MODULE, /* ... which is a module of its own */
	FAKE_FEATURE_REMOVE_WAITS, /* removal of a vGPU in use waits; before: EBUSY */
	FAKE_FEATURE_MDEV_STATE, /* uevents tell that a parent is registered */
	FAKE_FEATURE_CREATE_FAILED_SHOWS, /* a refused vGPU was there for a moment: uevents */
	FAKE_FEATURE_REMOVE_FIRST, /* a vGPU has `remove` before its creation is told */
	FAKE_FEATURE_GROUP_NAME, /* an IOMMU group has a name */
	FAKE_FEATURE_TYPE_NAME, /* a GVT-g type has a name */
	FAKE_FEATURE_INSTANCES_COUNTED, /* by the mdev core, for drivers that do not count */
	FAKE_FEATURE_GUEST_MATRIX, /* vfio_ap tells what its guest has */
	FAKE_FEATURE_PARENT_GROUPS, /* mtty adds attributes to its parent device */
	FAKE_FEATURE_VFIO_DEV, /* class vfio-dev */
	FAKE_FEATURE_VFIO_CDEV, /* a vfio-dev has a device number */
	FAKE_FEATURE_GVT_PARAMETER_RESET, /* i915 sets enable_gvt to N when it cannot */
	FAKE_FEATURE_GUC_ENDS_PROBE, /* GVT-g with GuC submission: i915 does not bind at all */
};

struct fake_kernel {
	const char *name; /* as in --kernel: "6.1" */
	unsigned int version; /* FAKE_KERNEL(6, 1) */
};

/** Those that --kernel takes, oldest first. */
extern const struct fake_kernel fake_kernels[];
extern const size_t fake_kernels_len;

/** 0 with the version, or -EINVAL with @err filled. */
int fake_kernel_parse(const char *name, unsigned int *version, struct vgpu_error *err);
/** Has this version that? Source: facts by row in kernel.c */
bool fake_kernel_has(unsigned int version, enum fake_feature feature);
