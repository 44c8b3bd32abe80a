/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "gvt-pool.h"

#include <errno.h>

/* The driver counts bytes in 32 bits: amounts wrap at 4096 MiB, below zero too. */
#define WRAP_MIB(mib) ((uint32_t)(mib)&4095)

struct amounts {
	uint32_t low_mib, high_mib, fences;
};

static struct amounts free_amounts(const struct fake_pool *pool)
{
	struct amounts taken = { 0 };

	for (int i = 0; i < FAKE_POOL_IDS; i++) {
		taken.low_mib += pool->shares[i].low_len_mib;
		taken.high_mib += pool->shares[i].high_len_mib;
		taken.fences += pool->shares[i].fences;
	}
	return (struct amounts){
		.low_mib = WRAP_MIB(pool->aperture_mib - FAKE_POOL_HOST_LOW_MIB - taken.low_mib),
		.high_mib = WRAP_MIB(pool->ggtt_mib - pool->aperture_mib - FAKE_POOL_HOST_HIGH_MIB -
				     taken.high_mib),
		.fences = FAKE_POOL_FENCES - FAKE_POOL_HOST_FENCES - taken.fences,
	};
}

static uint32_t min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

bool fake_pool_lists(const struct fake_pool *pool, const struct fake_type_profile *type)
{
	return WRAP_MIB(pool->aperture_mib - FAKE_POOL_HOST_LOW_MIB) >= type->low_gm_mib;
}

unsigned int fake_pool_available(const struct fake_pool *pool, const struct fake_type_profile *type)
{
	struct amounts left = free_amounts(pool);

	return min(min(left.low_mib / type->low_gm_mib, left.high_mib / type->high_gm_mib),
		   left.fences / FAKE_POOL_VGPU_FENCES);
}

/* Where a share's range lies: low (in the aperture) or high. */
typedef void (*range_of)(const struct fake_pool_share *share, uint32_t *offset, uint32_t *len);

static void low_range(const struct fake_pool_share *share, uint32_t *offset, uint32_t *len)
{
	*offset = share->low_offset_mib;
	*len = share->low_len_mib;
}

static void high_range(const struct fake_pool_share *share, uint32_t *offset, uint32_t *len)
{
	*offset = share->high_offset_mib;
	*len = share->high_len_mib;
}

/* Is [offset, offset + len) free? If not, *blocker is the index of a share that is in the way. */
static bool is_free(const struct fake_pool *pool, range_of range, uint32_t offset, uint32_t len,
		    int *blocker)
{
	uint32_t other_offset, other_len;

	for (int i = 0; i < FAKE_POOL_IDS; i++) {
		range(&pool->shares[i], &other_offset, &other_len);
		if (other_len && offset < other_offset + other_len && other_offset < offset + len) {
			*blocker = i;
			return false;
		}
	}
	return true;
}

/* Low memory is placed as low as it goes: the aperture is searched with PIN_MAPPABLE. */
static bool place_low(const struct fake_pool *pool, uint32_t len, uint32_t *out)
{
	uint32_t offset = FAKE_POOL_HOST_LOW_MIB, other_offset, other_len;
	int blocker;

	while (offset + len <= pool->aperture_mib) {
		if (is_free(pool, low_range, offset, len, &blocker)) {
			*out = offset;
			return true;
		}
		low_range(&pool->shares[blocker], &other_offset, &other_len);
		offset = other_offset + other_len;
	}
	return false;
}

/* High memory is placed as high as it goes: PIN_HIGH. The host's part lies at the bottom. */
static bool place_high(const struct fake_pool *pool, uint32_t len, uint32_t *out)
{
	uint32_t bottom = pool->aperture_mib + FAKE_POOL_HOST_HIGH_MIB, top = pool->ggtt_mib;
	uint32_t other_offset, other_len;
	int blocker;

	while (top >= bottom + len) {
		if (is_free(pool, high_range, top - len, len, &blocker)) {
			*out = top - len;
			return true;
		}
		high_range(&pool->shares[blocker], &other_offset, &other_len);
		top = other_offset;
	}
	return false;
}

int fake_pool_take(struct fake_pool *pool, const struct fake_type_profile *type,
		   struct fake_pool_share *out)
{
	struct fake_pool_share share = {
		.low_len_mib = type->low_gm_mib,
		.high_len_mib = type->high_gm_mib,
		.fences = type->fences,
	};
	struct amounts left = free_amounts(pool);

	for (int i = FAKE_POOL_IDS - 1; i >= 0; i--)
		if (!pool->shares[i].id)
			share.id = i + 1;
	if (!share.id || left.low_mib < share.low_len_mib || left.high_mib < share.high_len_mib ||
	    left.fences < share.fences)
		return -ENOSPC;
	if (!place_low(pool, share.low_len_mib, &share.low_offset_mib) ||
	    !place_high(pool, share.high_len_mib, &share.high_offset_mib))
		return -ENOSPC;
	pool->shares[share.id - 1] = share;
	*out = share;
	return 0;
}

void fake_pool_release(struct fake_pool *pool, struct fake_pool_share *share)
{
	if (share->id)
		pool->shares[share->id - 1] = (struct fake_pool_share){ 0 };
	*share = (struct fake_pool_share){ 0 };
}
