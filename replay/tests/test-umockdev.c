/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files in the form of umockdev-record.
 */

#include <errno.h>
#include <replay/replay.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct replay_recording *parse(const char *text)
{
	struct replay_recording *recording = NULL;
	struct vgpu_error err = { 0 };

	if (replay_umockdev_parse("file", text, strlen(text), &recording, &err))
		fail_msg("%s", err.message);
	return recording;
}

#define GPU                                           \
	"P: /devices/pci0000:00/0000:00:02.0\n"       \
	"E: DRIVER=i915\nE: SUBSYSTEM=pci\n"          \
	"A: class=0x030000\\n\nA: device=0x5916\\n\n" \
	"L: driver=../../../bus/pci/drivers/i915\n"   \
	"A: vendor=0x8086\\n\nA: subsystem_vendor=0x17aa\\n\n"

static void a_gpu_of_a_generation_with_gvt_g_has_its_types(void **state)
{
	struct replay_recording *recording = parse(
		GPU "A: resource=0x0000006000000000 0x0000006000ffffff 0x0000000000140204\\n"
		    "0x0 0x0 0x0\\n0x0000004000000000 0x000000403fffffff 0x000000000014220c\\n\n");
	const struct fake_gpu_config *gpus;
	size_t len;

	(void)state;
	gpus = replay_recording_gpus(recording, &len);
	assert_int_equal(len, 1);
	assert_string_equal(gpus[0].name, "0000:00:02.0");
	assert_int_equal(gpus[0].profile->device_id, 0x5916);
	assert_int_equal(gpus[0].profile->subsystem_vendor_id, 0x17aa);
	assert_int_equal(gpus[0].profile->capacity, FAKE_CAPACITY_GVTG);
	assert_int_equal(gpus[0].profile->types_len, 4);
	assert_string_equal(gpus[0].profile->types[0].name, "GVTg_V5_8");
	assert_int_equal(gpus[0].aperture_mib, 1024);
	assert_int_equal(gpus[0].vgpus_len, 0);
	replay_recording_destroy(recording);
}

static void mdevs_of_a_gpu_are_its_vgpus(void **state)
{
	struct replay_recording *recording =
		parse(GPU "\nP: /devices/pci0000:00/0000:00:02.0/"
			  "a297db4a-f4c2-11e6-90f6-d3b88d6c9525\nE: SUBSYSTEM=mdev\n"
			  "L: driver=../../../../bus/mdev/drivers/intel_vgpu_mdev\n"
			  "L: iommu_group=../../../../kernel/iommu_groups/14\n"
			  "L: mdev_type=../mdev_supported_types/i915-GVTg_V5_4\n");
	const struct fake_gpu_config *gpus;
	size_t len;

	(void)state;
	gpus = replay_recording_gpus(recording, &len);
	assert_int_equal(len, 1);
	assert_int_equal(gpus[0].vgpus_len, 1);
	assert_string_equal(gpus[0].vgpus[0].uuid.text, "a297db4a-f4c2-11e6-90f6-d3b88d6c9525");
	assert_int_equal(gpus[0].vgpus[0].type, 1);
	assert_int_equal(gpus[0].vgpus[0].group, 14);
	replay_recording_destroy(recording);
}

static void a_file_with_types_speaks_for_itself(void **state)
{
	struct replay_recording *recording =
		parse("P: /devices/virtual/thing/thing\nE: SUBSYSTEM=thing\n"
		      "A: mdev_supported_types/thing-a/available_instances=3\\n\n"
		      "A: mdev_supported_types/thing-a/name=A \\\\ thing\\n\n");
	const struct fake_gpu_config *gpus;
	size_t len;

	(void)state;
	gpus = replay_recording_gpus(recording, &len);
	assert_int_equal(len, 1);
	assert_string_equal(gpus[0].profile->types[0].name, "a");
	assert_string_equal(gpus[0].profile->types[0].pretty_name, "A \\ thing");
	replay_recording_destroy(recording);
}

static void a_bad_file_is_refused_with_line_and_cause(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "", "class/mdev_bus: no parent of mediated devices" },
		{ "P: /devices/x\n", "no parent of mediated devices" },
		{ "hello\n", "line 1: it is not LETTER: TEXT" },
		{ "# remark\n\nA: x=1\n", "line 3: no device (P:) is there before it" },
		{ "P: /sys/devices/x\n", "line 1: a device's path begins with /devices/" },
		{ "P: /devices/../x\n", "line 1: a device's path begins with /devices/" },
		{ "P: /devices/x\nA: vendor\n", "line 2: it has no '='" },
		{ "P: /devices/x\nA: ../vendor=1\n", "line 2: that is no attribute's name" },
		{ "P: /devices/x\nA: =1\n", "line 2: that is no attribute's name" },
		{ "P: /devices/x\nH: config=012\n", "line 2: its value is not pairs" },
		{ "P: /devices/x\nH: config=0g\n", "line 2: its value is not pairs" },
		{ "P: /devices/x\nX: y\n", "line 2: its letter is none of" },
		{ "P: /devices/pci0000:00/0000:00:02.0\nE: SUBSYSTEM=pci\n"
		  "L: driver=../../../bus/pci/drivers/i915\nA: device=0x5912\n",
		  "devices/pci0000:00/0000:00:02.0: no attribute 'vendor'" },
		{ GPU "H: config=86\n", "config: 1 bytes: it has 64, 256 or 4096" },
		/* a generation without GVT-g */
		{ "P: /devices/pci0000:00/0000:00:02.0\nE: SUBSYSTEM=pci\nA: device=0x9a49\n"
		  "L: driver=../../../bus/pci/drivers/i91\n",
		  "no parent of mediated devices" },
	};

	(void)state;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++) {
		struct replay_recording *recording = NULL;
		struct vgpu_error err = { 0 };

		assert_int_equal(replay_umockdev_parse("file", cases[i].text, strlen(cases[i].text),
						       &recording, &err),
				 -EINVAL);
		assert_null(recording);
		if (!strstr(err.message, cases[i].says))
			fail_msg("%zu: '%s', wanted '%s'", i, err.message, cases[i].says);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_gpu_of_a_generation_with_gvt_g_has_its_types),
		cmocka_unit_test(mdevs_of_a_gpu_are_its_vgpus),
		cmocka_unit_test(a_file_with_types_speaks_for_itself),
		cmocka_unit_test(a_bad_file_is_refused_with_line_and_cause),
	};

	return cmocka_run_group_tests_name("umockdev", tests, NULL, NULL);
}
