// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Handshakes of clocks, power and firmware: each is done the moment it is asked for.
 */

#include "i915-registers.h"
#include "i915.h"

#define BUSY (1u << 31)

/*
 * Power wells: four requesters (BIOS, driver, KVMR, debug) own the odd bits of their register; the
 * even bit below shows the well's state, the same in all four.
 * Source: Broadwell PRM vol. 2c, PWR_WELL_CTL; Skylake PRM vol. 2c
 */
static uint32_t read_power_well(struct i915 *i915, uint32_t offset)
{
	uint32_t requests = 0;

	for (uint32_t at = PWR_WELL_CTL; at < PWR_WELL_CTL + 16; at += 4)
		requests |= i915_get(i915, at) & 0xaaaaaaaa;
	return (i915_get(i915, offset) & 0xaaaaaaaa) | requests >> 1;
}
const struct i915_behaviour i915_power_well = { .read = read_power_well };

/* Broadwell: locked unless disabled; the switch to FCLK and back is done at once. */
static uint32_t read_lcpll(struct i915 *i915, uint32_t offset)
{
	uint32_t value = i915_get(i915, offset) & ~(1u << 30 | 1u << 19);

	return value | (value & 1u << 31 ? 0 : 1u << 30) | (value & 1u << 21 ? 1u << 19 : 0);
}
const struct i915_behaviour i915_lcpll = { .read = read_lcpll };

/* Enable in bit 31, its effect in bit 30: LCPLL1_CTL and DBUF_CTL of gen9. */
static uint32_t read_enabled(struct i915 *i915, uint32_t offset)
{
	uint32_t value = i915_get(i915, offset) & ~(1u << 30);

	return value | (value & 1u << 31) >> 1;
}
const struct i915_behaviour i915_enable_state = { .read = read_enabled };

/* Source: Skylake PRM vol. 2c, DPLL_STATUS: a lock bit per byte */
static uint32_t read_dpll_status(struct i915 *i915, uint32_t offset)
{
	static const uint32_t controls[] = { LCPLL1_CTL, LCPLL2_CTL, WRPLL_CTL1, WRPLL_CTL2 };
	uint32_t value = 0;

	for (unsigned int i = 0; i < 4; i++) {
		if (i915_get(i915, controls[i]) & 1u << 31)
			value |= 1u << 8 * i;
	}
	return value;
}
const struct i915_behaviour i915_dpll_status = { .read = read_dpll_status };

/* A port that is off is idle (bit 7). */
static uint32_t read_ddi_buffer(struct i915 *i915, uint32_t offset)
{
	uint32_t value = i915_get(i915, offset) & ~(1u << 7);

	return value | (value & 1u << 31 ? 0 : 1u << 7);
}
const struct i915_behaviour i915_ddi_buffer = { .read = read_ddi_buffer };

/* Idle patterns have been sent. Source: Broadwell PRM vol. 2c, DP_TP_STATUS bit 25 */
static uint32_t read_transport_status(struct i915 *i915, uint32_t offset)
{
	return i915_get(i915, offset) | 1u << 25;
}
const struct i915_behaviour i915_transport_status = { .read = read_transport_status };

/*
 * The mailbox to the power control unit. Data for the commands whose answer the driver uses;
 * all others succeed with the data unchanged. Source: i915_reg.h, GEN6_PCODE_*
 */
static void write_pcode(struct i915 *i915, uint32_t offset, uint32_t value)
{
	enum { GEN9_READ_MEM_LATENCY = 0x06, SKL_CDCLK_CONTROL = 0x07, GEN9_SAGV_CONTROL = 0x21 };
	bool second = i915_get(i915, PCODE_DATA) & 1;

	if (!(value & BUSY)) {
		i915_set(i915, offset, value);
		return;
	}
	if (i915->generation == I915_GEN9) {
		switch (value & 0xff) {
		case GEN9_READ_MEM_LATENCY: /* in us, a byte per watermark level */
			i915_set(i915, PCODE_DATA, second ? 0x61514b3d : 0x1e1a1100);
			break;
		case SKL_CDCLK_CONTROL: /* ready for a change */
		case GEN9_SAGV_CONTROL: /* done */
			i915_set(i915, PCODE_DATA, 1);
			break;
		}
	}
	i915_set(i915, offset, value & ~(BUSY | 0xff)); /* error code 0 */
}
const struct i915_behaviour i915_pcode = { .write = write_pcode };

/* The sideband to the south display's clocks: not busy, success (bits 2:1 zero). */
static void write_sideband(struct i915 *i915, uint32_t offset, uint32_t value)
{
	i915_set(i915, offset, value & ~7u);
}
const struct i915_behaviour i915_sideband = { .write = write_sideband };

/* 80 ns a tick on Broadwell (12.5 MHz), 12 MHz on gen9. Source: PRM vol. 2c, TIMESTAMP */
static uint64_t timestamp(const struct i915 *i915)
{
	uint64_t now = i915->dev->now_ns;

	return i915->generation == I915_GEN8 ? now / 80 : now / 1000 * 12 + now % 1000 * 12 / 1000;
}

static uint32_t read_timestamp(struct i915 *i915, uint32_t offset)
{
	return (uint32_t)(timestamp(i915) >> (offset % 8 == 4 ? 32 : 0));
}

static void ignore(struct i915 *i915, uint32_t offset, uint32_t value)
{
}
const struct i915_behaviour i915_timestamp = { read_timestamp, ignore };
