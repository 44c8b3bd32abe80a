// SPDX-License-Identifier: LGPL-2.1-or-later
// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/vfio.h>

#include "i915-picture.h"

const struct layout i915_picture_gen8 = { 8, FOURCC('X', 'R', '2', '4'), LINEAR, 0x18000000, 4 };
const struct layout i915_picture_gen9 = { 9, FOURCC('X', 'R', '2', '4'), LINEAR, 0x04000000, 4 };

uint32_t i915_picture_pixel(unsigned int x, unsigned int y)
{
	return (x * 0x050311 + y * 0x1107d3 + (x ^ y)) & 0xffffff;
}

uint8_t *i915_picture_byte(struct fv_device *dev, uint64_t gma)
{
	uint64_t pte = i915_guest_entries(dev)[gma >> 12];

	assert_true(pte & 1);
	return i915_guest_memory() + (pte & ~0xfffull) + (gma & 0xfff);
}

/*
 * Yf: bits of x and y from offset bit 11 down, per bytes of a pixel.
 * Source: Skylake PRM vol. 5, Tile Formats, as GmmLib's swizzle patterns name them
 */
static const char *yf_bits(unsigned int bytes_per_pixel)
{
	return bytes_per_pixel == 1   ? "XYXYYYYYXXXX"
	       : bytes_per_pixel == 8 ? "XYXYXXYYXXXX"
				      : "XYXYXYYYXXXX";
}

static uint64_t yf_offset(unsigned int bytes_per_pixel, uint32_t stride, uint32_t x, uint32_t y)
{
	const char *bits = yf_bits(bytes_per_pixel);
	uint32_t in_tile = 0, width = 1, height = 1;

	for (int i = 0; i < 12; i++) {
		if (bits[11 - i] == 'X') {
			in_tile |= (x / width & 1) << i;
			width *= 2;
		} else {
			in_tile |= (y / height & 1) << i;
			height *= 2;
		}
	}
	return (uint64_t)(y / height) * stride * height + x / width * 4096 + in_tile;
}

/* Source: Broadwell PRM vol. 5, Tile Formats */
uint64_t i915_picture_offset(int tiling, unsigned int bytes_per_pixel, uint32_t stride, uint32_t x,
			     uint32_t y)
{
	switch (tiling) {
	case TILED_X:
		return (uint64_t)(y / 8) * stride * 8 + x / 512 * 4096 + y % 8 * 512 + x % 512;
	case TILED_Y:
		return (uint64_t)(y / 32) * stride * 32 + x / 128 * 4096 + x % 128 / 16 * 512 +
		       y % 32 * 16 + x % 16;
	case TILED_YF:
		return yf_offset(bytes_per_pixel, stride, x, y);
	}
	return (uint64_t)y * stride + x;
}

/* @value / 255 as a half-precision number, cut off: at most 2^-11 too small. */
static uint16_t half(uint32_t value)
{
	double part = value / 255.0;
	int exponent = 15;

	if (value == 0)
		return 0;
	for (; part < 1; exponent--)
		part *= 2;
	return (uint16_t)(exponent << 10 | (unsigned int)((part - 1) * 1024));
}

/* The pixel as the guest writes it. */
static uint64_t encode(uint32_t format, uint32_t rgb)
{
	uint32_t r = rgb >> 16, g = rgb >> 8 & 0xff, b = rgb & 0xff;

	switch (format) {
	case FOURCC('C', '8', ' ', ' '):
		return g;
	case FOURCC('R', 'G', '1', '6'):
		return (r >> 3) << 11 | (g >> 2) << 5 | b >> 3;
	case FOURCC('X', 'R', '2', '4'):
	case FOURCC('A', 'R', '2', '4'):
		return 0xa5000000 | r << 16 | g << 8 | b;
	case FOURCC('X', 'B', '2', '4'):
	case FOURCC('A', 'B', '2', '4'):
		return 0x5a000000 | b << 16 | g << 8 | r;
	case FOURCC('X', 'R', '3', '0'):
		return 3u << 30 | (r << 2 | 1) << 20 | (g << 2 | 2) << 10 | (b << 2 | 3);
	case FOURCC('X', 'B', '3', '0'):
		return 3u << 30 | (b << 2 | 1) << 20 | (g << 2 | 2) << 10 | (r << 2 | 3);
	case FOURCC('X', 'B', '4', 'H'):
		return half(r) | (uint64_t)half(g) << 16 | (uint64_t)half(b) << 32 |
		       0x3c00ull << 48;
	}
	fail();
	return 0;
}

/* What must be shown for @rgb: formats with fewer bits lose some. */
uint32_t i915_picture_expected(uint32_t format, uint32_t rgb)
{
	uint32_t r = rgb >> 16, g = rgb >> 8 & 0xff, b = rgb & 0xff;

	switch (format) {
	case FOURCC('C', '8', ' ', ' '):
		return g * 0x010203 & 0xffffff; /* what i915_picture_set_palette() writes */
	case FOURCC('R', 'G', '1', '6'):
		/* upper bits repeated below */
		return ((r & 0xf8) + r / 32) << 16 | ((g & 0xfc) + g / 64) << 8 |
		       ((b & 0xf8) + b / 32);
	}
	return rgb;
}

void i915_picture_set_palette(struct fv_device *dev)
{
	for (uint32_t i = 0; i < 256; i++)
		i915_guest_write(dev, PALETTE_A + 4 * i, i * 0x010203 & 0xffffff);
}

void i915_picture_set_pipe(struct fv_device *dev, uint32_t width, uint32_t height)
{
	i915_guest_write(dev, PIPE_SOURCE, (width - 1) << 16 | (height - 1));
	i915_guest_write(dev, PIPE_CONFIG, 1u << 31);
}

/* Scatters pages so that none follows its neighbour: every one must be translated. */
void i915_picture_map(struct fv_device *dev, uint32_t gma, size_t pages)
{
	for (size_t i = 0; i < pages; i++)
		i915_guest_map(dev, gma + i * 4096, 0x100000 + (pages - i) * 4096, 1);
}

static uint32_t stride_register(const struct layout *layout, uint32_t stride)
{
	const uint32_t yf_unit = layout->bytes_per_pixel == 1	? 64
				 : layout->bytes_per_pixel == 8 ? 256
								: 128;
	const uint32_t units[] = { 64, 512, 128, yf_unit };

	return layout->version == 9 ? stride / units[layout->tiling] : stride;
}

uint32_t i915_picture_control(const struct layout *layout)
{
	static const uint32_t gen9_tilings[] = { 0, 1, 4, 5 };
	uint32_t tiling = layout->version == 9 ? gen9_tilings[layout->tiling] << 10
					       : (uint32_t)(layout->tiling == TILED_X) << 10;

	return 1u << 31 | layout->control | tiling;
}

void i915_picture_draw(struct fv_device *dev, const struct layout *layout, uint32_t stride,
		       uint32_t width, uint32_t height)
{
	for (uint32_t y = 0; y < height; y++) {
		for (uint32_t x = 0; x < width; x++) {
			uint64_t pixel = encode(layout->format, i915_picture_pixel(x, y));

			for (unsigned int i = 0; i < layout->bytes_per_pixel; i++)
				*i915_picture_byte(
					dev, FB_GMA + i915_picture_offset(
							      layout->tiling,
							      layout->bytes_per_pixel, stride,
							      x * layout->bytes_per_pixel + i, y)) =
					(uint8_t)(pixel >> 8 * i);
		}
	}
}

void i915_picture_arm(struct fv_device *dev, const struct layout *layout, uint32_t stride,
		      uint32_t x_offset, uint32_t y_offset)
{
	i915_guest_write(dev, DSP_STRIDE, stride_register(layout, stride));
	i915_guest_write(dev, DSP_OFFSET, y_offset << 16 | x_offset);
	i915_guest_write(dev, DSP_CONTROL, i915_picture_control(layout));
	i915_guest_write(dev, DSP_SURFACE, FB_GMA);
}

const uint32_t *i915_picture_query(struct fv_device *dev, uint32_t width, uint32_t height)
{
	struct fv_plane plane;

	assert_int_equal(
		dev->model->query_plane(dev, VFIO_GFX_PLANE_TYPE_REGION, FV_PLANE_PRIMARY, &plane),
		0);
	assert_int_equal(plane.drm_format, FOURCC('X', 'R', '2', '4'));
	assert_int_equal(plane.drm_modifier, 0);
	assert_int_equal(plane.width_px, width);
	assert_int_equal(plane.height_px, height);
	assert_int_equal(plane.stride_bytes, width * 4);
	assert_int_equal(plane.size_bytes, width * height * 4);
	return fv_device_memory(dev, plane.region);
}

void i915_picture_expect(const uint32_t *pixels, uint32_t width, uint32_t x, uint32_t y,
			 uint32_t rgb)
{
	uint32_t shown = pixels[y * width + x] & 0xffffff;

	if (shown != rgb)
		fail_msg("pixel %u,%u is %06x, expected %06x", x, y, shown, rgb);
}
