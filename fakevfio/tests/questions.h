/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The questions of a prober that asked a real kernel, each asked of the machine and its answer
 * compared, field by field. What differs ends the running cmocka test.
 */

#include "mock-front-end.h"
#include "recording.h"

#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define RECORDED_UUID "e1000000-0000-4000-8000-000000000001"

/** The conversation so far. */
struct replay {
	struct mock *mock;
	struct mock_client *client;
	unsigned int group_number;
	int container, group, device, second_device;
	json_object *line; /* the question and its answer, as recorded */
	const char *id; /* without the type's name */
	int caps_seen;
};

/** By id; a trailing %d of the pattern is given to the handler. */
struct question {
	const char *pattern;
	void (*ask)(struct replay *replay, int arg);
	int arg;
};

extern const struct question group_questions[], device_questions[], display_questions[];
extern const size_t group_questions_len, device_questions_len, display_questions_len;

/** Fields of the recorded answer. */
static inline int64_t number(const struct replay *replay, const char *key)
{
	return recorded_number(replay->line, key);
}

static inline const char *text(const struct replay *replay, const char *key)
{
	return recorded_text(replay->line, key);
}

static inline void expect_result(const struct replay *replay, int64_t result)
{
	assert_int_equal(result, recorded_result(replay->line));
}

/** The prober wrote 0 where it got a descriptor. */
static inline void expect_descriptor(const struct replay *replay, int64_t result)
{
	expect_result(replay, result > 0 ? 0 : result);
}

static inline void expect_hex(const char *hex, const uint8_t *bytes)
{
	uint8_t recorded[256];
	size_t len = recorded_bytes(hex, recorded, sizeof(recorded));

	assert_memory_equal(bytes, recorded, len);
}

/** GET_REGION_INFO with such an argsz; what follows the struct goes to @caps, of 256 bytes. */
struct vfio_region_info region_info_of(struct replay *replay, uint32_t index, uint32_t argsz,
				       uint8_t *caps, int64_t *result);
