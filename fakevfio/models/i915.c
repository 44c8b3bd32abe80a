// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * An Intel GVT-g vGPU, Broadwell to Comet Lake: what the VFIO side calls.
 */

#include "i915.h"

#include <errno.h>
#include <fakesysfs/profile.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <string.h>

#include "models.h"

static int init(struct fv_device *dev)
{
	struct i915 *i915 = fv_device_state(dev);

	i915->dev = dev;
	i915->generation = dev->vgpu.profile->graphics_version >= 9 ? I915_GEN9 : I915_GEN8;
	i915_registers_init(i915);
	i915_output_init(i915);
	i915_opregion_fill(i915);
	i915_engines_init(i915);
	i915_monitor_init(i915);
	return i915_config_init(i915);
}

static void reset(struct fv_device *dev)
{
	struct i915 *i915 = fv_device_state(dev);

	memset(i915->pipes, 0, sizeof(i915->pipes));
	memset(&i915->gmbus, 0, sizeof(i915->gmbus));
	i915->irq_level = false;
	i915_engines_reset(i915);
	i915_registers_reset(i915);
	i915_pvinfo_reset(i915);
	i915_deadline_update(i915);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	return !a || (b && b < a) ? b : a;
}

void i915_deadline_update(struct i915 *i915)
{
	i915->dev->deadline_ns =
		earlier(earlier(i915_pipes_deadline(i915), i915_engines_deadline(i915)),
			i915->monitor.plug_ns);
}

static void tick(struct fv_device *dev, uint64_t now_ns)
{
	struct i915 *i915 = fv_device_state(dev);

	i915_pipes_tick(i915);
	i915_engines_tick(i915);
	i915_monitor_tick(i915);
	i915_deadline_update(i915);
}

/* Registers are words: narrower accesses touch a part of one, wider ones two of them. */
static uint64_t read_registers(struct i915 *i915, uint32_t offset, unsigned int len)
{
	uint64_t value;

	if (offset >= I915_REGISTERS_LEN) {
		i915->counters.registers_beyond++;
		return 0;
	}
	value = i915_register_read(i915, offset & ~3u);
	if (len == 8)
		return value | (uint64_t)i915_register_read(i915, offset + 4) << 32;
	value >>= 8 * (offset % 4);
	return len == 4 ? value : value & ((1u << 8 * len) - 1);
}

static void write_registers(struct i915 *i915, uint32_t offset, uint64_t value, unsigned int len)
{
	if (offset >= I915_REGISTERS_LEN) {
		i915->counters.registers_beyond++;
		return;
	}
	if (len < 4) {
		unsigned int shift = 8 * (offset % 4);
		uint32_t mask = ((1u << 8 * len) - 1) << shift;

		offset &= ~3u;
		value = (i915_get(i915, offset) & ~mask) | ((uint32_t)value << shift & mask);
	}
	i915_register_write(i915, offset, (uint32_t)value);
	if (len == 8)
		i915_register_write(i915, offset + 4, (uint32_t)(value >> 32));
}

static uint64_t read_region(struct fv_device *dev, unsigned int region, uint64_t offset,
			    unsigned int len)
{
	struct i915 *i915 = fv_device_state(dev);
	uint64_t value = 0;

	switch (region) {
	case FV_REGION_BAR0:
		return read_registers(i915, (uint32_t)offset, len);
	case FV_REGION_BAR2:
		return i915_aperture_read(i915, offset, len);
	case I915_REGION_OPREGION:
		memcpy(&value, i915->opregion + offset, len);
		return value;
	case I915_REGION_EDID:
		return i915_monitor_read(i915, offset, len);
	}
	return 0;
}

static bool reads_change_nothing(struct fv_device *dev, unsigned int region, uint64_t offset,
				 unsigned int len)
{
	return region == FV_REGION_BAR0 && offset < I915_REGISTERS_LEN &&
	       !i915_register_read_matters(fv_device_state(dev), (uint32_t)offset);
}

static void write_region(struct fv_device *dev, unsigned int region, uint64_t offset,
			 uint64_t value, unsigned int len)
{
	struct i915 *i915 = fv_device_state(dev);

	switch (region) {
	case FV_REGION_BAR0:
		write_registers(i915, (uint32_t)offset, value, len);
		return;
	case FV_REGION_BAR2:
		i915_aperture_write(i915, offset, value, len);
		return;
	case I915_REGION_EDID:
		i915_monitor_write(i915, offset, value, len);
		return;
	}
}

static int query_plane(struct fv_device *dev, uint32_t display, enum fv_plane_type type,
		       struct fv_plane *out)
{
	struct i915 *i915 = fv_device_state(dev);
	int pipe = i915_active_pipe(i915);
	uint32_t *pixels = fv_device_memory(dev, I915_REGION_DISPLAY);
	uint32_t width_px, height_px;
	struct i915_plane primary;
	size_t picture_len;

	if (display == VFIO_GFX_PLANE_TYPE_DMABUF)
		return i915_raw_plane_query(i915, type, out);
	if (display != VFIO_GFX_PLANE_TYPE_REGION)
		return -EINVAL;
	memset(out, 0, sizeof(*out));
	/* the cursor is part of the picture; clients of this path ask for no plane in particular */
	if (type == FV_PLANE_CURSOR || pipe < 0 || !pixels ||
	    !i915_plane_decode(i915, pipe, 0, &primary))
		return 0;
	i915_pipe_size(i915, pipe, &width_px, &height_px);
	if (!i915_scanout_fault_size(i915, &width_px, &height_px))
		return 0;
	picture_len = (size_t)width_px * height_px * 4;
	i915_scanout_compose(i915, pipe, pixels, width_px, height_px);
	if (i915->picture_len != picture_len)
		fv_device_use_often(dev, I915_REGION_DISPLAY, picture_len);
	i915->picture_len = picture_len;
	*out = (struct fv_plane){
		.drm_format = I915_FOURCC('X', 'R', '2', '4'),
		.width_px = width_px,
		.height_px = height_px,
		.stride_bytes = width_px * 4,
		.size_bytes = picture_len,
		.region = I915_REGION_DISPLAY,
	};
	return 0;
}

static void report(struct fv_device *dev, void (*line)(void *data, const char *text), void *data)
{
	i915_skipped_report(fv_device_state(dev), line, data);
}

static void log_skipped(void *data, const char *text)
{
	fv_device_log(data, "not executed: %s", text);
}

/* The last user has gone: whoever listens hears what his guest missed. */
static void finish(struct fv_device *dev)
{
	i915_skipped_report(fv_device_state(dev), log_skipped, dev);
}

static void set_monitor(struct fv_device *dev, const struct fake_monitor *monitor)
{
	i915_monitor_set(fv_device_state(dev), monitor);
}

static void read_plane(struct fv_device *dev, const struct fv_plane *plane, void *buffer,
		       size_t len)
{
	i915_raw_plane_read(fv_device_state(dev), plane, buffer, len);
}

/* Source: drivers/gpu/drm/i915/gvt/dmabuf.c, intel_vgpu_query_plane(), intel_vgpu_get_dmabuf() */
static const struct fv_dmabuf_rules dmabuf_rules = {
	.unknown_id = -EINVAL,
	.fd_flags = O_CLOEXEC,
	.ids_return = true,
};

const struct fv_model fv_i915_model = {
	.name = "i915",
	.summary = "Intel GVT-g vGPU (Broadwell to Comet Lake)",
	.state_size = sizeof(struct i915),
	.init = init,
	.reset = reset,
	.read = read_region,
	.write = write_region,
	.reads_change_nothing = reads_change_nothing,
	.query_plane = query_plane,
	.read_plane = read_plane,
	.set_monitor = set_monitor,
	.report = report,
	.finish = finish,
	.dmabuf = &dmabuf_rules,
	.region_instead = true,
	.tick = tick,
};
