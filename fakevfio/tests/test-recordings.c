/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Asks the machine what a prober asked a real kernel's mdpy, and compares each answer, field by
 * field. Every line of the recording must be understood: a question nobody asks is a failure.
 */

#include "mock-front-end.h"
#include "recording.h"

#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

#define UUID "e1000000-0000-4000-8000-000000000001"

/* the conversation so far */
struct replay {
	struct mock *mock;
	struct mock_client *client;
	unsigned int group_number;
	int container, group, device, second_device;
	json_object *line;
	const char *id; /* without the type's name */
	int caps_seen;
};

static int64_t number(struct replay *replay, const char *key)
{
	return recorded_number(replay->line, key);
}

static const char *text(struct replay *replay, const char *key)
{
	return recorded_text(replay->line, key);
}

static void expect_result(struct replay *replay, int64_t result)
{
	assert_int_equal(result, recorded_result(replay->line));
}

/* the prober wrote 0 where it got a descriptor */
static void expect_descriptor(struct replay *replay, int64_t result)
{
	expect_result(replay, result > 0 ? 0 : result);
}

static void expect_hex(struct replay *replay, const char *hex, const uint8_t *bytes)
{
	uint8_t recorded[256];
	size_t len = recorded_bytes(hex, recorded, sizeof(recorded));

	assert_memory_equal(bytes, recorded, len);
}

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
		UUID,
		"e1000000-0000-4000-8000-00000000000f",
		"E1000000-0000-4000-8000-000000000001",
	};

	expect_descriptor(replay, mock_get_device(replay->client, replay->group, names[arg]));
}

static void first_device(struct replay *replay, int arg)
{
	replay->device = mock_get_device(replay->client, replay->group, UUID);
	expect_descriptor(replay, replay->device);
}

static void second_device(struct replay *replay, int arg)
{
	replay->second_device = mock_get_device(replay->client, replay->group, UUID);
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

static void device_info(struct replay *replay, int argsz)
{
	struct vfio_device_info info = { .argsz = argsz };

	expect_result(replay, mock_ioctl_data(replay->client, replay->device, VFIO_DEVICE_GET_INFO,
					      &info, 20));
	if (argsz != 20)
		return;
	assert_int_equal(info.argsz, number(replay, "argsz"));
	assert_int_equal(info.flags, number(replay, "flags"));
	assert_int_equal(info.num_regions, number(replay, "num_regions"));
	assert_int_equal(info.num_irqs, number(replay, "num_irqs"));
	assert_int_equal(info.cap_offset, number(replay, "cap_offset"));
}

static struct vfio_region_info region_info_of(struct replay *replay, uint32_t index, uint32_t argsz,
					      int64_t *result)
{
	struct {
		struct vfio_region_info info;
		uint8_t rest[256];
	} buffer = { .info = { .argsz = argsz, .index = index } };

	*result = mock_ioctl_data(replay->client, replay->device, VFIO_DEVICE_GET_REGION_INFO,
				  &buffer, sizeof(buffer));
	return buffer.info;
}

static void region_info(struct replay *replay, int index)
{
	unsigned int argsz;
	int64_t result;
	struct vfio_region_info info;

	assert_int_equal(sscanf(strchr(replay->id, '.'), ".argsz%u", &argsz), 1);
	info = region_info_of(replay, index, argsz, &result);
	expect_result(replay, result);
	assert_int_equal(info.argsz, number(replay, "argsz"));
	assert_int_equal(info.flags, number(replay, "flags"));
	assert_int_equal(info.cap_offset, number(replay, "cap_offset"));
	assert_int_equal(info.size, number(replay, "size"));
	assert_int_equal(info.offset, number(replay, "offset"));
}

static void irq_info(struct replay *replay, int index)
{
	struct vfio_irq_info info = { .argsz = sizeof(info), .index = index };

	expect_result(replay, mock_ioctl_data(replay->client, replay->device,
					      VFIO_DEVICE_GET_IRQ_INFO, &info, sizeof(info)));
	assert_int_equal(info.flags, number(replay, "flags"));
	assert_int_equal(info.count, number(replay, "count"));
}

/* the flags are the words of the id: "plane.PROBE|REGION" */
static void plane(struct replay *replay, int arg)
{
	struct vfio_device_gfx_plane_info info = {
		.argsz = 64,
		.drm_plane_type = 1,
		.flags = (strstr(replay->id, "PROBE") ? VFIO_GFX_PLANE_TYPE_PROBE : 0) |
			 (strstr(replay->id, "DMABUF") ? VFIO_GFX_PLANE_TYPE_DMABUF : 0) |
			 (strstr(replay->id, "REGION") ? VFIO_GFX_PLANE_TYPE_REGION : 0),
	};

	expect_result(replay, mock_ioctl_data(replay->client, replay->device,
					      VFIO_DEVICE_QUERY_GFX_PLANE, &info, sizeof(info)));
	assert_int_equal(info.drm_format, number(replay, "drm_format"));
	assert_int_equal(info.drm_format_mod, number(replay, "modifier"));
	assert_int_equal(info.width, number(replay, "width"));
	assert_int_equal(info.height, number(replay, "height"));
	assert_int_equal(info.stride, number(replay, "stride"));
	assert_int_equal(info.size, number(replay, "size"));
	assert_int_equal(info.x_pos, number(replay, "x_pos"));
	assert_int_equal(info.y_pos, number(replay, "y_pos"));
	assert_int_equal(info.x_hot, number(replay, "x_hot"));
	assert_int_equal(info.y_hot, number(replay, "y_hot"));
	assert_int_equal(info.region_index, number(replay, "region_or_dmabuf"));
}

static void plane_cursor(struct replay *replay, int arg)
{
	struct vfio_device_gfx_plane_info info = {
		.argsz = 64,
		.drm_plane_type = 2,
		.flags = VFIO_GFX_PLANE_TYPE_REGION,
	};

	expect_result(replay, mock_ioctl_data(replay->client, replay->device,
					      VFIO_DEVICE_QUERY_GFX_PLANE, &info, sizeof(info)));
}

static void plane_short(struct replay *replay, int arg)
{
	struct vfio_device_gfx_plane_info info = {
		.argsz = 16,
		.flags = VFIO_GFX_PLANE_TYPE_REGION,
	};

	expect_result(replay, mock_ioctl_data(replay->client, replay->device,
					      VFIO_DEVICE_QUERY_GFX_PLANE, &info, sizeof(info)));
}

/* ioctls on a zeroed struct whose argsz is right */
static void plain_ioctl(struct replay *replay, int nr)
{
	uint32_t argument[16] = { sizeof(argument) };

	switch (nr) {
	case 10: /* SET_IRQS index 0, no data */
		argument[0] = sizeof(struct vfio_irq_set);
		argument[1] = VFIO_IRQ_SET_DATA_NONE | VFIO_IRQ_SET_ACTION_TRIGGER;
		break;
	case 15:
		argument[0] = 1; /* the id of a DMA-BUF */
		break;
	case 17:
		argument[1] = VFIO_DEVICE_FEATURE_PROBE | VFIO_DEVICE_FEATURE_GET |
			      VFIO_DEVICE_FEATURE_MIGRATION;
		break;
	}
	expect_result(replay,
		      mock_ioctl_data(replay->client, replay->device,
				      _IO(VFIO_TYPE, VFIO_BASE + nr), argument, sizeof(argument)));
}

static void config_read(struct replay *replay, int len)
{
	uint8_t bytes[256];

	expect_result(replay,
		      fv_machine_read(replay->mock->machine, replay->device, 0, bytes, len));
	expect_hex(replay, text(replay, "hex"), bytes);
}

static void config_bytewise(struct replay *replay, int arg)
{
	struct fv_machine *machine = replay->mock->machine;
	const char *note = text(replay, "note");
	uint8_t bytes[256];
	int len = 0;

	while (len < 256 && fv_machine_read(machine, replay->device, len, bytes + len, 1) == 1)
		len++;
	assert_int_equal(len, atoi(note));
	expect_hex(replay, strchr(note, ':') + 2, bytes);
}

static uint32_t config_u32(struct replay *replay, int offset)
{
	uint32_t value;

	assert_int_equal(fv_machine_read(replay->mock->machine, replay->device, offset, &value, 4),
			 4);
	return value;
}

static void config_bar(struct replay *replay, int bar)
{
	const uint32_t ones = ~0U;
	int at = 0x10 + 4 * bar;
	uint32_t old = config_u32(replay, at), sizing;
	ssize_t written = fv_machine_write(replay->mock->machine, replay->device, at, &ones, 4);
	char note[100];

	sizing = config_u32(replay, at);
	snprintf(note, sizeof(note), "old=0x%08x pwrite=%zd sizing=0x%08x", old, written, sizing);
	assert_string_equal(note, text(replay, "note"));
	fv_machine_write(replay->mock->machine, replay->device, at, &old, 4);
}

static void config_command(struct replay *replay, int arg)
{
	const uint16_t zero = 0;
	unsigned int before = config_u32(replay, 4) & 0xffff;
	ssize_t written = fv_machine_write(replay->mock->machine, replay->device, 4, &zero, 2);
	char note[100];

	snprintf(note, sizeof(note), "command=0x%04x write 0 -> %zd then 0x%04x", before, written,
		 config_u32(replay, 4) & 0xffff);
	assert_string_equal(note, text(replay, "note"));
}

static uint32_t fnv1a(const uint8_t *bytes, size_t len)
{
	uint32_t hash = 0x811c9dc5;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * 0x01000193;
	return hash;
}

/* the prober mapped up to 4 MiB */
static void map(struct replay *replay, int index)
{
	struct fv_machine *machine = replay->mock->machine;
	bool private = strstr(replay->id, "private"), too_long = strstr(replay->id, "toolong");
	int64_t result;
	struct vfio_region_info info = region_info_of(replay, index, 32, &result);
	uint64_t len = info.size < 4 << 20 ? info.size : 4 << 20;
	uint8_t *bytes;
	char hash[9];

	if (too_long)
		len = info.size + 4096;
	result = fv_machine_may_mmap(machine, replay->device, info.offset, len,
				     PROT_READ | PROT_WRITE, private ? MAP_PRIVATE : MAP_SHARED);
	expect_result(replay, result);
	if (result)
		return;
	assert_int_equal(len, number(replay, "len"));
	bytes = malloc(len);
	assert_int_equal(fv_machine_read(machine, replay->device, info.offset, bytes, len), len);
	expect_hex(replay, text(replay, "first16"), bytes);
	snprintf(hash, sizeof(hash), "%08x", fnv1a(bytes, len));
	assert_string_equal(hash, text(replay, "fnv1a"));
	free(bytes);
}

static void pread_region(struct replay *replay, int index)
{
	int64_t result;
	struct vfio_region_info info = region_info_of(replay, index, 32, &result);
	bool last = strstr(replay->id, "last4"), after = strstr(replay->id, "after");
	uint64_t at = info.offset + (last ? info.size - 4 : after ? info.size : 0);
	size_t len = last || after ? 4 : 64;
	uint8_t bytes[64];

	result = fv_machine_read(replay->mock->machine, replay->device, at, bytes, len);
	expect_result(replay, result);
	if (result > 0)
		expect_hex(replay, text(replay, "hex"), bytes);
}

/* by id; a trailing %d of the pattern is given to the handler */
static const struct question {
	const char *pattern;
	void (*ask)(struct replay *replay, int arg);
	int arg;
} questions[] = {
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
	{ "info", device_info, 20 },
	{ "info_argsz8", device_info, 8 },
	{ "info_argsz16", device_info, 16 },
	{ "region%d.argsz24", region_info },
	{ "region%d.argsz32", region_info },
	{ "region%d.argsz48", region_info },
	{ "region%d.argsz256", region_info },
	{ "irq%d", irq_info },
	{ "plane.PROBE", plane },
	{ "plane.PROBE|DMABUF", plane },
	{ "plane.PROBE|REGION", plane },
	{ "plane.PROBE|DMABUF|REGION", plane },
	{ "plane.DMABUF", plane },
	{ "plane.REGION", plane },
	{ "plane.DMABUF|REGION", plane },
	{ "plane.0", plane },
	{ "plane.cursor_region", plane_cursor },
	{ "plane.argsz16", plane_short },
	{ "set_irqs", plain_ioctl, 10 },
	{ "reset", plain_ioctl, 11 },
	{ "hot_reset_info", plain_ioctl, 12 },
	{ "get_dmabuf_1", plain_ioctl, 15 },
	{ "ioeventfd", plain_ioctl, 16 },
	{ "feature_migration_probe", plain_ioctl, 17 },
	{ "unknown_ioctl", plain_ioctl, 99 },
	{ "cfg.pread256", config_read, 256 },
	{ "cfg.pread_size", config_read, 255 },
	{ "cfg.bytewise", config_bytewise },
	{ "cfg.bar%d", config_bar },
	{ "cfg.command", config_command },
	{ "mmap%d", map },
	{ "mmap%d_private", map },
	{ "mmap%d_toolong", map },
	{ "pread%d", pread_region },
	{ "pread%d_last4", pread_region },
	{ "pread%d_after", pread_region },
};

/* does @id match, but for a number where the pattern has %d? */
static bool match(const char *pattern, const char *id, int *arg)
{
	const char *hole = strstr(pattern, "%d");
	size_t len = hole ? (size_t)(hole - pattern) : strlen(pattern);
	char *end;

	if (strncmp(pattern, id, len))
		return false;
	if (!hole)
		return !id[len];
	if (id[len] < '0' || id[len] > '9')
		return false;
	*arg = strtol(id + len, &end, 10);
	return !strcmp(end, hole + 2);
}

static void ask(void *data, json_object *line)
{
	struct replay *replay = data;

	replay->line = line;
	replay->id = strchr(text(replay, "id"), '.') + 1;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(questions); i++) {
		int arg = questions[i].arg;

		if (match(questions[i].pattern, replay->id, &arg)) {
			questions[i].ask(replay, arg);
			return;
		}
	}
	fail_msg("nobody asks %s", replay->id);
}

static void replay_type(size_t type, const char *file)
{
	struct mock *mock = mock_create();
	struct replay replay = { .mock = mock, .client = mock_client_create(mock) };

	replay.group_number = mock_add_vgpu(mock, &mock_mdpy_profile, type, UUID);
	replay.container = fv_machine_open_container(mock->machine);
	replay.group = fv_machine_open_group(mock->machine, replay.group_number);
	assert_true(replay.container > 0 && replay.group > 0);
	assert_int_equal(recording_each(file, ask, &replay), 148);
	free(replay.client);
	assert_int_equal(mock_destroy(mock), 0);
}

static void vga_answers_as_the_kernel_did(void **state)
{
	replay_type(0, "mdpy-vga.jsonl");
}

static void xga_answers_as_the_kernel_did(void **state)
{
	replay_type(1, "mdpy-xga.jsonl");
}

static void hd_answers_as_the_kernel_did(void **state)
{
	replay_type(2, "mdpy-hd.jsonl");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vga_answers_as_the_kernel_did),
		cmocka_unit_test(xga_answers_as_the_kernel_did),
		cmocka_unit_test(hd_answers_as_the_kernel_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
