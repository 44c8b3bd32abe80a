/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capacity.h"

#include <errno.h>
#include <fakesysfs/kernel.h>

/* A rule takes nothing if it refuses. */
struct rule {
	bool (*lists)(const struct fake_stock *stock, const struct fake_type_profile *type);
	unsigned int (*available)(const struct fake_stock *stock,
				  const struct fake_type_profile *type);
	bool (*take)(struct fake_stock *stock, const struct fake_type_profile *type,
		     struct fake_share *share);
	void (*release)(struct fake_stock *stock, struct fake_share *share);
};

static bool always_lists(const struct fake_stock *stock, const struct fake_type_profile *type)
{
	(void)stock;
	(void)type;
	return true;
}

/*
 * GVT-g.
 */

static bool gvt_lists(const struct fake_stock *stock, const struct fake_type_profile *type)
{
	return fake_pool_lists(&stock->gvt, type);
}

static unsigned int gvt_available(const struct fake_stock *stock,
				  const struct fake_type_profile *type)
{
	return fake_pool_available(&stock->gvt, type);
}

static bool gvt_take(struct fake_stock *stock, const struct fake_type_profile *type,
		     struct fake_share *share)
{
	return !fake_pool_take(&stock->gvt, type, &share->gvt);
}

static void gvt_release(struct fake_stock *stock, struct fake_share *share)
{
	fake_pool_release(&stock->gvt, &share->gvt);
}

/*
 * Units: mtty's 24 ports, mbochs' megabytes.
 * Source: samples/vfio-mdev/mtty.c, mtty_get_available(); mbochs.c, mbochs_get_available()
 */

static uint32_t units_of(const struct fake_type_profile *type)
{
	return type->units ? type->units : 1;
}

static unsigned int units_available(const struct fake_stock *stock,
				    const struct fake_type_profile *type)
{
	return (stock->units - stock->taken) / units_of(type);
}

static bool take_units(struct fake_stock *stock, uint32_t units, struct fake_share *share)
{
	if (stock->units - stock->taken < units)
		return false;
	stock->taken += units;
	share->units = units;
	return true;
}

static bool units_take(struct fake_stock *stock, const struct fake_type_profile *type,
		       struct fake_share *share)
{
	return take_units(stock, units_of(type), share);
}

static void units_release(struct fake_stock *stock, struct fake_share *share)
{
	stock->taken -= share->units;
}

/*
 * Instances: mdpy's four.
 */

static unsigned int instances_available(const struct fake_stock *stock,
					const struct fake_type_profile *type)
{
	(void)type;
	return stock->units - stock->taken;
}

static bool instances_take(struct fake_stock *stock, const struct fake_type_profile *type,
			   struct fake_share *share)
{
	(void)type;
	return take_units(stock, 1, share);
}

/*
 * Alike: NVIDIA's framebuffer, which is shared out for one type alone at a time.
 * Source: "Virtual GPU Software User Guide", valid vGPU configurations on a single GPU
 */

static const struct fake_type_profile *other_type(const struct fake_stock *stock,
						  const struct fake_type_profile *type)
{
	return stock->taken && stock->only != type ? stock->only : NULL;
}

static unsigned int alike_available(const struct fake_stock *stock,
				    const struct fake_type_profile *type)
{
	return other_type(stock, type) ? 0 : units_available(stock, type);
}

static bool alike_take(struct fake_stock *stock, const struct fake_type_profile *type,
		       struct fake_share *share)
{
	if (other_type(stock, type) || !units_take(stock, type, share))
		return false;
	stock->only = type;
	return true;
}

static const struct rule rules[FAKE_CAPACITIES] = {
	[FAKE_CAPACITY_GVTG] = { gvt_lists, gvt_available, gvt_take, gvt_release },
	[FAKE_CAPACITY_UNITS] = { always_lists, units_available, units_take, units_release },
	[FAKE_CAPACITY_INSTANCES] = { always_lists, instances_available, instances_take,
				      units_release },
	[FAKE_CAPACITY_ALIKE] = { always_lists, alike_available, alike_take, units_release },
};

void fake_stock_init(struct fake_stock *stock, const struct fake_gpu_config *config,
		     unsigned int kernel)
{
	const struct fake_gpu_profile *profile = config->profile;

	*stock = (struct fake_stock){
		.capacity = profile->capacity,
		.by_core = profile->capacity == FAKE_CAPACITY_INSTANCES &&
			   fake_kernel_has(kernel, FAKE_FEATURE_INSTANCES_COUNTED),
		.full_errno = profile->full_errno ? profile->full_errno : ENOSPC,
		.gvt = { .aperture_mib = config->aperture_mib, .ggtt_mib = config->ggtt_mib },
		.units = config->units,
	};
	if (stock->by_core)
		stock->full_errno = EUSERS;
}

bool fake_stock_lists(const struct fake_stock *stock, const struct fake_type_profile *type)
{
	return rules[stock->capacity].lists(stock, type);
}

unsigned int fake_stock_available(const struct fake_stock *stock,
				  const struct fake_type_profile *type)
{
	return rules[stock->capacity].available(stock, type);
}

int fake_stock_take(struct fake_stock *stock, const struct fake_type_profile *type,
		    struct fake_share *out)
{
	struct fake_share share = { .held = true };

	if (!rules[stock->capacity].take(stock, type, &share))
		return -stock->full_errno;
	*out = share;
	return 0;
}

int fake_stock_take_again(struct fake_stock *stock, const struct fake_type_profile *type,
			  const struct fake_share *share)
{
	int id = share->gvt.id;

	if (!share->held)
		return 0;
	if (stock->units - stock->taken < share->units || id < 0 || id > FAKE_POOL_IDS ||
	    (id && stock->gvt.shares[id - 1].id))
		return -EEXIST;
	stock->taken += share->units;
	if (stock->capacity == FAKE_CAPACITY_ALIKE)
		stock->only = type;
	if (id)
		stock->gvt.shares[id - 1] = share->gvt;
	return 0;
}

void fake_stock_release(struct fake_stock *stock, struct fake_share *share)
{
	if (share->held)
		rules[stock->capacity].release(stock, share);
	*share = (struct fake_share){ 0 };
}
