/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * GVT-g's arithmetic: how one GPU's graphics memory, fences and ids are shared out.
 * Source: drivers/gpu/drm/i915/gvt/vgpu.c, kvmgt.c, aperture_gm.c, gvt.h
 */

#include <fakesysfs/profile.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	FAKE_POOL_IDS = 7, /* vGPU ids are 1..7 */
	FAKE_POOL_HOST_LOW_MIB = 128, /* what the host keeps for itself */
	FAKE_POOL_HOST_HIGH_MIB = 384,
	FAKE_POOL_HOST_FENCES = 4,
	FAKE_POOL_FENCES = 32,
	FAKE_POOL_VGPU_FENCES = 4,
};

/** What one vGPU holds of the pool. Offsets are in the GGTT. All zero: nothing. */
struct fake_pool_share {
	int id; /* 1..7 */
	uint32_t low_offset_mib, low_len_mib;
	uint32_t high_offset_mib, high_len_mib;
	uint32_t fences;
};

struct fake_pool {
	uint32_t aperture_mib; /* mappable part of the GGTT: [0, aperture) */
	uint32_t ggtt_mib;
	struct fake_pool_share shares[FAKE_POOL_IDS]; /* by id - 1 */
};

/** Whether the type is offered at all: decided when the driver loads, by the aperture alone. */
bool fake_pool_lists(const struct fake_pool *pool, const struct fake_type_profile *type);
/** How many more of the type fit by amount; fragmentation may still refuse them. */
unsigned int fake_pool_available(const struct fake_pool *pool,
				 const struct fake_type_profile *type);
/** Takes a share. 0, or -ENOSPC with @out untouched. */
int fake_pool_take(struct fake_pool *pool, const struct fake_type_profile *type,
		   struct fake_pool_share *out);
/** Gives a share back, and zeroes it. */
void fake_pool_release(struct fake_pool *pool, struct fake_pool_share *share);
