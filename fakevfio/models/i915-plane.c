// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which picture the guest has programmed: pipes, planes and cursors out of their registers.
 *
 * A plane's registers are double-buffered: the write to its surface register makes all of them
 * live, the write to CURBASE those of the cursor. A latch is taken at that moment.
 */

#include <vgpulab/cleanup.h>

#include "i915-registers.h"
#include "i915.h"

#define ENABLE	    (1u << 31)
#define CURSOR_MODE 0x27u

/** What a plane's control register says about its pixels. */
struct plane_format {
	uint32_t drm_format;
	uint32_t mask, value;
};

/* Broadwell's primary plane. Source: Broadwell PRM vol. 2c, PRI_CTL; i915_reg.h, DISP_FORMAT_* */
static const struct plane_format primary_formats[] = {
	{ I915_FOURCC('C', '8', ' ', ' '), 0xf << 26, 0x2 << 26 },
	{ I915_FOURCC('R', 'G', '1', '6'), 0xf << 26, 0x5 << 26 },
	{ I915_FOURCC('X', 'R', '2', '4'), 0xf << 26, 0x6 << 26 },
	{ I915_FOURCC('A', 'R', '2', '4'), 0xf << 26, 0x7 << 26 },
	{ I915_FOURCC('X', 'B', '3', '0'), 0xf << 26, 0x8 << 26 },
	{ I915_FOURCC('X', 'R', '3', '0'), 0xf << 26, 0xa << 26 },
	{ I915_FOURCC('X', 'B', '4', 'H'), 0xfu << 26, 0xcu << 26 },
	{ I915_FOURCC('X', 'B', '2', '4'), 0xf << 26, 0xe << 26 },
	{ I915_FOURCC('A', 'B', '2', '4'), 0xf << 26, 0xf << 26 },
};

/* Broadwell's sprite: format, RGB order, YUV byte order. Source: same, SPR_CTL */
#define SPRITE_RGB (7u << 25 | 1u << 20)
#define SPRITE_YUV (7u << 25 | 3u << 16)
static const struct plane_format sprite_formats[] = {
	{ I915_FOURCC('Y', 'U', 'Y', 'V'), SPRITE_YUV, 0u << 16 },
	{ I915_FOURCC('U', 'Y', 'V', 'Y'), SPRITE_YUV, 1u << 16 },
	{ I915_FOURCC('Y', 'V', 'Y', 'U'), SPRITE_YUV, 2u << 16 },
	{ I915_FOURCC('V', 'Y', 'U', 'Y'), SPRITE_YUV, 3u << 16 },
	{ I915_FOURCC('X', 'R', '3', '0'), SPRITE_RGB, 1u << 25 },
	{ I915_FOURCC('X', 'B', '3', '0'), SPRITE_RGB, 1u << 25 | 1u << 20 },
	{ I915_FOURCC('X', 'R', '2', '4'), SPRITE_RGB, 2u << 25 },
	{ I915_FOURCC('X', 'B', '2', '4'), SPRITE_RGB, 2u << 25 | 1u << 20 },
	{ I915_FOURCC('X', 'R', '4', 'H'), SPRITE_RGB, 3u << 25 },
	{ I915_FOURCC('X', 'B', '4', 'H'), SPRITE_RGB, 3u << 25 | 1u << 20 },
};

/* gen9: format, RGB order, alpha (0: none), YUV byte order. Source: Skylake PRM vol. 2c, PLANE_CTL */
#define PLANE_RGB    (0xfu << 24 | 1u << 20)
#define PLANE_OPAQUE (PLANE_RGB | 2u << 4)
#define PLANE_YUV    (0xfu << 24 | 3u << 16)
static const struct plane_format gen9_formats[] = {
	{ I915_FOURCC('Y', 'U', 'Y', 'V'), PLANE_YUV, 0u << 16 },
	{ I915_FOURCC('U', 'Y', 'V', 'Y'), PLANE_YUV, 1u << 16 },
	{ I915_FOURCC('Y', 'V', 'Y', 'U'), PLANE_YUV, 2u << 16 },
	{ I915_FOURCC('V', 'Y', 'U', 'Y'), PLANE_YUV, 3u << 16 },
	{ I915_FOURCC('X', 'R', '3', '0'), PLANE_RGB, 0x2u << 24 },
	{ I915_FOURCC('X', 'B', '3', '0'), PLANE_RGB, 0x2u << 24 | 1u << 20 },
	{ I915_FOURCC('X', 'R', '2', '4'), PLANE_OPAQUE, 0x4u << 24 },
	{ I915_FOURCC('X', 'B', '2', '4'), PLANE_OPAQUE, 0x4u << 24 | 1u << 20 },
	{ I915_FOURCC('A', 'R', '2', '4'), PLANE_OPAQUE, 0x4u << 24 | 2u << 4 },
	{ I915_FOURCC('A', 'B', '2', '4'), PLANE_OPAQUE, 0x4u << 24 | 1u << 20 | 2u << 4 },
	{ I915_FOURCC('X', 'R', '4', 'H'), PLANE_RGB, 0x6u << 24 },
	{ I915_FOURCC('X', 'B', '4', 'H'), PLANE_RGB, 0x6u << 24 | 1u << 20 },
	{ I915_FOURCC('X', 'Y', 'U', 'V'), 0xfu << 24, 0x8u << 24 },
	{ I915_FOURCC('C', '8', ' ', ' '), 0xfu << 24, 0xcu << 24 },
	{ I915_FOURCC('R', 'G', '1', '6'), 0xfu << 24, 0xeu << 24 },
};

static const struct i915_format *find_format(const struct plane_format *formats, size_t len,
					     uint32_t control)
{
	for (size_t i = 0; i < len; i++) {
		if ((control & formats[i].mask) == formats[i].value)
			return i915_format_find(formats[i].drm_format);
	}
	return NULL;
}

static void write_cursor_base(struct i915 *i915, uint32_t offset, uint32_t value)
{
	uint32_t at = offset - CURBASE;

	i915_set(i915, offset, value);
	i915->pipes[at / PIPE_STEP].cursor = (struct i915_cursor_latch){
		.control = i915_get(i915, CURCNTR + at),
		.base = value,
		.position = i915_get(i915, CURPOS + at),
		.fbc_control = i915_get(i915, CUR_FBC_CTL + at),
	};
	i915_set(i915, CURSURFLIVE + at, value);
}
const struct i915_behaviour i915_cursor_base = { .write = write_cursor_base };

/* The pipe that transcoder EDP takes its picture from, or -1. Source: TRANS_DDI_FUNC_CTL 14:12 */
static int edp_pipe(const struct i915 *i915)
{
	uint32_t edp = TRANSCODER_EDP * PIPE_STEP;
	uint32_t control = i915_get(i915, TRANS_DDI_FUNC_CTL + edp);

	if (!(i915_get(i915, PIPECONF + edp) & ENABLE) || !(control & ENABLE))
		return -1;
	switch (control >> 12 & 7) {
	case 0: /* A, always on */
	case 4: /* A */
		return 0;
	case 5:
		return 1;
	case 6:
		return 2;
	}
	return -1;
}

bool i915_plane_enabled(const struct i915 *i915, int pipe, int plane)
{
	return i915->pipes[pipe].planes[plane].control & ENABLE;
}

bool i915_cursor_enabled(const struct i915 *i915, int pipe)
{
	return i915->pipes[pipe].cursor.control & CURSOR_MODE;
}

int i915_active_pipe(const struct i915 *i915)
{
	for (int pipe = 0; pipe < I915_PIPES; pipe++) {
		if (i915_get(i915, PIPECONF + pipe * PIPE_STEP) & ENABLE)
			return pipe;
	}
	return edp_pipe(i915);
}

void i915_pipe_size(const struct i915 *i915, int pipe, uint32_t *width_px, uint32_t *height_px)
{
	uint32_t size = i915_get(i915, PIPESRC + pipe * PIPE_STEP);

	*width_px = (size >> 16 & 0xfff) + 1;
	*height_px = (size & 0xfff) + 1;
}

/* Source: Broadwell PRM vol. 2c, PRI_CTL and SPR_CTL: bit 10 X-tiled, bit 15 rotated */
static bool decode_gen8(const struct i915_plane_latch *latch, int plane, struct i915_plane *out)
{
	out->format =
		plane ? find_format(sprite_formats, VGPU_ARRAY_LEN(sprite_formats), latch->control)
		      : find_format(primary_formats, VGPU_ARRAY_LEN(primary_formats),
				    latch->control);
	out->tiling = latch->control & 1u << 10 ? I915_TILING_X : I915_TILING_LINEAR;
	out->rotate_180 = latch->control & 1u << 15;
	out->turned = false;
	out->stride_bytes = latch->stride & 0xffc0;
	out->stride_tiles = out->stride_bytes / 512;
	return out->format;
}

/*
 * Source: Skylake PRM vol. 2c, PLANE_CTL: tiling 12:10; rotation 1:0 clockwise in steps of 90
 * degrees, odd ones of Y and Yf tiles only; PLANE_STRIDE in units of 64 bytes or of a tile
 */
static bool decode_gen9(const struct i915_plane_latch *latch, struct i915_plane *out)
{
	static const struct {
		bool known, turns;
		enum i915_tiling tiling;
	} tilings[8] = {
		[0] = { true, false, I915_TILING_LINEAR },
		[1] = { true, false, I915_TILING_X },
		[4] = { true, true, I915_TILING_Y },
		[5] = { true, true, I915_TILING_YF },
	};
	__typeof__(&tilings[0]) tiling = &tilings[latch->control >> 10 & 7];
	unsigned int rotation = latch->control & 3;

	out->format = find_format(gen9_formats, VGPU_ARRAY_LEN(gen9_formats), latch->control);
	if (!out->format || !tiling->known)
		return false;
	out->tiling = tiling->tiling;
	out->turned = rotation % 2;
	out->rotate_180 = rotation >= 2;
	out->stride_bytes = (latch->stride & 0x3ff) * 64;
	out->stride_tiles = latch->stride & 0x3ff;
	return !out->turned || (tiling->turns && out->format->pixels_per_group == 1);
}

static bool decode_pixels(const struct i915 *i915, const struct i915_plane_latch *latch, int plane,
			  struct i915_plane *out)
{
	return i915->generation == I915_GEN8 ? decode_gen8(latch, plane, out)
					     : decode_gen9(latch, out);
}

static void write_surface(struct i915 *i915, uint32_t offset, uint32_t value)
{
	uint32_t at = offset - PLANE_SURF;
	int plane = (int)(at % PIPE_STEP / PLANE_STEP);
	struct i915_plane_latch *latch = &i915->pipes[at / PIPE_STEP].planes[plane];
	struct i915_plane decoded;

	i915_set(i915, offset, value);
	*latch = (struct i915_plane_latch){
		.control = i915_get(i915, PLANE_CTL + at),
		.stride = i915_get(i915, PLANE_STRIDE + at),
		.position = i915_get(i915, PLANE_POS + at),
		.size = i915_get(i915, PLANE_SIZE + at),
		.surface = value,
		.offset = i915_get(i915, PLANE_OFFSET + at),
	};
	i915_set(i915, PLANE_SURFLIVE + at, value);
	if (latch->control & ENABLE && !decode_pixels(i915, latch, plane, &decoded)) {
		i915->counters.planes_refused++;
		fv_device_log(i915->dev,
			      "plane %d has a format or tiling that is not decoded: %08x", plane,
			      latch->control);
	}
}
const struct i915_behaviour i915_plane_surface = { .write = write_surface };

/* The plane's window. A primary plane without one covers the pipe, which is all GVT-g knows. */
static void decode_window(const struct i915 *i915, int pipe, int plane,
			  const struct i915_plane_latch *latch, struct i915_plane *out)
{
	bool full = plane == 0 && (i915->generation == I915_GEN8 || latch->size == 0);

	if (full) {
		i915_pipe_size(i915, pipe, &out->width_px, &out->height_px);
		out->x_px = 0;
		out->y_px = 0;
		return;
	}
	out->width_px = (latch->size & 0xfff) + 1;
	out->height_px = (latch->size >> 16 & 0xfff) + 1;
	out->x_px = (int)(latch->position & 0x1fff);
	out->y_px = (int)(latch->position >> 16 & 0x1fff);
}

bool i915_plane_decode(const struct i915 *i915, int pipe, int plane, struct i915_plane *out)
{
	const struct i915_plane_latch *latch = &i915->pipes[pipe].planes[plane];

	if (!(latch->control & ENABLE) || !decode_pixels(i915, latch, plane, out))
		return false;
	out->gma = latch->surface & ~0xfffu;
	out->source_x_px = latch->offset & 0x1fff;
	out->source_y_px = latch->offset >> 16 & 0x1fff;
	if (out->format->pixels_per_group == 2)
		out->source_x_px &= ~1u;
	out->blend = plane > 0 && out->format->has_alpha;
	out->colours = (struct i915_colours){
		.palette = &i915->registers[(LGC_PALETTE + pipe * LGC_PALETTE_STEP) / 4],
		.bt709 = latch->control & 1u << 18,
		.full_range = latch->control & 1u << 28,
	};
	decode_window(i915, pipe, plane, latch, out);
	return true;
}

/* Source: Broadwell PRM vol. 2c, CUR_CTL: mode in bits 5 and 2:0; CUR_FBC_CTL gives the height */
bool i915_cursor_decode(const struct i915 *i915, int pipe, struct i915_cursor *out)
{
	static const struct {
		uint8_t mode, opaque;
		uint16_t width_px;
	} modes[] = {
		{ 0x27, 0, 64 }, { 0x22, 0, 128 }, { 0x23, 0, 256 },
		{ 0x07, 1, 64 }, { 0x02, 1, 128 }, { 0x03, 1, 256 },
	};
	const struct i915_cursor_latch *latch = &i915->pipes[pipe].cursor;
	size_t i = 0;

	while (i < VGPU_ARRAY_LEN(modes) && modes[i].mode != (latch->control & CURSOR_MODE))
		i++;
	if (i == VGPU_ARRAY_LEN(modes))
		return false;
	*out = (struct i915_cursor){
		.gma = latch->base & ~0xfffu,
		.width_px = modes[i].width_px,
		.height_px = modes[i].width_px,
		.x_px = (int)(latch->position & 0x1fff),
		.y_px = (int)(latch->position >> 16 & 0x1fff),
		.rotate_180 = latch->control & 1u << 15,
		.opaque = modes[i].opaque,
	};
	if (latch->fbc_control & ENABLE && (latch->fbc_control & 0xff) < out->height_px)
		out->height_px = (latch->fbc_control & 0xff) + 1;
	if (latch->position & 1u << 15)
		out->x_px = -out->x_px;
	if (latch->position & 1u << 31)
		out->y_px = -out->y_px;
	return true;
}
