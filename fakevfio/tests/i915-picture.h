/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A picture as a guest puts it into graphics memory: an encoder for each format and tiling that
 * knows only the formulas of the PRM and drm_fourcc.h, apart from the decoder under test. For
 * cmocka programs: what goes wrong fails the test.
 */

#include <stddef.h>
#include <stdint.h>

#include "i915-guest.h"

#define FOURCC(a, b, c, d) ((uint32_t)(a) | (b) << 8 | (c) << 16 | (uint32_t)(d) << 24)

enum { LINEAR, TILED_X, TILED_Y, TILED_YF };
enum {
	DSP_CONTROL = 0x70180,
	DSP_STRIDE = 0x70188,
	PLANE_POSITION = 0x7018c,
	PLANE_WINDOW = 0x70190,
	DSP_SURFACE = 0x7019c,
	DSP_OFFSET = 0x701a4,
	PIPE_SOURCE = 0x6001c,
	PIPE_CONFIG = 0x70008,
	CURSOR_CONTROL = 0x70080,
	CURSOR_BASE = 0x70084,
	CURSOR_POSITION = 0x70088,
	CURSOR_FBC = 0x700a0,
	PALETTE_A = 0x4a000,
};

#define FB_GMA	   0x20000000u
#define CURSOR_GMA 0x21000000u
#define FLAG	   0xff00ffu

/** How a picture is laid out in graphics memory. */
struct layout {
	int version; /* 8 or 9 */
	uint32_t format; /* fourcc */
	int tiling;
	uint32_t control; /* register value without tiling and enable */
	unsigned int bytes_per_pixel;
};
/** XR24, linear. */
extern const struct layout i915_picture_gen8, i915_picture_gen9;

/** The colour at a place, 0xRRGGBB. */
uint32_t i915_picture_pixel(unsigned int x, unsigned int y);
/** What must be shown for @rgb: formats with fewer bits lose some. */
uint32_t i915_picture_expected(uint32_t format, uint32_t rgb);

/** Maps @pages from @gma on, none of which follows its neighbour: each must be translated. */
void i915_picture_map(struct fv_device *dev, uint32_t gma, size_t pages);
/** The guest's byte behind a graphics address. */
uint8_t *i915_picture_byte(struct fv_device *dev, uint64_t gma);
/** Where a byte of a surface lies. */
uint64_t i915_picture_offset(int tiling, unsigned int bytes_per_pixel, uint32_t stride, uint32_t x,
			     uint32_t y);

void i915_picture_set_palette(struct fv_device *dev);
void i915_picture_set_pipe(struct fv_device *dev, uint32_t width, uint32_t height);
/** The control register of a plane that is on. */
uint32_t i915_picture_control(const struct layout *layout);
/** Draws the picture at FB_GMA, and programs the plane to show it from an offset on. */
void i915_picture_draw(struct fv_device *dev, const struct layout *layout, uint32_t stride,
		       uint32_t width, uint32_t height);
void i915_picture_arm(struct fv_device *dev, const struct layout *layout, uint32_t stride,
		      uint32_t x_offset, uint32_t y_offset);

/** What the vGPU shows, which must be of this size. */
const uint32_t *i915_picture_query(struct fv_device *dev, uint32_t width, uint32_t height);
void i915_picture_expect(const uint32_t *pixels, uint32_t width, uint32_t x, uint32_t y,
			 uint32_t rgb);
