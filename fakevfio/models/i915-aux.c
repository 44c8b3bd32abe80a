// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * DisplayPort AUX channels. A transfer is over when it is started. The channel of a DisplayPort
 * monitor is answered by i915-dp-sink.c; on all others nobody answers: they time out at once.
 * Source: Broadwell PRM vol. 2c, DDI_AUX_CTL, DDI_AUX_DATA
 */

#include "i915-registers.h"
#include "i915.h"

enum {
	SEND_BUSY = (int)(1u << 31),
	DONE = 1u << 30,
	TIMED_OUT = 1u << 28,
	RECEIVE_ERROR = 1u << 25,
	WRITE_ONE_TO_CLEAR = DONE | TIMED_OUT | RECEIVE_ERROR,
	SIZE_SHIFT = 20, /* bytes of the message, five bits */
};

/* Broadwell's channels B to D belong to the south display. */
static bool is_monitors(const struct i915 *i915, uint32_t offset)
{
	uint32_t port = i915->output.port;
	uint32_t channel = i915->generation == I915_GEN8 ? PCH_AUX_CTL + DDI_STEP * (port - 1)
							 : DDI_AUX_CTL + DDI_STEP * port;

	return i915->output.display_port && i915->monitor.connected && offset == channel;
}

/* The first byte of a message is the highest of the first data register. */
static void load_message(const struct i915 *i915, uint32_t control, uint8_t *bytes)
{
	for (uint32_t i = 0; i < I915_AUX_MESSAGE_LEN; i++)
		bytes[i] = (uint8_t)(i915_get(i915, control + 4 + i / 4 * 4) >> (24 - i % 4 * 8));
}

static void store_message(struct i915 *i915, uint32_t control, const uint8_t *bytes)
{
	for (uint32_t i = 0; i < I915_AUX_MESSAGE_LEN; i += 4)
		i915_set(i915, control + 4 + i,
			 (uint32_t)bytes[i] << 24 | (uint32_t)bytes[i + 1] << 16 |
				 (uint32_t)bytes[i + 2] << 8 | bytes[i + 3]);
}

static void write_control(struct i915 *i915, uint32_t offset, uint32_t value)
{
	uint32_t status = i915_get(i915, offset) & WRITE_ONE_TO_CLEAR & ~value;
	uint32_t kept = value & ~(uint32_t)(SEND_BUSY | WRITE_ONE_TO_CLEAR);
	uint8_t request[I915_AUX_MESSAGE_LEN], reply[I915_AUX_MESSAGE_LEN] = { 0 };
	unsigned int len = value >> SIZE_SHIFT & 0x1f;

	if (value & SEND_BUSY) {
		status |= DONE;
		if (is_monitors(i915, offset) && len <= sizeof(request)) {
			load_message(i915, offset, request);
			len = i915_dp_sink_answer(i915, request, len, reply);
			store_message(i915, offset, reply);
			kept = (kept & ~(0x1fu << SIZE_SHIFT)) | len << SIZE_SHIFT;
		} else {
			i915_monitor_missed(i915);
			status |= TIMED_OUT;
		}
	}
	i915_set(i915, offset, kept | status);
}
const struct i915_behaviour i915_aux_control = { .write = write_control };
