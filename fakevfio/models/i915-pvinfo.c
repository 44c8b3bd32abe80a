// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The page by which host and guest driver talk about the vGPU: which part of the GGTT is the
 * guest's, how many fences, what the host can do.
 * Source: drivers/gpu/drm/i915/i915_pvinfo.h; drivers/gpu/drm/i915/gvt/vgpu.c, populate_pvinfo_page()
 */

#include <fakesysfs/profile.h>

#include "i915-registers.h"
#include "i915.h"

#define MIB (1u << 20)

enum {
	CAPS_FULL_PPGTT = 1 << 2,
	CAPS_HWSP_EMULATION = 1 << 3,
	CAPS_HUGE_GTT = 1 << 4,
};

uint64_t i915_high_gm_base(const struct i915 *i915)
{
	const struct fake_vgpu_info *vgpu = &i915->dev->vgpu;
	uint64_t aperture = (uint64_t)vgpu->aperture_mib * MIB;
	uint64_t base = (uint64_t)vgpu->high_gm_offset_mib * MIB;

	return base < aperture ? aperture : base;
}

void i915_pvinfo_reset(struct i915 *i915)
{
	const struct fake_vgpu_info *vgpu = &i915->dev->vgpu;

	i915_set(i915, PVINFO_MAGIC, 0x76544776); /* "vGTvGTvG" in memory */
	i915_set(i915, PVINFO_MAGIC + 4, 0x47765447);
	i915_set(i915, PVINFO_VERSION, 1); /* major 1, minor 0 */
	i915_set(i915, PVINFO_ID, (uint32_t)vgpu->vgpu_id);
	i915_set(i915, PVINFO_CAPS, CAPS_FULL_PPGTT | CAPS_HWSP_EMULATION | CAPS_HUGE_GTT);
	/*
	 * No mappable memory unless it was asked for: with the aperture ballooned away the guest
	 * reaches its pages directly and never through BAR 2, where each access is a trap.
	 */
	if (vgpu->mappable) {
		i915_set(i915, PVINFO_MAPPABLE_BASE, vgpu->aperture_offset_mib * MIB);
		i915_set(i915, PVINFO_MAPPABLE_SIZE, vgpu->type->low_gm_mib * MIB);
	}
	i915_set(i915, PVINFO_UNMAPPABLE_BASE, (uint32_t)i915_high_gm_base(i915));
	i915_set(i915, PVINFO_UNMAPPABLE_SIZE, vgpu->type->high_gm_mib * MIB);
	i915_set(i915, PVINFO_FENCES, vgpu->type->fences);
	i915_set(i915, PVINFO_CURSOR_X_HOT, UINT32_MAX);
	i915_set(i915, PVINFO_CURSOR_Y_HOT, UINT32_MAX);
}
