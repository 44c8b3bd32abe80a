/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A GVT-g vGPU driven by hand: its page of virtual registers (PVINFO), its share of the GGTT, and
 * pipe, plane and cursor registers. Private to the "gvt" output.
 */

#include "memory.h"
#include "output.h"
#include "pci.h"

#include <stdbool.h>
#include <stdint.h>

enum { GVT_BUFFERS = 2 };

/** Memory with a place in the GGTT. */
struct gvt_buffer {
	struct guest_memory memory;
	uint64_t gma; /* graphics memory address */
};

/** What the vGPU says of itself. Source: drivers/gpu/drm/i915/i915_pvinfo.h */
struct gvt_pvinfo {
	uint64_t magic;
	uint16_t major, minor;
	uint32_t id, caps;
	uint32_t low_base, low_len, high_base, high_len; /* its parts of the GGTT */
	uint32_t fences;
};

struct gvt_plane_impl;

struct gvt {
	struct guest_output output;
	struct guest_pci pci;
	volatile uint8_t *bar0;
	const struct gvt_plane_impl *plane;
	struct gvt_pvinfo pvinfo;
	uint64_t buffer_len_max; /* what the GGTT share leaves for each */
	struct gvt_buffer buffers[GVT_BUFFERS], cursor;
	unsigned int shown; /* index of the buffer on display */
	struct guest_surface surface; /* width 0: off */
};

/* gvt-mmio.c, or remote.c: how BAR 0 is reached */
uint32_t gvt_read(const struct gvt *gvt, uint32_t offset);
void gvt_write(const struct gvt *gvt, uint32_t offset, uint32_t value);
void gvt_write64(const struct gvt *gvt, uint32_t offset, uint64_t value);

/** How a generation's primary plane is programmed. */
struct gvt_plane_impl {
	int generation;
	/** The control register for a format and tiling, without enable. 0, or -EOPNOTSUPP. */
	int (*control)(const struct qt_pixel_format *format, const struct qt_tiling *tiling,
		       uint32_t *control);
	/** Programs the plane of pipe A; the surface register, which makes it live, last. */
	void (*arm)(const struct gvt *gvt, const struct guest_surface *surface, uint32_t control,
		    uint32_t gma);
};

/** The plane of the generation that the PCI device id stands for, or NULL. */
const struct gvt_plane_impl *gvt_plane_find(uint16_t device_id);

/** What the plane shows as it is programmed, from the next vertical blank on. */
void gvt_plane_flip(const struct gvt *gvt, uint32_t gma);

/** Pipe A at this size; runs already if it has it. */
void gvt_pipe_start(const struct gvt *gvt, uint32_t width_px, uint32_t height_px);
void gvt_pipe_stop(const struct gvt *gvt);
/** The palette that C8 framebuffers use. */
void gvt_palette_load(const struct gvt *gvt);
void gvt_cursor_show(const struct gvt *gvt, uint32_t gma, int x_px, int y_px);
void gvt_cursor_hide(const struct gvt *gvt);
