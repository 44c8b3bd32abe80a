// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The one output: which port of the hardware the monitor is on, and where its plug shows.
 *
 * HDMI is on port B. DisplayPort is where GVT-g has it: on port B of Broadwell, on port D later.
 * Source: drivers/gpu/drm/i915/gvt/display.c, intel_vgpu_init_display();
 * intel_pch.c, intel_virt_detect_pch(); intel_gmbus.c; Broadwell PRM vol. 2c, SFUSE_STRAP
 */

#include <fakesysfs/profile.h>

#include "i915-registers.h"
#include "i915.h"

enum { PORT_B = 1, PORT_D = 3, STRAPS_VALID = 1 << 13, LONG_PULSE = 2 };

/*
 * GMBUS pins are the south display's matter. A guest guesses that from the GPU: Cannon Point for
 * Coffee Lake (0x3exx) and Comet Lake (0x9bxx), else an older one.
 */
static uint8_t ddc_pin_b(uint16_t device_id)
{
	return device_id >> 8 == 0x3e || device_id >> 8 == 0x9b ? 1 : 5;
}

void i915_output_init(struct i915 *i915)
{
	const struct fake_vgpu_info *vgpu = &i915->dev->vgpu;
	bool display_port = vgpu->output == FAKE_OUTPUT_DP;

	i915->output = (struct i915_output){
		.display_port = display_port,
		.port = display_port && i915->generation == I915_GEN9 ? PORT_D : PORT_B,
		.ddc_pin = display_port ? 0 : ddc_pin_b(vgpu->profile->device_id),
	};
}

/* The port's bit in the south display's interrupts. Source: i915_irq.c, hpd_cpt[] */
static uint32_t south_bit(const struct i915 *i915)
{
	return 1u << (20 + i915->output.port);
}

void i915_output_plug_event(struct i915 *i915)
{
	unsigned int shift = 8u * (i915->output.port - PORT_B);

	i915_set(i915, SHOTPLUG_CTL, i915_get(i915, SHOTPLUG_CTL) | LONG_PULSE << shift);
	i915_irq_raise(i915, IRQ_SOUTH, south_bit(i915));
}

bool i915_output_plug_is_heard(const struct i915 *i915)
{
	return i915_irq_wanted(i915, IRQ_SOUTH, south_bit(i915));
}

/* The south display's live state: what is plugged in now. */
static uint32_t read_live_state(struct i915 *i915, uint32_t offset)
{
	i915_monitor_missed(i915);
	return i915->monitor.connected ? south_bit(i915) : 0;
}

static void write_nothing(struct i915 *i915, uint32_t offset, uint32_t value)
{
}
const struct i915_behaviour i915_output_live_state = { read_live_state, write_nothing,
						       .read_matters = true };

/* Which ports are wired: bits 2, 1, 0 for B, C, D. */
static uint32_t read_straps(struct i915 *i915, uint32_t offset)
{
	return STRAPS_VALID | 1u << (PORT_D - i915->output.port);
}
const struct i915_behaviour i915_output_straps = { read_straps, write_nothing };
