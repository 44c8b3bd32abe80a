/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where registers lie in BAR 0, by their names in i915 and the PRMs. Pipes A, B, C are 0x1000
 * apart, planes of a pipe 0x100. Source: Intel PRM Broadwell vol. 2c, Skylake vol. 2c
 */

enum {
	PIPE_STEP = 0x1000,
	PLANE_STEP = 0x100,
	TRANSCODER_EDP = 0xf, /* in units of PIPE_STEP, where pipe A is 0 */

	/* PVINFO page. Source: drivers/gpu/drm/i915/i915_pvinfo.h */
	PVINFO = 0x78000,
	PVINFO_MAGIC = PVINFO + 0x000,
	PVINFO_VERSION = PVINFO + 0x008,
	PVINFO_ID = PVINFO + 0x00c,
	PVINFO_CAPS = PVINFO + 0x010,
	PVINFO_MAPPABLE_BASE = PVINFO + 0x040,
	PVINFO_MAPPABLE_SIZE = PVINFO + 0x044,
	PVINFO_UNMAPPABLE_BASE = PVINFO + 0x048,
	PVINFO_UNMAPPABLE_SIZE = PVINFO + 0x04c,
	PVINFO_FENCES = PVINFO + 0x050,
	PVINFO_DISPLAY_READY = PVINFO + 0x804,
	PVINFO_NOTIFY = PVINFO + 0x818,
	PVINFO_CURSOR_X_HOT = PVINFO + 0x830,
	PVINFO_CURSOR_Y_HOT = PVINFO + 0x834,

	/* palettes of pipes A, B, C: 256 entries of 0x00RRGGBB */
	LGC_PALETTE = 0x4a000,
	LGC_PALETTE_STEP = 0x800,

	/* transcoder timings and routing */
	HTOTAL = 0x60000,
	VTOTAL = 0x6000c,
	PIPESRC = 0x6001c,
	TRANS_DDI_FUNC_CTL = 0x60400,

	/* pipe */
	PIPEDSL = 0x70000,
	PIPECONF = 0x70008,
	PIPE_FRMCOUNT = 0x70040,

	/* cursor */
	CURCNTR = 0x70080,
	CURBASE = 0x70084,
	CURPOS = 0x70088,
	CUR_FBC_CTL = 0x700a0,
	CURSURFLIVE = 0x700ac,

	/* planes: DSP* of Broadwell's primary, SPR* of its sprite, PLANE_* of gen9 */
	PLANE_CTL = 0x70180,
	PLANE_STRIDE = 0x70188,
	PLANE_POS = 0x7018c,
	PLANE_SIZE = 0x70190,
	PLANE_SURF = 0x7019c,
	PLANE_OFFSET = 0x701a4,
	PLANE_SURFLIVE = 0x701ac,
};
