// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * BAR 2 as a window on graphics memory: through the GGTT, through fences, and nowhere else.
 */

// cmocka needs these four before it
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/vfio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "i915-picture.h"

/* The bench's share of the aperture: 64 MiB from 64 MiB on. */
enum { SHARE = 64 << 20, SHARE_LEN = 64 << 20, FENCE = 0x100000, PAGES = 24 };

static struct fv_device *create(bool mappable)
{
	struct fv_device *dev = i915_guest_create_mappable(8, mappable);

	i915_picture_map(dev, SHARE, PAGES);
	return dev;
}

static void it_is_memory_of_the_client_only_if_nothing_is_mapped(void **state)
{
	struct fv_device *dev = create(false);

	assert_true(dev->regions[FV_REGION_BAR2].flags & VFIO_REGION_INFO_FLAG_MMAP);
	assert_int_equal(dev->regions[FV_REGION_BAR2].memory.len, SHARE_LEN);
	assert_int_equal(i915_guest_read(dev, 0x78044), 0);
	i915_guest_destroy(dev);
	dev = create(true);
	assert_false(dev->regions[FV_REGION_BAR2].flags & VFIO_REGION_INFO_FLAG_MMAP);
	assert_int_equal(dev->regions[FV_REGION_BAR2].memory.len, 0);
	assert_int_equal(i915_guest_read(dev, 0x78040), SHARE);
	assert_int_equal(i915_guest_read(dev, 0x78044), SHARE_LEN);
	i915_guest_destroy(dev);
}

static void accesses_reach_the_page_that_the_ggtt_names(void **state)
{
	struct fv_device *dev = create(true);
	const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8 };
	uint64_t value = 0x0807060504030201;

	dev->model->write(dev, FV_REGION_BAR2, SHARE + 3 * 4096 + 8, value, 8);
	assert_memory_equal(i915_picture_byte(dev, SHARE + 3 * 4096 + 8), bytes, 8);
	*i915_picture_byte(dev, SHARE + 2 * 4096 + 5) = 0xa7;
	assert_int_equal(dev->model->read(dev, FV_REGION_BAR2, SHARE + 2 * 4096 + 5, 1), 0xa7);
	assert_int_equal(dev->model->read(dev, FV_REGION_BAR2, SHARE + 2 * 4096 + 4, 4), 0xa700);
	i915_guest_destroy(dev);
}

static void other_vgpus_shares_and_missing_pages_read_as_zero(void **state)
{
	struct fv_device *dev = create(true);

	i915_guest_map(dev, SHARE - 4096, 0x100000, 1);
	i915_guest_map(dev, SHARE + SHARE_LEN, 0x100000, 1);
	memset(i915_guest_memory() + 0x100000, 0x55, 4096);
	assert_int_equal(dev->model->read(dev, FV_REGION_BAR2, SHARE - 8, 8), 0);
	assert_int_equal(dev->model->read(dev, FV_REGION_BAR2, SHARE + SHARE_LEN, 8), 0);
	assert_int_equal(dev->model->read(dev, FV_REGION_BAR2, SHARE + PAGES * 4096, 8), 0);
	dev->model->write(dev, FV_REGION_BAR2, SHARE - 8, ~0ull, 8);
	dev->model->write(dev, FV_REGION_BAR2, SHARE + PAGES * 4096, ~0ull, 8);
	assert_int_equal(i915_guest_memory()[0x100000 + 4095], 0x55);
	i915_guest_destroy(dev);
}

/* Source: intel_ggtt_fencing.c, i965_write_fence_reg(), for where the fields are */
static void write_fence(struct fv_device *dev, uint32_t len, uint32_t stride, bool y)
{
	i915_guest_write(dev, FENCE + 8, SHARE | (uint32_t)y << 1 | 1);
	i915_guest_write(dev, FENCE + 12, (SHARE + len - 4096) | (stride / 128 - 1));
}

static void fences_make_tiled_surfaces_linear(void **state)
{
	for (int tiling = TILED_X; tiling <= TILED_Y; tiling++) {
		const uint32_t stride = 1024, lines = tiling == TILED_X ? 40 : 64;
		struct fv_device *dev = create(true);

		write_fence(dev, stride * lines, stride, tiling == TILED_Y);
		for (uint32_t y = 0; y < lines; y++)
			for (uint32_t x = 0; x < stride; x += 8)
				dev->model->write(dev, FV_REGION_BAR2, SHARE + y * stride + x,
						  (uint64_t)y << 32 | x, 8);
		for (uint32_t y = 0; y < lines; y++) {
			for (uint32_t x = 0; x < stride; x += 8) {
				uint64_t place =
					SHARE + i915_picture_offset(tiling, 4, stride, x, y);
				uint64_t value;

				memcpy(&value, i915_picture_byte(dev, place), 8);
				assert_int_equal(value, (uint64_t)y << 32 | x);
			}
		}
		/* beyond the fence memory is linear */
		dev->model->write(dev, FV_REGION_BAR2, SHARE + stride * lines + 8, 77, 1);
		assert_int_equal(*i915_picture_byte(dev, SHARE + stride * lines + 8), 77);
		i915_guest_destroy(dev);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_memory_of_the_client_only_if_nothing_is_mapped),
		cmocka_unit_test(accesses_reach_the_page_that_the_ggtt_names),
		cmocka_unit_test(other_vgpus_shares_and_missing_pages_read_as_zero),
		cmocka_unit_test(fences_make_tiled_surfaces_linear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
