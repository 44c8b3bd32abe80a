/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Containers, groups, IOMMUs. */

#include "questions.h"

#include <stdio.h>

static void api(struct replay *replay, int arg)
{
	expect_result(replay,
		      mock_ioctl(replay->client, replay->container, VFIO_GET_API_VERSION, 0));
}

static void extension(struct replay *replay, int arg)
{
	expect_result(replay,
		      mock_ioctl(replay->client, replay->container, VFIO_CHECK_EXTENSION, arg));
}

static void group_open_twice(struct replay *replay, int arg)
{
	expect_result(replay, fv_machine_open_group(replay->mock->machine, replay->group_number));
}

static void group_status(struct replay *replay, int arg)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	unsigned int flags;

	assert_int_equal(mock_ioctl_data(replay->client, replay->group, VFIO_GROUP_GET_STATUS,
					 &status, sizeof(status)),
			 0);
	assert_int_equal(sscanf(text(replay, "note"), "flags=%x", &flags), 1);
	assert_int_equal(status.flags, flags);
}

static void get_device(struct replay *replay, int arg)
{
	static const char *const names[] = {
		RECORDED_UUID,
		"e1000000-0000-4000-8000-00000000000f",
		"E1000000-0000-4000-8000-000000000001",
	};

	expect_descriptor(replay, mock_get_device(replay->client, replay->group, names[arg]));
}

static void first_device(struct replay *replay, int arg)
{
	replay->device = mock_get_device(replay->client, replay->group, RECORDED_UUID);
	expect_descriptor(replay, replay->device);
}

static void second_device(struct replay *replay, int arg)
{
	replay->second_device = mock_get_device(replay->client, replay->group, RECORDED_UUID);
	expect_descriptor(replay, replay->second_device);
	fv_machine_close(replay->mock->machine, replay->second_device);
}

static void set_iommu(struct replay *replay, int arg)
{
	expect_result(replay, mock_ioctl(replay->client, replay->container, VFIO_SET_IOMMU,
					 VFIO_TYPE1v2_IOMMU));
}

static void set_container(struct replay *replay, int arg)
{
	expect_result(replay,
		      mock_ioctl_data(replay->client, replay->group, VFIO_GROUP_SET_CONTAINER,
				      &(int32_t){ replay->container }, sizeof(int32_t)));
}

static void unset_container(struct replay *replay, int close_device)
{
	if (close_device)
		fv_machine_close(replay->mock->machine, replay->device);
	expect_result(replay,
		      mock_ioctl(replay->client, replay->group, VFIO_GROUP_UNSET_CONTAINER, 0));
}

static struct vfio_iommu_type1_info *iommu_info_of(struct replay *replay, uint8_t *bytes,
						   int64_t *result)
{
	struct vfio_iommu_type1_info *info = (void *)bytes;

	memset(bytes, 0, 4096);
	info->argsz = 4096;
	*result =
		mock_ioctl_data(replay->client, replay->container, VFIO_IOMMU_GET_INFO, info, 4096);
	return info;
}

static void iommu_info(struct replay *replay, int arg)
{
	uint8_t bytes[4096] __attribute__((aligned(8)));
	int64_t result;
	const struct vfio_iommu_type1_info *info = iommu_info_of(replay, bytes, &result);

	expect_result(replay, result);
	assert_int_equal(info->argsz, number(replay, "argsz"));
	assert_int_equal(info->flags, number(replay, "flags"));
	assert_int_equal(info->iova_pgsizes, number(replay, "pgsizes"));
	assert_int_equal(info->cap_offset, number(replay, "cap_offset"));
}

/*
 * A byte of the note: itself, or \uXXXX. NULL at the end, which may lie inside an escape: the
 * prober cut long notes off.
 */
static const char *note_byte(const char *at, uint8_t *byte)
{
	unsigned int value;
	int used = 0;

	if (!*at)
		return NULL;
	if (*at != '\\') {
		*byte = *at;
		return at + 1;
	}
	if (sscanf(at, "\\u%4x%n", &value, &used) != 1 || used != 6)
		return NULL;
	*byte = value;
	return at + 6;
}

static void iommu_cap(struct replay *replay, int arg)
{
	uint8_t bytes[4096] __attribute__((aligned(8)));
	int64_t result;
	const struct vfio_iommu_type1_info *info = iommu_info_of(replay, bytes, &result);
	const char *at = strstr(text(replay, "note"), "bytes=") + strlen("bytes=");
	const struct vfio_info_cap_header *header = (void *)(bytes + info->cap_offset);
	size_t offset = info->cap_offset;

	for (int i = 0; i < replay->caps_seen; i++) {
		offset = header->next;
		header = (void *)(bytes + offset);
	}
	replay->caps_seen++;
	/* of the last one, the rest of the buffer was written too */
	for (uint8_t byte; (at = note_byte(at, &byte)) && offset < sizeof(bytes); offset++)
		assert_int_equal(bytes[offset], byte);
	/* a cut must not let an empty comparison pass */
	assert_true(offset >= (replay->caps_seen == 1 ? 56 : 68));
}

const struct question group_questions[] = {
	{ "api", api },
	{ "ext%d", extension },
	{ "ext%d_group", extension },
	{ "group_open_twice", group_open_twice },
	{ "group_status0", group_status },
	{ "group_status1", group_status },
	{ "device_fd_without_container", get_device },
	{ "device_fd_without_iommu", get_device },
	{ "device_fd_wrong_name", get_device, 1 },
	{ "device_fd_upper_name", get_device, 2 },
	{ "device_fd", first_device },
	{ "device_fd_second", second_device },
	{ "set_iommu_without_group", set_iommu },
	{ "set_iommu", set_iommu },
	{ "set_container", set_container },
	{ "unset_container_in_use", unset_container },
	{ "unset_container", unset_container, 1 },
	{ "iommu_info", iommu_info },
	{ "iommu_cap", iommu_cap },
};
const size_t group_questions_len = VGPU_ARRAY_LEN(group_questions);
