/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The part of a vGPU that executes commands: engines with their execution lists, the contexts they
 * run and the memory that these reach. Private to the i915 model.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct i915;

enum {
	I915_ENGINES = 5,
	I915_PORTS = 2,
	I915_BATCH_LEVELS = 2,
	I915_SKIPPED_MAX = 96,
	/*
	 * How much one turn of an engine may do before it must let others run. What does not end
	 * goes on at the next turn, a batch at the next command, a blit at the next row; so a guest
	 * that loops keeps its engine busy, and only that, until its driver resets it.
	 */
	I915_TURN_COMMANDS = 65536,
	/*
	 * Memory is paid for by the byte, and each piece of it and each walk through page tables
	 * has its price: rows of one byte on a page each must not be had for nothing.
	 */
	I915_TURN_BYTES = 64 << 20,
	I915_PRICE_PIECE = 64,
	I915_PRICE_WALK = 4096,
};

/** Which translation table a graphics address goes through. */
enum i915_space { I915_SPACE_GGTT, I915_SPACE_PPGTT };

/** An element of an execution list. */
struct i915_port {
	uint32_t descriptor, tag; /* low and high word of the context descriptor */
};

/** A position in a ring or batch. */
struct i915_batch {
	enum i915_space space;
	uint64_t address;
};

/** The context that an engine runs, out of its image in memory. */
struct i915_context {
	uint64_t image; /* gma of page 0, the per-process status page */
	bool four_levels;
	uint64_t roots[4]; /* PML4, or the four page directories of 32-bit addressing */
	uint32_t ring_start, ring_len, head, tail;
	struct i915_batch batches[I915_BATCH_LEVELS];
	unsigned int level; /* 0: in the ring */
};

struct i915_tlb_entry {
	uint64_t page; /* address / 4096 + 1; 0: empty */
	uint64_t iova;
};

/** A page of commands that is being executed. */
struct i915_window {
	bool valid;
	enum i915_space space;
	uint64_t address;
	uint32_t words[1024];
};

/** A command that was not executed. */
struct i915_skipped_command {
	uint16_t opcode; /* upper half of its header, without what varies */
	uint64_t count; /* 0: the row is free, and all behind it */
};

struct i915_engine {
	const struct i915_engine_info *info;
	struct i915 *i915;
	uint32_t elsp[4];
	unsigned int elsp_len;
	bool busy;
	struct i915_port ports[I915_PORTS];
	struct i915_context context;
	uint64_t wake_ns; /* when a busy engine takes its next turn; 0: idle */
	unsigned int turns; /* that the present command stream has taken */
	uint32_t commands_left, bytes_left; /* of this turn; nothing is left of what is overdrawn */
	uint32_t blit_rows; /* that earlier turns have done of the blit at the present position */
	bool blit_waits; /* for the next turn: this one has ended before a row, even the first */
	struct i915_tlb_entry tlb[64];
	struct i915_window windows[2];
	struct i915_skipped_command skipped[I915_SKIPPED_MAX]; /* since the vGPU was opened */
};

/** What is fixed about an engine. */
struct i915_engine_info {
	const char *name;
	uint32_t base; /* of its registers */
	uint32_t interrupts; /* its block of interrupt registers */
	unsigned int interrupts_shift;
	uint32_t reset_bit; /* in GDRST */
	bool render, video;
};

/* Interrupts of an engine, before interrupts_shift. Source: i915_reg.h, GT_*_INTERRUPT */
enum {
	I915_ENGINE_USER = 1u << 0,
	I915_ENGINE_FLUSH_NOTIFY = 1u << 4,
	I915_ENGINE_CONTEXT_SWITCH = 1u << 8,
};

/* i915-engine.c */
void i915_engines_init(struct i915 *i915);
void i915_engines_reset(struct i915 *i915);
/** Takes the next turn of every busy engine whose time has come. */
void i915_engines_tick(struct i915 *i915);
/** The earliest time at which an engine wants a turn, 0 if none does. */
uint64_t i915_engines_deadline(const struct i915 *i915);
void i915_engine_interrupt(struct i915_engine *engine, uint32_t bits);

/* i915-memory.c */
/** Forgets what was translated and fetched: the guest may have changed it. */
void i915_memory_flush(struct i915_engine *engine);
/** Copies from or to graphics memory, and takes the price off the turn's budget. False if some page is not there; the others are copied. */
bool i915_memory_read(struct i915_engine *engine, enum i915_space space, uint64_t address,
		      void *buffer, size_t len);
bool i915_memory_write(struct i915_engine *engine, enum i915_space space, uint64_t address,
		       const void *buffer, size_t len);
/** Word @index of the command at the engine's position; 0 if its page is not there. */
uint32_t i915_memory_fetch(struct i915_engine *engine, unsigned int index);

/* i915-commands.c */
/** Executes until the context is done (true) or the turn is over (false). */
bool i915_commands_run(struct i915_engine *engine);

/* i915-skipped.c */
/** A command was not executed. */
void i915_skipped_count(struct i915_engine *engine, uint32_t header);
/** Tells of all of them: "ENGINE COUNT NAME (OPCODE)", the most frequent first. */
void i915_skipped_report(const struct i915 *i915, void (*line)(void *data, const char *text),
			 void *data);

/* i915-blit.c */
/**
 * Each executes one command at the engine's position. False if it is not understood. If the turn
 * ends before the command does, blit_waits is set.
 */
bool i915_blit_colour(struct i915_engine *engine);
bool i915_blit_copy(struct i915_engine *engine);
bool i915_blit_fast_copy(struct i915_engine *engine);
