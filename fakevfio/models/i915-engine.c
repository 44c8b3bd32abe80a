// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Engines: execution lists in, context status out.
 *
 * A list of two contexts is submitted by four writes to ELSP. The engine runs a context's ring from
 * head to tail and reports what became of it in the status buffer of its status page. A command
 * stream that waits or does not end is left after a turn and taken up again later, so nothing a
 * guest submits can keep the model busy.
 * Source: Broadwell PRM vol. 6, Execution List; intel_execlists_submission.c, process_csb()
 */

#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-gpu.h"
#include "i915-registers.h"
#include "i915.h"

enum {
	/* descriptor, low word */
	DESCRIPTOR_VALID = 1 << 0,
	ADDRESSING_64_BIT = 3, /* bits 4:3 */

	/* context status. Source: intel_execlists_submission.c, GEN8_CTX_STATUS_* */
	STATUS_IDLE_ACTIVE = 1 << 0,
	STATUS_PREEMPTED = 1 << 1,
	STATUS_ELEMENT_SWITCH = 1 << 2,
	STATUS_ACTIVE_IDLE = 1 << 3,
	STATUS_COMPLETE = 1 << 4,
	STATUS_LITE_RESTORE = 1 << 15,
	STATUS_ENTRIES = 6,
	STATUS_BUFFER = 0x40, /* in the status page */
	STATUS_WRITE_INDEX = 0x7c,

	/* words of the register state in page 1 of a context image. Source: intel_lrc_reg.h */
	IMAGE_RING_HEAD = 5,
	IMAGE_RING_TAIL = 7,
	IMAGE_RING_START = 9,
	IMAGE_RING_CONTROL = 11,
	IMAGE_ROOT_3_HIGH = 37,
	IMAGE_WORDS = 64,

	FIRST_NAP_NS = 200000,
	LONGEST_NAP_NS = 20000000,
};

static const struct i915_engine_info infos[I915_ENGINES] = {
	{ "rcs0", 0x02000, IRQ_GT0, 0, GDRST_RENDER, true, false },
	{ "bcs0", 0x22000, IRQ_GT0, 16, GDRST_BLITTER, false, false },
	{ "vcs0", 0x12000, IRQ_GT1, 0, GDRST_MEDIA, false, true },
	{ "vcs1", 0x1c000, IRQ_GT1, 16, GDRST_MEDIA2, false, true },
	{ "vecs0", 0x1a000, IRQ_GT3, 0, GDRST_VIDEO_ENHANCE, false, false },
};

void i915_engines_init(struct i915 *i915)
{
	for (size_t i = 0; i < I915_ENGINES; i++) {
		i915->engines[i].info = &infos[i];
		i915->engines[i].i915 = i915;
	}
}

/* No context is active. Source: Broadwell PRM vol. 2c, EXECLIST_STATUS */
static void forget_context(struct i915_engine *engine)
{
	i915_set(engine->i915, engine->info->base + RING_EXECLIST_STATUS, 0);
	i915_set(engine->i915, engine->info->base + RING_EXECLIST_STATUS + 4, 0);
}

static void engine_reset(struct i915_engine *engine)
{
	engine->elsp_len = 0;
	engine->busy = false;
	engine->wake_ns = 0;
	engine->turns = 0;
	engine->blit_rows = 0;
	memset(engine->ports, 0, sizeof(engine->ports));
	forget_context(engine);
}

void i915_engines_reset(struct i915 *i915)
{
	for (size_t i = 0; i < I915_ENGINES; i++)
		engine_reset(&i915->engines[i]);
}

static struct i915_engine *engine_of(struct i915 *i915, uint32_t offset)
{
	for (size_t i = 0; i < I915_ENGINES; i++) {
		if (infos[i].base == (offset & ~0xfffu))
			return &i915->engines[i];
	}
	return NULL;
}

void i915_engine_interrupt(struct i915_engine *engine, uint32_t bits)
{
	const struct i915_engine_info *info = engine->info;
	uint32_t shifted = bits << info->interrupts_shift;

	shifted &= ~i915_get(engine->i915, info->base + RING_IMR);
	i915_irq_raise(engine->i915, info->interrupts, shifted);
}

/* Adds an entry to the status buffer: the entry first, then the index that makes it known. */
static void push_status(struct i915_engine *engine, uint32_t status, uint32_t tag)
{
	struct i915 *i915 = engine->i915;
	uint32_t base = engine->info->base;
	uint64_t page = i915_get(i915, base + RING_HWS_PGA) & ~0xfffu;
	uint32_t pointers = i915_get(i915, base + RING_CONTEXT_STATUS_PTR);
	uint32_t index = ((pointers & 7) + 1) % STATUS_ENTRIES;
	uint32_t entry[2] = { status, tag };

	i915_memory_write(engine, I915_SPACE_GGTT, page + STATUS_BUFFER + 8 * index, entry,
			  sizeof(entry));
	i915_memory_write(engine, I915_SPACE_GGTT, page + STATUS_WRITE_INDEX, &index,
			  sizeof(index));
	i915_set(i915, base + RING_CONTEXT_STATUS_BUF + 8 * index, status);
	i915_set(i915, base + RING_CONTEXT_STATUS_BUF + 8 * index + 4, tag);
	i915_set(i915, base + RING_CONTEXT_STATUS_PTR, (pointers & ~7u) | index);
}

/* Reads the context image of port 0. A tail outside the ring leaves nothing to do. */
static void load_context(struct i915_engine *engine)
{
	struct i915_context *context = &engine->context;
	uint32_t descriptor = engine->ports[0].descriptor;
	uint32_t words[IMAGE_WORDS];

	memset(context, 0, sizeof(*context));
	engine->blit_rows = 0;
	i915_memory_flush(engine);
	context->image = descriptor & ~0xfffu;
	i915_memory_read(engine, I915_SPACE_GGTT, context->image + I915_PAGE_LEN, words,
			 sizeof(words));
	context->four_levels = (descriptor >> 3 & 3) == ADDRESSING_64_BIT;
	for (unsigned int i = 0; i < 4; i++) {
		const uint32_t *root = &words[IMAGE_ROOT_3_HIGH + 4 * (3 - i)];

		context->roots[i] = (uint64_t)root[0] << 32 | root[2];
	}
	context->ring_start = words[IMAGE_RING_START] & ~0xfffu;
	context->ring_len = (words[IMAGE_RING_CONTROL] & 0x1ff000) + I915_PAGE_LEN;
	context->head = (words[IMAGE_RING_HEAD] & 0x1ffffc) % context->ring_len;
	context->tail = (words[IMAGE_RING_TAIL] & 0x1ffff8) % context->ring_len;
	i915_set(engine->i915, engine->info->base + RING_EXECLIST_STATUS, descriptor);
	i915_set(engine->i915, engine->info->base + RING_EXECLIST_STATUS + 4,
		 engine->ports[0].tag); /* by this a driver finds who hangs */
	i915_set(engine->i915, engine->info->base + RING_START, context->ring_start);
	i915_set(engine->i915, engine->info->base + RING_TAIL, context->tail);
}

/* A context that is running was submitted again with a new tail. */
static void reload_tail(struct i915_engine *engine)
{
	struct i915_context *context = &engine->context;
	uint32_t tail;

	i915_memory_read(engine, I915_SPACE_GGTT,
			 context->image + I915_PAGE_LEN + 4 * IMAGE_RING_TAIL, &tail, sizeof(tail));
	context->tail = (tail & 0x1ffff8) % context->ring_len;
	i915_set(engine->i915, engine->info->base + RING_TAIL, context->tail);
}

static void save_head(struct i915_engine *engine)
{
	const struct i915_context *context = &engine->context;

	i915_memory_write(engine, I915_SPACE_GGTT,
			  context->image + I915_PAGE_LEN + 4 * IMAGE_RING_HEAD, &context->head,
			  sizeof(context->head));
	i915_set(engine->i915, engine->info->base + RING_HEAD, context->head);
}

/* Runs what is in the ports until they are empty or the turn is over. */
static void take_turn(struct i915_engine *engine)
{
	engine->commands_left = I915_TURN_COMMANDS;
	engine->bytes_left = I915_TURN_BYTES;
	i915_memory_flush(engine);
	while (i915_commands_run(engine)) {
		struct i915_port done = engine->ports[0];
		bool more = engine->ports[1].descriptor & DESCRIPTOR_VALID;

		save_head(engine);
		engine->turns = 0;
		engine->ports[0] = engine->ports[1];
		memset(&engine->ports[1], 0, sizeof(engine->ports[1]));
		push_status(engine,
			    STATUS_COMPLETE | (more ? STATUS_ELEMENT_SWITCH : STATUS_ACTIVE_IDLE),
			    done.tag);
		i915_engine_interrupt(engine, I915_ENGINE_CONTEXT_SWITCH);
		if (!more) {
			engine->busy = false;
			engine->wake_ns = 0;
			forget_context(engine);
			return;
		}
		load_context(engine);
	}
	/* the longer a stream goes on, the less often it is looked at */
	uint64_t nap = (uint64_t)FIRST_NAP_NS << (engine->turns < 8 ? engine->turns : 8);

	engine->turns++;
	engine->wake_ns = engine->i915->dev->now_ns + (nap < LONGEST_NAP_NS ? nap : LONGEST_NAP_NS);
}

static void submit(struct i915_engine *engine, const struct i915_port *ports)
{
	bool same = engine->busy &&
		    (ports[0].descriptor & ~0xfffu) == (engine->context.image & ~0xfffu);

	if (engine->busy && !same)
		save_head(engine);
	if (!engine->busy)
		push_status(engine, STATUS_IDLE_ACTIVE, 0);
	else
		push_status(engine, STATUS_PREEMPTED | (same ? STATUS_LITE_RESTORE : 0),
			    engine->ports[0].tag);
	if (engine->busy)
		i915_engine_interrupt(engine, I915_ENGINE_CONTEXT_SWITCH);
	memcpy(engine->ports, ports, sizeof(engine->ports));
	engine->busy = true;
	if (same)
		reload_tail(engine);
	else
		load_context(engine);
	take_turn(engine);
	i915_deadline_update(engine->i915);
}

/* Words come as high and low of element 1, then of element 0; the fourth submits. */
static void write_elsp(struct i915 *i915, uint32_t offset, uint32_t value)
{
	struct i915_engine *engine = engine_of(i915, offset);
	struct i915_port ports[I915_PORTS];

	if (!engine)
		return;
	engine->elsp[engine->elsp_len++] = value;
	if (engine->elsp_len < 4)
		return;
	engine->elsp_len = 0;
	ports[0] = (struct i915_port){ engine->elsp[3], engine->elsp[2] };
	ports[1] = (struct i915_port){ engine->elsp[1], engine->elsp[0] };
	if (ports[0].descriptor & DESCRIPTOR_VALID)
		submit(engine, ports);
}
const struct i915_behaviour i915_engine_elsp = { .write = write_elsp };

void i915_engines_tick(struct i915 *i915)
{
	for (size_t i = 0; i < I915_ENGINES; i++) {
		struct i915_engine *engine = &i915->engines[i];

		if (engine->busy && engine->wake_ns <= i915->dev->now_ns)
			take_turn(engine);
	}
}

uint64_t i915_engines_deadline(const struct i915 *i915)
{
	uint64_t deadline = 0;

	for (size_t i = 0; i < I915_ENGINES; i++) {
		uint64_t wake = i915->engines[i].wake_ns;

		if (wake && (!deadline || wake < deadline))
			deadline = wake;
	}
	return deadline;
}

/* GDRST: each bit resets a part, and is clear again at once. Source: i915_reg.h, GEN6_GRDOM_* */
static void write_reset(struct i915 *i915, uint32_t offset, uint32_t value)
{
	for (size_t i = 0; i < I915_ENGINES; i++) {
		if (value & (GDRST_FULL | infos[i].reset_bit))
			engine_reset(&i915->engines[i]);
	}
	i915_set(i915, offset, 0);
	i915_deadline_update(i915);
}
const struct i915_behaviour i915_engine_gdrst = { .write = write_reset };

/* Bits 31:16 say which of bits 15:0 are written. */
static void write_masked(struct i915 *i915, uint32_t offset, uint32_t value)
{
	uint32_t mask = value >> 16;

	i915_set(i915, offset, (i915_get(i915, offset) & ~mask) | (value & mask));
}
const struct i915_behaviour i915_masked = { .write = write_masked };

/* A request to get ready for a reset (bit 0) is granted at once (bit 1). */
static uint32_t read_reset_control(struct i915 *i915, uint32_t offset)
{
	uint32_t value = i915_get(i915, offset) & ~2u;

	return value | (value & 1) << 1;
}
const struct i915_behaviour i915_engine_reset_control = { read_reset_control, write_masked };

/* MI_MODE: an engine that runs nothing or was told to stop (bit 8) is idle (bit 9). */
static uint32_t read_mode(struct i915 *i915, uint32_t offset)
{
	const struct i915_engine *engine = engine_of(i915, offset);
	uint32_t value = i915_get(i915, offset) & ~(1u << 9);

	return value | (!engine || !engine->busy || value & 1u << 8 ? 1u << 9 : 0);
}
const struct i915_behaviour i915_engine_mode = { read_mode, write_masked };
