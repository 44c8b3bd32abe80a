// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * DisplayPort AUX channels with nobody at the other end: every transfer ends at once, timed out.
 * Source: Broadwell PRM vol. 2c, DDI_AUX_CTL
 */

#include "i915-registers.h"
#include "i915.h"

enum {
	SEND_BUSY = (int)(1u << 31),
	DONE = 1u << 30,
	TIMED_OUT = 1u << 28,
	RECEIVE_ERROR = 1u << 25,
	WRITE_ONE_TO_CLEAR = DONE | TIMED_OUT | RECEIVE_ERROR,
};

static void write_control(struct i915 *i915, uint32_t offset, uint32_t value)
{
	uint32_t status = i915_get(i915, offset) & WRITE_ONE_TO_CLEAR & ~value;

	if (value & SEND_BUSY)
		status |= DONE | TIMED_OUT;
	i915_set(i915, offset, (value & ~(SEND_BUSY | WRITE_ONE_TO_CLEAR)) | status);
}
const struct i915_behaviour i915_aux_control = { .write = write_control };
