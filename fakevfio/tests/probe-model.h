/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A device model for tests of the machine: it has every kind of region and interrupt, writes down
 * how it is called, and does what tests ask. A program that links it has the models "probe",
 * "mdpy" and "i915"; the table in models.c is not linked.
 */

#include <fakevfio/device.h>
#include <stdatomic.h>

enum {
	PROBE_BAR0_LEN = 0x4000, /* registers, but for the memory at 0x2000 */
	PROBE_MEMORY_OFFSET = 0x2000,
	PROBE_MEMORY_LEN = 0x1000,
	PROBE_READ_ONLY = FV_REGION_FIRST_OWN, /* region of type 0x80008086, 1 */
	PROBE_BARE_REGION = FV_REGION_FIRST_OWN + 1, /* no memory, no type */
	PROBE_MSI_OFFSET = 0xac,
	/* what a 4-byte write to these registers of BAR 0 does; the value is the argument */
	PROBE_REG_SIGNAL = 0x100, /* fv_device_signal(value >> 16, value & 0xffff) */
	PROBE_REG_INTERRUPT = 0x104, /* fv_device_interrupt() */
	PROBE_REG_DEADLINE = 0x108, /* deadline_ns = value */
	PROBE_REG_DMA = 0x10c, /* copies 4 bytes from guest memory at value to value + 4 */
	PROBE_REG_SLEEP = 0x110, /* waits until probe_gate is non-zero */
};

struct probe_access {
	unsigned int region, len;
	uint64_t offset;
	bool write;
};

/** The first accesses since it was last set to 0, and how many there were. */
extern struct probe_access probe_accesses[64];
extern atomic_uint probe_accesses_len;
extern atomic_int probe_ticks, probe_resets, probe_finishes, probe_dma_errors;
extern atomic_int probe_sleeping; /* devices that wait for probe_gate */
extern atomic_int probe_gate;
extern atomic_int probe_tick_sleeps; /* non-zero: tick() waits for probe_gate as well */
extern struct fv_device *_Atomic probe_last; /* the device that was initialised last */
extern uint32_t probe_config_old; /* what config_written() was told */
extern unsigned int probe_config_writes;
extern int probe_init_error; /* what init() returns */

/**
 * A device that shows planes by DMA-BUF alone: what a test puts here, by enum fv_plane_type; all
 * zero: off. Every byte of it is planes_content.
 */
extern struct fv_plane planes_shown[3];
extern uint8_t planes_content;
/** By these rules, GVT-g's unless a test changes them. */
extern struct fv_dmabuf_rules planes_rules;
