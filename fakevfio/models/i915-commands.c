// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The command streamer. Memory interface commands, post-sync writes and blits are executed; state
 * of the 3D and media pipelines is skipped by its length, so that fences complete and pictures of
 * the blitter are right. What is skipped is counted.
 * Source: Broadwell PRM vol. 2a; Skylake PRM vol. 2a
 */

#include <vgpulab/cleanup.h>

#include "i915-gpu.h"
#include "i915-registers.h"
#include "i915.h"

/** What became of a command. */
enum outcome {
	OUTCOME_DONE, /* go on behind it */
	OUTCOME_JUMPED, /* the position has changed already */
	OUTCOME_WAITING, /* try it again next turn */
	OUTCOME_SKIPPED, /* not emulated */
};

struct command {
	const char *name;
	uint16_t length_mask; /* of the length field; 0: a command of one word */
	enum outcome (*run)(struct i915_engine *engine);
};

static uint32_t word(struct i915_engine *engine, unsigned int index)
{
	return i915_memory_fetch(engine, index);
}

static uint64_t address_at(struct i915_engine *engine, unsigned int index)
{
	return word(engine, index) | (uint64_t)word(engine, index + 1) << 32;
}

static enum i915_space space_of(bool global)
{
	return global ? I915_SPACE_GGTT : I915_SPACE_PPGTT;
}

/* Bit 22 of most commands: the address is a global one. */
static enum i915_space command_space(struct i915_engine *engine)
{
	return space_of(word(engine, 0) & 1u << 22);
}

static enum outcome run_nothing(struct i915_engine *engine)
{
	return OUTCOME_DONE;
}

static enum outcome run_user_interrupt(struct i915_engine *engine)
{
	i915_engine_interrupt(engine, I915_ENGINE_USER);
	return OUTCOME_DONE;
}

static enum outcome run_batch_end(struct i915_engine *engine)
{
	struct i915_context *context = &engine->context;

	if (context->level == 0)
		return OUTCOME_DONE;
	context->level--;
	return OUTCOME_JUMPED;
}

/* A batch of the second level returns to its caller; any other replaces the one that starts it. */
static enum outcome run_batch_start(struct i915_engine *engine)
{
	struct i915_context *context = &engine->context;
	uint32_t header = word(engine, 0);
	struct i915_batch batch = { space_of(!(header & 1u << 8)), address_at(engine, 1) };
	unsigned int level = header & 1u << 22 && context->level > 0 ? 2 : 1;
	uint32_t len = 4 * ((header & 0xff) + 2);

	if (context->level == 0)
		context->head = (context->head + len) % context->ring_len;
	else if (level > context->level)
		context->batches[context->level - 1].address += len;
	if (level < context->level)
		level = context->level;
	context->batches[level - 1] = batch;
	context->level = level;
	return OUTCOME_JUMPED;
}

static enum outcome run_store_data(struct i915_engine *engine)
{
	uint32_t data[2] = { word(engine, 3), word(engine, 4) };
	bool two_words = word(engine, 0) & 1u << 21;

	i915_memory_write(engine, command_space(engine), address_at(engine, 1) & ~3ull, data,
			  two_words ? 8 : 4);
	return OUTCOME_DONE;
}

/* Engines may set registers that are memory; what acts is for the driver alone. */
static void write_register(struct i915_engine *engine, uint32_t offset, uint32_t value)
{
	if (offset % 4 || offset >= I915_REGISTERS_LEN ||
	    !i915_register_store(engine->i915, offset, value))
		engine->i915->counters.registers_refused++;
}

static uint32_t read_register(struct i915_engine *engine, uint32_t offset)
{
	if (offset % 4 || offset >= I915_REGISTERS_LEN)
		return 0;
	return i915_register_read(engine->i915, offset);
}

static enum outcome run_load_register(struct i915_engine *engine)
{
	unsigned int words = (word(engine, 0) & 0xff) + 2;

	for (unsigned int i = 1; i + 1 < words; i += 2)
		write_register(engine, word(engine, i) & 0x7ffffc, word(engine, i + 1));
	return OUTCOME_DONE;
}

static enum outcome run_store_register_memory(struct i915_engine *engine)
{
	uint32_t value = read_register(engine, word(engine, 1) & 0x7ffffc);

	i915_memory_write(engine, command_space(engine), address_at(engine, 2) & ~3ull, &value,
			  sizeof(value));
	return OUTCOME_DONE;
}

static enum outcome run_load_register_memory(struct i915_engine *engine)
{
	uint32_t value;

	i915_memory_read(engine, command_space(engine), address_at(engine, 2) & ~3ull, &value,
			 sizeof(value));
	write_register(engine, word(engine, 1) & 0x7ffffc, value);
	return OUTCOME_DONE;
}

static enum outcome run_load_register_register(struct i915_engine *engine)
{
	write_register(engine, word(engine, 2) & 0x7ffffc,
		       read_register(engine, word(engine, 1) & 0x7ffffc));
	return OUTCOME_DONE;
}

static enum outcome run_copy_memory(struct i915_engine *engine)
{
	uint32_t header = word(engine, 0), value;

	i915_memory_read(engine, space_of(header & 1u << 22), address_at(engine, 3) & ~3ull, &value,
			 sizeof(value));
	i915_memory_write(engine, space_of(header & 1u << 21), address_at(engine, 1) & ~3ull,
			  &value, sizeof(value));
	return OUTCOME_DONE;
}

static bool compare(uint32_t memory, uint32_t data, unsigned int operation)
{
	switch (operation) {
	case 0:
		return memory > data;
	case 1:
		return memory >= data;
	case 2:
		return memory < data;
	case 3:
		return memory <= data;
	case 4:
		return memory == data;
	case 5:
		return memory != data;
	}
	return true;
}

static enum outcome run_semaphore_wait(struct i915_engine *engine)
{
	uint32_t memory;

	if (!i915_memory_read(engine, command_space(engine), address_at(engine, 2) & ~3ull, &memory,
			      sizeof(memory)))
		return OUTCOME_WAITING;
	return compare(memory, word(engine, 1), word(engine, 0) >> 12 & 7) ? OUTCOME_DONE
									   : OUTCOME_WAITING;
}

static enum outcome run_conditional_end(struct i915_engine *engine)
{
	uint32_t memory;

	i915_memory_read(engine, command_space(engine), address_at(engine, 2) & ~3ull, &memory,
			 sizeof(memory));
	return memory > word(engine, 1) ? OUTCOME_DONE : run_batch_end(engine);
}

static uint64_t atomic_result(unsigned int operation, uint64_t memory, uint64_t operand,
			      uint64_t second)
{
	switch (operation) {
	case 0x1:
		return memory & operand;
	case 0x2:
		return memory | operand;
	case 0x3:
		return memory ^ operand;
	case 0x4:
		return operand;
	case 0x5:
		return memory + 1;
	case 0x6:
		return memory - 1;
	case 0x7:
		return memory + operand;
	case 0x8:
		return memory - operand;
	case 0x9:
		return operand - memory;
	case 0xc:
		return memory > operand ? memory : operand;
	case 0xd:
		return memory < operand ? memory : operand;
	case 0xe:
		return memory == operand ? second : memory;
	}
	return memory;
}

/* Operands are inline; results are not returned to a register. */
static enum outcome run_atomic(struct i915_engine *engine)
{
	uint32_t header = word(engine, 0);
	unsigned int operation = header >> 8 & 0xff;
	bool two_words = operation & 0x20;
	uint64_t memory = 0, operand = word(engine, 3), second = word(engine, 4), result;
	uint64_t address = address_at(engine, 1) & ~3ull;

	if (two_words) {
		operand = word(engine, 3) | (uint64_t)word(engine, 5) << 32;
		second = word(engine, 4) | (uint64_t)word(engine, 6) << 32;
	}
	i915_memory_read(engine, command_space(engine), address, &memory, two_words ? 8 : 4);
	result = atomic_result(operation & 0x1f, memory, operand, second);
	i915_memory_write(engine, command_space(engine), address, &result, two_words ? 8 : 4);
	return OUTCOME_DONE;
}

/* What PIPE_CONTROL and MI_FLUSH_DW write when the work before them is done. */
static void post_sync(struct i915_engine *engine, unsigned int operation, enum i915_space space,
		      uint64_t address, uint64_t immediate)
{
	enum { WRITE_IMMEDIATE = 1, WRITE_DEPTH_COUNT = 2, WRITE_TIMESTAMP = 3 };
	uint64_t value = 0;

	switch (operation) {
	case 0:
		return;
	case WRITE_IMMEDIATE:
		value = immediate;
		break;
	case WRITE_DEPTH_COUNT: /* nothing is drawn */
		break;
	case WRITE_TIMESTAMP:
		value = read_register(engine, RCS_TIMESTAMP) |
			(uint64_t)read_register(engine, RCS_TIMESTAMP + 4) << 32;
		break;
	}
	i915_memory_write(engine, space, address & ~7ull, &value, sizeof(value));
}

static enum outcome run_flush(struct i915_engine *engine)
{
	uint32_t header = word(engine, 0), low = word(engine, 1);
	uint64_t immediate = address_at(engine, 3);

	if (header & 1u << 21) /* an index into the context's own status page */
		post_sync(engine, header >> 14 & 3, I915_SPACE_GGTT,
			  engine->context.image + (low & 0xff8), immediate);
	else
		post_sync(engine, header >> 14 & 3, space_of(low & 1u << 2), address_at(engine, 1),
			  immediate);
	if (header & 1u << 8)
		i915_engine_interrupt(engine, I915_ENGINE_FLUSH_NOTIFY);
	return OUTCOME_DONE;
}

static enum outcome run_pipe_control(struct i915_engine *engine)
{
	uint32_t flags = word(engine, 1);
	uint64_t address = address_at(engine, 2), immediate = address_at(engine, 4);

	if (flags & 1u << 21)
		post_sync(engine, flags >> 14 & 3, I915_SPACE_GGTT,
			  engine->context.image + (address & 0xff8), immediate);
	else
		post_sync(engine, flags >> 14 & 3, space_of(flags & 1u << 24), address, immediate);
	if (flags & 1u << 8)
		i915_engine_interrupt(engine, I915_ENGINE_FLUSH_NOTIFY);
	return OUTCOME_DONE;
}

static enum outcome blitted(struct i915_engine *engine, bool understood)
{
	if (engine->blit_waits) {
		engine->blit_waits = false;
		return OUTCOME_WAITING;
	}
	engine->blit_rows = 0;
	return understood ? OUTCOME_DONE : OUTCOME_SKIPPED;
}

static enum outcome run_colour_blit(struct i915_engine *engine)
{
	return blitted(engine, i915_blit_colour(engine));
}

static enum outcome run_copy_blit(struct i915_engine *engine)
{
	return blitted(engine, i915_blit_copy(engine));
}

static enum outcome run_fast_copy_blit(struct i915_engine *engine)
{
	return blitted(engine, i915_blit_fast_copy(engine));
}

/* Memory interface commands by bits 28:23. */
static const struct command mi_commands[64] = {
	[0x00] = { "MI_NOOP", 0, run_nothing },
	[0x02] = { "MI_USER_INTERRUPT", 0, run_user_interrupt },
	[0x05] = { "MI_ARB_CHECK", 0, run_nothing },
	[0x08] = { "MI_ARB_ON_OFF", 0, run_nothing },
	[0x0a] = { "MI_BATCH_BUFFER_END", 0, run_batch_end },
	[0x1c] = { "MI_SEMAPHORE_WAIT", 0xff, run_semaphore_wait },
	[0x20] = { "MI_STORE_DATA_IMM", 0x3ff, run_store_data },
	[0x22] = { "MI_LOAD_REGISTER_IMM", 0xff, run_load_register },
	[0x24] = { "MI_STORE_REGISTER_MEM", 0xff, run_store_register_memory },
	[0x26] = { "MI_FLUSH_DW", 0x3f, run_flush },
	[0x29] = { "MI_LOAD_REGISTER_MEM", 0xff, run_load_register_memory },
	[0x2a] = { "MI_LOAD_REGISTER_REG", 0xff, run_load_register_register },
	[0x2e] = { "MI_COPY_MEM_MEM", 0xff, run_copy_memory },
	[0x2f] = { "MI_ATOMIC", 0xff, run_atomic },
	[0x31] = { "MI_BATCH_BUFFER_START", 0xff, run_batch_start },
	[0x36] = { "MI_CONDITIONAL_BATCH_BUFFER_END", 0xff, run_conditional_end },
};

/* Blitter commands by bits 28:22. */
static const struct command blit_commands[128] = {
	[0x42] = { "XY_FAST_COPY_BLT", 0xff, run_fast_copy_blit },
	[0x50] = { "XY_COLOR_BLT", 0xff, run_colour_blit },
	[0x53] = { "XY_SRC_COPY_BLT", 0xff, run_copy_blit },
};

static const struct command pipe_control = { "PIPE_CONTROL", 0xff, run_pipe_control };

/* The command of @header: how long it is and what runs it (NULL: it is skipped). */
static const struct command *decode(const struct i915_engine *engine, uint32_t header,
				    unsigned int *words)
{
	const struct command *command = NULL;
	unsigned int mask = 0xff;

	switch (header >> 29) {
	case 0: /* memory interface */
		command = &mi_commands[header >> 23 & 0x3f];
		if (!command->run)
			mask = (header >> 23 & 0x3f) < 0x10 ? 0 : 0xff;
		break;
	case 2: /* blitter */
		command = &blit_commands[header >> 22 & 0x7f];
		break;
	case 3: /* render, media */
		if (header >> 16 == 0x7a00)
			command = &pipe_control;
		else if ((header >> 27 & 3) == 1)
			mask = 0;
		else if ((header >> 27 & 3) == 2)
			mask = engine->info->video ? 0xfff : 0xffff;
		break;
	default:
		mask = 0;
	}
	if (command && command->run)
		mask = command->length_mask;
	*words = mask ? (header & mask) + 2 : 1;
	return command && command->run ? command : NULL;
}

static void advance(struct i915_context *context, unsigned int words)
{
	if (context->level > 0)
		context->batches[context->level - 1].address += 4ull * words;
	else
		context->head = (context->head + 4 * words) % context->ring_len;
}

/* Bytes of the ring that are still to be executed. */
static uint32_t left_in_ring(const struct i915_context *context)
{
	return (context->tail + context->ring_len - context->head) % context->ring_len;
}

bool i915_commands_run(struct i915_engine *engine)
{
	struct i915_context *context = &engine->context;

	while (engine->commands_left > 0 && engine->bytes_left > 0) {
		const struct command *command;
		enum outcome outcome;
		unsigned int words;

		if (context->level == 0 && left_in_ring(context) == 0)
			return true;
		engine->commands_left--;
		command = decode(engine, word(engine, 0), &words);
		if (context->level == 0 && 4 * words > left_in_ring(context)) {
			/* cut off by the tail: nothing sensible follows */
			i915_skipped_count(engine, word(engine, 0));
			context->head = context->tail;
			continue;
		}
		outcome = command ? command->run(engine) : OUTCOME_SKIPPED;
		if (outcome == OUTCOME_WAITING)
			return false;
		if (outcome == OUTCOME_SKIPPED)
			i915_skipped_count(engine, word(engine, 0));
		if (outcome != OUTCOME_JUMPED)
			advance(context, words);
	}
	return false;
}
