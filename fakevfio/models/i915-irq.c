// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Interrupts: blocks of {ISR, IMR, IIR, IER}, the master register above them, and one MSI.
 *
 * An event sets its bit in IIR unless IMR masks it. The master's level is the OR of all blocks'
 * IIR & IER, gated by its bit 31; a message goes out whenever that level rises.
 * Source: Broadwell PRM vol. 2c, MASTER_INTERRUPT; i915_irq.c, gen8_irq_handler()
 */

#include <linux/vfio.h>
#include <vgpulab/cleanup.h>

#include "i915-registers.h"
#include "i915.h"

#define MASTER_ENABLE (1u << 31)

/* Which bits of the master stand for a block: its lower and its upper half. */
static const struct {
	uint32_t base, low, high;
} blocks[] = {
	{ IRQ_GT0, 1u << 0, 1u << 1 },
	{ IRQ_GT1, 1u << 2, 1u << 3 },
	{ IRQ_GT2, 1u << 4, 1u << 5 },
	{ IRQ_GT3, 1u << 6, 1u << 6 },
	{ IRQ_PIPE, 1u << 16, 1u << 16 },
	{ IRQ_PIPE + IRQ_STEP, 1u << 17, 1u << 17 },
	{ IRQ_PIPE + 2 * IRQ_STEP, 1u << 18, 1u << 18 },
	{ IRQ_PORT, 1u << 20, 1u << 20 },
	{ IRQ_MISC, 1u << 22, 1u << 22 },
	{ IRQ_SOUTH, 1u << 23, 1u << 23 },
	{ IRQ_PCU, 1u << 30, 1u << 30 },
};

static uint32_t summary(const struct i915 *i915)
{
	uint32_t master = 0;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(blocks); i++) {
		uint32_t pending = i915_get(i915, blocks[i].base + IRQ_IIR) &
				   i915_get(i915, blocks[i].base + IRQ_IER);

		master |= (pending & 0xffff ? blocks[i].low : 0) |
			  (pending >> 16 ? blocks[i].high : 0);
	}
	return master;
}

static void update(struct i915 *i915)
{
	bool level = i915_get(i915, MASTER_IRQ) & MASTER_ENABLE && summary(i915);

	if (level && !i915->irq_level)
		fv_device_signal(i915->dev, VFIO_PCI_MSI_IRQ_INDEX, 0);
	i915->irq_level = level;
}

void i915_irq_raise(struct i915 *i915, uint32_t block, uint32_t bits)
{
	bits &= ~i915_get(i915, block + IRQ_IMR);
	if (!bits)
		return;
	i915_set(i915, block + IRQ_IIR, i915_get(i915, block + IRQ_IIR) | bits);
	update(i915);
}

bool i915_irq_wanted(const struct i915 *i915, uint32_t block, uint32_t bits)
{
	return bits & i915_get(i915, block + IRQ_IER) & ~i915_get(i915, block + IRQ_IMR);
}

static uint32_t read_master(struct i915 *i915, uint32_t offset)
{
	return (i915_get(i915, offset) & MASTER_ENABLE) | summary(i915);
}

static void write_master(struct i915 *i915, uint32_t offset, uint32_t value)
{
	i915_set(i915, offset, value & MASTER_ENABLE);
	update(i915);
}
const struct i915_behaviour i915_irq_master = { read_master, write_master };

static void write_status(struct i915 *i915, uint32_t offset, uint32_t value)
{
	i915_set(i915, offset, i915_get(i915, offset) & ~value);
	update(i915);
}
const struct i915_behaviour i915_irq_status = { .write = write_status };

/* IMR and IER decide what is worth waking up for. */
static void write_enable(struct i915 *i915, uint32_t offset, uint32_t value)
{
	i915_set(i915, offset, value);
	update(i915);
	i915_deadline_update(i915);
}
const struct i915_behaviour i915_irq_enable = { .write = write_enable };
