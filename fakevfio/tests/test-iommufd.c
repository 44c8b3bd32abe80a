/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * The iommufd way to a device. What is expected is what Linux 6.6 does with an mdev.
 * Source: drivers/iommu/iommufd/main.c, ioas.c, io_pagetable.c, vfio_compat.c;
 * drivers/vfio/device_cdev.c, vfio_main.c, group.c, iommufd.c
 */

#include "mock-front-end.h"
#include "probe-model.h"

#include <errno.h>
#include <fakevfio/device.h>
#include <fakevfio/iommufd-abi.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UUID "6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a11"

enum { PAGE = 4096, RW = FV_IOAS_MAP_WRITEABLE | FV_IOAS_MAP_READABLE };
#define FIXED (RW | FV_IOAS_MAP_FIXED_IOVA)

struct fixture {
	struct mock *mock;
	struct mock_client *client;
	int group; /* its number */
	int iommufd, cdev; /* handles */
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	int backing;

	f->mock = mock_create();
	fake_host_set_kernel(f->mock->host, FAKE_KERNEL(6, 12));
	f->client = mock_client_create(f->mock);
	f->group = mock_add_vgpu(f->mock, &mock_probe_profile, 0, UUID);
	f->iommufd = fv_machine_open_iommufd(f->mock->machine, &backing);
	f->cdev = fv_machine_open_cdev(f->mock->machine, 0, &backing);
	assert_true(f->iommufd > 0 && f->cdev > 0);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	int held;

	free(f->client);
	held = mock_destroy(f->mock);
	free(f);
	return held;
}

#define CALL(f, handle, request, data) \
	mock_ioctl_data((f)->client, handle, request, &(data), sizeof(data))

static uint32_t alloc_ioas(struct fixture *f)
{
	struct fv_ioas_alloc cmd = { .size = sizeof(cmd) };

	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_IOAS_ALLOC, cmd), 0);
	return cmd.out_ioas_id;
}

static int64_t map(struct fixture *f, uint32_t ioas, uint32_t flags, uint64_t vaddr, uint64_t len,
		   uint64_t *iova)
{
	struct fv_ioas_map cmd = { sizeof(cmd), flags, ioas, 0, vaddr, len, *iova };
	int64_t rc = CALL(f, f->iommufd, FV_IOMMU_IOAS_MAP, cmd);

	*iova = cmd.iova;
	return rc;
}

static int64_t map_at(struct fixture *f, uint32_t ioas, uint64_t iova, uint64_t len)
{
	return map(f, ioas, FIXED, MOCK_RAM, len, &iova);
}

static int64_t unmap(struct fixture *f, uint32_t ioas, uint64_t iova, uint64_t *len)
{
	struct fv_ioas_unmap cmd = { sizeof(cmd), ioas, iova, *len };
	int64_t rc = CALL(f, f->iommufd, FV_IOMMU_IOAS_UNMAP, cmd);

	*len = cmd.length;
	return rc;
}

static int64_t destroy(struct fixture *f, uint32_t id)
{
	struct fv_iommu_destroy cmd = { sizeof(cmd), id };

	return CALL(f, f->iommufd, FV_IOMMU_DESTROY, cmd);
}

static int64_t bind_to(struct fixture *f, int cdev, int32_t fd, uint32_t *id)
{
	struct fv_bind_iommufd cmd = { sizeof(cmd), 0, fd, 0 };
	int64_t rc = CALL(f, cdev, FV_DEVICE_BIND_IOMMUFD, cmd);

	*id = cmd.out_devid;
	return rc;
}

static int64_t attach(struct fixture *f, uint32_t id)
{
	struct fv_attach_iommufd_pt cmd = { sizeof(cmd), 0, id };

	return CALL(f, f->cdev, FV_DEVICE_ATTACH_IOMMUFD_PT, cmd);
}

static int64_t detach(struct fixture *f)
{
	struct fv_detach_iommufd_pt cmd = { sizeof(cmd), 0 };

	return CALL(f, f->cdev, FV_DEVICE_DETACH_IOMMUFD_PT, cmd);
}

static void ids_are_the_lowest_that_are_free_from_1_on(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(alloc_ioas(f), 1);
	assert_int_equal(alloc_ioas(f), 2);
	assert_int_equal(destroy(f, 1), 0);
	assert_int_equal(destroy(f, 1), -ENOENT);
	assert_int_equal(alloc_ioas(f), 1);
	assert_int_equal(alloc_ioas(f), 3);
}

static void sizes_are_negotiated_as_copy_struct_from_user_does(void **state)
{
	struct fixture *f = *state;
	struct {
		struct fv_ioas_alloc cmd;
		uint32_t rest;
	} longer = { { .size = sizeof(longer) }, 0 };
	struct fv_ioas_alloc shorter = { .size = 8 };
	uint32_t size = 12;

	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_IOAS_ALLOC, shorter), -EINVAL);
	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_IOAS_ALLOC, size), -EFAULT);
	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_IOAS_ALLOC, longer), 0);
	longer.rest = 1;
	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_IOAS_ALLOC, longer), -E2BIG);
	longer.cmd.flags = 1;
	longer.rest = 0;
	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_IOAS_ALLOC, longer), -EOPNOTSUPP);
	assert_int_equal(CALL(f, f->iommufd, FV_REQUEST(0xa0), size), -ENOTTY);
}

static void nothing_but_bind_works_before_a_bind(void **state)
{
	struct fixture *f = *state;
	struct vfio_device_info info = { .argsz = sizeof(info) };
	uint32_t word, id;

	assert_int_equal(CALL(f, f->cdev, VFIO_DEVICE_GET_INFO, info), -EINVAL);
	assert_int_equal(attach(f, 1), -EINVAL);
	assert_int_equal(fv_machine_read(f->mock->machine, f->cdev, 0, &word, 4), -EINVAL);
	assert_int_equal(fv_machine_may_mmap(f->mock->machine, f->cdev, 0, PAGE, 1, 1), -EINVAL);
	assert_int_equal(bind_to(f, f->cdev, -1, &id), -EINVAL);
	assert_int_equal(bind_to(f, f->cdev, MOCK_EVENTFD, &id), -EBADF);
	assert_int_equal(bind_to(f, f->cdev, f->cdev, &id), -EBADFD);
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	assert_int_equal(CALL(f, f->cdev, VFIO_DEVICE_GET_INFO, info), 0);
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), -EINVAL);
}

static void a_bound_device_has_an_id_that_cannot_be_destroyed(void **state)
{
	struct fixture *f = *state;
	uint32_t id;

	assert_int_equal(alloc_ioas(f), 1);
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	assert_int_equal(id, 2);
	assert_int_equal(destroy(f, id), -EBUSY);
	fv_machine_close(f->mock->machine, f->cdev);
	assert_int_equal(destroy(f, id), -ENOENT);
}

static void an_attached_ioas_is_busy_until_its_device_leaves(void **state)
{
	struct fixture *f = *state;
	uint32_t first = alloc_ioas(f), second = alloc_ioas(f), id;

	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	assert_int_equal(attach(f, id), -ENOENT); /* a device is no address space */
	assert_int_equal(attach(f, 99), -ENOENT);
	assert_int_equal(attach(f, first), 0);
	assert_int_equal(attach(f, first), 0);
	assert_int_equal(destroy(f, first), -EBUSY);
	assert_int_equal(attach(f, second), 0); /* replaces */
	assert_int_equal(destroy(f, first), 0);
	assert_int_equal(detach(f), 0);
	assert_int_equal(detach(f), 0);
	assert_int_equal(destroy(f, second), 0);
}

/*
 * The probe model copies the word at @iova to the next one; @at is where the guest memory is that
 * should lie there. What arrived, 0: nothing.
 */
static uint32_t device_copies(struct fixture *f, uint32_t iova, size_t at)
{
	uint32_t result = 0;

	memset(f->mock->ram + at + 4, 0, 4);
	assert_int_equal(fv_machine_write(f->mock->machine, f->cdev, PROBE_REG_DMA, &iova, 4), 4);
	memcpy(&result, f->mock->ram + at + 4, 4);
	return result;
}

static void a_device_reaches_what_is_mapped_where_it_is_attached(void **state)
{
	struct fixture *f = *state;
	uint32_t first = alloc_ioas(f), second = alloc_ioas(f), id;
	uint32_t value = 0x600df00d;
	uint64_t len = PAGE;

	memcpy(f->mock->ram + 64, &value, sizeof(value));
	assert_int_equal(map_at(f, first, 0x10000, PAGE), 0);
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	assert_int_equal(device_copies(f, 0x10040, 64), 0);
	assert_int_equal(attach(f, first), 0);
	assert_int_equal(device_copies(f, 0x10040, 64), value);
	assert_int_equal(attach(f, second), 0);
	assert_int_equal(device_copies(f, 0x10040, 64), 0);
	assert_int_equal(map_at(f, second, 0x20000, PAGE), 0);
	assert_int_equal(device_copies(f, 0x20040, 64), value);
	assert_int_equal(unmap(f, second, 0x20000, &len), 0);
	assert_int_equal(device_copies(f, 0x20040, 64), 0);
	assert_int_equal(attach(f, first), 0);
	assert_int_equal(detach(f), 0);
	assert_int_equal(device_copies(f, 0x10040, 64), 0);
}

static void group_and_cdev_keep_each_other_away(void **state)
{
	struct fixture *f = *state;
	struct fv_machine *machine = f->mock->machine;
	int backing, second = fv_machine_open_cdev(machine, 0, &backing);
	int group = fv_machine_open_group(machine, f->group);
	uint32_t id;

	assert_true(group > 0 && second > 0);
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), -EBUSY);
	fv_machine_close(machine, group);
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	assert_int_equal(fv_machine_open_group(machine, f->group), -EBUSY);
	assert_int_equal(bind_to(f, second, f->iommufd, &id), -EINVAL);
	fv_machine_close(machine, f->cdev);
	assert_int_equal(bind_to(f, second, f->iommufd, &id), 0);
	assert_int_equal(fv_machine_open_cdev(machine, 1, &backing), -ENODEV);
}

static void mapping_rules_are_the_page_tables(void **state)
{
	struct fixture *f = *state;
	uint32_t ioas = alloc_ioas(f);
	uint64_t iova = 0;

	assert_int_equal(map(f, ioas, FIXED | 8, MOCK_RAM, PAGE, &iova), -EOPNOTSUPP);
	assert_int_equal(map(f, ioas, FV_IOAS_MAP_FIXED_IOVA, MOCK_RAM, PAGE, &iova), -EINVAL);
	assert_int_equal(map(f, 99, FIXED, MOCK_RAM, PAGE, &iova), -ENOENT);
	assert_int_equal(map_at(f, ioas, UINT64_MAX, PAGE), -EOVERFLOW);
	assert_int_equal(map_at(f, ioas, 0, 0), -EINVAL);
	assert_int_equal(map_at(f, ioas, UINT64_MAX - 10, PAGE), -EOVERFLOW);
	assert_int_equal(map(f, ioas, FIXED, UINT64_MAX - 10, PAGE, &iova), -EOVERFLOW);
	assert_int_equal(map_at(f, ioas, PAGE, 2 * PAGE), 0);
	assert_int_equal(map_at(f, ioas, 2 * PAGE, PAGE), -EEXIST);
	/* no device is attached: any byte may begin a mapping, but to attach then is refused */
	assert_int_equal(map_at(f, ioas, 0x100001, 3), 0);
}

static void a_device_wants_pages(void **state)
{
	struct fixture *f = *state;
	uint32_t ioas = alloc_ioas(f), id;
	uint64_t len = 3, iova = 0x100000;

	assert_int_equal(map_at(f, ioas, 0x100001, 3), 0);
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	assert_int_equal(attach(f, ioas), -EADDRINUSE);
	assert_int_equal(unmap(f, ioas, 0x100001, &len), 0);
	assert_int_equal(attach(f, ioas), 0);
	assert_int_equal(map_at(f, ioas, 0x100001, PAGE), -EINVAL);
	assert_int_equal(map_at(f, ioas, 0x100000, 3), -EINVAL);
	assert_int_equal(map(f, ioas, FIXED, MOCK_RAM + 1, PAGE, &iova), -EINVAL);
	assert_int_equal(map_at(f, ioas, 0x100000, PAGE), 0);
}

static void places_are_chosen_upwards_aligned_like_the_memory(void **state)
{
	struct fixture *f = *state;
	uint32_t ioas = alloc_ioas(f);
	uint64_t iova = 0;

	assert_int_equal(map(f, ioas, RW, MOCK_RAM, PAGE, &iova), 0);
	assert_int_equal(iova, PAGE); /* never 0 */
	assert_int_equal(map(f, ioas, RW, MOCK_RAM, 4 * PAGE, &iova), 0);
	assert_int_equal(iova, 4 * PAGE); /* the memory is so aligned, too */
	assert_int_equal(map(f, ioas, RW, MOCK_RAM + PAGE, 2 * PAGE, &iova), 0);
	assert_int_equal(iova, 2 * PAGE); /* fills the hole: its memory is aligned to one page */
	assert_int_equal(map(f, ioas, RW, MOCK_RAM, UINT64_MAX / 2, &iova), -EOVERFLOW);
}

static int64_t allow(struct fixture *f, uint32_t ioas, struct fv_iova_range *ranges, uint32_t len)
{
	struct fv_ioas_allow_iovas cmd = { sizeof(cmd), ioas, len, 0, MOCK_RAM + 0x10000 };

	memcpy(f->mock->ram + 0x10000, ranges, len * sizeof(*ranges));
	return CALL(f, f->iommufd, FV_IOMMU_IOAS_ALLOW_IOVAS, cmd);
}

static void places_are_chosen_where_they_are_allowed(void **state)
{
	struct fixture *f = *state;
	uint32_t ioas = alloc_ioas(f);
	struct fv_iova_range two[] = { { 0x90000, 0x90fff }, { 0x80000, 0x80fff } };
	struct fv_iova_range wrong[] = { { 0x1000, 0x2fff }, { 0x2000, 0x3fff } };
	struct fv_iova_range empty = { 5, 5 };
	uint64_t iova = 0;

	assert_int_equal(allow(f, ioas, wrong, 2), -EINVAL);
	assert_int_equal(allow(f, ioas, &empty, 1), -EINVAL);
	assert_int_equal(allow(f, 99, two, 2), -ENOENT);
	assert_int_equal(allow(f, ioas, two, 2), 0);
	assert_int_equal(map(f, ioas, RW, MOCK_RAM, PAGE, &iova), 0);
	assert_int_equal(iova, 0x80000);
	assert_int_equal(map(f, ioas, RW, MOCK_RAM, 2 * PAGE, &iova), -ENOSPC);
	assert_int_equal(map(f, ioas, RW, MOCK_RAM, PAGE, &iova), 0);
	assert_int_equal(iova, 0x90000);
	assert_int_equal(map_at(f, ioas, 0x1000, PAGE), 0); /* a place that is named need not be */
	assert_int_equal(allow(f, ioas, two, 0), 0);
	assert_int_equal(map(f, ioas, RW, MOCK_RAM, PAGE, &iova), 0);
	assert_int_equal(iova, 0x2000);
}

static void ranges_tell_all_and_the_alignment(void **state)
{
	struct fixture *f = *state;
	uint32_t ioas = alloc_ioas(f), id;
	struct fv_ioas_iova_ranges cmd = { .size = sizeof(cmd), .ioas_id = ioas };
	struct fv_iova_range range;

	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_IOAS_IOVA_RANGES, cmd), -EMSGSIZE);
	assert_int_equal(cmd.num_iovas, 1);
	assert_int_equal(cmd.out_iova_alignment, 1);
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	assert_int_equal(attach(f, ioas), 0);
	cmd.allowed_iovas = MOCK_RAM + 0x20000;
	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_IOAS_IOVA_RANGES, cmd), 0);
	assert_int_equal(cmd.out_iova_alignment, PAGE);
	memcpy(&range, f->mock->ram + 0x20000, sizeof(range));
	assert_int_equal(range.start, 0);
	assert_int_equal(range.last, UINT64_MAX);
	cmd.ioas_id = id;
	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_IOAS_IOVA_RANGES, cmd), -ENOENT);
}

static void unmap_takes_whole_mappings(void **state)
{
	struct fixture *f = *state;
	uint32_t ioas = alloc_ioas(f);
	uint64_t len = PAGE;

	assert_int_equal(unmap(f, ioas, 0, &len), -ENOENT);
	assert_int_equal(map_at(f, ioas, 0x10000, 2 * PAGE), 0);
	assert_int_equal(map_at(f, ioas, 0x20000, 2 * PAGE), 0);
	assert_int_equal(unmap(f, ioas, 0x10000, &len), -ENOENT); /* would split it */
	len = 0x11000;
	assert_int_equal(unmap(f, ioas, 0x10000, &len),
			 -ENOENT); /* the second; the first is gone */
	assert_int_equal(map_at(f, ioas, 0x10000, 2 * PAGE), 0);
	len = 0x100000;
	assert_int_equal(unmap(f, ioas, 0, &len), 0);
	assert_int_equal(len, 4 * PAGE);
	len = UINT64_MAX;
	assert_int_equal(unmap(f, ioas, 0, &len), 0);
	assert_int_equal(len, 0);
	assert_int_equal(unmap(f, ioas, 1, &len), -EINVAL); /* length is 0 now */
}

static int64_t copy(struct fixture *f, uint32_t to, uint64_t at, uint32_t from, uint64_t iova,
		    uint64_t len, uint32_t flags)
{
	struct fv_ioas_copy cmd = { sizeof(cmd), flags, to, from, len, at, iova };

	return CALL(f, f->iommufd, FV_IOMMU_IOAS_COPY, cmd);
}

static void copies_share_memory_not_fate(void **state)
{
	struct fixture *f = *state;
	uint32_t from = alloc_ioas(f), to = alloc_ioas(f), id;
	uint32_t value = 0x0ddba11;
	uint64_t len = UINT64_MAX, iova = 0x30000;

	memcpy(f->mock->ram + PAGE + 64, &value, sizeof(value));
	assert_int_equal(map_at(f, from, 0x10000, 2 * PAGE), 0);
	assert_int_equal(copy(f, to, 0x50000, from, 0x11000, PAGE, FIXED), 0);
	assert_int_equal(copy(f, to, 0x50000, from, 0x11000, PAGE, FIXED), -EEXIST);
	assert_int_equal(copy(f, to, 0x60000, from, 0x11000, 2 * PAGE, FIXED), -ENOENT);
	assert_int_equal(copy(f, 99, 0x60000, from, 0x11000, PAGE, FIXED), -ENOENT);
	assert_int_equal(copy(f, to, 0x60000, from, 0x11000, 0, FIXED), -EINVAL);
	assert_int_equal(
		map(f, from, FV_IOAS_MAP_FIXED_IOVA | FV_IOAS_MAP_READABLE, MOCK_RAM, PAGE, &iova),
		0);
	assert_int_equal(copy(f, to, 0x60000, from, 0x30000, PAGE, FIXED), -EPERM);
	assert_int_equal(unmap(f, from, 0, &len), 0);
	assert_int_equal(destroy(f, from), 0);
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	assert_int_equal(attach(f, to), 0);
	assert_int_equal(device_copies(f, 0x50040, PAGE + 64), value);
}

static int64_t option(struct fixture *f, uint32_t which, uint16_t op, uint32_t object,
		      uint64_t *value)
{
	struct fv_iommu_option cmd = { sizeof(cmd), which, op, 0, object, *value };
	int64_t rc = CALL(f, f->iommufd, FV_IOMMU_OPTION, cmd);

	*value = cmd.val64;
	return rc;
}

static void options_are_told_and_set(void **state)
{
	struct fixture *f = *state;
	uint32_t ioas = alloc_ioas(f);
	uint64_t value = 7;

	assert_int_equal(option(f, FV_OPTION_RLIMIT_MODE, FV_OPTION_GET, 0, &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(option(f, FV_OPTION_RLIMIT_MODE, FV_OPTION_SET, 0, &value), -EPERM);
	assert_int_equal(option(f, FV_OPTION_RLIMIT_MODE, FV_OPTION_GET, ioas, &value),
			 -EOPNOTSUPP);
	assert_int_equal(option(f, FV_OPTION_HUGE_PAGES, FV_OPTION_GET, ioas, &value), 0);
	assert_int_equal(value, 1);
	value = 0;
	assert_int_equal(option(f, FV_OPTION_HUGE_PAGES, FV_OPTION_SET, ioas, &value), 0);
	assert_int_equal(map_at(f, ioas, 1, PAGE), -EINVAL);
	value = 2;
	assert_int_equal(option(f, FV_OPTION_HUGE_PAGES, FV_OPTION_SET, ioas, &value), -EINVAL);
	assert_int_equal(option(f, FV_OPTION_HUGE_PAGES, FV_OPTION_GET, 99, &value), -ENOENT);
	assert_int_equal(option(f, 5, FV_OPTION_GET, 0, &value), -EOPNOTSUPP);
}

static void a_vgpu_has_no_page_table_in_hardware(void **state)
{
	struct fixture *f = *state;
	struct fv_hw_info info = { .size = sizeof(info) };
	struct fv_hwpt_alloc alloc = { .size = sizeof(alloc), .pt_id = alloc_ioas(f) };
	struct fv_hwpt_set_dirty_tracking dirty = { .size = sizeof(dirty) };

	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &info.dev_id), 0);
	alloc.dev_id = info.dev_id;
	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_GET_HW_INFO, info), -ENOENT);
	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_HWPT_ALLOC, alloc), -ENOENT);
	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_HWPT_SET_DIRTY_TRACKING, dirty), -ENOENT);
	alloc.flags = 0x100;
	assert_int_equal(CALL(f, f->iommufd, FV_IOMMU_HWPT_ALLOC, alloc), -EOPNOTSUPP);
}

static int64_t vfio_ioas(struct fixture *f, uint16_t op, uint32_t *id)
{
	struct fv_vfio_ioas cmd = { sizeof(cmd), *id, op, 0 };
	int64_t rc = CALL(f, f->iommufd, FV_IOMMU_VFIO_IOAS, cmd);

	*id = cmd.ioas_id;
	return rc;
}

/* As QEMU 7.2 opens a device, with /dev/iommu where it takes /dev/vfio/vfio to be. */
static void an_iommufd_passes_for_a_container(void **state)
{
	struct fixture *f = *state;
	struct fv_machine *machine = f->mock->machine;
	int group = fv_machine_open_group(machine, f->group), device;
	struct vfio_iommu_type1_info info = { .argsz = sizeof(info) };
	struct vfio_iommu_type1_dma_map dma = { sizeof(dma), 3, MOCK_RAM, 0x10000, 4 * PAGE };
	struct vfio_iommu_type1_dma_unmap undo = { sizeof(undo), 0, 0x11000, PAGE };
	uint32_t id = 0;
	int32_t fd = f->iommufd;

	assert_int_equal(mock_ioctl(f->client, f->iommufd, VFIO_GET_API_VERSION, 0), 0);
	assert_int_equal(mock_ioctl(f->client, f->iommufd, VFIO_SET_IOMMU, 3), -ENODEV);
	assert_int_equal(vfio_ioas(f, FV_VFIO_IOAS_GET, &id), -ENODEV);
	assert_int_equal(CALL(f, group, VFIO_GROUP_SET_CONTAINER, fd), 0);
	assert_int_equal(CALL(f, group, VFIO_GROUP_SET_CONTAINER, fd), -EINVAL);
	assert_int_equal(vfio_ioas(f, FV_VFIO_IOAS_GET, &id), 0);
	assert_int_equal(id, 1);
	assert_int_equal(mock_ioctl(f->client, f->iommufd, VFIO_SET_IOMMU, 1), 0);
	assert_int_equal(CALL(f, f->iommufd, VFIO_IOMMU_GET_INFO, info), 0);
	assert_int_equal(info.argsz, 68);
	assert_int_equal(info.cap_offset, 0);
	assert_int_equal(CALL(f, f->iommufd, VFIO_IOMMU_MAP_DMA, dma), 0);
	device = (int)mock_get_device(f->client, group, UUID);
	assert_true(device > 0);
	assert_int_equal(destroy(f, id), -EBUSY);
	assert_int_equal(CALL(f, f->iommufd, VFIO_IOMMU_UNMAP_DMA, undo), 0); /* type 1: cut out */
	assert_int_equal(undo.size, PAGE);
	undo = (struct vfio_iommu_type1_dma_unmap){ sizeof(undo), VFIO_DMA_UNMAP_FLAG_ALL, 0, 0 };
	assert_int_equal(CALL(f, f->iommufd, VFIO_IOMMU_UNMAP_DMA, undo), 0);
	assert_int_equal(undo.size, 3 * PAGE);
	fv_machine_close(machine, device);
	fv_machine_close(machine, group);
	assert_int_equal(destroy(f, id), 0);
	assert_int_equal(vfio_ioas(f, FV_VFIO_IOAS_GET, &id), -ENODEV);
}

static void an_iommufd_lives_as_long_as_a_device_is_bound_to_it(void **state)
{
	struct fixture *f = *state;
	uint32_t ioas = alloc_ioas(f), id, value = 0xca11ab1e;

	memcpy(f->mock->ram + 64, &value, sizeof(value));
	assert_int_equal(map_at(f, ioas, 0, PAGE), 0);
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	assert_int_equal(attach(f, ioas), 0);
	fv_machine_close(f->mock->machine, f->iommufd);
	assert_int_equal(device_copies(f, 0x40, 64), value);
}

static void what_fails_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	struct fake_vgpu_info info;
	uint32_t id;

	f->mock->fail_view = 1;
	assert_int_not_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	f->mock->fail_view = 0;
	assert_int_equal(bind_to(f, f->cdev, f->iommufd, &id), 0);
	assert_int_equal(id, 1);
	fv_machine_close(f->mock->machine, f->cdev);
	assert_int_equal(fake_host_find_group(f->mock->host, f->group, &info), 0);
	assert_int_equal(info.users, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(ids_are_the_lowest_that_are_free_from_1_on),
		TEST(sizes_are_negotiated_as_copy_struct_from_user_does),
		TEST(nothing_but_bind_works_before_a_bind),
		TEST(a_bound_device_has_an_id_that_cannot_be_destroyed),
		TEST(an_attached_ioas_is_busy_until_its_device_leaves),
		TEST(a_device_reaches_what_is_mapped_where_it_is_attached),
		TEST(group_and_cdev_keep_each_other_away),
		TEST(mapping_rules_are_the_page_tables),
		TEST(a_device_wants_pages),
		TEST(places_are_chosen_upwards_aligned_like_the_memory),
		TEST(places_are_chosen_where_they_are_allowed),
		TEST(ranges_tell_all_and_the_alignment),
		TEST(unmap_takes_whole_mappings),
		TEST(copies_share_memory_not_fate),
		TEST(options_are_told_and_set),
		TEST(a_vgpu_has_no_page_table_in_hardware),
		TEST(an_iommufd_passes_for_a_container),
		TEST(an_iommufd_lives_as_long_as_a_device_is_bound_to_it),
		TEST(what_fails_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
