// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The EDID of a monitor that is not there: 128 bytes, its preferred mode the vGPU type's
 * resolution, smaller modes down to 640x480.
 * Source: VESA E-EDID Standard, release A.2 (EDID 1.4 fields used here are the same in 1.3);
 * VESA DMT 1.13 and CVT 1.2 for timings
 */

#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915.h"

/** One mode's timing; polarities positive unless said. */
struct timing {
	uint32_t clock_khz;
	uint16_t width, h_front, h_sync, h_total;
	uint16_t height, v_front, v_sync, v_total;
	bool h_positive, v_positive;
};

/* VESA DMT rows for the resolutions of GVT-g's types */
static const struct timing dmt[] = {
	{ 65000, 1024, 24, 136, 1344, 768, 3, 6, 806, false, false },
	{ 154000, 1920, 48, 32, 2080, 1200, 3, 6, 1235, true, false },
};

/* Reduced blanking at 60 Hz. Source: VESA CVT 1.2, 3.4: at least 460 us of vertical blank */
static struct timing reduced_blanking(uint32_t width, uint32_t height)
{
	struct timing out = { .h_front = 48, .h_sync = 32, .v_front = 3, .h_positive = true };
	uint64_t line_ns = (1000000000ull / 60 - 460000) / height;
	uint32_t blank = (uint32_t)(460000 / line_ns) + 1;

	out.width = (uint16_t)(width & ~7u);
	out.height = (uint16_t)height;
	out.v_sync = height * 4 == width * 3 ? 4 : height * 16 == width * 9 ? 5 : 6;
	if (blank < 3u + out.v_sync + 6u)
		blank = 3u + out.v_sync + 6u;
	out.h_total = (uint16_t)(out.width + 160);
	out.v_total = (uint16_t)(height + blank);
	out.clock_khz = (uint32_t)((uint64_t)out.h_total * out.v_total * 60 / 250000 * 250);
	return out;
}

static struct timing find_timing(uint32_t width, uint32_t height)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(dmt); i++) {
		if (dmt[i].width == width && dmt[i].height == height)
			return dmt[i];
	}
	return reduced_blanking(width, height);
}

static void put_detailed_timing(uint8_t *at, const struct timing *t)
{
	uint32_t h_blank = t->h_total - t->width, v_blank = t->v_total - t->height;
	uint32_t width_mm = t->width * 254u / 960, height_mm = t->height * 254u / 960; /* 96 dpi */

	at[0] = (uint8_t)(t->clock_khz / 10);
	at[1] = (uint8_t)(t->clock_khz / 10 >> 8);
	at[2] = (uint8_t)t->width;
	at[3] = (uint8_t)h_blank;
	at[4] = (uint8_t)(t->width >> 8 << 4 | h_blank >> 8);
	at[5] = (uint8_t)t->height;
	at[6] = (uint8_t)v_blank;
	at[7] = (uint8_t)(t->height >> 8 << 4 | v_blank >> 8);
	at[8] = (uint8_t)t->h_front;
	at[9] = (uint8_t)t->h_sync;
	at[10] = (uint8_t)((t->v_front & 15) << 4 | (t->v_sync & 15));
	at[11] = (uint8_t)(t->h_front >> 8 << 6 | t->h_sync >> 8 << 4 | t->v_front >> 4 << 2 |
			   t->v_sync >> 4);
	at[12] = (uint8_t)width_mm;
	at[13] = (uint8_t)height_mm;
	at[14] = (uint8_t)(width_mm >> 8 << 4 | height_mm >> 8);
	at[17] = (uint8_t)(0x18 | t->v_positive << 2 | t->h_positive << 1); /* separate syncs */
}

static void put_text(uint8_t *at, uint8_t tag, const char *text)
{
	size_t len = strlen(text);

	at[3] = tag;
	memset(at + 5, ' ', 13);
	memcpy(at + 5, text, len < 13 ? len : 13);
	if (len < 13)
		at[5 + len] = '\n';
}

static void put_range_limits(uint8_t *at, uint32_t clock_khz)
{
	at[3] = 0xfd;
	at[5] = 50; /* Hz vertical */
	at[6] = 75;
	at[7] = 30; /* kHz horizontal */
	at[8] = 90;
	at[9] = (uint8_t)(clock_khz > 160000 ? (clock_khz + 9999) / 10000 : 16); /* 10 MHz */
	at[10] = 0x01; /* no secondary timing formula */
	at[11] = '\n';
	memset(at + 12, ' ', 6);
}

/* Standard timings: the aspect ratio's code, width and 60 Hz, for what the monitor can show. */
static void put_standard_timings(uint8_t *at, uint32_t width, uint32_t height)
{
	static const struct {
		uint16_t width, height;
		uint8_t aspect; /* 0: 16:10, 1: 4:3, 2: 5:4, 3: 16:9 */
	} modes[] = {
		{ 1280, 720, 3 }, { 1280, 800, 0 },  { 1280, 1024, 2 }, { 1440, 900, 0 },
		{ 1600, 900, 3 }, { 1680, 1050, 0 }, { 1600, 1200, 1 }, { 1920, 1080, 3 },
	};

	memset(at, 0x01, 16); /* unused */
	for (size_t i = 0; i < VGPU_ARRAY_LEN(modes); i++) {
		if (modes[i].width > width || modes[i].height > height)
			continue;
		at[0] = (uint8_t)(modes[i].width / 8 - 31);
		at[1] = (uint8_t)(modes[i].aspect << 6);
		at += 2;
	}
}

void i915_edid_fill(uint8_t *edid, uint32_t width, uint32_t height)
{
	static const uint8_t header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	/* sRGB's primaries and white point */
	static const uint8_t chromaticity[] = { 0xee, 0x91, 0xa3, 0x54, 0x4c,
						0x99, 0x26, 0x0f, 0x50, 0x54 };
	const struct timing timing = find_timing(width, height);
	uint8_t sum = 0;

	memset(edid, 0, I915_EDID_LEN);
	memcpy(edid, header, sizeof(header));
	edid[8] = ('V' - '@') << 2 | ('G' - '@') >> 3; /* "VGP" in five bits a letter */
	edid[9] = (uint8_t)(('G' - '@') << 5 | ('P' - '@'));
	edid[10] = 1; /* product */
	edid[16] = 1; /* week and year of manufacture */
	edid[17] = 2024 - 1990;
	edid[18] = 1; /* EDID 1.3 */
	edid[19] = 3;
	edid[20] = 0x80; /* digital */
	edid[21] = (uint8_t)(timing.width * 254u / 9600); /* cm */
	edid[22] = (uint8_t)(timing.height * 254u / 9600);
	edid[23] = 120; /* gamma 2.2 */
	edid[24] = 0x06; /* sRGB; the first detailed timing is preferred */
	memcpy(edid + 25, chromaticity, sizeof(chromaticity));
	edid[35] = 0x20 | (width >= 800 && height >= 600); /* 640x480 and 800x600 at 60 Hz */
	edid[36] = width >= 1024 && height >= 768 ? 0x08 : 0; /* 1024x768 at 60 Hz */
	put_standard_timings(edid + 38, width, height);
	put_detailed_timing(edid + 54, &timing);
	put_range_limits(edid + 72, timing.clock_khz);
	put_text(edid + 90, 0xfc, "vgpulab");
	put_text(edid + 108, 0xff, "0000");
	for (unsigned int i = 0; i < I915_EDID_LEN - 1; i++)
		sum = (uint8_t)(sum + edid[i]);
	edid[I915_EDID_LEN - 1] = (uint8_t)-sum;
}
