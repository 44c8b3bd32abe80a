/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How much of a parent is left. Each rule is a row of a table: GVT-g's arithmetic is one, the
 * kernel's samples' counts are others.
 */

#include <fakesysfs/profile.h>
#include <stdbool.h>
#include <stdint.h>

#include "gvt-pool.h"

/** What one vGPU holds of its parent. All zero: nothing. */
struct fake_share {
	struct fake_pool_share gvt; /* FAKE_CAPACITY_GVTG alone */
	uint32_t units;
	bool held;
};

/** What a parent has, and what is taken of it. */
struct fake_stock {
	enum fake_capacity capacity;
	bool by_core; /* the mdev core counts: see fake_stock_init() */
	int full_errno;
	struct fake_pool gvt;
	uint32_t units, taken;
	const struct fake_type_profile *only; /* FAKE_CAPACITY_ALIKE: the type of all there are */
};

/**
 * Fills @stock for a parent. Since Linux 6.1 the mdev core counts instances for drivers that have
 * no count of their own: it refuses with EUSERS before there is a device, and an unbound device
 * keeps its place until it is removed. Before that, and for all other rules, the driver refuses
 * when it binds, with the profile's errno, and gets its share back when it is unbound.
 * Source: drivers/vfio/mdev/mdev_core.c, mdev_device_create(), mdev_device_release()
 */
void fake_stock_init(struct fake_stock *stock, const struct fake_gpu_config *config,
		     unsigned int kernel);
/** Whether the type is offered at all. */
bool fake_stock_lists(const struct fake_stock *stock, const struct fake_type_profile *type);
/** How many more of the type fit. */
unsigned int fake_stock_available(const struct fake_stock *stock,
				  const struct fake_type_profile *type);
/** Takes a share. 0, or a negative errno with @out untouched. */
int fake_stock_take(struct fake_stock *stock, const struct fake_type_profile *type,
		    struct fake_share *out);
/** Takes this very share, which another stock of the same parent gave. 0, or -EEXIST if it does not fit. */
int fake_stock_take_again(struct fake_stock *stock, const struct fake_type_profile *type,
			  const struct fake_share *share);
/** Gives a share back, and zeroes it. What holds nothing is fine. */
void fake_stock_release(struct fake_stock *stock, struct fake_share *share);
