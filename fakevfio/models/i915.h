/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A GVT-g vGPU: what its parts know of each other. Private to the i915 model.
 *
 * Graphics addresses ("gma") go through the GGTT to guest physical addresses ("iova"), page by
 * page. Nothing a guest writes is trusted: each part bounds what it reads, walks and executes.
 */

#include <fakevfio/device.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "i915-gpu.h"

enum {
	I915_PAGE_LEN = 4096,
	I915_REGISTERS_LEN = 0x200000, /* the register half of BAR 0 that holds registers */
	I915_GSM_OFFSET = 0x800000, /* where BAR 0 holds the GGTT's entries */
	I915_GSM_LEN = 0x800000,
	I915_MAX_WIDTH_PX = 4096, /* PIPESRC's 12 bits */
	I915_MAX_HEIGHT_PX = 4096,
	I915_DISPLAY_LEN = I915_MAX_WIDTH_PX * I915_MAX_HEIGHT_PX * 4,
	I915_OPREGION_LEN = 8192,
	I915_EDID_LEN = 128, /* no room for an extension. Source: gvt/edid.h, EDID_SIZE */
	I915_EDID_OFFSET = 2048, /* in VFIO's EDID region, as in GVT-g */
	I915_PIPES = 3,
	I915_PLANES = 3, /* primary and sprites; the cursor is a kind of its own */
	I915_MAX_PIXEL_BYTES = 8,
	/* one row of tiles as wide as the widest picture, with one tile more for an odd offset */
	I915_BAND_LEN = (I915_MAX_WIDTH_PX * I915_MAX_PIXEL_BYTES / 128 + 1) * I915_PAGE_LEN,
};

/* Region indices beyond VFIO's own. QEMU maps a plane's region by index, num_regions or not. */
enum {
	I915_REGION_OPREGION = 9,
	I915_REGION_EDID = 10,
	I915_REGIONS_LEN = 11, /* num_regions, as GVT-g says */
	I915_REGION_DISPLAY = 11, /* what the region display path shows; ours, not GVT-g's */
};

/** Which hardware generations a register or command belongs to. */
enum { I915_GEN8 = 1, I915_GEN9 = 2, I915_ALL = I915_GEN8 | I915_GEN9 };

enum i915_tiling { I915_TILING_LINEAR, I915_TILING_X, I915_TILING_Y, I915_TILING_YF };

struct i915;

/** What touching a register does beyond remembering. A NULL function: the register is RAM. */
struct i915_behaviour {
	uint32_t (*read)(struct i915 *i915, uint32_t offset);
	void (*write)(struct i915 *i915, uint32_t offset, uint32_t value);
	bool read_matters; /* reading changes something */
};

/** A row of the register table: @count registers of @width bytes, @step bytes apart. */
struct i915_register {
	uint32_t offset;
	const char *name;
	uint8_t width; /* 4 or 8; both halves of an 8 byte register behave alike */
	uint8_t generations;
	uint16_t count;
	uint32_t step;
	uint32_t reset; /* what it holds after a reset */
	const struct i915_behaviour *behaviour; /* NULL: RAM that differs in its reset value */
	const char *source;
};
extern const struct i915_register i915_registers[];
extern const size_t i915_registers_len;

/** A plane's registers as they were when its surface register was written. */
struct i915_plane_latch {
	uint32_t control, stride, position, size, surface, offset;
};

/** A cursor's registers as they were when its base register was written. */
struct i915_cursor_latch {
	uint32_t control, base, position, fbc_control;
};

struct i915_pipe {
	struct i915_plane_latch planes[I915_PLANES];
	struct i915_cursor_latch cursor;
	uint64_t on_ns; /* when it was turned on: a frame began */
	uint64_t frame_ns;
	uint64_t frames_before; /* what the frame counter stood at then */
	uint64_t frames_told; /* frames whose vertical blank the guest was told of */
	bool listened; /* the guest wanted to hear of vertical blanks */
};

struct i915_gmbus {
	uint32_t status; /* of GMBUS2, without what is always set */
	uint8_t offset; /* in the EDID, as its memory counts: modulo its length */
};

/** Where the monitor is connected. */
struct i915_output {
	bool display_port; /* else HDMI */
	uint8_t port; /* 1: B, 3: D */
	uint8_t ddc_pin; /* GMBUS pin, 0: none */
};

enum { I915_AUX_MESSAGE_LEN = 20 }; /* five data registers */

/** A DisplayPort monitor's own state. */
struct i915_dp_sink {
	uint8_t dpcd[0x700];
	uint8_t edid_offset;
};

struct i915_monitor {
	bool connected;
	uint8_t edid[I915_EDID_LEN]; /* what the guest reads */
	uint8_t next_edid[I915_EDID_LEN]; /* what it will read when plugged in again */
	uint64_t unplugged_ns;
	uint64_t missed_ns; /* when the guest last looked for it since; 0: it has not */
	uint64_t plug_ns; /* when it will be plugged in; 0: nothing to do */
	struct vfio_region_gfx_edid region;
};

/** What the model counts, for tests and for people who ask what a guest did. */
struct i915_counters {
	uint64_t frames_composed;
	uint64_t pages_unmapped; /* pages of the last composed picture that had no memory */
	uint64_t registers_beyond; /* accesses between the register file and the GGTT */
	uint64_t registers_refused; /* registers that commands may not set */
	uint64_t commands_skipped; /* commands that are not emulated */
	uint64_t planes_refused; /* planes whose format or tiling is not decoded */
	uint64_t faults; /* pages that commands wanted and that were not there */
};

/** What a display engine that is wrong on purpose remembers: the surfaces of the last two flips. */
struct i915_scanout_memory {
	uint32_t shown_gma, before_gma;
	uint32_t width_px, height_px; /* of both; another size forgets them */
};

struct i915 {
	struct fv_device *dev;
	uint8_t generation; /* I915_GEN8 or I915_GEN9 */
	struct i915_output output;
	struct i915_dp_sink sink;
	bool irq_level; /* the master interrupt is pending */
	struct i915_pipe pipes[I915_PIPES];
	struct i915_gmbus gmbus;
	struct i915_monitor monitor;
	struct i915_engine engines[I915_ENGINES];
	struct i915_counters counters;
	struct i915_scanout_memory scanout;
	size_t picture_len; /* of the last one that was composed */
	uint8_t opregion[I915_OPREGION_LEN];
	uint8_t band[I915_BAND_LEN]; /* scratch of the scanout */
	uint32_t registers[I915_REGISTERS_LEN / 4];
	uint16_t rows[I915_REGISTERS_LEN / 4]; /* 1 + index into i915_registers; 0: RAM */
};

/* i915.c */
static inline uint32_t i915_get(const struct i915 *i915, uint32_t offset)
{
	return i915->registers[offset / 4];
}
static inline void i915_set(struct i915 *i915, uint32_t offset, uint32_t value)
{
	i915->registers[offset / 4] = value;
}

/** Sets dev->deadline_ns to the earliest time at which something is to be done. */
void i915_deadline_update(struct i915 *i915);

/* i915-registers.c */
/** Makes the index of rows for this generation. */
void i915_registers_init(struct i915 *i915);
/** Gives every register its reset value. */
void i915_registers_reset(struct i915 *i915);
uint32_t i915_register_read(struct i915 *i915, uint32_t offset);
bool i915_register_read_matters(const struct i915 *i915, uint32_t offset);
void i915_register_write(struct i915 *i915, uint32_t offset, uint32_t value);
/** Writes a register that only remembers; false if it does more. */
bool i915_register_store(struct i915 *i915, uint32_t offset, uint32_t value);

/* i915-irq.c */
/** An event: sets @bits of the block's IIR that are not masked. */
void i915_irq_raise(struct i915 *i915, uint32_t block, uint32_t bits);
/** Whether the guest wants to be interrupted by any of @bits. */
bool i915_irq_wanted(const struct i915 *i915, uint32_t block, uint32_t bits);
extern const struct i915_behaviour i915_irq_master, i915_irq_status, i915_irq_enable;

/* i915-pipe.c */
extern const struct i915_behaviour i915_pipe_config, i915_pipe_frames, i915_pipe_line;
void i915_pipes_tick(struct i915 *i915);
/** When the next vertical blank is due that the guest wants to hear of; 0: never. */
uint64_t i915_pipes_deadline(struct i915 *i915);

/* i915-clock.c */
extern const struct i915_behaviour i915_power_well, i915_lcpll, i915_enable_state, i915_dpll_status,
	i915_ddi_buffer, i915_transport_status, i915_pcode, i915_sideband, i915_timestamp;

/* i915-gmbus.c */
extern const struct i915_behaviour i915_gmbus_command, i915_gmbus_status, i915_gmbus_data,
	i915_gmbus_wires;

/* i915-output.c */
void i915_output_init(struct i915 *i915);
/** Tells the guest that something was plugged in or out. */
void i915_output_plug_event(struct i915 *i915);
/** Does the guest listen to it? */
bool i915_output_plug_is_heard(const struct i915 *i915);
extern const struct i915_behaviour i915_output_live_state, i915_output_straps;

/* i915-dp-sink.c */
/** The state of a monitor that was just plugged in. */
void i915_dp_sink_reset(struct i915 *i915);
/**
 * What the monitor answers to an AUX message of @len bytes. Both have room for
 * I915_AUX_MESSAGE_LEN. Returns the length of @reply, 1 to 17.
 */
unsigned int i915_dp_sink_answer(struct i915 *i915, const uint8_t *request, unsigned int len,
				 uint8_t *reply);

/* i915-aux.c */
extern const struct i915_behaviour i915_aux_control;

/* i915-edid.c */
/** Writes a base block whose preferred mode is @width by @height at 60 Hz. */
void i915_edid_fill(uint8_t *edid, uint32_t width, uint32_t height);

/* i915-monitor.c */
extern const struct i915_behaviour i915_hotplug_control;
/** Plugs in a monitor of the type's resolution. */
void i915_monitor_init(struct i915 *i915);
void i915_monitor_tick(struct i915 *i915);
/** The guest has looked, and may have found nothing. */
void i915_monitor_missed(struct i915 *i915);
/** Somebody has plugged it in or out, or put another one there. */
void i915_monitor_set(struct i915 *i915, const struct fake_monitor *monitor);
/** VFIO's EDID region. */
uint64_t i915_monitor_read(const struct i915 *i915, uint64_t offset, unsigned int len);
void i915_monitor_write(struct i915 *i915, uint64_t offset, uint64_t value, unsigned int len);

/* i915-engine.c */
extern const struct i915_behaviour i915_engine_elsp, i915_engine_gdrst, i915_engine_reset_control,
	i915_engine_mode, i915_masked;

/* i915-config.c */
/** Fills PCI configuration space, regions and interrupts. 0 or a negative errno. */
int i915_config_init(struct i915 *i915);

/* i915-pvinfo.c */
/** Writes the page that tells a guest driver that it is on a vGPU. Source: i915_pvinfo.h */
void i915_pvinfo_reset(struct i915 *i915);
/** Where the vGPU's graphics memory beyond the aperture begins. */
uint64_t i915_high_gm_base(const struct i915 *i915);

/* i915-opregion.c */
/** Writes an OpRegion with a VBT of our own making that names the output. */
void i915_opregion_fill(struct i915 *i915);

/* i915-aperture.c */
/** BAR 2, @len 1, 2, 4 or 8 bytes, aligned. */
uint64_t i915_aperture_read(struct i915 *i915, uint64_t offset, unsigned int len);
void i915_aperture_write(struct i915 *i915, uint64_t offset, uint64_t value, unsigned int len);

/* i915-ggtt.c */
/** Where graphics address @gma lies in guest memory. False if no page is mapped there. */
bool i915_ggtt_translate(const struct i915 *i915, uint64_t gma, uint64_t *iova);

/** A batch of reads through the GGTT; pages without memory are filled with a pattern. */
struct i915_fetch {
	struct i915 *i915;
	uint32_t missing_pattern; /* little-endian, repeated */
	uint64_t missing_pages;
	size_t len;
	struct fv_guest_iov iov[1024];
};
void i915_fetch_begin(struct i915_fetch *fetch, struct i915 *i915, uint32_t missing_pattern);
/** Adds a read. @buffer is filled at the latest by i915_fetch_end(). */
void i915_fetch_add(struct i915_fetch *fetch, uint64_t gma, void *buffer, size_t len);
/** Does what is left. Returns how many pages had no memory. */
uint64_t i915_fetch_end(struct i915_fetch *fetch);

/* i915-format.c */
struct i915_colours {
	const uint32_t *palette; /* 256 entries 0x00RRGGBB, for C8 */
	bool bt709, full_range; /* of YUV */
};
struct i915_format {
	const char *name;
	uint32_t drm_format;
	uint8_t bytes_per_pixel;
	uint8_t pixels_per_group; /* 2: neighbours share chroma */
	bool has_alpha;
	uint32_t missing_pattern; /* looks magenta where the format allows it */
	/** Converts @width_px pixels to 0xAARRGGBB; alpha is 0xff if the format has none. */
	void (*convert)(const struct i915_colours *colours, const uint8_t *source, uint32_t *target,
			size_t width_px);
};
/** The format of a DRM fourcc, or NULL. */
const struct i915_format *i915_format_find(uint32_t drm_format);
#define I915_FOURCC(a, b, c, d) \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

/* i915-plane.c */
/** A plane as the scanout needs it. */
struct i915_plane {
	const struct i915_format *format;
	enum i915_tiling tiling;
	bool rotate_180, blend;
	bool turned; /* by 90 degrees clockwise, seen through a rotated view */
	uint32_t gma;
	uint32_t stride_bytes, stride_tiles; /* of a linear, of a tiled surface */
	uint32_t source_x_px, source_y_px;
	uint32_t width_px, height_px;
	int x_px, y_px; /* on the pipe */
	struct i915_colours colours;
};
struct i915_cursor {
	uint32_t gma, width_px, height_px;
	int x_px, y_px;
	bool rotate_180, opaque;
};
/** Registers whose write arms the plane (DSPSURF, PLANE_SURF, SPRSURF) and the cursor (CURBASE). */
extern const struct i915_behaviour i915_plane_surface, i915_cursor_base;
/** Whether a plane, the cursor, is switched on, whatever else is programmed into it. */
bool i915_plane_enabled(const struct i915 *i915, int pipe, int plane);
bool i915_cursor_enabled(const struct i915 *i915, int pipe);
/** The first pipe that is on, or -1. */
int i915_active_pipe(const struct i915 *i915);
/** The size of the picture that @pipe shows. */
void i915_pipe_size(const struct i915 *i915, int pipe, uint32_t *width_px, uint32_t *height_px);
/** Decodes what was latched. False if the plane is off or cannot be shown. */
bool i915_plane_decode(const struct i915 *i915, int pipe, int plane, struct i915_plane *out);
bool i915_cursor_decode(const struct i915 *i915, int pipe, struct i915_cursor *out);

/* i915-raw-plane.c */
/** What GVT-g says of a plane on the DMA-BUF path. 0 (all zero: off), -EINVAL or -EFAULT. */
int i915_raw_plane_query(struct i915 *i915, enum fv_plane_type type, struct fv_plane *out);
/** Copies the first @len bytes of such a plane. */
void i915_raw_plane_read(struct i915 *i915, const struct fv_plane *plane, void *buffer, size_t len);

/* i915-scanout.c */
/** Composes what @pipe shows into XR24 rows of @width_px pixels without gaps. */
void i915_scanout_compose(struct i915 *i915, int pipe, uint32_t *target, uint32_t width_px,
			  uint32_t height_px);

/* i915-scanout-fault.c: what is wrong on purpose. Each does nothing to a vGPU that is right. */
/** The size of the picture. False: there is no picture at all. */
bool i915_scanout_fault_size(const struct i915 *i915, uint32_t *width_px, uint32_t *height_px);
/** A plane before it is read. @lower is filled if another plane shows the lower part: true then. */
bool i915_scanout_fault_plane(struct i915 *i915, int plane, struct i915_plane *shown,
			      struct i915_plane *lower);
/** A cursor before it is read. False: it is not shown. */
bool i915_scanout_fault_cursor(const struct i915 *i915, struct i915_cursor *cursor);
/** The composed picture. */
void i915_scanout_fault_picture(const struct i915 *i915, uint32_t *pixels, uint32_t width_px,
				uint32_t height_px);
