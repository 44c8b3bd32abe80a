// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Pixel formats of planes, each with its way to 0xAARRGGBB. Channels of ten bits keep their upper
 * eight. YUV is BT.601 of limited range unless the plane says otherwise.
 * Source: drm_fourcc.h (formats are little-endian words)
 */

#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915.h"

#define OPAQUE 0xff000000u

static uint32_t load_u32(const uint8_t *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return value;
}

static uint32_t swap_red_blue(uint32_t pixel)
{
	return (pixel & 0xff00ff00) | (pixel & 0xff) << 16 | (pixel >> 16 & 0xff);
}

static void convert_c8(const struct i915_colours *colours, const uint8_t *source, uint32_t *target,
		       size_t width_px)
{
	for (size_t x = 0; x < width_px; x++)
		target[x] = OPAQUE | (colours->palette[source[x]] & 0xffffff);
}

static void convert_rg16(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	for (size_t x = 0; x < width_px; x++) {
		uint32_t pixel = source[2 * x] | (uint32_t)source[2 * x + 1] << 8;
		uint32_t red = pixel >> 11, green = pixel >> 5 & 0x3f, blue = pixel & 0x1f;

		/* repeat the upper bits below, so that the brightest value is 255 */
		target[x] = OPAQUE | (red << 3 | red >> 2) << 16 | (green << 2 | green >> 4) << 8 |
			    (blue << 3 | blue >> 2);
	}
}

static void convert_xr24(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	for (size_t x = 0; x < width_px; x++)
		target[x] = OPAQUE | load_u32(source + 4 * x);
}

static void convert_ar24(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	memcpy(target, source, 4 * width_px);
}

static void convert_xb24(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	for (size_t x = 0; x < width_px; x++)
		target[x] = OPAQUE | swap_red_blue(load_u32(source + 4 * x));
}

static void convert_ab24(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	for (size_t x = 0; x < width_px; x++)
		target[x] = swap_red_blue(load_u32(source + 4 * x));
}

static uint32_t ten_to_eight(uint32_t pixel)
{
	return (pixel >> 22 & 0xff) << 16 | (pixel >> 12 & 0xff) << 8 | (pixel >> 2 & 0xff);
}

static void convert_xr30(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	for (size_t x = 0; x < width_px; x++)
		target[x] = OPAQUE | ten_to_eight(load_u32(source + 4 * x));
}

static void convert_xb30(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	for (size_t x = 0; x < width_px; x++)
		target[x] = OPAQUE | swap_red_blue(ten_to_eight(load_u32(source + 4 * x)));
}

static uint32_t clamp_u8(int value)
{
	return value < 0 ? 0 : value > 255 ? 255 : (uint32_t)value;
}

/*
 * Coefficients in 1/256. Limited range: 16..235 luma, 16..240 chroma.
 * Source: ITU-R BT.601-7 and BT.709-6, inverse of the Y'CbCr definition
 */
static uint32_t yuv_to_rgb(const struct i915_colours *colours, int y, int u, int v)
{
	static const struct {
		int y, vr, ug, vg, ub;
	} tables[2][2] = {
		{ { 298, 409, -100, -208, 516 }, { 256, 359, -88, -183, 454 } },
		{ { 298, 459, -55, -136, 541 }, { 256, 403, -48, -120, 475 } },
	};
	__typeof__(&tables[0][0]) k = &tables[colours->bt709][colours->full_range];
	int luma = k->y * (y - (colours->full_range ? 0 : 16)) + 128;

	u -= 128;
	v -= 128;
	return OPAQUE | clamp_u8((luma + k->vr * v) >> 8) << 16 |
	       clamp_u8((luma + k->ug * u + k->vg * v) >> 8) << 8 |
	       clamp_u8((luma + k->ub * u) >> 8);
}

/* Two pixels in four bytes; @y0 @u @v tell where the first luma and the chroma lie. */
static void convert_422(const struct i915_colours *colours, const uint8_t *source, uint32_t *target,
			size_t width_px, int y0, int u, int v)
{
	for (size_t x = 0; x < width_px; x++) {
		const uint8_t *pair = source + x / 2 * 4;

		target[x] = yuv_to_rgb(colours, pair[y0 + x % 2 * 2], pair[u], pair[v]);
	}
}

static void convert_yuyv(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	convert_422(colours, source, target, width_px, 0, 1, 3);
}

static void convert_uyvy(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	convert_422(colours, source, target, width_px, 1, 0, 2);
}

static void convert_yvyu(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	convert_422(colours, source, target, width_px, 0, 3, 1);
}

static void convert_vyuy(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	convert_422(colours, source, target, width_px, 1, 2, 0);
}

/* 1.0 is 255; what is beyond is cut off. Source: IEEE 754, binary16 */
static uint32_t half_to_eight(const uint8_t *at)
{
	unsigned int bits = at[0] | at[1] << 8;
	unsigned int exponent = bits >> 10 & 31, fraction = bits & 1023;
	uint64_t value; /* in units of 2^-25 */

	if (bits & 0x8000)
		return 0;
	if (exponent >= 15)
		return 255;
	value = exponent ? (1024ull + fraction) << exponent : fraction * 2ull;
	return (uint32_t)((value * 255 + (1 << 24)) >> 25);
}

static void convert_xr4h(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	for (size_t x = 0; x < width_px; x++, source += 8)
		target[x] = OPAQUE | half_to_eight(source + 4) << 16 |
			    half_to_eight(source + 2) << 8 | half_to_eight(source);
}

static void convert_xb4h(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	for (size_t x = 0; x < width_px; x++, source += 8)
		target[x] = OPAQUE | half_to_eight(source) << 16 | half_to_eight(source + 2) << 8 |
			    half_to_eight(source + 4);
}

static void convert_xyuv(const struct i915_colours *colours, const uint8_t *source,
			 uint32_t *target, size_t width_px)
{
	for (size_t x = 0; x < width_px; x++, source += 4)
		target[x] = yuv_to_rgb(colours, source[2], source[1], source[0]);
}

/* clang-format off */
static const struct i915_format formats[] = {
	/* name    fourcc                             bytes group alpha  missing     convert */
	{ "C8",   I915_FOURCC('C', '8', ' ', ' '),    1,    1,    false, 0xffffffff, convert_c8 },
	{ "RG16", I915_FOURCC('R', 'G', '1', '6'),    2,    1,    false, 0xf81ff81f, convert_rg16 },
	{ "XR24", I915_FOURCC('X', 'R', '2', '4'),    4,    1,    false, 0xffff00ff, convert_xr24 },
	{ "AR24", I915_FOURCC('A', 'R', '2', '4'),    4,    1,    true,  0xffff00ff, convert_ar24 },
	{ "XB24", I915_FOURCC('X', 'B', '2', '4'),    4,    1,    false, 0xffff00ff, convert_xb24 },
	{ "AB24", I915_FOURCC('A', 'B', '2', '4'),    4,    1,    true,  0xffff00ff, convert_ab24 },
	{ "XR30", I915_FOURCC('X', 'R', '3', '0'),    4,    1,    false, 0xfff003ff, convert_xr30 },
	{ "XB30", I915_FOURCC('X', 'B', '3', '0'),    4,    1,    false, 0xfff003ff, convert_xb30 },
	{ "XR4H", I915_FOURCC('X', 'R', '4', 'H'),    8,    1,    false, 0x3c003c00, convert_xr4h },
	{ "XB4H", I915_FOURCC('X', 'B', '4', 'H'),    8,    1,    false, 0x3c003c00, convert_xb4h },
	{ "XYUV", I915_FOURCC('X', 'Y', 'U', 'V'),    4,    1,    false, 0xff6acade, convert_xyuv },
	{ "YUYV", I915_FOURCC('Y', 'U', 'Y', 'V'),    2,    2,    false, 0xde6aca6a, convert_yuyv },
	{ "UYVY", I915_FOURCC('U', 'Y', 'V', 'Y'),    2,    2,    false, 0x6ade6aca, convert_uyvy },
	{ "YVYU", I915_FOURCC('Y', 'V', 'Y', 'U'),    2,    2,    false, 0xca6ade6a, convert_yvyu },
	{ "VYUY", I915_FOURCC('V', 'Y', 'U', 'Y'),    2,    2,    false, 0x6aca6ade, convert_vyuy },
};
/* clang-format on */

const struct i915_format *i915_format_find(uint32_t drm_format)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(formats); i++) {
		if (formats[i].drm_format == drm_format)
			return &formats[i];
	}
	return NULL;
}
