// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The aperture: BAR 2 shows the lower part of graphics memory to the CPU, through the GGTT and, where
 * a fence covers it, as if a tiled surface were linear. Only the vGPU's own share is there; it
 * reads as zero elsewhere.
 * Source: drivers/gpu/drm/i915/gvt/kvmgt.c, intel_vgpu_aperture_rw(); Broadwell PRM vol. 2c,
 * FENCE_REG
 */

#include <fakesysfs/profile.h>
#include <string.h>

#include "i915-registers.h"
#include "i915.h"

#define MIB (1ull << 20)

/* A fence's fields. Source: intel_ggtt_fencing.c, i965_write_fence_reg() */
#define FENCE_VALID 1ull
#define FENCE_Y	    2ull

/* Where a byte of the surface that the fence makes linear lies. */
static bool untile(uint64_t fence, uint64_t gma, uint64_t *out)
{
	uint64_t start = fence & 0xfffff000, last = fence >> 32 & 0xfffff000;
	uint64_t pitch = ((fence >> 32 & 0x7ff) + 1) * 128;
	uint64_t width = fence & FENCE_Y ? 128 : 512, height = fence & FENCE_Y ? 32 : 8;
	uint64_t x, y, tile, in_tile;

	if (!(fence & FENCE_VALID) || gma < start || gma > last + I915_PAGE_LEN - 1)
		return false;
	x = (gma - start) % pitch;
	y = (gma - start) / pitch;
	tile = y / height * (pitch / width) + x / width;
	in_tile =
		fence & FENCE_Y ? x % 128 / 16 * 512 + y % 32 * 16 + x % 16 : y % 8 * 512 + x % 512;
	*out = start + tile * I915_PAGE_LEN + in_tile;
	return true;
}

static uint64_t find_place(const struct i915 *i915, uint64_t gma)
{
	uint32_t fences = i915->dev->vgpu.type->fences;
	uint64_t place;

	for (uint32_t i = 0; i < fences && i < FENCES_MAX; i++) {
		uint64_t fence = i915_get(i915, FENCE_REG + 8 * i) |
				 (uint64_t)i915_get(i915, FENCE_REG + 8 * i + 4) << 32;

		if (untile(fence, gma, &place))
			return place;
	}
	return gma;
}

/* An access is aligned, so it stays inside a page and inside the 16 bytes that no tile breaks. */
static bool find_iova(struct i915 *i915, uint64_t offset, uint64_t *iova)
{
	const struct fake_vgpu_info *vgpu = &i915->dev->vgpu;
	uint64_t begin = vgpu->aperture_offset_mib * MIB;
	uint64_t place;

	if (!vgpu->mappable || offset < begin || offset - begin >= vgpu->type->low_gm_mib * MIB)
		return false;
	place = find_place(i915, offset);
	if (i915_ggtt_translate(i915, place, iova))
		return true;
	i915->counters.faults++;
	return false;
}

uint64_t i915_aperture_read(struct i915 *i915, uint64_t offset, unsigned int len)
{
	uint64_t iova, value = 0;

	if (!find_iova(i915, offset, &iova) || fv_guest_read(i915->dev, iova, &value, len) < 0)
		return 0;
	return value;
}

void i915_aperture_write(struct i915 *i915, uint64_t offset, uint64_t value, unsigned int len)
{
	uint64_t iova;

	if (find_iova(i915, offset, &iova))
		(void)fv_guest_write(i915->dev, iova, &value, len);
}
