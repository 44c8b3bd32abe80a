/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Replays what a real QEMU said to a real kernel's sample displays, and compares each answer byte by byte:
 * whatever QEMU passed in, the buffer must hold afterwards what the kernel left in it.
 */

#include "mock-front-end.h"
#include "recording.h"

#include <errno.h>
#include <fakevfio/device.h>
#include <linux/vfio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct talk {
	struct mock *mock;
	struct mock_client *client;
	json_object *line;
	const struct fake_gpu_profile *profile;
	size_t type;
	uint64_t region_offsets[FV_REGIONS_MAX]; /* as the machine has told */
	char uuid[VGPU_UUID_TEXT_LEN];
	unsigned int group_number;
	int container, group, device;
	int container_fd; /* as recorded */
};

static const char *text(struct talk *talk, const char *key)
{
	return recorded_text(talk->line, key);
}

static int64_t number(struct talk *talk, const char *key)
{
	return recorded_number(talk->line, key);
}

static void expect_result(struct talk *talk, int64_t result)
{
	if (result != recorded_result(talk->line))
		fail_msg("%s gives %lld", json_object_to_json_string(talk->line),
			 (long long)result);
}

/* the vGPU is made when QEMU looks for its group */
static void on_readlink(struct talk *talk)
{
	const char *uuid = strstr(text(talk, "path"), "/devices/") + strlen("/devices/");
	int group;

	snprintf(talk->uuid, sizeof(talk->uuid), "%.36s", uuid);
	group = mock_add_vgpu(talk->mock, talk->profile, talk->type, talk->uuid);
	assert_true(group >= 0);
	talk->group_number = group;
}

static void on_open(struct talk *talk)
{
	if (!strcmp(text(talk, "path"), "/dev/vfio/vfio")) {
		talk->container = fv_machine_open_container(talk->mock->machine);
		talk->container_fd = number(talk, "ret");
		assert_true(talk->container > 0);
	} else {
		talk->group = fv_machine_open_group(talk->mock->machine, talk->group_number);
		assert_true(talk->group > 0);
	}
}

static void note_region(struct talk *talk, const struct vfio_region_info *info)
{
	assert_true(info->index < FV_REGIONS_MAX);
	talk->region_offsets[info->index] = info->offset;
}

static void on_ioctl(struct talk *talk)
{
	uint32_t request = _IO(VFIO_TYPE, number(talk, "nr"));
	const char *kind = text(talk, "kind");
	int handle = *kind == 'c' ? talk->container : *kind == 'g' ? talk->group : talk->device;
	uint8_t in[4096] __attribute__((aligned(8))), out[4096];
	size_t len = recorded_bytes(text(talk, "in"), in, sizeof(in));
	int64_t result;

	if (request == VFIO_GROUP_GET_DEVICE_FD) {
		talk->device = mock_get_device(talk->client, talk->group, talk->uuid);
		assert_true(talk->device > 0);
		return;
	}
	if (request == VFIO_GROUP_SET_CONTAINER) {
		assert_int_equal(number(talk, "ret"), 0);
		assert_int_equal(mock_ioctl_data(talk->client, handle, request,
						 &(int32_t){ talk->container }, 4),
				 0);
		return;
	}
	if (!len) {
		json_object *argument = NULL;

		json_object_object_get_ex(talk->line, "arg", &argument);
		expect_result(talk, mock_ioctl(talk->client, handle, request,
					       json_object_get_int64(argument)));
		return;
	}
	result = mock_ioctl_data(talk->client, handle, request, in, len);
	expect_result(talk, result);
	assert_int_equal(recorded_bytes(text(talk, "out"), out, sizeof(out)), len);
	if (memcmp(in, out, len))
		fail_msg("another answer than %s", json_object_to_json_string(talk->line));
	if (request == VFIO_DEVICE_GET_REGION_INFO && !result)
		note_region(talk, (const struct vfio_region_info *)in);
}

static uint64_t file_offset(struct talk *talk)
{
	return talk->region_offsets[number(talk, "region")] + number(talk, "at");
}

static void on_pread(struct talk *talk)
{
	uint8_t ours[4096], recorded[4096];
	size_t len = number(talk, "n");

	assert_true(len <= sizeof(ours));
	expect_result(talk, fv_machine_read(talk->mock->machine, talk->device, file_offset(talk),
					    ours, len));
	recorded_bytes(text(talk, "data"), recorded, sizeof(recorded));
	assert_memory_equal(ours, recorded, number(talk, "ret"));
}

static void on_pwrite(struct talk *talk)
{
	uint8_t bytes[4096];
	size_t len = number(talk, "n");

	assert_true(recorded_bytes(text(talk, "data"), bytes, sizeof(bytes)) >= len);
	expect_result(talk, fv_machine_write(talk->mock->machine, talk->device, file_offset(talk),
					     bytes, len));
}

static void on_mmap(struct talk *talk)
{
	assert_int_equal(fv_machine_may_mmap(talk->mock->machine, talk->device,
					     number(talk, "offset"), number(talk, "len"),
					     number(talk, "prot"), number(talk, "flags")),
			 number(talk, "ok") ? 0 : -EINVAL);
}

static const struct {
	const char *call;
	void (*replay)(struct talk *talk);
} calls[] = {
	{ "readlink", on_readlink }, { "open", on_open },     { "ioctl", on_ioctl },
	{ "pread", on_pread },	     { "pwrite", on_pwrite }, { "mmap", on_mmap },
};

static void replay_line(void *data, json_object *line)
{
	struct talk *talk = data;

	talk->line = line;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(calls); i++)
		if (!strcmp(calls[i].call, text(talk, "call"))) {
			calls[i].replay(talk);
			return;
		}
	fail_msg("nobody replays %s", json_object_to_json_string(line));
}

static void replay_file(const char *file, const struct fake_gpu_profile *profile, size_t type,
			int expected_lines)
{
	struct mock *mock = mock_create();
	struct talk talk = {
		.mock = mock,
		.client = mock_client_create(mock),
		.profile = profile,
		.type = type,
	};

	assert_int_equal(recording_each(file, replay_line, &talk), expected_lines);
	free(talk.client);
	assert_int_equal(mock_destroy(mock), 0);
}

static void qemu_at_start_up_gets_the_recorded_answers(void **state)
{
	replay_file("qemu-mdpy-paused-tap.jsonl", fake_gpu_profile_find("mdpy"), 1, 56);
}

static void qemu_with_a_booting_guest_gets_the_recorded_answers(void **state)
{
	replay_file("qemu-mdpy-boot.jsonl", fake_gpu_profile_find("mdpy"), 0, 143);
}

static void qemu_with_ramfb_gets_the_recorded_answers(void **state)
{
	replay_file("qemu-mdpy-ramfb.jsonl", fake_gpu_profile_find("mdpy"), 1, 53);
}

static void qemu_that_wants_edid_gets_the_recorded_answers(void **state)
{
	replay_file("qemu-mdpy-xres-on-region.jsonl", fake_gpu_profile_find("mdpy"), 1, 31);
}

static void qemu_on_mbochs_without_display_gets_the_recorded_answers(void **state)
{
	replay_file("qemu-mbochs-display-off.jsonl", fake_gpu_profile_find("mbochs"), 0, 52);
}

static void qemu_on_mbochs_with_display_gets_the_recorded_answers(void **state)
{
	replay_file("qemu-mbochs-display-on.jsonl", fake_gpu_profile_find("mbochs"), 0, 31);
	replay_file("qemu-mbochs-display-auto.jsonl", fake_gpu_profile_find("mbochs"), 0, 31);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(qemu_at_start_up_gets_the_recorded_answers),
		cmocka_unit_test(qemu_with_a_booting_guest_gets_the_recorded_answers),
		cmocka_unit_test(qemu_with_ramfb_gets_the_recorded_answers),
		cmocka_unit_test(qemu_that_wants_edid_gets_the_recorded_answers),
		cmocka_unit_test(qemu_on_mbochs_without_display_gets_the_recorded_answers),
		cmocka_unit_test(qemu_on_mbochs_with_display_gets_the_recorded_answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
