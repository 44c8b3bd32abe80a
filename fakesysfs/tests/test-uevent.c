/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The fake's uevents against recordings of a real kernel, byte for byte but for SEQNUM, which the
 * kernel adds when it broadcasts them.
 */

#include <json-c/json.h>
#include <stdlib.h>

#include "tree-fixture.h"

#define V81   "e0000000-0000-4000-8000-000000000001"
#define V82   "e0000000-0000-4000-8000-000000000002"
#define GVTG  FIXTURES "/../uevents/linux-6.1-gvtg.jsonl"
#define TESTS FIXTURES "/../uevents/linux-6.1-samples.jsonl"

struct messages {
	size_t len;
	struct {
		char text[FAKE_UEVENT_SIZE];
		size_t len;
	} all[32];
};

static struct messages got;

static void collect(void *data, const char *message, size_t len)
{
	struct messages *messages = data;

	assert_true(messages->len < VGPU_ARRAY_LEN(messages->all));
	assert_true(len <= FAKE_UEVENT_SIZE);
	memcpy(messages->all[messages->len].text, message, len);
	messages->all[messages->len++].len = len;
}

/* Is it of something that the fake does not have? */
static bool is_foreign(const char *message)
{
	return strstr(message, "/wakeup/") != NULL;
}

static void take_record(struct messages *wanted, struct json_object *record)
{
	struct json_object *payload;
	const char *text, *seqnum;
	size_t len;

	if (!json_object_object_get_ex(record, "payload", &payload))
		return;
	text = json_object_get_string(payload);
	if (is_foreign(text))
		return;
	len = (size_t)json_object_get_string_len(payload);
	seqnum = memmem(text, len, "SEQNUM=", 7);
	assert_non_null(seqnum);
	collect(wanted, text, (size_t)(seqnum - text));
}

static void load(const char *path, const char *name, struct messages *wanted)
{
	char line[8192];
	bool found = false;
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	wanted->len = 0;
	while (fgets(line, sizeof(line), file)) {
		struct json_object *record = json_tokener_parse(line), *uev;

		assert_true(json_object_object_get_ex(record, "uev", &uev));
		if (!strcmp(json_object_get_string(uev), name)) {
			found = true;
			take_record(wanted, record);
		}
		json_object_put(record);
	}
	fclose(file);
	if (!found)
		fail_msg("%s is not recorded", name);
}

/* A message as text that a person can read: "|" for NUL. */
static const char *readable(const char *message, size_t len, char *out)
{
	for (size_t i = 0; i < len; i++)
		out[i] = message[i] ? message[i] : '|';
	out[len] = '\0';
	return out;
}

/* What has been sent since the last time is what was recorded under that name. */
static void assert_recorded(const char *path, const char *name)
{
	static struct messages wanted;
	char a[FAKE_UEVENT_SIZE + 1], b[FAKE_UEVENT_SIZE + 1];

	load(path, name, &wanted);
	for (size_t i = 0; i < got.len && i < wanted.len; i++)
		assert_string_equal(readable(got.all[i].text, got.all[i].len, a),
				    readable(wanted.all[i].text, wanted.all[i].len, b));
	assert_int_equal(got.len, wanted.len);
	got.len = 0;
}

static void assert_sent(size_t i, const char *expected)
{
	char text[FAKE_UEVENT_SIZE + 1];

	assert_true(i < got.len);
	assert_string_equal(readable(got.all[i].text, got.all[i].len, text), expected);
}

/* The recording's parent was QEMU's pci-testdev, with a driver that has GVT-g's names. */
static int make_gpu(bool drm)
{
	static struct fake_gpu_profile profile;
	struct fake_gpu_config config = { .profile = &profile, .aperture_mib = 1024 };

	profile = *fake_gpu_profile_find("kaby-lake");
	profile.vendor_id = 0x1b36;
	profile.device_id = 0x0005;
	profile.subsystem_vendor_id = 0x1af4;
	profile.subsystem_device_id = 0x1100;
	profile.class_code = 0x00ff00;
	profile.drm = drm;
	host = fake_host_create();
	assert_int_equal(fake_host_add_gpu(host, &config, NULL), 0);
	tree = fake_tree_create(host);
	assert_non_null(tree);
	got.len = 0;
	fake_tree_set_uevents(tree, collect, &got);
	return 0;
}

static int make_recorded(void **state)
{
	(void)state;
	return make_gpu(false);
}

static int make_with_drm(void **state)
{
	(void)state;
	return make_gpu(true);
}

static void creation_and_removal_tell_what_was_recorded(void **state)
{
	(void)state;
	assert_true(write_text(V4 "/create", V81) > 0);
	assert_recorded(GVTG, "create-V5_4");
	assert_true(write_text(V8 "/create", V82) > 0);
	assert_recorded(GVTG, "create-V5_8");
	assert_true(write_text(P "/" V81 "/remove", "1\n") > 0);
	assert_recorded(GVTG, "remove-V5_4");
}

static void plugging_the_parent_tells_what_was_recorded(void **state)
{
	(void)state;
	assert_true(write_text(V4 "/create", V81) > 0);
	assert_true(write_text(V8 "/create", V82) > 0);
	got.len = 0;
	assert_true(write_text("sys/bus/pci/drivers/i915/unbind", "0000:00:02.0\n") > 0);
	assert_recorded(GVTG, "pci-unbind");
	assert_true(write_text("sys/bus/pci/drivers/i915/bind", "0000:00:02.0\n") > 0);
	assert_recorded(GVTG, "pci-bind");
	assert_true(write_text(V4 "/create", V81) > 0);
	got.len = 0;
	assert_true(write_text(P "/remove", "1\n") > 0);
	assert_recorded(GVTG, "pci-remove");
	assert_true(write_text("sys/bus/pci/rescan", "1\n") > 0);
	assert_recorded(GVTG, "pci-rescan");
}

/* Recorded as create-full-mbochs, with another parent. */
static void refused_creation_tells_add_and_remove(void **state)
{
	static const char rest[] = "/devices/pci0000:00/0000:00:02.0/" OTHER "|SUBSYSTEM=mdev|";
	char expected[512];

	(void)state;
	for (unsigned int i = 0; i < 7; i++) {
		char uuid[64];

		snprintf(uuid, sizeof(uuid), "%08x-0000-4000-8000-000000000000", i);
		assert_true(write_text(V8 "/create", uuid) > 0);
	}
	got.len = 0;
	assert_int_equal(write_text(V8 "/create", OTHER), -ENOSPC);
	assert_int_equal(got.len, 2);
	snprintf(expected, sizeof(expected), "add@%.69s|ACTION=add|DEVPATH=%s", rest, rest);
	assert_sent(0, expected);
	snprintf(expected, sizeof(expected), "remove@%.69s|ACTION=remove|DEVPATH=%s", rest, rest);
	assert_sent(1, expected);
}

static void refusals_before_that_tell_nothing(void **state)
{
	(void)state;
	assert_true(write_text(V8 "/create", UUID) > 0);
	got.len = 0;
	assert_int_equal(write_text(V8 "/create", UUID), -EEXIST);
	assert_int_equal(write_text(V8 "/create", "zzz"), -EINVAL);
	assert_int_equal(got.len, 0);
}

/* Recorded as unbind-mdev-driver, with another parent. */
static void unbound_vgpu_tells_only_its_removal(void **state)
{
	(void)state;
	create(UUID);
	got.len = 0;
	assert_true(write_text(DRV "/unbind", UUID) > 0);
	assert_int_equal(got.len, 3);
	assert_memory_equal(got.all[2].text, "unbind@", 7);
	got.len = 0;
	assert_true(write_text(P "/" UUID "/remove", "1") > 0);
	assert_int_equal(got.len, 1);
	assert_memory_equal(got.all[0].text, "remove@", 7);
}

/* Writes to a file of the tree; the uevents that follow, to the last, begin so. */
static void expect_after(const char *path, const char *text, const char *const *begin, size_t len)
{
	char message[FAKE_UEVENT_SIZE + 1];

	got.len = 0;
	assert_true(write_text(path, text) > 0);
	assert_int_equal(got.len, len);
	for (size_t i = 0; i < len; i++)
		assert_memory_equal(readable(got.all[i].text, got.all[i].len, message), begin[i],
				    strlen(begin[i]));
}

/* Order: drivers/gpu/drm/i915/i915_driver.c, drivers/gpu/drm/drm_drv.c; a vGPU goes in between */
static void drm_nodes_go_first_and_come_before_the_driver_is_bound(void **state)
{
	static const char *const gone[] = {
		"remove@/devices/pci0000:00/0000:00:02.0/drm/card0|ACTION=remove|DEVPATH=",
		"remove@/devices/pci0000:00/0000:00:02.0/drm/renderD128|ACTION=remove|DEVPATH=",
		"remove@/devices/pci0000:00/0000:00:02.0/" UUID "/vfio-dev/vfio0|",
		"remove@/devices/virtual/vfio/0|",
		"unbind@/devices/pci0000:00/0000:00:02.0/" UUID "|",
		"remove@/devices/pci0000:00/0000:00:02.0/" UUID "|",
		"change@/devices/pci0000:00/0000:00:02.0|ACTION=change|",
		"unbind@/devices/pci0000:00/0000:00:02.0|",
	};
	static const char *const back[] = {
		"change@/devices/pci0000:00/0000:00:02.0|ACTION=change|",
		"add@/devices/pci0000:00/0000:00:02.0/drm/renderD128|ACTION=add|DEVPATH="
		"/devices/pci0000:00/0000:00:02.0/drm/renderD128|SUBSYSTEM=drm|MAJOR=226|MINOR=128|"
		"DEVNAME=dri/renderD128|DEVTYPE=drm_minor|",
		"add@/devices/pci0000:00/0000:00:02.0/drm/card0|ACTION=add|DEVPATH="
		"/devices/pci0000:00/0000:00:02.0/drm/card0|SUBSYSTEM=drm|MAJOR=226|MINOR=0|"
		"DEVNAME=dri/card0|DEVTYPE=drm_minor|",
		"bind@/devices/pci0000:00/0000:00:02.0|",
	};

	(void)state;
	create(UUID);
	expect_after("sys/bus/pci/drivers/i915/unbind", "0000:00:02.0\n", gone,
		     VGPU_ARRAY_LEN(gone));
	expect_after("sys/bus/pci/drivers/i915/bind", "0000:00:02.0\n", back, VGPU_ARRAY_LEN(back));
}

/* What there is of a vGPU when each of its uevents comes: in the order of the kernel's functions. */
static char seen[512];

static void look(void *data, const char *message, size_t len)
{
	static const char *const paths[] = {
		BUS "/devices/" UUID,	 P "/" UUID "/uevent",	    P "/" UUID "/remove",
		P "/" UUID "/driver",	 P "/" UUID "/iommu_group", P "/" UUID "/intel_vgpu",
		P "/" UUID "/mdev_type", V8 "/devices/" UUID,
	};
	static const char *const words[] = { "bus",   "uevent", "remove", "driver",
					     "group", "intel",	"type",	  "typelink" };
	struct fake_node node;

	(void)data;
	(void)len;
	strncat(seen, message, strcspn(message, "@"));
	for (size_t i = 0; i < VGPU_ARRAY_LEN(paths); i++) {
		if (fake_tree_walk(tree, paths[i], &node))
			continue;
		strcat(seen, " ");
		strcat(seen, words[i]);
	}
	strcat(seen, "; ");
}

/*
 * Source: drivers/vfio/mdev/mdev_core.c, mdev_device_create(); drivers/base/core.c, device_add();
 * drivers/base/dd.c; drivers/vfio/vfio_main.c
 */
static void each_uevent_of_a_creation_comes_before_what_follows_it(void **state)
{
	(void)state;
	fake_tree_set_uevents(tree, look, NULL);
	seen[0] = '\0';
	create(UUID);
	assert_string_equal(seen, "add bus uevent remove; add bus uevent remove driver group; "
				  "add bus uevent remove driver group; "
				  "bind bus uevent remove driver group intel; ");
	look(NULL, "end@", 4);
	assert_non_null(strstr(seen, "end bus uevent remove driver group intel type typelink"));
}

static bool give_up(void *data)
{
	(void)data;
	return true;
}

static void vgpu_in_use_tells_its_removal_at_its_end(void **state)
{
	struct vgpu_uuid uuid;
	uint64_t serial;

	(void)state;
	create(UUID);
	assert_int_equal(vgpu_uuid_parse(UUID, &uuid), 0);
	assert_int_equal(fake_host_get_vgpu(host, &uuid, &serial), 0);
	got.len = 0;
	/* a writer that gives up at once: the removal goes on */
	assert_int_equal(fake_tree_write(tree, ino_of(P "/" UUID "/remove"), "1", 1, give_up, NULL),
			 -EINTR);
	assert_int_equal(got.len, 0);
	fake_host_put_vgpu(host, serial);
	assert_int_equal(got.len, 4);
}

/*
 * The kernel's samples, as they were recorded.
 */

#define VIRTUAL "sys/devices/virtual"
#define S1	"e0000000-0000-4000-8000-000000000001"
#define S2	"e0000000-0000-4000-8000-000000000002"
#define S3	"e0000000-0000-4000-8000-000000000003"
#define S4	"e0000000-0000-4000-8000-000000000004"
#define S5	"e0000000-0000-4000-8000-000000000005"

static int make_samples(void **state)
{
	static const char *const names[] = { "mtty", "mdpy", "mbochs" };
	struct fake_gpu_config config;

	(void)state;
	host = fake_host_create();
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fake_gpu_config_parse(names[i], &config, NULL), 0);
		assert_int_equal(fake_host_add_gpu(host, &config, NULL), i);
	}
	tree = fake_tree_create(host);
	assert_non_null(tree);
	got.len = 0;
	fake_tree_set_uevents(tree, collect, &got);
	return 0;
}

static void create_sample(const char *driver, const char *type, const char *uuid, ssize_t expected)
{
	char path[256];

	snprintf(path, sizeof(path), VIRTUAL "/%s/%s/mdev_supported_types/%s-%s/create", driver,
		 driver, driver, type);
	assert_int_equal(write_text(path, uuid), expected);
}

static void samples_tell_what_was_recorded(void **state)
{
	(void)state;
	create_sample("mtty", "1", S1, 36);
	assert_recorded(TESTS, "create-mtty-1");
	create_sample("mtty", "2", S2, 36);
	assert_recorded(TESTS, "create-mtty-2");
	create_sample("mdpy", "vga", S3, 36);
	assert_recorded(TESTS, "create-mdpy-vga");
	create_sample("mdpy", "hd", S4, 36);
	got.len = 0;
	create_sample("mbochs", "small", S5, 36);
	assert_recorded(TESTS, "create-mbochs-small");
	create_sample("mtty", "1", S1, -EEXIST);
	assert_recorded(TESTS, "create-duplicate");
	create_sample("mtty", "1", "zzz", -EINVAL);
	assert_recorded(TESTS, "create-bad-uuid");
	assert_int_equal(write_text(VIRTUAL "/mtty/mtty/" S1 "/uevent", "change\n"), 7);
	assert_recorded(TESTS, "synth-change");
	assert_true(write_text(VIRTUAL "/mtty/mtty/" S1 "/uevent",
			       "add 11111111-2222-4333-8444-555555555555 A=1 B=two\n") > 0);
	assert_recorded(TESTS, "synth-add-args");
	assert_int_equal(write_text(VIRTUAL "/mtty/mtty/uevent", "change\n"), 7);
	assert_recorded(TESTS, "parent-change");
	assert_int_equal(write_text(VIRTUAL "/mtty/mtty/" S1 "/remove", "1\n"), 2);
	assert_recorded(TESTS, "remove-mtty-1");
	assert_int_equal(write_text(VIRTUAL "/mtty/mtty/" S2 "/remove", "1\n"), 2);
	assert_recorded(TESTS, "remove-2");
}

static void full_samples_tell_what_was_recorded(void **state)
{
	char uuid[64];

	(void)state;
	for (int i = 0; i < 4; i++) {
		snprintf(uuid, sizeof(uuid), "%08x-0000-4000-8000-000000000000", i);
		create_sample("mdpy", "hd", uuid, 36);
		snprintf(uuid, sizeof(uuid), "%08x-0000-4000-8000-000000000000", i + 4);
		create_sample("mbochs", "large", uuid, 36);
	}
	got.len = 0;
	create_sample("mdpy", "vga", S1, -EUSERS);
	assert_recorded(TESTS, "create-full-mdpy");
	create_sample("mbochs", "large", S1, -ENOSPC);
	assert_recorded(TESTS, "create-full-mbochs");
}

static void unbound_sample_tells_what_was_recorded(void **state)
{
	(void)state;
	create_sample("mtty", "1", S1, 36);
	assert_int_equal(write_text(BUS "/drivers/mtty/unbind", S1 "\n"), 37);
	assert_int_equal(write_text(VIRTUAL "/mtty/mtty/" S1 "/remove", "1\n"), 2);
	assert_recorded(TESTS, "unbind-mdev-driver");
}

static void uevent_files_name_their_subsystem(void **state)
{
	static const struct {
		const char *file, *expected;
	} cases[] = {
		{ BUS,
		  "change@/bus/mdev|ACTION=change|DEVPATH=/bus/mdev|SUBSYSTEM=bus|SYNTH_UUID=0|" },
		{ DRV,
		  "change@/bus/mdev/drivers/intel_vgpu_mdev|ACTION=change|"
		  "DEVPATH=/bus/mdev/drivers/intel_vgpu_mdev|SUBSYSTEM=drivers|SYNTH_UUID=0|" },
		{ "sys/module/kvmgt", "change@/module/kvmgt|ACTION=change|DEVPATH=/module/kvmgt|"
				      "SUBSYSTEM=module|SYNTH_UUID=0|" },
		{ "sys/devices/virtual/misc/vfio",
		  "change@/devices/virtual/misc/vfio|ACTION=change|"
		  "DEVPATH=/devices/virtual/misc/vfio|SUBSYSTEM=misc|SYNTH_UUID=0|MAJOR=10|"
		  "MINOR=196|DEVNAME=vfio/vfio|DEVMODE=0666|" },
		{ P "/" UUID, "change@/devices/pci0000:00/0000:00:02.0/" UUID "|ACTION=change|"
			      "DEVPATH=/devices/pci0000:00/0000:00:02.0/" UUID "|SUBSYSTEM=mdev|"
			      "SYNTH_UUID=0|DRIVER=intel_vgpu_mdev|" },
		{ "sys/devices/virtual/vfio/0",
		  "change@/devices/virtual/vfio/0|ACTION=change|DEVPATH=/devices/virtual/vfio/0|"
		  "SUBSYSTEM=vfio|SYNTH_UUID=0|MAJOR=246|MINOR=0|DEVNAME=vfio/0|" },
	};
	char path[256];

	(void)state;
	create(UUID);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++) {
		got.len = 0;
		snprintf(path, sizeof(path), "%s/uevent", cases[i].file);
		assert_int_equal(write_text(path, "change"), 6);
		assert_int_equal(got.len, 1);
		assert_sent(0, cases[i].expected);
	}
	/* a device of no bus and no class: Source: drivers/base/core.c, dev_uevent_filter() */
	got.len = 0;
	assert_int_equal(write_text("sys/devices/pci0000:00/uevent", "add"), 3);
	assert_int_equal(got.len, 0);
}

static void unbind_has_no_modalias(void **state)
{
	(void)state;
	assert_int_equal(write_text(P "/uevent", "unbind"), 6);
	assert_int_equal(got.len, 1);
	assert_null(memmem(got.all[0].text, got.all[0].len, "MODALIAS", 8));
	assert_int_equal(write_text(P "/uevent", "bind"), 4);
	assert_non_null(memmem(got.all[1].text, got.all[1].len, "MODALIAS", 8));
}

static void nonsense_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"addd",
		" add",
		"add ",
		"ADD",
		"add\n\n",
		"add 0",
		"add 11111111-2222-4333-8444-55555555555",
		"a",
		"add  A=1",
		"add\tchange",
		"add 11111111-2222-4333-8444-555555555555 A",
		"xyz",
		"add 1111111g-2222-4333-8444-555555555555",
		"add 11111111-2222-4333-8444-555555555555 A_B=1",
		"add 11111111-2222-4333-8444-555555555555 A=1 ",
	};
	const char *action;
	char extra[256];

	(void)state;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++)
		assert_int_equal(fake_uevent_parse_synthetic(cases[i], strlen(cases[i]), &action,
							     extra, sizeof(extra)),
				 -EINVAL);
}

/* Source: include/linux/kobject.h, UEVENT_NUM_ENVP, UEVENT_BUFFER_SIZE */
static void too_much_is_refused(void **state)
{
	char text[1024] = "add 11111111-2222-4333-8444-555555555555";
	size_t len = strlen(text);

	(void)state;
	create(UUID);
	got.len = 0;
	/* ACTION, DEVPATH, SUBSYSTEM, SYNTH_UUID, DRIVER and SEQNUM leave 58 of 64 */
	for (int i = 0; i < 58; i++)
		len += (size_t)sprintf(text + len, " A%d=1", i);
	assert_int_equal(write_text(P "/" UUID "/uevent", text), len);
	assert_int_equal(got.len, 1);
	sprintf(text + len, " B=1");
	assert_int_equal(write_text(P "/" UUID "/uevent", text), -ENOMEM);
	assert_int_equal(got.len, 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_recorded, unmake)
	const struct CMUnitTest tests[] = {
		TEST(creation_and_removal_tell_what_was_recorded),
		TEST(plugging_the_parent_tells_what_was_recorded),
		TEST(refused_creation_tells_add_and_remove),
		TEST(refusals_before_that_tell_nothing),
		TEST(each_uevent_of_a_creation_comes_before_what_follows_it),
		cmocka_unit_test_setup_teardown(
			drm_nodes_go_first_and_come_before_the_driver_is_bound, make_with_drm,
			unmake),
		TEST(unbound_vgpu_tells_only_its_removal),
		TEST(vgpu_in_use_tells_its_removal_at_its_end),
		cmocka_unit_test_setup_teardown(samples_tell_what_was_recorded, make_samples,
						unmake),
		cmocka_unit_test_setup_teardown(unbound_sample_tells_what_was_recorded,
						make_samples, unmake),
		cmocka_unit_test_setup_teardown(full_samples_tell_what_was_recorded, make_samples,
						unmake),
		TEST(uevent_files_name_their_subsystem),
		TEST(unbind_has_no_modalias),
		TEST(nonsense_is_refused),
		TEST(too_much_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
