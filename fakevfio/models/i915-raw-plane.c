// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Planes as the DMA-BUF path tells of them: not composed, but where in graphics memory each lies and
 * how it is laid out. Exactly what GVT-g decodes, and no more: the primary plane is as large as its
 * pipe, offsets, rotation and sprites are the viewer's loss, and formats that GVT-g does not know
 * are refused.
 * Source: drivers/gpu/drm/i915/gvt/fb_decoder.c and dmabuf.c, vgpu_get_plane_info()
 */

#include <errno.h>
#include <fakesysfs/profile.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-registers.h"
#include "i915.h"

#define MIB (1ull << 20)

/* Source: drm_fourcc.h */
#define INTEL_MODIFIER(value) (1ull << 56 | (value))

/* clang-format off */
/* Source: fb_decoder.c, bdw_pixel_formats[] and skl_pixel_formats[] */
static const struct {
	uint32_t drm_format;
	uint8_t generations;
} known_formats[] = {
	{ I915_FOURCC('C', '8', ' ', ' '), I915_ALL },
	{ I915_FOURCC('R', 'G', '1', '6'), I915_ALL },
	{ I915_FOURCC('X', 'R', '2', '4'), I915_ALL },
	{ I915_FOURCC('X', 'B', '2', '4'), I915_ALL },
	{ I915_FOURCC('X', 'R', '3', '0'), I915_ALL },
	{ I915_FOURCC('X', 'B', '3', '0'), I915_ALL },
	{ I915_FOURCC('A', 'R', '2', '4'), I915_GEN9 },
	{ I915_FOURCC('A', 'B', '2', '4'), I915_GEN9 },
	{ I915_FOURCC('Y', 'U', 'Y', 'V'), I915_GEN9 },
	{ I915_FOURCC('U', 'Y', 'V', 'Y'), I915_GEN9 },
	{ I915_FOURCC('Y', 'V', 'Y', 'U'), I915_GEN9 },
	{ I915_FOURCC('V', 'Y', 'U', 'Y'), I915_GEN9 },
};
/* clang-format on */

static bool knows(const struct i915 *i915, uint32_t drm_format)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(known_formats); i++) {
		if (known_formats[i].drm_format == drm_format)
			return known_formats[i].generations & i915->generation;
	}
	return false;
}

static bool inside(uint64_t start, uint64_t len, uint64_t base_mib, uint64_t size_mib)
{
	return start >= base_mib * MIB && len <= size_mib * MIB &&
	       start - base_mib * MIB <= size_mib * MIB - len;
}

/* The vGPU's own graphics memory. Source: gvt/gtt.c, intel_gvt_ggtt_validate_range() */
static bool is_own(const struct i915 *i915, uint64_t start, uint64_t len)
{
	const struct fake_vgpu_info *vgpu = &i915->dev->vgpu;

	return inside(start, len, vgpu->aperture_offset_mib, vgpu->type->low_gm_mib) ||
	       inside(start, len, i915_high_gm_base(i915) / MIB, vgpu->type->high_gm_mib);
}

/* Where it begins must be there; what follows may be anything. */
static int locate(const struct i915 *i915, uint32_t gma, struct fv_plane *out)
{
	if (!is_own(i915, gma, I915_PAGE_LEN) || !i915_ggtt_translate(i915, gma, &out->start_iova))
		return -EINVAL;
	out->start = gma;
	if (!out->size_bytes)
		return -EINVAL;
	return is_own(i915, gma, out->size_bytes) ? 0 : -EFAULT;
}

static uint64_t round_up(uint64_t value, uint64_t step)
{
	return (value + step - 1) / step * step;
}

/* Lines of a tile as GVT-g counts them: 32 for Yf of any format, too. */
static int decode_primary(const struct i915 *i915, int pipe, struct fv_plane *out)
{
	static const struct {
		uint64_t modifier;
		uint32_t lines, stride_unit_bytes;
	} tilings[] = {
		[I915_TILING_LINEAR] = { 0, 1, 0 },
		[I915_TILING_X] = { INTEL_MODIFIER(1), 8, 512 },
		[I915_TILING_Y] = { INTEL_MODIFIER(2), 32, 128 },
		[I915_TILING_YF] = { INTEL_MODIFIER(3), 32, 128 },
	};
	struct i915_plane plane;
	uint32_t unit;

	if (!i915_plane_enabled(i915, pipe, 0))
		return -ENODEV;
	if (!i915_plane_decode(i915, pipe, 0, &plane) || !knows(i915, plane.format->drm_format))
		return -EINVAL;
	unit = tilings[plane.tiling].stride_unit_bytes;
	if (plane.tiling == I915_TILING_YF && plane.format->bytes_per_pixel == 1)
		unit = 64;
	out->drm_format = plane.format->drm_format;
	out->drm_modifier = tilings[plane.tiling].modifier;
	i915_pipe_size(i915, pipe, &out->width_px, &out->height_px);
	out->stride_bytes = unit ? plane.stride_tiles * unit : plane.stride_bytes;
	out->size_bytes = out->stride_bytes * round_up(out->height_px, tilings[plane.tiling].lines);
	return locate(i915, plane.gma, out);
}

/* Magnitudes of the position only, and ARGB for every mode of 64 pixels. */
static int decode_cursor(const struct i915 *i915, int pipe, struct fv_plane *out)
{
	struct i915_cursor cursor;

	if (!i915_cursor_enabled(i915, pipe))
		return -ENODEV;
	if (!i915_cursor_decode(i915, pipe, &cursor) || (cursor.opaque && cursor.width_px != 64))
		return -EINVAL;
	out->drm_format = I915_FOURCC('A', 'R', '2', '4');
	out->width_px = cursor.width_px;
	out->height_px = cursor.width_px;
	out->stride_bytes = cursor.width_px * 4;
	out->size_bytes = (uint64_t)out->stride_bytes * out->height_px;
	out->x_px = (uint32_t)(cursor.x_px < 0 ? -cursor.x_px : cursor.x_px);
	out->y_px = (uint32_t)(cursor.y_px < 0 ? -cursor.y_px : cursor.y_px) & 0xfff;
	out->x_hot_px = i915_get(i915, PVINFO_CURSOR_X_HOT);
	out->y_hot_px = i915_get(i915, PVINFO_CURSOR_Y_HOT);
	if (out->x_hot_px > out->width_px || out->y_hot_px > out->height_px)
		out->x_hot_px = out->y_hot_px = UINT32_MAX;
	return locate(i915, cursor.gma, out);
}

int i915_raw_plane_query(struct i915 *i915, enum fv_plane_type type, struct fv_plane *out)
{
	int pipe = i915_active_pipe(i915);
	struct fv_plane plane = { 0 };
	int err;

	if (type != FV_PLANE_PRIMARY && type != FV_PLANE_CURSOR)
		return -EINVAL;
	if (pipe < 0)
		err = -ENODEV;
	else if (type == FV_PLANE_PRIMARY)
		err = decode_primary(i915, pipe, &plane);
	else
		err = decode_cursor(i915, pipe, &plane);
	/* a plane that is off is no error: the answer is all zero */
	if (!err)
		*out = plane;
	else if (err == -ENODEV)
		memset(out, 0, sizeof(*out));
	return err == -ENODEV ? 0 : err;
}

void i915_raw_plane_read(struct i915 *i915, const struct fv_plane *plane, void *buffer, size_t len)
{
	struct i915_fetch fetch;

	i915_fetch_begin(&fetch, i915, 0);
	i915_fetch_add(&fetch, plane->start, buffer, len);
	i915->counters.pages_unmapped = i915_fetch_end(&fetch);
}
