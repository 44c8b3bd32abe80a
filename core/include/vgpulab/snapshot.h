/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a tree holds at one moment: parents, their mdev types, and vGPUs. Plain data, one owner.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>
#include <vgpulab/uuid.h>

struct vgpu_backend;

/** What an mdev type offers. Texts are NUL-terminated; empty where the kernel has no such file. */
struct vgpu_mdev_type {
	char id[64]; /* "i915-GVTg_V5_4" */
	char name[128]; /* "GVTg_V5_4" */
	char device_api[32]; /* "vfio-pci" */
	char description[512]; /* as the kernel prints it, lines kept */
	unsigned int available; /* available_instances */
	/* read out of a GVT-g description; 0 where it has no such line */
	uint32_t low_gm_mib, high_gm_mib, fences, xres_px, yres_px, weight;
};

/** One mediated device. */
struct vgpu_instance {
	struct vgpu_uuid uuid;
	size_t parent; /* index in the snapshot */
	char parent_name[64]; /* "0000:00:02.0" */
	char path[304]; /* "devices/pci0000:00/0000:00:02.0/UUID" */
	char type[64]; /* type id; empty while the kernel is still creating it */
	char driver[64]; /* empty if unbound */
	int iommu_group; /* -1 if it has none */
};

/** A device that can be cut into vGPUs. */
struct vgpu_parent {
	char name[64]; /* "0000:00:02.0" or "mtty" */
	char path[256]; /* "devices/pci0000:00/0000:00:02.0" */
	char driver[64]; /* "i915" */
	uint16_t vendor_id, device_id; /* 0 if it is no PCI device */
	struct vgpu_mdev_type *types; /* sorted by id */
	size_t types_len;
};

struct vgpu_snapshot {
	struct vgpu_parent *parents; /* sorted by name */
	size_t parents_len;
	struct vgpu_instance *instances; /* sorted by parent, then UUID */
	size_t instances_len;
};

/**
 * Reads the tree. A tree without class/mdev_bus gives an empty snapshot. 0 with *@out to be
 * destroyed by the caller, or a negative errno with @err filled.
 * Source: Documentation/ABI/testing/sysfs-bus-vfio-mdev
 */
int vgpu_snapshot_take(struct vgpu_backend *backend, struct vgpu_snapshot **out,
		       struct vgpu_error *err);
/** The same without the vGPUs, whose number may be large. */
int vgpu_snapshot_take_parents(struct vgpu_backend *backend, struct vgpu_snapshot **out,
			       struct vgpu_error *err);
/** Of parents and types the names alone: no drivers, no attributes. */
int vgpu_snapshot_take_names(struct vgpu_backend *backend, struct vgpu_snapshot **out,
			     struct vgpu_error *err);
/** The vGPUs and what is needed to name them: no attributes of types, no drivers, no groups. */
int vgpu_snapshot_take_instances(struct vgpu_backend *backend, struct vgpu_snapshot **out,
				 struct vgpu_error *err);
void vgpu_snapshot_destroy(struct vgpu_snapshot *snapshot);
VGPU_DEFINE_DESTROYP(vgpu_snapshot)

/**
 * The parent of that name; "00:02.0" and "0000:00:02.0" name the same one. NULL if there is none.
 */
const struct vgpu_parent *vgpu_snapshot_find_parent(const struct vgpu_snapshot *snapshot,
						    const char *name);

/** The type that @wanted names, as in vgpu_mdev_type_is(). NULL if @parent does not offer it. */
const struct vgpu_mdev_type *vgpu_parent_find_type(const struct vgpu_parent *parent,
						   const char *wanted);

/** The vGPU of that UUID. NULL if there is none. */
const struct vgpu_instance *vgpu_snapshot_find_instance(const struct vgpu_snapshot *snapshot,
							const struct vgpu_uuid *uuid);
