// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The monitor on the vGPU's output: its EDID, its plug, and VFIO's EDID region, by which a client
 * changes both. A change of EDID reaches the guest as unplugging and plugging in again.
 * Source: linux/vfio.h, VFIO_REGION_SUBTYPE_GFX_EDID; Broadwell PRM vol. 2c, SHOTPLUG_CTL
 */

#include <fakesysfs/profile.h>
#include <linux/vfio.h>
#include <string.h>

#include "i915-registers.h"
#include "i915.h"

/*
 * A guest that is told "unplugged" looks for some 220 ms before it believes it, and a slow one begins
 * late and takes longer: what is plugged in again before is not noticed at all. So it is left alone
 * until it has not looked for a while, but not for ever.
 */
#define UNPLUGGED_NS 500000000ull
#define UNNOTICED_NS 5000000000ull
#define PATIENCE_NS  20000000000ull

/* Status bits 1:0, 9:8, 17:16 and 25:24 are cleared by writing ones; the rest is kept. */
static void write_control(struct i915 *i915, uint32_t offset, uint32_t value)
{
	const uint32_t status = 0x03030303;
	uint32_t left = i915_get(i915, offset) & status & ~value;

	i915_set(i915, offset, left | (value & ~status));
}
const struct i915_behaviour i915_hotplug_control = { .write = write_control };

/* What the guest will read when this monitor is plugged in. */
static void fill_edid(struct i915 *i915, const struct fake_monitor *wanted)
{
	const struct fake_type_profile *type = i915->dev->vgpu.type;
	struct i915_monitor *monitor = &i915->monitor;

	memset(monitor->next_edid, 0, sizeof(monitor->next_edid));
	i915_edid_fill(monitor->next_edid, wanted->xres_px ? wanted->xres_px : type->xres_px,
		       wanted->yres_px ? wanted->yres_px : type->yres_px);
	monitor->region.edid_size = I915_EDID_LEN;
}

void i915_monitor_init(struct i915 *i915)
{
	struct i915_monitor *monitor = &i915->monitor;
	const struct fake_type_profile *type = i915->dev->vgpu.type;

	monitor->region = (struct vfio_region_gfx_edid){
		.edid_offset = I915_EDID_OFFSET,
		.edid_max_size = I915_EDID_LEN,
		.edid_size = I915_EDID_LEN,
		.max_xres = type->xres_px,
		.max_yres = type->yres_px,
		.link_state = VFIO_DEVICE_GFX_LINK_STATE_UP,
	};
	fill_edid(i915, &i915->dev->vgpu.monitor);
	memcpy(monitor->edid, monitor->next_edid, sizeof(monitor->edid));
	monitor->connected = !i915->dev->vgpu.monitor.unplugged;
	monitor->plug_ns = 0;
	i915_dp_sink_reset(i915);
}

/* Source: drivers/gpu/drm/drm_edid.c, drm_edid_block_valid(), which kvmgt asks, too */
static bool is_valid(const uint8_t *edid)
{
	static const uint8_t header[8] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	uint8_t sum = 0;

	for (unsigned int i = 0; i < I915_EDID_LEN; i++)
		sum = (uint8_t)(sum + edid[i]);
	return !sum && !memcmp(edid, header, sizeof(header));
}

static void unplug(struct i915 *i915)
{
	struct i915_monitor *monitor = &i915->monitor;

	monitor->plug_ns = 0;
	if (!monitor->connected)
		return;
	monitor->connected = false;
	monitor->unplugged_ns = i915->dev->now_ns;
	monitor->missed_ns = 0;
	i915_output_plug_event(i915);
}

/* When the guest may find a monitor again. */
static void set_plug_time(struct i915 *i915)
{
	struct i915_monitor *monitor = &i915->monitor;
	uint64_t latest = monitor->unplugged_ns + PATIENCE_NS, at;

	if (monitor->missed_ns)
		at = monitor->missed_ns + UNPLUGGED_NS;
	else if (i915_output_plug_is_heard(i915))
		at = monitor->unplugged_ns + UNNOTICED_NS;
	else
		at = monitor->unplugged_ns + UNPLUGGED_NS;
	at = at < latest ? at : latest;
	monitor->plug_ns = at > i915->dev->now_ns ? at : i915->dev->now_ns + 1;
	i915_deadline_update(i915);
}

static void plug(struct i915 *i915)
{
	struct i915_monitor *monitor = &i915->monitor;

	if (monitor->connected && !memcmp(monitor->edid, monitor->next_edid, sizeof(monitor->edid)))
		return;
	unplug(i915);
	set_plug_time(i915);
}

void i915_monitor_missed(struct i915 *i915)
{
	struct i915_monitor *monitor = &i915->monitor;

	if (monitor->connected)
		return;
	monitor->missed_ns = i915->dev->now_ns;
	if (monitor->plug_ns)
		set_plug_time(i915);
}

void i915_monitor_tick(struct i915 *i915)
{
	struct i915_monitor *monitor = &i915->monitor;

	if (!monitor->plug_ns || monitor->plug_ns > i915->dev->now_ns)
		return;
	monitor->plug_ns = 0;
	monitor->connected = true;
	memset(monitor->edid, 0, sizeof(monitor->edid));
	memcpy(monitor->edid, monitor->next_edid, monitor->region.edid_size);
	i915_dp_sink_reset(i915);
	i915_output_plug_event(i915);
}

void i915_monitor_set(struct i915 *i915, const struct fake_monitor *wanted)
{
	fill_edid(i915, wanted);
	if (wanted->unplugged)
		unplug(i915);
	else
		plug(i915);
	i915_deadline_update(i915);
}

uint64_t i915_monitor_read(const struct i915 *i915, uint64_t offset, unsigned int len)
{
	const struct i915_monitor *monitor = &i915->monitor;
	uint64_t value = 0;

	if (offset + len <= sizeof(monitor->region))
		memcpy(&value, (const uint8_t *)&monitor->region + offset, len);
	else if (offset >= I915_EDID_OFFSET && offset + len <= I915_EDID_OFFSET + I915_EDID_LEN)
		memcpy(&value, &monitor->next_edid[offset - I915_EDID_OFFSET], len);
	return value;
}

static void set_link(struct i915 *i915, uint64_t state)
{
	struct i915_monitor *monitor = &i915->monitor;

	if (state == VFIO_DEVICE_GFX_LINK_STATE_DOWN)
		unplug(i915);
	else if (state == VFIO_DEVICE_GFX_LINK_STATE_UP && is_valid(monitor->next_edid))
		plug(i915);
	else
		return;
	monitor->region.link_state = (uint32_t)state;
}

void i915_monitor_write(struct i915 *i915, uint64_t offset, uint64_t value, unsigned int len)
{
	struct i915_monitor *monitor = &i915->monitor;

	if (offset >= I915_EDID_OFFSET && offset + len <= I915_EDID_OFFSET + I915_EDID_LEN) {
		memcpy(&monitor->next_edid[offset - I915_EDID_OFFSET], &value, len);
		return;
	}
	if (len != 4)
		return;
	switch (offset) {
	case offsetof(struct vfio_region_gfx_edid, edid_size):
		if (value <= I915_EDID_LEN)
			monitor->region.edid_size = (uint32_t)value;
		return;
	case offsetof(struct vfio_region_gfx_edid, link_state):
		set_link(i915, value);
		return;
	}
}
