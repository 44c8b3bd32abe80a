// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What guests asked the engines to do that is not emulated: counted by engine and command, so that
 * somebody whose picture is empty can see why.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <vgpulab/cleanup.h>

#include "i915-gpu.h"
#include "i915.h"

/* The bits of a header that say which command it is. Source: PRM vol. 2a, command header formats */
static uint16_t opcode(uint32_t header)
{
	switch (header >> 29) {
	case 0: /* memory interface: 28:23 */
		return (uint16_t)(header >> 16 & 0xff80);
	case 2: /* blitter: 28:22 */
		return (uint16_t)(header >> 16 & 0xffc0);
	}
	return (uint16_t)(header >> 16); /* pipelines: type, opcode, sub-opcode */
}

/* clang-format off */
/* Source: Broadwell PRM vol. 2a; Skylake PRM vol. 2a */
static const struct {
	uint16_t opcode;
	const char *name;
} names[] = {
	{ 0x0180, "MI_WAIT_FOR_EVENT" },	{ 0x0380, "MI_REPORT_HEAD" },
	{ 0x0600, "MI_PREDICATE" },		{ 0x0680, "MI_TOPOLOGY_FILTER" },
	{ 0x0900, "MI_LOAD_SCAN_LINES_INCL" },	{ 0x0980, "MI_LOAD_SCAN_LINES_EXCL" },
	{ 0x0a00, "MI_DISPLAY_FLIP" },		{ 0x0c00, "MI_SET_CONTEXT" },
	{ 0x0d00, "MI_MATH" },			{ 0x1080, "MI_STORE_DATA_INDEX" },
	{ 0x1180, "MI_UPDATE_GTT" },		{ 0x1380, "MI_CLFLUSH" },
	{ 0x1400, "MI_REPORT_PERF_COUNT" },	{ 0x4040, "XY_SETUP_BLT" },
	{ 0x5500, "XY_MONO_SRC_COPY_BLT" },	{ 0x4980, "XY_TEXT_BLT" },
	{ 0x5540, "XY_FULL_BLT" },		{ 0x6101, "STATE_BASE_ADDRESS" },
	{ 0x6102, "STATE_SIP" },		{ 0x6904, "PIPELINE_SELECT" },
	{ 0x7000, "MEDIA_VFE_STATE" },		{ 0x7001, "MEDIA_CURBE_LOAD" },
	{ 0x7002, "MEDIA_INTERFACE_DESCRIPTOR_LOAD" }, { 0x7004, "MEDIA_STATE_FLUSH" },
	{ 0x7100, "MEDIA_OBJECT" },		{ 0x7103, "MEDIA_OBJECT_WALKER" },
	{ 0x7105, "GPGPU_WALKER" },		{ 0x7805, "3DSTATE_DEPTH_BUFFER" },
	{ 0x7808, "3DSTATE_VERTEX_BUFFERS" },	{ 0x7809, "3DSTATE_VERTEX_ELEMENTS" },
	{ 0x7810, "3DSTATE_VS" },		{ 0x7811, "3DSTATE_GS" },
	{ 0x7814, "3DSTATE_WM" },		{ 0x7820, "3DSTATE_PS" },
	{ 0x7900, "3DSTATE_DRAWING_RECTANGLE" }, { 0x7b00, "3DPRIMITIVE" },
};
/* clang-format on */

void i915_skipped_count(struct i915_engine *engine, uint32_t header)
{
	struct i915_skipped_command *rows = engine->skipped;
	uint16_t code = opcode(header);
	size_t i = 0;

	engine->i915->counters.commands_skipped++;
	while (i < I915_SKIPPED_MAX - 1 && rows[i].count && rows[i].opcode != code)
		i++;
	/* the last row stands for all that found no place */
	rows[i].opcode = code;
	rows[i].count++;
}

static const char *find_name(uint16_t code)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(names); i++) {
		if (names[i].opcode == code)
			return names[i].name;
	}
	switch (code >> 13) {
	case 0:
		return "memory interface command";
	case 2:
		return "blitter command";
	case 3:
		return (code >> 11 & 3) == 2 ? "media command" : "3D command";
	}
	return "unknown command";
}

struct entry {
	const struct i915_engine *engine;
	const struct i915_skipped_command *row;
};

static int more_frequent(const void *a, const void *b)
{
	uint64_t x = ((const struct entry *)a)->row->count;
	uint64_t y = ((const struct entry *)b)->row->count;

	return x < y ? 1 : x > y ? -1 : 0;
}

void i915_skipped_report(const struct i915 *i915, void (*line)(void *data, const char *text),
			 void *data)
{
	struct entry entries[I915_ENGINES * I915_SKIPPED_MAX];
	size_t len = 0;

	for (size_t i = 0; i < I915_ENGINES; i++) {
		const struct i915_engine *engine = &i915->engines[i];

		for (size_t j = 0; j < I915_SKIPPED_MAX && engine->skipped[j].count; j++)
			entries[len++] = (struct entry){ engine, &engine->skipped[j] };
	}
	qsort(entries, len, sizeof(entries[0]), more_frequent);
	for (size_t i = 0; i < len; i++) {
		const struct i915_skipped_command *row = entries[i].row;
		char text[96];

		if (row == &entries[i].engine->skipped[I915_SKIPPED_MAX - 1])
			snprintf(text, sizeof(text), "%s %" PRIu64 " other commands",
				 entries[i].engine->info->name, row->count);
		else
			snprintf(text, sizeof(text), "%s %" PRIu64 " %s (%04x)",
				 entries[i].engine->info->name, row->count, find_name(row->opcode),
				 row->opcode);
		line(data, text);
	}
}
