/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A display device that the guest can show pictures on, and the drivers for it. One table; the
 * kernel's command line chooses with qt.output=NAME and qt.device=ADDRESS.
 */

#include "../pixel-format.h"
#include "../tiling.h"
#include "reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** A picture to be shown. */
struct guest_picture {
	uint32_t width_px, height_px;
	const uint32_t *xrgb; /* rows without gaps; without the cursor if the output has one */
	const struct qt_pixel_format *format;
	const struct qt_tiling *tiling;
	bool blitted; /* the GPU draws it, not the CPU */
	bool aperture; /* the CPU draws it through the GPU's aperture */
	bool sprite; /* a part of it is on a sprite plane above the primary one */
	unsigned int rotation; /* the plane turns the framebuffer: degrees counter-clockwise */
	bool cursor;
	int cursor_x_px, cursor_y_px;
	/* mistakes made on purpose: rows written too far apart, or in another tiling */
	uint32_t stride_error_bytes;
	const struct qt_tiling *written_tiling; /* NULL: as it is shown */
};

/** A framebuffer in memory that the CPU can reach. */
struct guest_surface {
	uint8_t *memory;
	size_t len;
	uint32_t stride_bytes;
	uint32_t width_px, height_px;
	const struct qt_pixel_format *format;
	const struct qt_tiling *tiling;
};

struct guest_output;

struct guest_output_impl {
	const char *name;
	bool has_blitter; /* at least with some drivers; an aperture, sprites and rotation likewise */

	/**
	 * Finds the device (at PCI address @device, unless NULL) and makes it ready. 0 with *@out,
	 * -ENODEV if there is none, or another negative errno; @reply tells what was found, or
	 * what is wrong.
	 */
	int (*open)(const char *device, struct guest_output **out, struct guest_reply *reply);
	/** Lets go of the device, so that its driver can be unloaded. Optional. */
	void (*close)(struct guest_output *output);
	/** 0, -EOPNOTSUPP if the device cannot do this, ... */
	int (*show)(struct guest_output *output, const struct guest_picture *picture,
		    struct guest_reply *reply);
	int (*off)(struct guest_output *output, struct guest_reply *reply);
	/** What the device shows now; its memory is the framebuffer's own. Optional. */
	const struct guest_surface *(*surface)(struct guest_output *output);
	/** State of the device, for people and logs. */
	void (*describe)(struct guest_output *output, struct guest_reply *reply);
	/** The modes of the display, if it tells them. Optional. */
	int (*modes)(struct guest_output *output, struct guest_reply *reply);
	/** The pixel formats that it shows, and in which tilings: "XR24=linear,x". Optional. */
	int (*layouts)(struct guest_output *output, struct guest_reply *reply);
	/** Flips between pictures @count times and measures. Optional. */
	int (*flip)(struct guest_output *output, unsigned int count, struct guest_reply *reply);
	/**
	 * Memory of that many rows, more than the shown mode has, to pan over; where scroll() comes
	 * to nothing before this. 0 with *@out, -ENODATA if nothing is shown, -ENOSPC. Optional.
	 */
	int (*tall)(struct guest_output *output, uint32_t rows, struct guest_surface *out);
	/** The tall memory is written: shows it from row @row on, which begins a page. */
	void (*scroll)(struct guest_output *output, uint32_t row);
	/** Sets each mode of the display in turn, @count times in all. Optional. */
	int (*cycle)(struct guest_output *output, unsigned int count, struct guest_reply *reply);
	/** Makes the GPU hang until its driver resets it. Optional. */
	int (*hang)(struct guest_output *output, struct guest_reply *reply);
	/** Sends @count messages through each port, which must come back. Optional. */
	int (*talk)(struct guest_output *output, unsigned int count, struct guest_reply *reply);
};

struct guest_output {
	const struct guest_output_impl *impl;
	bool has_cursor; /* else the cursor is drawn into the picture */
};

extern const struct guest_output_impl guest_output_gvt, guest_output_bochs, guest_output_kms,
	guest_output_mdpy, guest_output_serial;

/** Writes the picture, with its mistakes if it has some. */
/** A surface of @picture's size and format, linear, row behind row, at @memory. */
struct guest_surface guest_surface_linear(uint8_t *memory, const struct guest_picture *picture);
void guest_surface_write(const struct guest_surface *surface, const struct guest_picture *picture);
/** Checksum of what an exact display shows: CRC-32 of XRGB8888 rows without gaps, X being 0. */
uint32_t guest_surface_crc32(const struct guest_surface *surface);
