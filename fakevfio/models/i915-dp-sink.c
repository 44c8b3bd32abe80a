// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A DisplayPort monitor at the end of an AUX channel: its configuration registers (DPCD), link
 * training that succeeds at the first try, and its EDID over I2C.
 * Source: drm_dp.h (names and bits of DPCD), drm_dp_helper.c (messages)
 */

#include <string.h>

#include "i915.h"

enum {
	/* requests, bits 7:4 of the first byte; bit 2 of an I2C request: more follows */
	I2C_WRITE = 0x0,
	I2C_READ = 0x1,
	I2C_STATUS = 0x2,
	I2C_MORE = 0x4,
	NATIVE_WRITE = 0x8,
	NATIVE_READ = 0x9,
	/* replies, there too */
	ACK = 0x0,
	NATIVE_NACK = 0x1,
	I2C_NACK = 0x4,

	SLAVE_EDID = 0x50,
	HEADER_LEN = 4, /* request and address, address, address, length - 1 */
	DATA_MAX = 16,

	DPCD_REV = 0x000,
	DPCD_LINK_BW_SET = 0x100,
	DPCD_TRAINING_PATTERN_SET = 0x102,
	DPCD_SINK_COUNT = 0x200,
	DPCD_LANE0_1_STATUS = 0x202,
	DPCD_LANE2_3_STATUS = 0x203,
	DPCD_LANE_ALIGN_STATUS = 0x204,
	DPCD_SINK_STATUS = 0x205,
	DPCD_SET_POWER = 0x600,
};

/* Revision 1.2, up to 5.4 Gbit/s on four lanes with enhanced framing, 8b/10b. */
static const uint8_t capabilities[] = {
	0x12, 0x14, 0x84, 0x00, 0x00, 0x00, 0x01, 0x00,
};

void i915_dp_sink_reset(struct i915 *i915)
{
	memset(&i915->sink, 0, sizeof(i915->sink));
	memcpy(i915->sink.dpcd + DPCD_REV, capabilities, sizeof(capabilities));
	i915->sink.dpcd[DPCD_SINK_COUNT] = 1;
	i915->sink.dpcd[DPCD_SET_POWER] = 1;
}

/* The clock is recovered with the first pattern; with the second all is well, and stays so. */
static void train(struct i915_dp_sink *sink, uint8_t pattern)
{
	uint8_t lanes = 0, aligned = 0;

	switch (pattern & 3) {
	case 0:
		return;
	case 1:
		lanes = 0x11; /* clock recovered, of two lanes */
		aligned = 0x80; /* the status has changed */
		break;
	case 2:
	case 3:
		lanes = 0x77; /* and equalised, and symbols locked */
		aligned = 0x81; /* and lanes aligned */
		break;
	}
	sink->dpcd[DPCD_LANE0_1_STATUS] = sink->dpcd[DPCD_LANE2_3_STATUS] = lanes;
	sink->dpcd[DPCD_LANE_ALIGN_STATUS] = aligned;
	sink->dpcd[DPCD_SINK_STATUS] = pattern & 2 ? 1 : 0;
}

/* Capabilities and status are the monitor's own. */
static void write_dpcd(struct i915_dp_sink *sink, uint32_t address, uint8_t value)
{
	if (address >= sizeof(sink->dpcd) || address < DPCD_LINK_BW_SET ||
	    (address >= DPCD_SINK_COUNT && address < 0x300 && address != 0x201))
		return;
	sink->dpcd[address] = value;
	if (address == DPCD_TRAINING_PATTERN_SET)
		train(sink, value);
}

static unsigned int answer_native(struct i915_dp_sink *sink, const uint8_t *request, size_t count,
				  uint8_t *reply)
{
	uint32_t address =
		(uint32_t)(request[0] & 15) << 16 | (uint32_t)request[1] << 8 | request[2];
	bool read = request[0] >> 4 == NATIVE_READ;

	for (size_t i = 0; i < count; i++) {
		if (!read)
			write_dpcd(sink, address + (uint32_t)i, request[HEADER_LEN + i]);
		else if (address + i < sizeof(sink->dpcd))
			reply[1 + i] = sink->dpcd[address + i];
	}
	reply[0] = ACK << 4;
	return read ? 1 + (unsigned int)count : 1;
}

/* Writing sets where reading goes on; other slaves are not there. */
static unsigned int answer_i2c(struct i915 *i915, const uint8_t *request, size_t count,
			       uint8_t *reply)
{
	struct i915_dp_sink *sink = &i915->sink;
	unsigned int command = request[0] >> 4 & ~I2C_MORE;

	if (request[2] != SLAVE_EDID) {
		reply[0] = I2C_NACK << 4;
		return 1;
	}
	reply[0] = ACK << 4;
	if (command != I2C_READ) {
		if (command == I2C_WRITE && count > 0)
			sink->edid_offset = request[HEADER_LEN] & (I915_EDID_LEN - 1);
		return 1;
	}
	for (size_t i = 0; i < count; i++) {
		reply[1 + i] = i915->monitor.edid[sink->edid_offset];
		sink->edid_offset = (sink->edid_offset + 1) & (I915_EDID_LEN - 1);
	}
	return 1 + (unsigned int)count;
}

unsigned int i915_dp_sink_answer(struct i915 *i915, const uint8_t *request, unsigned int len,
				 uint8_t *reply)
{
	unsigned int command = request[0] >> 4;
	bool read = command == NATIVE_READ || (command & ~I2C_MORE) == I2C_READ;
	/* three bytes: an address without data, which starts or stops an I2C transfer */
	size_t count = len < HEADER_LEN ? 0 : (request[3] & 15u) + 1;

	if (len < 3 || command > NATIVE_READ || (!read && HEADER_LEN + count > len && count)) {
		reply[0] = NATIVE_NACK << 4;
		return 1;
	}
	if (command == NATIVE_WRITE || command == NATIVE_READ)
		return answer_native(&i915->sink, request, count, reply);
	return answer_i2c(i915, request, count, reply);
}
