// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * GMBUS, the I2C controller by which the guest reads its monitor's EDID. A transfer is complete
 * the moment it is started; only the monitor on the one output answers.
 * Source: Broadwell PRM vol. 2c and Skylake PRM vol. 2c, GMBUS0..5
 */

#include "i915-registers.h"
#include "i915.h"

enum {
	/* GMBUS1 */
	CLEAR_INTERRUPT = 1u << 31,
	READY_SOFTWARE = 1u << 30,
	CYCLE_STOP = 1u << 27,
	CYCLE_INDEX = 1u << 26,
	CYCLE_WAIT = 1u << 25,
	SLAVE_READ = 1u << 0,
	/* GMBUS2 */
	WAIT_PHASE = 1u << 14,
	READY_HARDWARE = 1u << 11,
	NAK = 1u << 10,
	ACTIVE = 1u << 9,

	SLAVE_EDID = 0x50,
};

static bool answers(const struct i915 *i915, uint32_t command)
{
	return i915->output.ddc_pin && (i915_get(i915, GMBUS0) & 7) == i915->output.ddc_pin &&
	       (command >> 1 & 0x7f) == SLAVE_EDID && i915->monitor.connected;
}

static void write_command(struct i915 *i915, uint32_t offset, uint32_t value)
{
	struct i915_gmbus *bus = &i915->gmbus;

	i915_set(i915, offset, value);
	if (value & CLEAR_INTERRUPT) {
		bus->status = 0;
		return;
	}
	if (!(value & READY_SOFTWARE))
		return;
	if (value & (CYCLE_WAIT | CYCLE_INDEX)) {
		if (!answers(i915, value)) {
			i915_monitor_missed(i915);
			bus->status = NAK; /* and the controller has stopped by itself */
			return;
		}
		if (value & CYCLE_INDEX)
			bus->offset = value >> 8 & (I915_EDID_LEN - 1);
		else if (!(value & SLAVE_READ))
			bus->offset = i915_get(i915, GMBUS3) & (I915_EDID_LEN - 1);
		bus->status = ACTIVE | WAIT_PHASE;
	}
	if (value & CYCLE_STOP)
		bus->status &= ~(uint32_t)(ACTIVE | WAIT_PHASE);
}
const struct i915_behaviour i915_gmbus_command = { .write = write_command };

static uint32_t read_status(struct i915 *i915, uint32_t offset)
{
	return i915->gmbus.status | READY_HARDWARE;
}
const struct i915_behaviour i915_gmbus_status = { .read = read_status };

/* Four bytes of the transfer that runs. */
static uint32_t read_data(struct i915 *i915, uint32_t offset)
{
	struct i915_gmbus *bus = &i915->gmbus;
	uint32_t value = 0;

	if (!(bus->status & ACTIVE) || !(i915_get(i915, GMBUS1) & SLAVE_READ))
		return i915_get(i915, offset);
	for (unsigned int i = 0; i < 4; i++) {
		value |= (uint32_t)i915->monitor.edid[bus->offset] << 8 * i;
		bus->offset = (bus->offset + 1) & (I915_EDID_LEN - 1);
	}
	return value;
}
const struct i915_behaviour i915_gmbus_data = { .read = read_data, .read_matters = true };

/*
 * The same wires by hand: direction and value of clock (bits 4:0) and data (bits 12:8), each
 * changed only with its mask bit. Nobody else pulls them down, so a wire that is let go reads high
 * and every address is refused. Source: PRM vol. 2c, GPIO_CTL
 */
enum { DIRECTION_MASK = 1, DIRECTION_OUT = 2, VALUE_MASK = 4, VALUE_OUT = 8, VALUE_IN = 16 };

static uint32_t drive_wire(uint32_t old, uint32_t value)
{
	uint32_t changed =
		(value & DIRECTION_MASK ? DIRECTION_OUT : 0) | (value & VALUE_MASK ? VALUE_OUT : 0);
	uint32_t wire = (old & ~changed & (DIRECTION_OUT | VALUE_OUT)) | (value & changed);

	return wire | ((wire & (DIRECTION_OUT | VALUE_OUT)) == DIRECTION_OUT ? 0 : VALUE_IN);
}

static void write_wires(struct i915 *i915, uint32_t offset, uint32_t value)
{
	uint32_t old = i915_get(i915, offset);

	i915_monitor_missed(i915);
	i915_set(i915, offset, drive_wire(old, value) | drive_wire(old >> 8, value >> 8) << 8);
}
const struct i915_behaviour i915_gmbus_wires = { .write = write_wires };
