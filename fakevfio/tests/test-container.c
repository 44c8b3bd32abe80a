/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Containers and groups: what they answer in which state, and how long they live. */

#include "mock-front-end.h"

#include <errno.h>
#include <linux/vfio.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define UUID	   "6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a11"
#define OTHER_UUID "6d1b0f3e-5b6a-4c7e-9a83-0c5c1f6f2a12"

struct fixture {
	struct mock *mock;
	struct mock_client *client;
	struct fv_machine *machine;
	int group_number, other_number; /* of the vGPUs UUID and OTHER_UUID */
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	fixture->mock = mock_create();
	fixture->machine = fixture->mock->machine;
	fixture->client = mock_client_create(fixture->mock);
	fixture->group_number =
		mock_add_vgpu(fixture->mock, fake_gpu_profile_find("mdpy"), 0, UUID);
	fixture->other_number =
		mock_add_vgpu(fixture->mock, fake_gpu_profile_find("mdpy"), 0, OTHER_UUID);
	*state = fixture;
	return fixture->group_number < 0 || fixture->other_number < 0;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	int held = mock_destroy(fixture->mock);

	free(fixture->client);
	free(fixture);
	return held;
}

static int64_t set_container(struct fixture *fixture, int group, int32_t fd)
{
	return mock_ioctl_data(fixture->client, group, VFIO_GROUP_SET_CONTAINER, &fd, sizeof(fd));
}

static int64_t set_iommu(struct fixture *fixture, int container, uint64_t type)
{
	return mock_ioctl(fixture->client, container, VFIO_SET_IOMMU, type);
}

static int64_t map(struct fixture *fixture, int container, uint64_t iova)
{
	struct vfio_iommu_type1_dma_map map = { sizeof(map), VFIO_DMA_MAP_FLAG_READ, MOCK_RAM, iova,
						4096 };

	return mock_ioctl_data(fixture->client, container, VFIO_IOMMU_MAP_DMA, &map, sizeof(map));
}

/* requests of every kind, sent to the wrong kind of descriptor and to none at all */
static void unknown_requests_give_the_errno_of_their_kind(void **state)
{
	struct fixture *fixture = *state;
	struct mock_session session;

	assert_int_equal(mock_open(fixture->client, fixture->group_number, UUID, &session), 0);
	assert_int_equal(mock_ioctl(fixture->client, session.container, 0x3bff, 0), -ENOTTY);
	assert_int_equal(mock_ioctl(fixture->client, session.group, 0x3bff, 0), -ENOTTY);
	assert_int_equal(mock_ioctl(fixture->client, session.device, 0x3bff, 0), -ENOTTY);
	assert_int_equal(mock_ioctl(fixture->client, session.group, VFIO_DEVICE_GET_INFO, 0),
			 -ENOTTY);
	assert_int_equal(mock_ioctl(fixture->client, session.device, VFIO_GROUP_GET_STATUS, 0),
			 -ENOTTY);
	assert_int_equal(mock_ioctl(fixture->client, 4711, VFIO_GET_API_VERSION, 0), -EBADF);
	assert_int_equal(mock_ioctl(fixture->client, -1, VFIO_GET_API_VERSION, 0), -EBADF);
	mock_close(fixture->mock, &session);
	assert_int_equal(mock_ioctl(fixture->client, session.device, VFIO_DEVICE_RESET, 0), -EBADF);
}

static void container_without_iommu_says_einval_to_iommu_requests(void **state)
{
	struct fixture *fixture = *state;
	int container = fv_machine_open_container(fixture->machine);

	assert_int_equal(map(fixture, container, 0), -EINVAL);
	assert_int_equal(mock_ioctl(fixture->client, container, 0x3bff, 0), -EINVAL);
	fv_machine_close(fixture->machine, container);
}

static void set_iommu_takes_type1_once_and_only_with_a_group(void **state)
{
	struct fixture *fixture = *state;
	int container = fv_machine_open_container(fixture->machine);
	int group = fv_machine_open_group(fixture->machine, fixture->group_number);

	assert_int_equal(set_iommu(fixture, container, VFIO_TYPE1v2_IOMMU), -EINVAL);
	assert_int_equal(set_container(fixture, group, container), 0);
	assert_int_equal(set_iommu(fixture, container, VFIO_SPAPR_TCE_IOMMU), -ENODEV);
	assert_int_equal(set_iommu(fixture, container, UINT64_MAX), -ENODEV);
	assert_int_equal(set_iommu(fixture, container, VFIO_UNMAP_ALL), -EINVAL);
	assert_int_equal(set_iommu(fixture, container, VFIO_TYPE1_NESTING_IOMMU), 0);
	assert_int_equal(set_iommu(fixture, container, VFIO_TYPE1v2_IOMMU), -EINVAL);
	fv_machine_close(fixture->machine, group);
	fv_machine_close(fixture->machine, container);
}

static void set_container_checks_its_descriptor(void **state)
{
	struct fixture *fixture = *state;
	int container = fv_machine_open_container(fixture->machine);
	int group = fv_machine_open_group(fixture->machine, fixture->group_number);

	assert_int_equal(mock_ioctl(fixture->client, group, VFIO_GROUP_SET_CONTAINER, 0), -EFAULT);
	assert_int_equal(set_container(fixture, group, -1), -EINVAL);
	assert_int_equal(set_container(fixture, group, INT32_MAX), -EBADF);
	assert_int_equal(set_container(fixture, group, 99999), -EINVAL);
	assert_int_equal(set_container(fixture, group, group), -EINVAL);
	assert_int_equal(mock_ioctl(fixture->client, group, VFIO_GROUP_UNSET_CONTAINER, 0),
			 -EINVAL);
	assert_int_equal(set_container(fixture, group, container), 0);
	assert_int_equal(set_container(fixture, group, container), -EINVAL);
	fv_machine_close(fixture->machine, group);
	fv_machine_close(fixture->machine, container);
}

static void group_opens_once_at_a_time(void **state)
{
	struct fixture *fixture = *state;
	int group = fv_machine_open_group(fixture->machine, fixture->group_number);

	assert_true(group > 0);
	assert_int_equal(fv_machine_open_group(fixture->machine, fixture->group_number), -EBUSY);
	assert_int_equal(fv_machine_open_group(fixture->machine, 4711), -ENODEV);
	fv_machine_close(fixture->machine, group);
	group = fv_machine_open_group(fixture->machine, fixture->group_number);
	assert_true(group > 0);
	fv_machine_close(fixture->machine, group);
}

/* a device descriptor holds the group's file */
static void group_stays_busy_until_its_device_is_closed(void **state)
{
	struct fixture *fixture = *state;
	struct mock_session session;
	int group;

	assert_int_equal(mock_open(fixture->client, fixture->group_number, UUID, &session), 0);
	fv_machine_close(fixture->machine, session.group);
	assert_int_equal(fv_machine_open_group(fixture->machine, fixture->group_number), -EBUSY);
	fv_machine_close(fixture->machine, session.device);
	group = fv_machine_open_group(fixture->machine, fixture->group_number);
	assert_true(group > 0);
	fv_machine_close(fixture->machine, group);
	fv_machine_close(fixture->machine, session.container);
}

static void container_outlives_its_descriptor_while_a_group_is_in_it(void **state)
{
	struct fixture *fixture = *state;
	struct mock_session session;
	struct vfio_group_status status = { sizeof(status) };

	assert_int_equal(mock_open(fixture->client, fixture->group_number, UUID, &session), 0);
	assert_int_equal(map(fixture, session.container, 0), 0);
	fv_machine_close(fixture->machine, session.container);
	assert_int_equal(fixture->mock->memories, 1);
	assert_int_equal(mock_ioctl_data(fixture->client, session.group, VFIO_GROUP_GET_STATUS,
					 &status, sizeof(status)),
			 0);
	assert_int_equal(status.flags, VFIO_GROUP_FLAGS_VIABLE | VFIO_GROUP_FLAGS_CONTAINER_SET);
	fv_machine_close(fixture->machine, session.group);
	assert_int_equal(fixture->mock->memories, 1);
	fv_machine_close(fixture->machine, session.device);
	assert_int_equal(fixture->mock->memories, 0);
}

static void mappings_die_with_the_last_group_and_the_iommu_with_them(void **state)
{
	struct fixture *fixture = *state;
	int container = fv_machine_open_container(fixture->machine);
	int first = fv_machine_open_group(fixture->machine, fixture->group_number);
	int second = fv_machine_open_group(fixture->machine, fixture->other_number);

	assert_int_equal(set_container(fixture, first, container), 0);
	assert_int_equal(set_iommu(fixture, container, VFIO_TYPE1v2_IOMMU), 0);
	assert_int_equal(set_container(fixture, second, container), 0);
	assert_int_equal(map(fixture, container, 0), 0);
	fv_machine_close(fixture->machine, first);
	assert_int_equal(fixture->mock->memories, 1);
	assert_int_equal(mock_ioctl(fixture->client, second, VFIO_GROUP_UNSET_CONTAINER, 0), 0);
	assert_int_equal(fixture->mock->memories, 0);
	assert_int_equal(map(fixture, container, 0), -EINVAL);
	assert_int_equal(set_container(fixture, second, container), 0);
	assert_int_equal(set_iommu(fixture, container, VFIO_TYPE1_IOMMU), 0);
	assert_int_equal(map(fixture, container, 0), 0);
	fv_machine_close(fixture->machine, container);
	fv_machine_close(fixture->machine, second);
}

/* all orders in which a program may lose its three descriptors */
static void descriptors_close_in_any_order(void **state)
{
	static const int orders[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 },
					  { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	struct fixture *fixture = *state;

	for (size_t i = 0; i < 6; i++) {
		struct mock_session session;
		int *const fds[] = { &session.container, &session.group, &session.device };
		struct fake_vgpu_info info;

		assert_int_equal(mock_open(fixture->client, fixture->group_number, UUID, &session),
				 0);
		assert_int_equal(map(fixture, session.container, 0x1000), 0);
		for (size_t j = 0; j < 3; j++)
			fv_machine_close(fixture->machine, *fds[orders[i][j]]);
		assert_int_equal(fixture->mock->memories, 0);
		assert_int_equal(fixture->mock->backings, 0);
		assert_int_equal(fixture->mock->views, 0);
		assert_int_equal(
			fake_host_find_group(fixture->mock->host, fixture->group_number, &info), 0);
		assert_int_equal(info.users, 0);
	}
}

static void device_name_may_be_hostile(void **state)
{
	struct fixture *fixture = *state;
	struct mock_session session;
	struct mock_client *client = fixture->client;
	char long_name[5000];

	assert_int_equal(mock_open(client, fixture->group_number, UUID, &session), 0);
	assert_int_equal(mock_ioctl(client, session.group, VFIO_GROUP_GET_DEVICE_FD, 0), -EFAULT);
	assert_int_equal(mock_ioctl(client, session.group, VFIO_GROUP_GET_DEVICE_FD, UINT64_MAX),
			 -EFAULT);
	/* no NUL within a page; no NUL before the memory ends */
	memset(long_name, 'x', sizeof(long_name));
	assert_int_equal(mock_ioctl_data(client, session.group, VFIO_GROUP_GET_DEVICE_FD, long_name,
					 sizeof(long_name)),
			 -EINVAL);
	assert_int_equal(
		mock_ioctl_data(client, session.group, VFIO_GROUP_GET_DEVICE_FD, long_name, 100),
		-EFAULT);
	assert_int_equal(mock_get_device(client, session.group, ""), -ENODEV);
	assert_int_equal(mock_get_device(client, session.group, UUID " "), -ENODEV);
	assert_int_equal(mock_get_device(client, session.group, OTHER_UUID), -ENODEV);
	mock_close(fixture->mock, &session);
}

static void failed_opens_leave_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct mock_session session;

	fixture->mock->fail_backing = 1;
	assert_int_equal(mock_open(fixture->client, fixture->group_number, UUID, &session),
			 -ENOMEM);
	fixture->mock->fail_backing = 0;
	fixture->mock->fail_view = 1;
	assert_int_equal(mock_open(fixture->client, fixture->group_number, UUID, &session),
			 -ENOMEM);
	fixture->mock->fail_view = 0;
	assert_int_equal(fixture->mock->backings, 0);
	assert_int_equal(mock_open(fixture->client, fixture->group_number, UUID, &session), 0);
	mock_close(fixture->mock, &session);
}

static void second_device_descriptor_shares_the_device(void **state)
{
	struct fixture *fixture = *state;
	struct mock_session session;
	const uint32_t pixel = 0x123456;
	uint32_t seen = 0;
	int second;

	assert_int_equal(mock_open(fixture->client, fixture->group_number, UUID, &session), 0);
	second = mock_get_device(fixture->client, session.group, UUID);
	assert_true(second > 0 && second != session.device);
	assert_int_equal(fixture->mock->backings, 1);
	assert_int_equal(fv_machine_write(fixture->machine, session.device, 8192, &pixel, 4), 4);
	fv_machine_close(fixture->machine, session.device);
	assert_int_equal(mock_ioctl(fixture->client, session.group, VFIO_GROUP_UNSET_CONTAINER, 0),
			 -EBUSY);
	assert_int_equal(fv_machine_read(fixture->machine, second, 8192, &seen, 4), 4);
	assert_int_equal(seen, pixel);
	fv_machine_close(fixture->machine, second);
	assert_int_equal(fixture->mock->backings, 0);
	/* the next open starts afresh: row 0 of the picture is black */
	second = mock_get_device(fixture->client, session.group, UUID);
	assert_int_equal(fv_machine_read(fixture->machine, second, 4096, &seen, 4), 4);
	assert_int_equal(seen, 0);
	fv_machine_close(fixture->machine, second);
	fv_machine_close(fixture->machine, session.group);
	fv_machine_close(fixture->machine, session.container);
}

static void group_of_a_removed_vgpu_gives_enodev_even_when_its_number_is_reused(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_group_status status = { sizeof(status) };
	struct fake_vgpu_info info;
	struct vgpu_uuid uuid;
	int container = fv_machine_open_container(fixture->machine);
	int group = fv_machine_open_group(fixture->machine, fixture->group_number);
	int fresh;

	assert_int_equal(set_container(fixture, group, container), 0);
	assert_int_equal(set_iommu(fixture, container, VFIO_TYPE1v2_IOMMU), 0);
	vgpu_uuid_parse(UUID, &uuid);
	fake_host_find_vgpu(fixture->mock->host, &uuid, &info);
	assert_int_equal(fake_host_remove_vgpu(fixture->mock->host, &uuid, NULL, NULL), 0);
	for (int again = 0; again < 2; again++) {
		assert_int_equal(mock_ioctl_data(fixture->client, group, VFIO_GROUP_GET_STATUS,
						 &status, sizeof(status)),
				 -ENODEV);
		assert_int_equal(mock_get_device(fixture->client, group, UUID), -ENODEV);
		fake_host_create_vgpu(fixture->mock->host, info.gpu, 0, &uuid);
	}
	assert_int_equal(fake_host_find_vgpu(fixture->mock->host, &uuid, &info), 0);
	assert_int_equal(info.iommu_group, fixture->group_number);
	fresh = fv_machine_open_group(fixture->machine, fixture->group_number);
	assert_true(fresh > 0);
	fv_machine_close(fixture->machine, fresh);
	fv_machine_close(fixture->machine, group);
	fv_machine_close(fixture->machine, container);
}

static void *remove_vgpu(void *host)
{
	struct vgpu_uuid uuid;

	vgpu_uuid_parse(UUID, &uuid);
	return fake_host_remove_vgpu(host, &uuid, NULL, NULL) ? host : NULL;
}

/* the user of a vGPU notices nothing of its removal, which waits for it */
static void removal_waits_for_the_device_and_disturbs_nothing(void **state)
{
	struct fixture *fixture = *state;
	struct vfio_group_status status = { sizeof(status) };
	struct fake_vgpu_info info = { 0 };
	struct mock_session session;
	struct vgpu_uuid uuid;
	pthread_t remover;
	void *failed;
	int second;

	vgpu_uuid_parse(UUID, &uuid);
	assert_int_equal(mock_open(fixture->client, fixture->group_number, UUID, &session), 0);
	pthread_create(&remover, NULL, remove_vgpu, fixture->mock->host);
	while (!info.removing)
		fake_host_find_vgpu(fixture->mock->host, &uuid, &info);
	assert_int_equal(mock_ioctl(fixture->client, session.device, VFIO_DEVICE_RESET, 0), 0);
	assert_int_equal(mock_ioctl_data(fixture->client, session.group, VFIO_GROUP_GET_STATUS,
					 &status, sizeof(status)),
			 0);
	second = mock_get_device(fixture->client, session.group, UUID);
	assert_true(second > 0);
	fv_machine_close(fixture->machine, session.device);
	fv_machine_close(fixture->machine, second);
	pthread_join(remover, &failed);
	assert_null(failed);
	assert_int_equal(mock_ioctl_data(fixture->client, session.group, VFIO_GROUP_GET_STATUS,
					 &status, sizeof(status)),
			 -ENODEV);
	fv_machine_close(fixture->machine, session.group);
	fv_machine_close(fixture->machine, session.container);
}

static void destroying_the_machine_gives_back_all_that_was_open(void **state)
{
	struct fixture *fixture = *state;
	struct mock_session session;

	/* tear_down() fails if something is held */
	assert_int_equal(mock_open(fixture->client, fixture->group_number, UUID, &session), 0);
	assert_int_equal(map(fixture, session.container, 0), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(unknown_requests_give_the_errno_of_their_kind),
		TEST(container_without_iommu_says_einval_to_iommu_requests),
		TEST(set_iommu_takes_type1_once_and_only_with_a_group),
		TEST(set_container_checks_its_descriptor),
		TEST(group_opens_once_at_a_time),
		TEST(group_stays_busy_until_its_device_is_closed),
		TEST(container_outlives_its_descriptor_while_a_group_is_in_it),
		TEST(mappings_die_with_the_last_group_and_the_iommu_with_them),
		TEST(descriptors_close_in_any_order),
		TEST(device_name_may_be_hostile),
		TEST(failed_opens_leave_nothing),
		TEST(second_device_descriptor_shares_the_device),
		TEST(group_of_a_removed_vgpu_gives_enodev_even_when_its_number_is_reused),
		TEST(removal_waits_for_the_device_and_disturbs_nothing),
		TEST(destroying_the_machine_gives_back_all_that_was_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
