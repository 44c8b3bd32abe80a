/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pixel-format.h"

#include <string.h>

static uint32_t swap_red_blue(uint32_t pixel)
{
	return (pixel >> 16 & 0xff) | (pixel & 0xff00ff00) | (pixel & 0xff) << 16;
}

/* The undefined byte of X formats is not zero on purpose: nobody may show it. */
static void encode_xr24(const uint32_t *xrgb, void *out, size_t len_px)
{
	uint32_t *pixels = out;

	for (size_t i = 0; i < len_px; i++)
		pixels[i] = xrgb[i] | 0x5a000000;
}

static void encode_ar24(const uint32_t *xrgb, void *out, size_t len_px)
{
	uint32_t *pixels = out;

	for (size_t i = 0; i < len_px; i++)
		pixels[i] = xrgb[i] | 0xff000000;
}

static void decode_xr24(const void *in, uint32_t *xrgb, size_t len_px)
{
	const uint32_t *pixels = in;

	for (size_t i = 0; i < len_px; i++)
		xrgb[i] = pixels[i] & 0xffffff;
}

static void encode_xb24(const uint32_t *xrgb, void *out, size_t len_px)
{
	uint32_t *pixels = out;

	for (size_t i = 0; i < len_px; i++)
		pixels[i] = swap_red_blue(xrgb[i]) | 0x5a000000;
}

static void encode_ab24(const uint32_t *xrgb, void *out, size_t len_px)
{
	uint32_t *pixels = out;

	for (size_t i = 0; i < len_px; i++)
		pixels[i] = swap_red_blue(xrgb[i]) | 0xff000000;
}

static void decode_xb24(const void *in, uint32_t *xrgb, size_t len_px)
{
	const uint32_t *pixels = in;

	for (size_t i = 0; i < len_px; i++)
		xrgb[i] = swap_red_blue(pixels[i]) & 0xffffff;
}

static void encode_rg16(const uint32_t *xrgb, void *out, size_t len_px)
{
	uint16_t *pixels = out;

	for (size_t i = 0; i < len_px; i++)
		pixels[i] = (uint16_t)((xrgb[i] >> 8 & 0xf800) | (xrgb[i] >> 5 & 0x07e0) |
				       (xrgb[i] >> 3 & 0x001f));
}

/* Short channels are widened by repeating their upper bits, so that white stays white. */
static void decode_rg16(const void *in, uint32_t *xrgb, size_t len_px)
{
	const uint16_t *pixels = in;

	for (size_t i = 0; i < len_px; i++) {
		uint32_t red = pixels[i] >> 11, green = pixels[i] >> 5 & 63, blue = pixels[i] & 31;

		xrgb[i] = (red << 3 | red >> 2) << 16 | (green << 2 | green >> 4) << 8 |
			  (blue << 3 | blue >> 2);
	}
}

static uint32_t widen_to_10(uint32_t level)
{
	return level << 2 | level >> 6;
}

static void encode_xr30(const uint32_t *xrgb, void *out, size_t len_px)
{
	uint32_t *pixels = out;

	for (size_t i = 0; i < len_px; i++)
		pixels[i] = widen_to_10(xrgb[i] >> 16 & 0xff) << 20 |
			    widen_to_10(xrgb[i] >> 8 & 0xff) << 10 | widen_to_10(xrgb[i] & 0xff);
}

static void decode_xr30(const void *in, uint32_t *xrgb, size_t len_px)
{
	const uint32_t *pixels = in;

	for (size_t i = 0; i < len_px; i++)
		xrgb[i] = (pixels[i] >> 22 & 0xff) << 16 | (pixels[i] >> 12 & 0xff) << 8 |
			  (pixels[i] >> 2 & 0xff);
}

static void encode_xb30(const uint32_t *xrgb, void *out, size_t len_px)
{
	uint32_t *pixels = out;

	for (size_t i = 0; i < len_px; i++)
		pixels[i] = widen_to_10(xrgb[i] & 0xff) << 20 |
			    widen_to_10(xrgb[i] >> 8 & 0xff) << 10 |
			    widen_to_10(xrgb[i] >> 16 & 0xff);
}

static void decode_xb30(const void *in, uint32_t *xrgb, size_t len_px)
{
	decode_xr30(in, xrgb, len_px);
	for (size_t i = 0; i < len_px; i++)
		xrgb[i] = swap_red_blue(xrgb[i]);
}

uint32_t qt_pixel_format_palette(uint8_t index)
{
	uint32_t red = index >> 5, green = index >> 2 & 7, blue = index & 3;

	return (red << 5 | red << 2 | red >> 1) << 16 |
	       (green << 5 | green << 2 | green >> 1) << 8 | blue * 0x55;
}

static void encode_c8(const uint32_t *xrgb, void *out, size_t len_px)
{
	uint8_t *pixels = out;

	for (size_t i = 0; i < len_px; i++)
		pixels[i] = (uint8_t)((xrgb[i] >> 16 & 0xe0) | (xrgb[i] >> 11 & 0x1c) |
				      (xrgb[i] >> 6 & 0x03));
}

static void decode_c8(const void *in, uint32_t *xrgb, size_t len_px)
{
	const uint8_t *pixels = in;

	for (size_t i = 0; i < len_px; i++)
		xrgb[i] = qt_pixel_format_palette(pixels[i]);
}

struct yuv {
	int y, u, v;
};

/* ITU-R BT.601, limited range, in 1/65536ths. */
static struct yuv to_yuv(uint32_t xrgb)
{
	int red = (int)(xrgb >> 16 & 0xff), green = (int)(xrgb >> 8 & 0xff),
	    blue = (int)(xrgb & 0xff);

	return (struct yuv){
		.y = (16829 * red + 33039 * green + 6416 * blue + (16 << 16) + 32768) >> 16,
		.u = (-9714 * red - 19070 * green + 28784 * blue + (128 << 16) + 32768) >> 16,
		.v = (28784 * red - 24103 * green - 4681 * blue + (128 << 16) + 32768) >> 16,
	};
}

static uint32_t clamp_level(int level)
{
	return (uint32_t)(level < 0 ? 0 : level > 255 ? 255 : level);
}

/* The inverse in the usual 1/256ths. */
static uint32_t from_yuv(int y, int u, int v)
{
	int luma = 298 * (y - 16) + 128;

	u -= 128;
	v -= 128;
	return clamp_level((luma + 409 * v) >> 8) << 16 |
	       clamp_level((luma - 100 * u - 208 * v) >> 8) << 8 |
	       clamp_level((luma + 516 * u) >> 8);
}

/* Byte positions of a pair's first luma, second luma, U and V. */
struct yuv_order {
	uint8_t y0, y1, u, v;
};

static const struct yuv_order yuyv = { 0, 2, 1, 3 }, yvyu = { 0, 2, 3, 1 };
static const struct yuv_order uyvy = { 1, 3, 0, 2 }, vyuy = { 1, 3, 2, 0 };

static void encode_pairs(const uint32_t *xrgb, void *out, size_t len_px, struct yuv_order order)
{
	uint8_t *bytes = out;

	for (size_t i = 0; i + 1 < len_px; i += 2, bytes += 4) {
		struct yuv a = to_yuv(xrgb[i]), b = to_yuv(xrgb[i + 1]);

		bytes[order.y0] = (uint8_t)a.y;
		bytes[order.y1] = (uint8_t)b.y;
		bytes[order.u] = (uint8_t)((a.u + b.u + 1) / 2);
		bytes[order.v] = (uint8_t)((a.v + b.v + 1) / 2);
	}
}

static void decode_pairs(const void *in, uint32_t *xrgb, size_t len_px, struct yuv_order order)
{
	const uint8_t *bytes = in;

	for (size_t i = 0; i + 1 < len_px; i += 2, bytes += 4) {
		xrgb[i] = from_yuv(bytes[order.y0], bytes[order.u], bytes[order.v]);
		xrgb[i + 1] = from_yuv(bytes[order.y1], bytes[order.u], bytes[order.v]);
	}
}

#define DEFINE_YUV(order)                                                          \
	static void encode_##order(const uint32_t *xrgb, void *out, size_t len_px) \
	{                                                                          \
		encode_pairs(xrgb, out, len_px, order);                            \
	}                                                                          \
	static void decode_##order(const void *in, uint32_t *xrgb, size_t len_px)  \
	{                                                                          \
		decode_pairs(in, xrgb, len_px, order);                             \
	}
DEFINE_YUV(yuyv)
DEFINE_YUV(yvyu)
DEFINE_YUV(uyvy)
DEFINE_YUV(vyuy)

const struct qt_pixel_format qt_pixel_formats[] = {
	{ "XR24", 4, encode_xr24, decode_xr24 }, { "AR24", 4, encode_ar24, decode_xr24 },
	{ "XB24", 4, encode_xb24, decode_xb24 }, { "AB24", 4, encode_ab24, decode_xb24 },
	{ "XR30", 4, encode_xr30, decode_xr30 }, { "XB30", 4, encode_xb30, decode_xb30 },
	{ "RG16", 2, encode_rg16, decode_rg16 }, { "C8", 1, encode_c8, decode_c8 },
	{ "YUYV", 2, encode_yuyv, decode_yuyv }, { "YVYU", 2, encode_yvyu, decode_yvyu },
	{ "UYVY", 2, encode_uyvy, decode_uyvy }, { "VYUY", 2, encode_vyuy, decode_vyuy },
};
const size_t qt_pixel_formats_len = sizeof(qt_pixel_formats) / sizeof(qt_pixel_formats[0]);

const struct qt_pixel_format *qt_pixel_format_find(const char *name)
{
	for (size_t i = 0; i < qt_pixel_formats_len; i++)
		if (strcmp(qt_pixel_formats[i].name, name) == 0)
			return &qt_pixel_formats[i];
	return NULL;
}

uint32_t qt_pixel_format_fourcc(const struct qt_pixel_format *format)
{
	uint32_t code = 0x20202020;

	for (int i = 0; i < 4 && format->name[i]; i++)
		code = (code & ~(0xffu << 8 * i)) | (uint32_t)format->name[i] << 8 * i;
	return code;
}

void qt_pixel_format_round(const struct qt_pixel_format *format, uint32_t *xrgb, size_t len_px)
{
	uint32_t encoded[256];

	while (len_px > 0) {
		size_t part = len_px < 256 ? len_px : 256;

		format->encode(xrgb, encoded, part);
		format->decode(encoded, xrgb, part);
		xrgb += part;
		len_px -= part;
	}
}
