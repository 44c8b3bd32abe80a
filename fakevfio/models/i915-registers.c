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

static void write_1_clear(struct i915 *i915, uint32_t offset, uint32_t value)
{
	i915_set(i915, offset, i915_get(i915, offset) & ~value);
}
static const struct i915_behaviour status = { .write = write_1_clear };

/* A command that is done when it is given: reads as zero. */
static void write_done(struct i915 *i915, uint32_t offset, uint32_t value)
{
	i915_set(i915, offset, 0);
}
static const struct i915_behaviour self_clearing = { .write = write_done };

#define GEN8  I915_GEN8
#define GEN9  I915_GEN9
#define ALL   I915_ALL
#define PIPES I915_PIPES, PIPE_STEP
#define ONE   1, 4

/* One row for a register that each engine has, from the engine's base. */
#define ENGINES(offset, name, width, generations, reset, behaviour, source)                        \
	{ 0x02000 + (offset), "RCS_" name, width, generations, ONE, reset, behaviour, source },    \
		{ 0x12000 + (offset), "VCS0_" name, width, generations, ONE, reset,                \
		  behaviour,	      source },                                                    \
		{ 0x1a000 + (offset), "VECS_" name, width, generations, ONE, reset,                \
		  behaviour,	      source },                                                    \
		{ 0x1c000 + (offset), "VCS1_" name, width, generations, ONE, reset,                \
		  behaviour,	      source },                                                    \
	{                                                                                          \
		0x22000 + (offset), "BCS_" name, width, generations, ONE, reset, behaviour, source \
	}

#define PVINFO_SOURCE "i915_pvinfo.h"
#define BDW	      "Broadwell PRM 2c"
#define SKL	      "Skylake PRM 2c"

/* clang-format off */
const struct i915_register i915_registers[] = {
	/* offset, name, width, generations, count and step, reset value, behaviour, source */

	/* what host and guest driver agree on */
	{ PVINFO_MAGIC, "PVINFO magic", 8, ALL, ONE, 0, &read_only, PVINFO_SOURCE },
	{ PVINFO_VERSION, "PVINFO version", 4, ALL, ONE, 0, &read_only, PVINFO_SOURCE },
	{ PVINFO_ID, "PVINFO vgt_id", 4, ALL, ONE, 0, &read_only, PVINFO_SOURCE },
	{ PVINFO_CAPS, "PVINFO vgt_caps", 4, ALL, ONE, 0, &read_only, PVINFO_SOURCE },
	{ PVINFO_MAPPABLE_BASE, "PVINFO avail_rs", 4, ALL, 5, 4, 0, &read_only, PVINFO_SOURCE },

	/* engines */
	ENGINES(RING_PSMI_CTL, "PSMI_CTL", 4, ALL, 0, &i915_masked, BDW),
	ENGINES(RING_MI_MODE, "MI_MODE", 4, ALL, 0, &i915_engine_mode, BDW),
	ENGINES(RING_EIR, "EIR", 4, ALL, 0, &status, BDW),
	ENGINES(RING_INSTPM, "INSTPM", 4, ALL, 0, &i915_masked, BDW),
	ENGINES(RING_RESET_CTL, "RESET_CTL", 4, ALL, 0, &i915_engine_reset_control, BDW),
	ENGINES(RING_ELSP, "EXECLIST_SUBMITPORT", 4, ALL, 0, &i915_engine_elsp, BDW),
	ENGINES(RING_MODE, "GFX_MODE", 4, ALL, 0, &i915_masked, BDW),
	ENGINES(RING_TIMESTAMP, "TIMESTAMP", 8, ALL, 0, &i915_timestamp, BDW),
	ENGINES(RING_CONTEXT_STATUS_PTR, "CTXT_ST_PTR", 4, ALL, 0x505, &i915_masked, BDW),
	{ BCS_SWCTRL, "BCS_SWCTRL", 4, ALL, ONE, 0, &i915_masked, BDW },
	{ 0x20d4, "CSFE_CHICKEN1", 4, GEN9, ONE, 0, &i915_masked, SKL },
	{ 0x20e0, "FF_SLICE_CS_CHICKEN1", 4, GEN9, ONE, 0, &i915_masked, SKL },
	{ 0x20e4, "FF_SLICE_CS_CHICKEN2", 4, GEN9, ONE, 0, &i915_masked, SKL },
	{ 0x2580, "CS_CHICKEN1", 4, GEN9, ONE, 0, &i915_masked, SKL },
	{ 0x7000, "CACHE_MODE_0", 4, ALL, 8, 4, 0, &i915_masked, BDW },
	{ 0x7300, "HDC_CHICKEN0", 4, ALL, ONE, 0, &i915_masked, BDW },
	{ 0x7304, "HDC_CHICKEN1", 4, ALL, ONE, 0, &i915_masked, SKL },
	{ 0xe100, "SAMPLER_MODE", 4, ALL, ONE, 0, &i915_masked, BDW },
	{ 0xe180, "HALF_SLICE_CHICKEN2", 4, ALL, 3, 4, 0, &i915_masked, BDW },
	{ 0xe4f0, "ROW_CHICKEN", 4, ALL, 3, 4, 0, &i915_masked, BDW },
	{ GDRST, "GDRST", 4, ALL, ONE, 0, &i915_engine_gdrst, BDW },
	{ TLB_INVALIDATE, "RTCR..VTCR", 4, ALL, 6, 4, 0, &self_clearing, BDW },
	{ FUSE2, "FUSE2", 4, ALL, ONE, 1u << 25, &read_only, BDW }, /* one slice */
	{ CTC_MODE, "CTC_MODE", 4, GEN9, ONE, 2 << 1, &read_only, SKL }, /* timestamps at 12 MHz */
	{ GUC_STATUS, "GUC_STATUS", 4, GEN9, ONE, 1, &read_only, SKL }, /* in reset */

	/* interrupts */
	{ MASTER_IRQ, "MASTER_INTERRUPT", 4, ALL, ONE, 0, &i915_irq_master, BDW },
	{ IRQ_GT0 + IRQ_IMR, "GT_IMR", 4, ALL, 4, IRQ_STEP, UINT32_MAX, &i915_irq_enable, BDW },
	{ IRQ_GT0 + IRQ_IIR, "GT_IIR", 4, ALL, 4, IRQ_STEP, 0, &i915_irq_status, BDW },
	{ IRQ_GT0 + IRQ_IER, "GT_IER", 4, ALL, 4, IRQ_STEP, 0, &i915_irq_enable, BDW },
	{ IRQ_PIPE + IRQ_IMR, "DE_PIPE_IMR", 4, ALL, I915_PIPES, IRQ_STEP, UINT32_MAX, &i915_irq_enable, BDW },
	{ IRQ_PIPE + IRQ_IIR, "DE_PIPE_IIR", 4, ALL, I915_PIPES, IRQ_STEP, 0, &i915_irq_status, BDW },
	{ IRQ_PIPE + IRQ_IER, "DE_PIPE_IER", 4, ALL, I915_PIPES, IRQ_STEP, 0, &i915_irq_enable, BDW },
	{ IRQ_PORT + IRQ_IMR, "DE_PORT_IMR", 4, ALL, ONE, UINT32_MAX, &i915_irq_enable, BDW },
	{ IRQ_PORT + IRQ_IIR, "DE_PORT_IIR", 4, ALL, ONE, 0, &i915_irq_status, BDW },
	{ IRQ_PORT + IRQ_IER, "DE_PORT_IER", 4, ALL, ONE, 0, &i915_irq_enable, BDW },
	{ IRQ_MISC + IRQ_IMR, "DE_MISC_IMR", 4, ALL, ONE, UINT32_MAX, &i915_irq_enable, BDW },
	{ IRQ_MISC + IRQ_IIR, "DE_MISC_IIR", 4, ALL, ONE, 0, &i915_irq_status, BDW },
	{ IRQ_MISC + IRQ_IER, "DE_MISC_IER", 4, ALL, ONE, 0, &i915_irq_enable, BDW },
	{ IRQ_PCU + IRQ_IMR, "PCU_IMR", 4, ALL, ONE, UINT32_MAX, &i915_irq_enable, BDW },
	{ IRQ_PCU + IRQ_IIR, "PCU_IIR", 4, ALL, ONE, 0, &i915_irq_status, BDW },
	{ IRQ_PCU + IRQ_IER, "PCU_IER", 4, ALL, ONE, 0, &i915_irq_enable, BDW },
	{ IRQ_SOUTH + IRQ_IMR, "SDE_IMR", 4, ALL, ONE, UINT32_MAX, &i915_irq_enable, BDW },
	{ IRQ_SOUTH + IRQ_IIR, "SDE_IIR", 4, ALL, ONE, 0, &i915_irq_status, BDW },
	{ IRQ_SOUTH + IRQ_IER, "SDE_IER", 4, ALL, ONE, 0, &i915_irq_enable, BDW },
	{ EDP_PSR_IIR, "EDP_PSR_IIR", 4, ALL, ONE, 0, &status, BDW },
	{ SERR_INT, "SERR_INT", 4, ALL, ONE, 0, &status, BDW },

	/* pipes, planes, cursors */
	{ PIPEDSL, "PIPE_SCANLINE", 4, ALL, PIPES, 0, &i915_pipe_line, BDW },
	{ PIPECONF, "PIPE_CONF", 4, ALL, PIPES, 0, &i915_pipe_config, BDW },
	{ PIPE_FRMCOUNT, "PIPE_FRMCNT", 4, ALL, PIPES, 0, &i915_pipe_frames, BDW },
	{ CURBASE, "CUR_BASE", 4, ALL, PIPES, 0, &i915_cursor_base, BDW },
	{ PLANE_SURF, "PRI_SURF", 4, GEN8, PIPES, 0, &i915_plane_surface, BDW },
	{ PLANE_SURF + PLANE_STEP, "SPR_SURF", 4, GEN8, PIPES, 0, &i915_plane_surface, BDW },
	{ PLANE_SURF, "PLANE_SURF_1", 4, GEN9, PIPES, 0, &i915_plane_surface, SKL },
	{ PLANE_SURF + PLANE_STEP, "PLANE_SURF_2", 4, GEN9, PIPES, 0, &i915_plane_surface, SKL },
	{ PLANE_SURF + 2 * PLANE_STEP, "PLANE_SURF_3", 4, GEN9, PIPES, 0, &i915_plane_surface, SKL },
	{ PLANE_SURFLIVE, "PRI_SURFLIVE", 4, ALL, PIPES, 0, &read_only, BDW },

	/* power, clocks, firmware */
	{ FUSE_STATUS, "FUSE_STATUS", 4, GEN9, ONE, 0x8e000000, &read_only, SKL },
	{ DBUF_CTL, "DBUF_CTL", 4, GEN9, ONE, 0, &i915_enable_state, SKL },
	{ PWR_WELL_CTL, "PWR_WELL_CTL", 4, ALL, 4, 4, 0, &i915_power_well, BDW },
	{ LCPLL1_CTL, "LCPLL1_CTL", 4, GEN9, ONE, 0, &i915_enable_state, SKL },
	{ PORT_CLK_SEL, "PORT_CLK_SEL", 4, GEN8, 5, 4, 7u << 29, NULL, BDW }, /* none */
	{ LCPLL_CTL, "LCPLL_CTL", 4, GEN8, ONE, 0x48000000, &i915_lcpll, BDW }, /* 337.5 MHz */
	{ DPLL_CTRL2, "DPLL_CTRL2", 4, GEN9, ONE, 0x1fu << 15, NULL, SKL }, /* ports unclocked */
	{ DPLL_STATUS, "DPLL_STATUS", 4, GEN9, ONE, 0, &i915_dpll_status, SKL },
	/* two channels of 4 GiB DDR4, single rank, at 2133 MT/s */
	{ DRAM_DIMMS, "MAD_DIMM_CH0_CH1", 4, GEN9, 2, 4, 4, &read_only, SKL },
	{ DRAM_FREQUENCY, "MC_BIOS_DATA", 4, GEN9, ONE, 8, &read_only, SKL },
	{ PCODE_MAILBOX, "GTDRIVER_MAILBOX_INTERFACE", 4, ALL, ONE, 0, &i915_pcode, BDW },

	/* ports */
	{ DDI_BUF_CTL, "DDI_BUF_CTL", 4, ALL, 5, DDI_STEP, 0, &i915_ddi_buffer, BDW },
	{ DP_TP_STATUS, "DP_TP_STATUS", 4, ALL, 5, DDI_STEP, 0, &i915_transport_status, BDW },
	{ DDI_AUX_CTL, "DDI_AUX_CTL", 4, ALL, 4, DDI_STEP, 0, &i915_aux_control, BDW },
	{ PCH_AUX_CTL, "PCH_AUX_CTL", 4, GEN8, 3, DDI_STEP, 0, &i915_aux_control, BDW },

	/* south display */
	{ SFUSE_STRAP, "SFUSE_STRAP", 4, ALL, ONE, 0, &i915_output_straps, BDW },
	{ IRQ_SOUTH, "SDE_ISR", 4, ALL, ONE, 0, &i915_output_live_state, BDW },
	{ SHOTPLUG_CTL, "SHOTPLUG_CTL", 4, ALL, ONE, 0, &i915_hotplug_control, BDW },
	{ SHOTPLUG_CTL2, "SHOTPLUG_CTL2", 4, GEN9, ONE, 0, &i915_hotplug_control, SKL },
	{ GPIO_CTL, "GPIO_CTL", 4, ALL, 6, 4, 0x1010, &i915_gmbus_wires, BDW },
	{ GMBUS1, "GMBUS1", 4, ALL, ONE, 0, &i915_gmbus_command, BDW },
	{ GMBUS2, "GMBUS2", 4, ALL, ONE, 0, &i915_gmbus_status, BDW },
	{ GMBUS3, "GMBUS3", 4, ALL, ONE, 0, &i915_gmbus_data, BDW },
	{ SBI_CTL_STAT, "SBI_CTL_STAT", 4, ALL, ONE, 0, &i915_sideband, BDW },
	{ RAWCLK_FREQ, "RAWCLK_FREQ", 4, ALL, ONE, 24, NULL, BDW }, /* MHz */
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

bool i915_register_read_matters(const struct i915 *i915, uint32_t offset)
{
	const struct i915_behaviour *behaviour = find_behaviour(i915, offset);

	return behaviour && behaviour->read_matters;
}

void i915_register_write(struct i915 *i915, uint32_t offset, uint32_t value)
{
	const struct i915_behaviour *behaviour = find_behaviour(i915, offset);

	if (behaviour && behaviour->write)
		behaviour->write(i915, offset, value);
	else
		i915_set(i915, offset, value);
}

bool i915_register_store(struct i915 *i915, uint32_t offset, uint32_t value)
{
	const struct i915_behaviour *behaviour = find_behaviour(i915, offset);

	if (behaviour && behaviour->write && behaviour != &i915_masked)
		return false;
	i915_register_write(i915, offset, value);
	return true;
}
