/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Will these vGPUs fit? GVT-g does not say how much of a GPU is free, only how many more of each
 * type would fit; but each type says what it takes. From both follows which amounts may be free,
 * and from those what fits surely, perhaps, or not at all.
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/error.h>
#include <vgpulab/snapshot.h>

/** So many of one type. */
struct vgpu_wish {
	const struct vgpu_mdev_type *type; /* of the parent that is planned for */
	unsigned int count;
};

enum vgpu_plan_verdict {
	VGPU_PLAN_FITS,
	VGPU_PLAN_UNSURE, /* the numbers allow it, and allow that it does not */
	VGPU_PLAN_FULL, /* not without removing others, if at all */
};

enum { VGPU_PLAN_REMOVALS_MAX = 16 };

struct vgpu_plan {
	enum vgpu_plan_verdict verdict;
	/* why it does not surely fit, in words; empty if it fits */
	char reason[200];
	bool hopeless; /* it is full, and would be without any vGPU */
	/* the fewest vGPUs without which it surely fits; none if it fits, or if nothing helps */
	const struct vgpu_instance *removals[VGPU_PLAN_REMOVALS_MAX];
	size_t removals_len;
};

/**
 * Finds the type that @name names on @parent, one of @snapshot's; "V5_4" will do for
 * "i915-GVTg_V5_4". 0, or -ENOENT with @err filled: NO_TYPE, the hint has the nearest.
 */
int vgpu_plan_find_type(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
			const char *name, const struct vgpu_mdev_type **out,
			struct vgpu_error *err);

/**
 * Plans @wishes on @parent, one of @snapshot's.
 * Source: drivers/gpu/drm/i915/gvt/aperture_gm.c, alloc_vgpu_gm() and alloc_vgpu_fence();
 * drivers/gpu/drm/i915/gvt/vgpu.c, intel_gvt_update_vgpu_types()
 */
void vgpu_plan_make(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
		    const struct vgpu_wish *wishes, size_t wishes_len, struct vgpu_plan *plan);
