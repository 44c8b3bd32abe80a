/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* IOMMU_GET_INFO, MAP_DMA, UNMAP_DMA, DIRTY_PAGES, and what a device reaches through the map. */

#include "device-fixture.h"
#include "probe-model.h"

#include <errno.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RW (VFIO_DMA_MAP_FLAG_READ | VFIO_DMA_MAP_FLAG_WRITE)

static int set_up(void **state)
{
	return fixture_open(state, &mock_probe_profile, true);
}

static int set_up_v1(void **state)
{
	struct fixture *fixture;
	int32_t container;

	if (set_up(state))
		return 1;
	/* once more with the other type */
	fixture = *state;
	container = fixture->session.container;
	fv_machine_close(fixture->mock->machine, fixture->session.device);
	mock_ioctl(fixture->client, fixture->session.group, VFIO_GROUP_UNSET_CONTAINER, 0);
	mock_ioctl_data(fixture->client, fixture->session.group, VFIO_GROUP_SET_CONTAINER,
			&container, sizeof(container));
	return mock_ioctl(fixture->client, container, VFIO_SET_IOMMU, VFIO_TYPE1_IOMMU) != 0;
}

static int64_t map(struct fixture *fixture, uint64_t iova, uint64_t vaddr, uint64_t size,
		   uint32_t flags)
{
	struct vfio_iommu_type1_dma_map map = { sizeof(map), flags, vaddr, iova, size };

	return mock_ioctl_data(fixture->client, fixture->session.container, VFIO_IOMMU_MAP_DMA,
			       &map, sizeof(map));
}

/* the size unmapped, or a negative errno; @size must come back unchanged on failure */
static int64_t unmap(struct fixture *fixture, uint64_t iova, uint64_t size, uint32_t flags)
{
	struct vfio_iommu_type1_dma_unmap unmap = { sizeof(unmap), flags, iova, size };
	int64_t err = mock_ioctl_data(fixture->client, fixture->session.container,
				      VFIO_IOMMU_UNMAP_DMA, &unmap, sizeof(unmap));

	if (err)
		assert_int_equal(unmap.size, size);
	return err ? err : (int64_t)unmap.size;
}

static void map_refuses_what_the_kernel_refuses(void **state)
{
	static const struct {
		uint64_t iova, vaddr, size;
		uint32_t flags;
		int result;
	} cases[] = {
		{ 0, MOCK_RAM, 4096, 0, -EINVAL }, /* no protection */
		{ 0, MOCK_RAM, 4096, 8, -EINVAL }, /* unknown flag */
		{ 0, MOCK_RAM, 4096, RW | VFIO_DMA_MAP_FLAG_VADDR, -EINVAL },
		{ 0, MOCK_RAM, 4096, VFIO_DMA_MAP_FLAG_VADDR, -ENOENT }, /* nothing there */
		{ 0, MOCK_RAM, 0, RW, -EINVAL },
		{ 1, MOCK_RAM, 4096, RW, -EINVAL }, /* alignment of each */
		{ 0, MOCK_RAM + 8, 4096, RW, -EINVAL },
		{ 0, MOCK_RAM, 4095, RW, -EINVAL },
		{ UINT64_MAX - 4095, MOCK_RAM, 8192, RW, -EINVAL }, /* wraps */
		{ 0, UINT64_MAX - 4095, 8192, RW, -EINVAL },
		{ UINT64_MAX - 4095, MOCK_RAM, 4096, RW, 0 }, /* ends exactly at 2^64 */
		{ UINT64_MAX - 4095, MOCK_RAM, 4096, RW, -EEXIST },
		{ 0x1000, MOCK_RAM, 0x3000, VFIO_DMA_MAP_FLAG_READ, 0 },
		{ 0x0000, MOCK_RAM, 0x2000, RW, -EEXIST }, /* overlaps, every way */
		{ 0x3000, MOCK_RAM, 0x2000, RW, -EEXIST },
		{ 0x2000, MOCK_RAM, 0x1000, RW, -EEXIST },
		{ 0x0000, MOCK_RAM, 0x9000, RW, -EEXIST },
		{ 0x2000, MOCK_RAM, 0x1000, VFIO_DMA_MAP_FLAG_VADDR, -EINVAL },
		{ 0x0000, MOCK_RAM, 0x1000, VFIO_DMA_MAP_FLAG_WRITE, 0 }, /* neighbours */
		{ 0x4000, MOCK_RAM, 0x1000, RW, 0 },
	};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++)
		assert_int_equal(
			map(fixture, cases[i].iova, cases[i].vaddr, cases[i].size, cases[i].flags),
			cases[i].result);
	assert_int_equal(fixture->mock->memories, 4);
}

static void unmap_neither_splits_nor_misses(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(map(fixture, 0x1000, MOCK_RAM, 0x3000, RW), 0);
	assert_int_equal(map(fixture, 0x8000, MOCK_RAM, 0x1000, RW), 0);
	assert_int_equal(unmap(fixture, 0x2000, 0x1000, 0), -EINVAL); /* the middle */
	assert_int_equal(unmap(fixture, 0x1000, 0x1000, 0), -EINVAL); /* its head */
	assert_int_equal(unmap(fixture, 0x3000, 0x2000, 0), -EINVAL); /* its tail and beyond */
	assert_int_equal(unmap(fixture, 0x1000, 0, 0), -EINVAL);
	assert_int_equal(unmap(fixture, 0x1001, 0x3000, 0), -EINVAL);
	assert_int_equal(unmap(fixture, 0x1000, 0x3001, 0), -EINVAL);
	assert_int_equal(unmap(fixture, UINT64_MAX - 4095, 8192, 0), -EINVAL);
	assert_int_equal(unmap(fixture, 0x1000, 0x3000, 8), -EINVAL);
	assert_int_equal(unmap(fixture, 0x1000, 0x3000, VFIO_DMA_UNMAP_FLAG_VADDR), -EBUSY);
	assert_int_equal(unmap(fixture, 0x100000, 0x1000, 0), 0); /* nothing there: fine */
	assert_int_equal(unmap(fixture, 0, 0x9000, 0), 0x4000); /* both, and the holes */
	assert_int_equal(fixture->mock->memories, 0);
}

static void unmap_all_takes_everything_and_no_range(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(map(fixture, 0, MOCK_RAM, 0x1000, RW), 0);
	assert_int_equal(map(fixture, UINT64_MAX - 4095, MOCK_RAM, 4096, RW), 0);
	assert_int_equal(unmap(fixture, 0x1000, 0, VFIO_DMA_UNMAP_FLAG_ALL), -EINVAL);
	assert_int_equal(unmap(fixture, 0, 0x1000, VFIO_DMA_UNMAP_FLAG_ALL), -EINVAL);
	assert_int_equal(unmap(fixture, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0x2000);
	assert_int_equal(fixture->mock->memories, 0);
}

/* the first version takes whole mappings, unless one begins before the range */
static void type1_without_v2_unmaps_whole_mappings(void **state)
{
	struct fixture *fixture = *state;

	assert_int_equal(map(fixture, 0x1000, MOCK_RAM, 0x3000, RW), 0);
	assert_int_equal(unmap(fixture, 0x2000, 0x1000, 0), 0);
	assert_int_equal(unmap(fixture, 0x1000, 0x1000, 0), 0x3000);
}

static void map_ends_at_the_entry_limit(void **state)
{
	struct fixture *fixture = *state;

	for (uint64_t i = 0; i < 65535; i++)
		assert_int_equal(map(fixture, i * 8192, MOCK_RAM, 4096, RW), 0);
	assert_int_equal(map(fixture, 65535 * UINT64_C(8192), MOCK_RAM, 4096, RW), -ENOSPC);
	assert_int_equal(map(fixture, 0, MOCK_RAM, 4096, RW), -EEXIST);
	assert_int_equal(unmap(fixture, 8192, 4096, 0), 4096);
	assert_int_equal(map(fixture, 8192, MOCK_RAM, 4096, RW), 0);
	assert_int_equal(fixture->mock->memories, 65535);
}

static void info_negotiates_its_length(void **state)
{
	struct fixture *fixture = *state;
	int container = fixture->session.container;
	struct {
		struct vfio_iommu_type1_info info;
		uint8_t caps[64];
	} buffer;

	/* shorter than the minimum; the minimum, of which only so much is written */
	memset(&buffer, 0xee, sizeof(buffer));
	buffer.info.argsz = 15;
	assert_int_equal(
		mock_ioctl_data(fixture->client, container, VFIO_IOMMU_GET_INFO, &buffer, 24),
		-EINVAL);
	buffer.info.argsz = 16;
	assert_int_equal(
		mock_ioctl_data(fixture->client, container, VFIO_IOMMU_GET_INFO, &buffer, 24), 0);
	assert_int_equal(buffer.info.argsz, 68);
	assert_int_equal(buffer.info.flags, VFIO_IOMMU_INFO_PGSIZES | VFIO_IOMMU_INFO_CAPS);
	assert_int_equal(buffer.info.cap_offset, 0xeeeeeeee);
	/* one byte too few for the capabilities */
	buffer.info.argsz = 67;
	assert_int_equal(
		mock_ioctl_data(fixture->client, container, VFIO_IOMMU_GET_INFO, &buffer, 67), 0);
	assert_int_equal(buffer.info.cap_offset, 0);
	assert_int_equal(buffer.caps[0], 0xee);
	/* argsz promises more than there is */
	buffer.info.argsz = 68;
	assert_int_equal(
		mock_ioctl_data(fixture->client, container, VFIO_IOMMU_GET_INFO, &buffer, 40),
		-EFAULT);
	assert_int_equal(mock_ioctl(fixture->client, container, VFIO_IOMMU_GET_INFO, 0), -EFAULT);
	/* dma_avail counts down */
	assert_int_equal(map(fixture, 0, MOCK_RAM, 4096, RW), 0);
	buffer.info.argsz = 68;
	assert_int_equal(
		mock_ioctl_data(fixture->client, container, VFIO_IOMMU_GET_INFO, &buffer, 68), 0);
	assert_int_equal(buffer.caps[40] | buffer.caps[41] << 8, 65534);
}

static void short_and_unreadable_arguments_are_refused(void **state)
{
	static const uint32_t requests[] = { VFIO_IOMMU_GET_INFO, VFIO_IOMMU_MAP_DMA,
					     VFIO_IOMMU_UNMAP_DMA, VFIO_IOMMU_DIRTY_PAGES };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(requests); i++) {
		uint32_t argument[16] = { 4 };

		assert_int_equal(mock_ioctl_data(fixture->client, fixture->session.container,
						 requests[i], argument, sizeof(argument)),
				 -EINVAL);
		assert_int_equal(mock_ioctl_data(fixture->client, fixture->session.container,
						 requests[i], argument, 7),
				 -EFAULT);
		assert_int_equal(mock_ioctl(fixture->client, fixture->session.container,
					    requests[i], UINT64_MAX - 3),
				 -EFAULT);
	}
}

static int64_t dirty_pages(struct fixture *fixture, uint32_t flags, uint64_t iova, uint64_t size,
			   uint64_t bitmap_len, uint64_t bitmap)
{
	struct vfio_iommu_type1_dirty_bitmap_get range = {
		iova, size, { 4096, bitmap_len, (void *)(uintptr_t)bitmap }
	};
	uint32_t words[2 + sizeof(range) / 4] = { sizeof(words), flags };

	memcpy(words + 2, &range, sizeof(range));
	return mock_ioctl_data(fixture->client, fixture->session.container, VFIO_IOMMU_DIRTY_PAGES,
			       words, sizeof(words));
}

static void dirty_bitmap_has_every_page_a_device_may_write(void **state)
{
	enum {
		START = VFIO_IOMMU_DIRTY_PAGES_FLAG_START,
		STOP = VFIO_IOMMU_DIRTY_PAGES_FLAG_STOP,
		GET = VFIO_IOMMU_DIRTY_PAGES_FLAG_GET_BITMAP,
	};
	struct fixture *fixture = *state;
	const uint8_t *bitmap = fixture->mock->ram;
	uint64_t at = MOCK_RAM;

	assert_int_equal(map(fixture, 0x3000, MOCK_RAM, 0x12000, RW), 0);
	assert_int_equal(map(fixture, 0x20000, MOCK_RAM, 0x1000, VFIO_DMA_MAP_FLAG_READ), 0);
	assert_int_equal(dirty_pages(fixture, GET, 0, 0x40000, 8, at), -EINVAL);
	assert_int_equal(dirty_pages(fixture, START, 0, 0, 0, 0), 0);
	assert_int_equal(dirty_pages(fixture, START | STOP, 0, 0, 0, 0), -EINVAL);
	assert_int_equal(dirty_pages(fixture, 0, 0, 0, 0, 0), -EINVAL);
	assert_int_equal(dirty_pages(fixture, GET, 0, 0x40000, 7, at), -EINVAL);
	assert_int_equal(dirty_pages(fixture, GET, 0, 0, 8, at), -EINVAL);
	assert_int_equal(dirty_pages(fixture, GET, 0x4000, 0x20000, 8, at), -EINVAL);
	assert_int_equal(dirty_pages(fixture, GET, UINT64_MAX - 4095, 8192, 8, at), -EINVAL);
	assert_int_equal(dirty_pages(fixture, GET, 0, 0x40000, UINT64_MAX, at), -EINVAL);
	assert_int_equal(dirty_pages(fixture, GET, 0, 0x40000, 8, 4096), -EFAULT);
	assert_int_equal(dirty_pages(fixture, GET, 0, 0x40000, 8, at), 0);
	/* pages 3 to 20 */
	assert_memory_equal(bitmap, "\xf8\xff\x1f\0\0\0\0\0", 8);
	assert_int_equal(dirty_pages(fixture, STOP, 0, 0, 0, 0), 0);
	assert_int_equal(dirty_pages(fixture, GET, 0, 0x40000, 8, at), -EINVAL);
}

static void device_reaches_what_is_mapped_and_nothing_else(void **state)
{
	struct fixture *fixture = *state;
	char buffer[0x3000];

	memset(fixture->mock->ram, 'a', 0x1000);
	memset(fixture->mock->ram + 0x8000, 'b', 0x1000);
	/* two mappings side by side whose memory is not */
	assert_int_equal(map(fixture, 0x1000, MOCK_RAM, 0x1000, RW), 0);
	assert_int_equal(map(fixture, 0x2000, MOCK_RAM + 0x8000, 0x1000, VFIO_DMA_MAP_FLAG_READ),
			 0);
	assert_int_equal(map(fixture, 0x9000, MOCK_RAM, 0x1000, VFIO_DMA_MAP_FLAG_WRITE), 0);

	assert_int_equal(fv_guest_read(probe_last, 0x1ffe, buffer, 4), 0);
	assert_memory_equal(buffer, "aabb", 4);
	assert_int_equal(fv_guest_read(probe_last, 0x1000, buffer, 0x2000), 0);
	assert_int_equal(fv_guest_read(probe_last, 0x1000, buffer, 0x2001), -EFAULT);
	assert_int_equal(fv_guest_read(probe_last, 0xfff, buffer, 1), -EFAULT);
	assert_int_equal(fv_guest_read(probe_last, 0x9000, buffer, 1), -EFAULT);
	assert_int_equal(fv_guest_read(probe_last, UINT64_MAX, buffer, 2), -EFAULT);
	assert_int_equal(fv_guest_read(probe_last, 0, buffer, 0), 0);
	assert_int_equal(fv_guest_write(probe_last, 0x1000, "xyz", 3), 0);
	assert_memory_equal(fixture->mock->ram, "xyza", 4);
	assert_int_equal(fv_guest_write(probe_last, 0x2000, "xyz", 3), -EFAULT);
	assert_int_equal(unmap(fixture, 0, 0, VFIO_DMA_UNMAP_FLAG_ALL), 0x3000);
	assert_int_equal(fv_guest_read(probe_last, 0x1000, buffer, 1), -EFAULT);
}

/* MAP_DMA takes addresses that no process has; only the access finds out */
static void mapped_but_missing_memory_gives_efault(void **state)
{
	struct fixture *fixture = *state;
	char buffer[16];

	assert_int_equal(map(fixture, 0, 0x5000000000, 0x1000, RW), 0);
	assert_int_equal(fv_guest_read(probe_last, 0, buffer, sizeof(buffer)), -EFAULT);
	assert_int_equal(fv_guest_write(probe_last, 0, buffer, sizeof(buffer)), -EFAULT);
}

static void readv_batches_and_zeroes_what_is_missing(void **state)
{
	enum { PIECES = 2500 };
	struct fixture *fixture = *state;
	struct fv_guest_iov *iov = calloc(PIECES, sizeof(*iov));
	uint8_t *bytes = calloc(PIECES, 1);
	unsigned long before = fixture->mock->copies;

	for (size_t i = 0; i < PIECES; i++) {
		fixture->mock->ram[i] = 1 + i % 255;
		iov[i] = (struct fv_guest_iov){ 0x10000 + i, bytes + i, 1 };
	}
	assert_int_equal(map(fixture, 0x10000, MOCK_RAM, 0x1000, RW), 0);
	assert_int_equal(fv_guest_readv(probe_last, iov, PIECES), 0);
	assert_memory_equal(bytes, fixture->mock->ram, PIECES);
	assert_int_equal(fixture->mock->copies - before, 3);
	/* one is not mapped, one's memory is missing: the others arrive all the same */
	assert_int_equal(map(fixture, 0x40000, 0x5000000000, 0x1000, RW), 0);
	iov[7].iova = 0x30000;
	iov[1500].iova = 0x40000;
	assert_int_equal(fv_guest_readv(probe_last, iov, PIECES), 2);
	assert_int_equal(bytes[7], 0);
	assert_int_equal(bytes[1500], 0);
	assert_int_equal(bytes[6], fixture->mock->ram[6]);
	assert_int_equal(bytes[1501], fixture->mock->ram[1501]);
	free(bytes);
	free(iov);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, fixture_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(map_refuses_what_the_kernel_refuses),
		TEST(unmap_neither_splits_nor_misses),
		TEST(unmap_all_takes_everything_and_no_range),
		cmocka_unit_test_setup_teardown(type1_without_v2_unmaps_whole_mappings, set_up_v1,
						fixture_close),
		TEST(map_ends_at_the_entry_limit),
		TEST(info_negotiates_its_length),
		TEST(short_and_unreadable_arguments_are_refused),
		TEST(dirty_bitmap_has_every_page_a_device_may_write),
		TEST(device_reaches_what_is_mapped_and_nothing_else),
		TEST(mapped_but_missing_memory_gives_efault),
		TEST(readv_batches_and_zeroes_what_is_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
