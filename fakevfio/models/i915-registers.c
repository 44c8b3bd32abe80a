// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The registers that are more than memory. All others of the 2 MiB file keep what was written.
 */

#include "i915-registers.h"

#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915.h"

static void write_nothing(struct i915 *i915, uint32_t offset, uint32_t value)
{
}
static const struct i915_behaviour read_only = { .write = write_nothing };

#define PIPES I915_PIPES, PIPE_STEP

/* clang-format off */
const struct i915_register i915_registers[] = {
	{ PVINFO_MAGIC, "PVINFO magic", 8, I915_ALL, 1, 8, 0, &read_only, "i915_pvinfo.h" },
	{ PVINFO_VERSION, "PVINFO version", 4, I915_ALL, 1, 4, 0, &read_only, "i915_pvinfo.h" },
	{ PVINFO_ID, "PVINFO vgt_id", 4, I915_ALL, 1, 4, 0, &read_only, "i915_pvinfo.h" },
	{ PVINFO_CAPS, "PVINFO vgt_caps", 4, I915_ALL, 1, 4, 0, &read_only, "i915_pvinfo.h" },
	{ PVINFO_MAPPABLE_BASE, "PVINFO avail_rs", 4, I915_ALL, 5, 4, 0, &read_only, "i915_pvinfo.h" },
	{ CURBASE, "CUR_BASE", 4, I915_ALL, PIPES, 0, &i915_cursor_base, "BDW PRM 2c" },
	{ PLANE_SURF, "PRI_SURF", 4, I915_GEN8, PIPES, 0, &i915_plane_surface, "BDW PRM 2c" },
	{ PLANE_SURF + PLANE_STEP, "SPR_SURF", 4, I915_GEN8, PIPES, 0, &i915_plane_surface, "BDW PRM 2c" },
	{ PLANE_SURF, "PLANE_SURF_1", 4, I915_GEN9, PIPES, 0, &i915_plane_surface, "SKL PRM 2c" },
	{ PLANE_SURF + PLANE_STEP, "PLANE_SURF_2", 4, I915_GEN9, PIPES, 0, &i915_plane_surface, "SKL PRM 2c" },
	{ PLANE_SURF + 2 * PLANE_STEP, "PLANE_SURF_3", 4, I915_GEN9, PIPES, 0, &i915_plane_surface, "SKL PRM 2c" },
	{ PLANE_SURFLIVE, "PRI_SURFLIVE", 4, I915_ALL, PIPES, 0, &read_only, "BDW PRM 2c" },
};
/* clang-format on */
const size_t i915_registers_len = VGPU_ARRAY_LEN(i915_registers);

void i915_registers_init(struct i915 *i915)
{
	for (size_t i = 0; i < i915_registers_len; i++) {
		const struct i915_register *row = &i915_registers[i];

		if (!(row->generations & i915->generation))
			continue;
		for (uint32_t n = 0; n < row->count; n++) {
			for (uint32_t part = 0; part < row->width; part += 4)
				i915->rows[(row->offset + n * row->step + part) / 4] =
					(uint16_t)(i + 1);
		}
	}
}

void i915_registers_reset(struct i915 *i915)
{
	memset(i915->registers, 0, sizeof(i915->registers));
	for (size_t i = 0; i < i915_registers_len; i++) {
		const struct i915_register *row = &i915_registers[i];

		if (!(row->generations & i915->generation))
			continue;
		for (uint32_t n = 0; n < row->count; n++)
			i915_set(i915, row->offset + n * row->step, row->reset);
	}
}

static const struct i915_behaviour *find_behaviour(const struct i915 *i915, uint32_t offset)
{
	uint16_t row = i915->rows[offset / 4];

	return row ? i915_registers[row - 1].behaviour : NULL;
}

uint32_t i915_register_read(struct i915 *i915, uint32_t offset)
{
	const struct i915_behaviour *behaviour = find_behaviour(i915, offset);

	return behaviour && behaviour->read ? behaviour->read(i915, offset)
					    : i915_get(i915, offset);
}

void i915_register_write(struct i915 *i915, uint32_t offset, uint32_t value)
{
	const struct i915_behaviour *behaviour = find_behaviour(i915, offset);

	if (behaviour && behaviour->write)
		behaviour->write(i915, offset, value);
	else
		i915_set(i915, offset, value);
}
