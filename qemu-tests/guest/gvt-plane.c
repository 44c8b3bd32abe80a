/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Registers of pipe A, its primary plane and its cursor.
 * Source: Intel PRM, Broadwell vol. 2c and 11 and Skylake vol. 2c and 12; what GVT-g makes of them:
 * drivers/gpu/drm/i915/gvt/fb_decoder.c
 */
#include "gvt.h"

#include <errno.h>
#include <string.h>

#define HTOTAL	     0x60000 /* with blank and sync, horizontal and vertical, in the next five */
#define PIPESRC	     0x6001c
#define PIPECONF     0x70008
#define CURCNTR	     0x70080
#define CURBASE	     0x70084
#define CURPOS	     0x70088
#define PLANE_CTL    0x70180 /* Broadwell: DSPCNTR */
#define PLANE_STRIDE 0x70188 /* DSPSTRIDE */
#define PLANE_POS    0x7018c
#define PLANE_SIZE   0x70190
#define PLANE_SURF   0x7019c /* DSPSURF */
#define PLANE_OFFSET 0x701a4 /* DSPTILEOFF */
#define LGC_PALETTE  0x4a000
#define GAMMA_MODE   0x4a480

#define ENABLE		   (1u << 31)
#define CURSOR_64_ARGB	   0x27
#define CURSOR_NEGATIVE	   0x8000
#define BLANKING_PX	   160
#define BLANKING_ROWS	   30
#define GEN8_TILED	   (1u << 10)
#define GEN9_TILED_X	   (1u << 10)
#define GEN9_TILED_Y	   (4u << 10)
#define GEN9_TILED_YF	   (5u << 10)
#define GEN9_RED_BLUE	   (1u << 20)
#define GEN9_PREMULTIPLIED (2u << 4)

struct format_code {
	const char *name;
	uint32_t control;
};

static int find_code(const struct format_code *codes, size_t len,
		     const struct qt_pixel_format *format, uint32_t *control)
{
	for (size_t i = 0; i < len; i++) {
		if (strcmp(codes[i].name, format->name) == 0) {
			*control = codes[i].control;
			return 0;
		}
	}
	return -EOPNOTSUPP;
}

static int gen8_control(const struct qt_pixel_format *format, const struct qt_tiling *tiling,
			uint32_t *control)
{
	static const struct format_code codes[] = {
		{ "C8", 0x2u << 26 },	{ "RG16", 0x5u << 26 }, { "XR24", 0x6u << 26 },
		{ "XB30", 0x8u << 26 }, { "XR30", 0xau << 26 }, { "XB24", 0xeu << 26 },
	};
	uint32_t bits;

	if ((tiling->kind != QT_TILING_LINEAR && tiling->kind != QT_TILING_X) ||
	    find_code(codes, sizeof(codes) / sizeof(codes[0]), format, &bits) < 0)
		return -EOPNOTSUPP;
	*control = bits | (tiling->kind == QT_TILING_X ? GEN8_TILED : 0);
	return 0;
}

static void gen8_arm(const struct gvt *gvt, const struct guest_surface *surface, uint32_t control,
		     uint32_t gma)
{
	gvt_write(gvt, PLANE_STRIDE, surface->stride_bytes);
	gvt_write(gvt, PLANE_OFFSET, 0);
	gvt_write(gvt, PLANE_CTL, ENABLE | control);
	gvt_write(gvt, PLANE_SURF, gma);
}

static int gen9_control(const struct qt_pixel_format *format, const struct qt_tiling *tiling,
			uint32_t *control)
{
	static const struct format_code codes[] = {
		{ "YUYV", 0x0u << 24 | 0u << 16 },
		{ "UYVY", 0x0u << 24 | 1u << 16 },
		{ "YVYU", 0x0u << 24 | 2u << 16 },
		{ "VYUY", 0x0u << 24 | 3u << 16 },
		{ "XR30", 0x2u << 24 },
		{ "XB30", 0x2u << 24 | GEN9_RED_BLUE },
		{ "XR24", 0x4u << 24 },
		{ "XB24", 0x4u << 24 | GEN9_RED_BLUE },
		{ "AR24", 0x4u << 24 | GEN9_PREMULTIPLIED },
		{ "AB24", 0x4u << 24 | GEN9_RED_BLUE | GEN9_PREMULTIPLIED },
		{ "C8", 0xcu << 24 },
		{ "RG16", 0xeu << 24 },
	};
	static const uint32_t tilings[] = {
		[QT_TILING_LINEAR] = 0,
		[QT_TILING_X] = GEN9_TILED_X,
		[QT_TILING_Y] = GEN9_TILED_Y,
		[QT_TILING_YF] = GEN9_TILED_YF,
	};
	uint32_t bits;

	/* tiles of single bytes are laid out in another way, which nobody here draws */
	if (tiling->kind == QT_TILING_YF && format->pixel_bytes == 1)
		return -EOPNOTSUPP;
	if (find_code(codes, sizeof(codes) / sizeof(codes[0]), format, &bits) < 0)
		return -EOPNOTSUPP;
	*control = bits | tilings[tiling->kind];
	return 0;
}

static void gen9_arm(const struct gvt *gvt, const struct guest_surface *surface, uint32_t control,
		     uint32_t gma)
{
	/* in 64 bytes or, if tiled, in tiles; a linear "tile" is 64 bytes wide */
	gvt_write(gvt, PLANE_STRIDE, surface->stride_bytes / surface->tiling->tile_width_bytes);
	gvt_write(gvt, PLANE_POS, 0);
	gvt_write(gvt, PLANE_SIZE, (surface->height_px - 1) << 16 | (surface->width_px - 1));
	gvt_write(gvt, PLANE_OFFSET, 0);
	gvt_write(gvt, PLANE_CTL, ENABLE | control);
	gvt_write(gvt, PLANE_SURF, gma);
}

void gvt_plane_flip(const struct gvt *gvt, uint32_t gma)
{
	gvt_write(gvt, PLANE_SURF, gma);
}

static const struct gvt_plane_impl gen8 = { 8, gen8_control, gen8_arm };
static const struct gvt_plane_impl gen9 = { 9, gen9_control, gen9_arm };

const struct gvt_plane_impl *gvt_plane_find(uint16_t device_id)
{
	/* by the upper byte. Source: include/drm/i915_pciids.h */
	static const struct {
		uint8_t family;
		const struct gvt_plane_impl *plane;
	} families[] = {
		{ 0x16, &gen8 }, /* Broadwell */
		{ 0x19, &gen9 }, /* Skylake */
		{ 0x59, &gen9 }, /* Kaby Lake */
		{ 0x87, &gen9 }, /* Amber Lake */
		{ 0x3e, &gen9 }, /* Coffee Lake */
		{ 0x9b, &gen9 }, /* Comet Lake */
		{ 0x1a, &gen9 }, /* Broxton */
		{ 0x5a, &gen9 }, /* Broxton */
	};

	for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
		if (families[i].family == device_id >> 8)
			return families[i].plane;
	return NULL;
}

/* Active, blanking and sync of one direction: three registers of (end - 1) and (start - 1). */
static void write_timings(const struct gvt *gvt, uint32_t offset, uint32_t active,
			  uint32_t blanking)
{
	gvt_write(gvt, offset, (active + blanking - 1) << 16 | (active - 1));
	gvt_write(gvt, offset + 4, (active + blanking - 1) << 16 | (active - 1));
	gvt_write(gvt, offset + 8, (active + blanking / 2 - 1) << 16 | (active + blanking / 4 - 1));
}

void gvt_pipe_start(const struct gvt *gvt, uint32_t width_px, uint32_t height_px)
{
	uint32_t size = (width_px - 1) << 16 | (height_px - 1);

	if (gvt_read(gvt, PIPECONF) & ENABLE) {
		if (gvt_read(gvt, PIPESRC) == size)
			return;
		gvt_pipe_stop(gvt);
	}
	write_timings(gvt, HTOTAL, width_px, BLANKING_PX);
	write_timings(gvt, HTOTAL + 12, height_px, BLANKING_ROWS);
	gvt_write(gvt, PIPESRC, size);
	gvt_write(gvt, PIPECONF, ENABLE);
}

void gvt_pipe_stop(const struct gvt *gvt)
{
	gvt_cursor_hide(gvt);
	gvt_write(gvt, PLANE_CTL, 0);
	gvt_write(gvt, PLANE_SURF, 0);
	gvt_write(gvt, PIPECONF, 0);
}

void gvt_palette_load(const struct gvt *gvt)
{
	gvt_write(gvt, GAMMA_MODE, 0);
	for (uint32_t i = 0; i < 256; i++)
		gvt_write(gvt, LGC_PALETTE + 4 * i, qt_pixel_format_palette((uint8_t)i));
}

static uint32_t signed_position(int position)
{
	return position < 0 ? CURSOR_NEGATIVE | (uint32_t)-position : (uint32_t)position;
}

void gvt_cursor_show(const struct gvt *gvt, uint32_t gma, int x_px, int y_px)
{
	gvt_write(gvt, CURPOS, signed_position(y_px) << 16 | signed_position(x_px));
	gvt_write(gvt, CURCNTR, CURSOR_64_ARGB);
	gvt_write(gvt, CURBASE, gma);
}

void gvt_cursor_hide(const struct gvt *gvt)
{
	gvt_write(gvt, CURCNTR, 0);
	gvt_write(gvt, CURBASE, 0);
}
