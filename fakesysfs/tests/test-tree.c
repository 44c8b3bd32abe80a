/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tree shows, and what it does when it is written to. Expectations were measured on real
 * kernels (6.1) unless a source is named.
 */

#include <fcntl.h>

#include "tree-fixture.h"

/* What is written to `create`: OK means that the vGPU is there afterwards. */
static const struct {
	const char *text;
	size_t len;
	ssize_t result;
} create_grammar[] = {
	{ UUID, 36, 36 },
	{ UUID "\n", 37, 37 },
	{ UUID "X", 37, 37 },
	{ UUID " ", 37, 37 },
	{ UUID "\0", 37, 37 },
	{ UUID "7", 37, 37 },
	{ "A297DB4A-F4C2-11E6-90F6-D3B88D6C9525", 36, 36 },
	{ "a297DB4A-f4c2-11E6-90f6-D3B88d6c9525\n", 37, 37 },
	{ "", 0, 0 },
	{ UUID "\n\n", 38, -EINVAL },
	{ UUID "\r\n", 38, -EINVAL },
	{ UUID, 35, -EINVAL },
	{ UUID, 18, -EINVAL },
	{ UUID, 1, -EINVAL },
	{ "\n", 1, -EINVAL },
	{ "{" UUID "}", 38, -EINVAL },
	{ "{" UUID, 37, -EINVAL },
	{ " " UUID, 37, -EINVAL },
	{ "\n" UUID, 37, -EINVAL },
	{ "urn:uuid:" UUID, 45, -EINVAL },
	{ "a297db4af4c211e690f6d3b88d6c9525", 32, -EINVAL },
	{ "a297db4af4c211e690f6d3b88d6c95250000", 36, -EINVAL },
	{ "a297db4af-4c2-11e6-90f6-d3b88d6c9525", 36, -EINVAL },
	{ "a297db4a_f4c2_11e6_90f6_d3b88d6c9525", 36, -EINVAL },
	{ "g297db4a-f4c2-11e6-90f6-d3b88d6c9525", 36, -EINVAL },
	{ "a297db4a-f4c2-11e6-90f6-d3b88d\0c9525", 36, -EINVAL },
};

static void create_takes_what_the_kernel_takes(void **state)
{
	static char page[5000] = UUID;

	(void)state;
	for (size_t i = 0; i < sizeof(create_grammar) / sizeof(create_grammar[0]); i++) {
		ssize_t result =
			write_len(V8 "/create", create_grammar[i].text, create_grammar[i].len);

		if (result != create_grammar[i].result)
			fail_msg("case %zu: %zd", i, result);
		assert_int_equal(exists(P "/" UUID), result > 0);
		if (result > 0)
			assert_int_equal(write_text(P "/" UUID "/remove", "1"), 1);
	}
	assert_int_equal(write_len(V8 "/create", page, 4096), -EINVAL);
	assert_int_equal(write_len(V8 "/create", page, 5000), -EINVAL);
	create("00000000-0000-0000-0000-000000000000");
	create("ffffffff-ffff-ffff-ffff-ffffffffffff");
}

static void create_checks_syntax_then_duplicate_then_room(void **state)
{
	(void)state;
	create(UUID);
	assert_int_equal(write_text(V8 "/create", UUID), -EEXIST);
	assert_int_equal(write_text(V4 "/create", UUID), -EEXIST);
	assert_int_equal(write_text("sys/devices/pci0000:00/0000:00:03.0/mdev_supported_types/"
				    "i915-GVTg_V4_8/create",
				    UUID "x"),
			 -EEXIST);
	assert_int_equal(write_text(V8 "/create", "A297DB4A-F4C2-11E6-90F6-D3B88D6C9525"), -EEXIST);
	assert_int_equal(write_text(V4 "/create", OTHER), -ENOSPC);
	assert_false(exists(P "/" OTHER));
	create(OTHER);
	assert_int_equal(write_text(V8 "/create", UUID), -EEXIST);
	assert_int_equal(write_text(V8 "/create", "nonsense"), -EINVAL);
	assert_int_equal(write_text(V8 "/create", ""), 0);
}

/* What is written to `remove`. */
static const struct {
	const char *text;
	size_t len;
	ssize_t result;
	bool removes;
} remove_grammar[] = {
	{ "0", 1, 1, false },
	{ "0\n", 2, 2, false },
	{ "00", 2, 2, false },
	{ "+0", 2, 2, false },
	{ "0x0", 3, 3, false },
	{ "0\0001", 3, 3, false },
	{ "", 0, 0, false },
	{ "1", 1, 1, true },
	{ "1\n", 2, 2, true },
	{ "2\n", 2, 2, true },
	{ "01", 2, 2, true },
	{ "010", 3, 3, true },
	{ "0x1", 3, 3, true },
	{ "0X10", 4, 4, true },
	{ "+1", 2, 2, true },
	{ "18446744073709551615", 20, 20, true },
	{ "1\0junk", 6, 6, true },
	{ "\n", 1, -EINVAL, false },
	{ "x", 1, -EINVAL, false },
	{ "yes", 3, -EINVAL, false },
	{ "-1", 2, -EINVAL, false },
	{ "-0", 2, -EINVAL, false },
	{ " 1", 2, -EINVAL, false },
	{ "1 ", 2, -EINVAL, false },
	{ "1x", 2, -EINVAL, false },
	{ "1.0", 3, -EINVAL, false },
	{ "1\n\n", 3, -EINVAL, false },
	{ "1\r\n", 3, -EINVAL, false },
	{ "0x", 2, -EINVAL, false },
	{ "08", 2, -EINVAL, false },
	{ "++1", 3, -EINVAL, false },
	{ "18446744073709551616", 20, -EINVAL, false },
	{ "\0001", 2, -EINVAL, false },
};

static void remove_takes_what_the_kernel_takes(void **state)
{
	static char zeros[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(remove_grammar) / sizeof(remove_grammar[0]); i++) {
		ssize_t result;

		create(UUID);
		result = write_len(P "/" UUID "/remove", remove_grammar[i].text,
				   remove_grammar[i].len);
		if (result != remove_grammar[i].result)
			fail_msg("case %zu: %zd", i, result);
		assert_int_equal(exists(P "/" UUID), !remove_grammar[i].removes);
		if (!remove_grammar[i].removes)
			assert_int_equal(write_text(P "/" UUID "/remove", "1"), 1);
	}
	/* a store gets at most a page: the rest is not looked at */
	memset(zeros, '0', sizeof(zeros) - 1);
	zeros[sizeof(zeros) - 1] = '1';
	create(UUID);
	assert_int_equal(write_len(P "/" UUID "/remove", zeros, sizeof(zeros)), 4096);
	assert_true(exists(P "/" UUID));
}

static void every_other_store_answers_as_the_kernels(void **state)
{
	static const struct {
		const char *path, *text;
		ssize_t result;
	} cases[] = {
		{ BUS "/drivers_autoprobe", "x", 1 },
		{ BUS "/drivers_autoprobe", "0\n", 2 },
		{ BUS "/drivers_probe", UUID "\n", 37 },
		{ BUS "/drivers_probe", OTHER, -ENODEV },
		{ BUS "/drivers_probe", "", 0 },
		{ BUS "/uevent", "add", 3 },
		{ DRV "/bind", UUID, -ENODEV },
		{ DRV "/bind", "nonsense", -ENODEV },
		{ DRV "/unbind", OTHER, -ENODEV },
		{ DRV "/unbind", "A297DB4A-F4C2-11E6-90F6-D3B88D6C9525", -ENODEV },
		{ P "/" UUID "/uevent", "change\n", 7 },
		{ P "/" UUID "/uevent", "bogus", -EINVAL },
		{ P "/" UUID "/uevent", "add " UUID " A=1", 44 },
		{ P "/" UUID "/uevent", "add " UUID, 40 },
		{ P "/" UUID "/uevent", "add " UUID " A", -EINVAL },
		{ P "/" UUID "/uevent", "add nonsense", -EINVAL },
		{ P "/" UUID "/power/control", "on\n", 3 },
		{ P "/" UUID "/power/control", "auto", 4 },
		{ P "/" UUID "/power/control", "off", -EINVAL },
		{ P "/" UUID "/power/autosuspend_delay_ms", "1", -EIO },
		{ "sys/kernel/iommu_groups/0/type", "identity", -EINVAL },
		{ V8 "/name", "x", -EIO },
		{ P "/" UUID "/mdev_type/name", "x", -ENOTDIR },
		{ "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "1\n", 2 },
		{ "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "z", -EINVAL },
		{ "sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "0x10", 4 },
		{ "sys/bus/pci/drivers_probe", "0000:00:02.0", 12 },
		{ "sys/bus/pci/drivers/i915/unbind", "0000:00:09.0", -ENODEV },
		{ "sys/bus/pci/drivers/i915/bind", "0000:00:02.0", -ENODEV },
		{ P "/driver_override", "vfio-pci\n", 9 },
	};

	(void)state;
	create(UUID);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fake_node node;
		ssize_t result = fake_tree_walk(tree, cases[i].path, &node);

		if (!result)
			result = write_text(cases[i].path, cases[i].text);
		if (result != cases[i].result)
			fail_msg("%s <- '%s': %zd", cases[i].path, cases[i].text, result);
	}
	assert_reads(BUS "/drivers_autoprobe", "0\n");
	assert_reads("sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n");
	assert_reads("sys/module/vfio_iommu_type1/parameters/dma_entry_limit", "16\n");
	assert_reads(P "/driver_override", "vfio-pci\n");
	/* switched off, it changes nothing for mdev: Linux 5.14 and later bind on creation */
	create(OTHER);
	assert_link(P "/" OTHER "/driver", "../../../../bus/mdev/drivers/intel_vgpu_mdev");
}

static void attributes_read_as_the_kernels(void **state)
{
	(void)state;
	create(UUID);
	assert_reads(V8 "/available_instances", "1\n");
	assert_reads(V8 "/device_api", "vfio-pci\n");
	assert_reads(V8 "/name", "GVTg_V5_8\n");
	assert_reads(V8 "/description", "low_gm_size: 64MB\nhigh_gm_size: 384MB\nfence: 4\n"
					"resolution: 1024x768\nweight: 2\n");
	assert_reads("sys/devices/pci0000:00/0000:00:03.0/mdev_supported_types/i915-GVTg_V4_1/name",
		     "GVTg_V4_1\n");
	assert_false(exists(TYPES "/i915-GVTg_V5_2"));
	assert_reads(P "/" UUID "/uevent", "DRIVER=intel_vgpu_mdev\n");
	assert_reads(P "/" UUID "/intel_vgpu/vgpu_id", "1\n");
	assert_reads(P "/" UUID "/power/control", "auto\n");
	assert_int_equal(read_error(P "/" UUID "/power/autosuspend_delay_ms"), -EIO);
	assert_int_equal(read_error(P "/" UUID "/remove"), -EIO);
	assert_int_equal(read_error(V8 "/create"), -EIO);
	assert_reads("sys/kernel/iommu_groups/0/reserved_regions", "");
	assert_reads("sys/module/mdev/refcnt", "1\n");
	assert_reads("sys/module/i915/parameters/enable_gvt", "Y\n");
	assert_reads(P "/uevent",
		     "DRIVER=i915\nPCI_CLASS=30000\nPCI_ID=8086:5912\n"
		     "PCI_SUBSYS_ID=1849:5912\nPCI_SLOT_NAME=0000:00:02.0\n"
		     "MODALIAS=pci:v00008086d00005912sv00001849sd00005912bc03sc00i00\n");
	assert_link(P "/" UUID "/mdev_type", "../mdev_supported_types/i915-GVTg_V5_8");
	assert_link(P "/" UUID "/vfio-dev/vfio0/device", "../../../" UUID);
	assert_link(V8 "/devices/" UUID, "../../../" UUID);
}

static void open_goes_by_mode_bits_even_for_root(void **state)
{
	static const struct {
		const char *path;
		int flags, result;
	} cases[] = {
		{ V8 "/create", O_WRONLY, 0 },
		{ V8 "/create", O_WRONLY | O_TRUNC | O_APPEND | O_NONBLOCK, 0 },
		{ V8 "/create", O_RDONLY, -EACCES },
		{ V8 "/create", O_RDWR, -EACCES },
		{ V8 "/create", O_WRONLY | O_DIRECT, -EINVAL },
		{ V8 "/create", O_ACCMODE, 0 },
		{ V8 "/available_instances", O_RDONLY, 0 },
		{ V8 "/available_instances", O_RDONLY | O_TRUNC, 0 },
		{ V8 "/available_instances", O_WRONLY, -EACCES },
		{ V8 "/available_instances", O_RDWR, -EACCES },
		{ P "/" UUID "/uevent", O_RDWR, 0 },
		{ V8, O_RDONLY, 0 },
		{ V8, O_WRONLY, -EISDIR },
		{ P "/driver", O_RDONLY, -ELOOP },
		{ "dev/vfio/vfio", O_RDWR, 0 },
		{ "dev/vfio/0", O_RDWR, 0 },
	};

	(void)state;
	create(UUID);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (fake_tree_open(tree, ino_of(cases[i].path), cases[i].flags) != cases[i].result)
			fail_msg("%s, %#o", cases[i].path, cases[i].flags);
	/* what chmod gives, the store does not: there is none */
	assert_int_equal(fake_tree_setattr(tree, ino_of(V8 "/name"), 0666, (uid_t)-1, (gid_t)-1),
			 0);
	assert_int_equal(fake_tree_open(tree, ino_of(V8 "/name"), O_RDWR), 0);
	assert_int_equal(write_text(V8 "/name", "x"), -EIO);
	assert_int_equal(fake_tree_setattr(tree, ino_of(V8 "/create"), 0, (uid_t)-1, (gid_t)-1), 0);
	assert_int_equal(fake_tree_open(tree, ino_of(V8 "/create"), O_WRONLY), -EACCES);
}

static void chmod_and_chown_stick_until_the_node_dies(void **state)
{
	struct fake_node node;

	(void)state;
	create(UUID);
	assert_int_equal(fake_tree_setattr(tree, ino_of(P "/" UUID), 0700, 1000, 1001), 0);
	assert_int_equal(fake_tree_setattr(tree, ino_of(P "/" UUID), (mode_t)-1, 1002, (gid_t)-1),
			 0);
	assert_int_equal(fake_tree_walk(tree, P "/" UUID, &node), 0);
	assert_int_equal(node.mode, 0700);
	assert_int_equal(node.uid, 1002);
	assert_int_equal(node.gid, 1001);
	assert_int_equal(write_text(P "/" UUID "/remove", "1"), 1);
	create(UUID);
	assert_int_equal(fake_tree_walk(tree, P "/" UUID, &node), 0);
	assert_int_equal(node.mode, 0755);
	assert_int_equal(node.uid, 0);
}

/* The orders were seen on real kernels; the hashes, too. */
static void readdir_goes_by_the_kernels_hash(void **state)
{
	(void)state;
	create(UUID);
	assert_lists(V8, "device_api description devices create available_instances name ");
	assert_lists(P "/" UUID, "uevent iommu_group power driver vfio-dev mdev_type subsystem "
				 "intel_vgpu remove ");
	assert_lists(BUS, "uevent drivers_autoprobe devices drivers_probe drivers ");
	assert_lists("sys/kernel/iommu_groups/0", "devices type reserved_regions name ");
	assert_lists("sys/devices/pci0000:00/0000:00:03.0/mdev_supported_types",
		     "i915-GVTg_V4_2 i915-GVTg_V4_1 i915-GVTg_V4_8 i915-GVTg_V4_4 ");
	assert_int_equal(fake_tree_name_hash("device_api"), 328100887);
	assert_int_equal(fake_tree_name_hash("description"), 361793440);
	assert_int_equal(fake_tree_name_hash("devices"), 698066606);
	assert_int_equal(fake_tree_name_hash("create"), 844305071);
	assert_int_equal(fake_tree_name_hash("available_instances"), 2022590456);
	assert_int_equal(fake_tree_name_hash("name"), 2030364360);
}

static void directories_count_their_subdirectories(void **state)
{
	static const struct {
		const char *path;
		uint32_t nlink;
	} cases[] = {
		{ BUS, 4 },
		{ V8, 3 },
		{ TYPES, 4 },
		{ P "/" UUID, 5 },
		{ P "/" UUID "/power", 2 },
		{ "sys/kernel/iommu_groups", 3 },
		{ "sys/class/vfio", 2 },
		{ "sys/devices/virtual/vfio", 3 },
	};
	struct fake_node node;

	(void)state;
	create(UUID);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fake_tree_walk(tree, cases[i].path, &node), 0);
		if (node.nlink != cases[i].nlink)
			fail_msg("%s: %u", cases[i].path, node.nlink);
		assert_int_equal(node.size, 0);
	}
}

static void foreign_nodes_fill_what_the_fake_lacks(void **state)
{
	struct fake_node node;

	(void)state;
	assert_int_equal(fake_tree_add_foreign(tree, "sys/class/net", FAKE_NODE_DIR, NULL), 0);
	assert_int_equal(fake_tree_add_foreign(tree, "sys/fs/cgroup/deep", FAKE_NODE_DIR, NULL), 0);
	assert_int_equal(fake_tree_add_foreign(tree, "sys/bus/usb", FAKE_NODE_LINK, "../x/y"), 0);
	assert_int_equal(fake_tree_add_foreign(tree, "sys/power/state", FAKE_NODE_ATTR, NULL), 0);
	assert_int_equal(fake_tree_add_foreign(tree, "sys/bus/pci", FAKE_NODE_DIR, NULL), -EEXIST);
	assert_int_equal(fake_tree_add_foreign(tree, "sys/class/net", FAKE_NODE_DIR, NULL),
			 -EEXIST);
	assert_int_equal(fake_tree_add_foreign(tree, "sys/l", FAKE_NODE_LINK, NULL), -EINVAL);
	assert_int_equal(fake_tree_walk(tree, "sys/fs/cgroup", &node), 0);
	assert_int_equal(node.kind, FAKE_NODE_DIR);
	assert_int_equal(node.nlink, 3);
	assert_link("sys/bus/usb", "../x/y");
	assert_reads("sys/power/state", "");
}

/* By them faults are found, and control/ must have none: else no fault could be taken back. */
static void nodes_below_sys_alone_have_paths(void **state)
{
	char path[128];

	(void)state;
	assert_int_equal(fake_tree_path(tree, ino_of(V8 "/create"), path, sizeof(path)), 0);
	assert_string_equal(path, "/" V8 "/create");
	assert_int_equal(fake_tree_path(tree, ino_of("sys"), path, sizeof(path)), 0);
	assert_int_equal(fake_tree_path(tree, ino_of(V8), path, 8), -ENAMETOOLONG);
	assert_int_equal(fake_tree_path(tree, ino_of("control/faults"), path, sizeof(path)),
			 -ENOENT);
	assert_int_equal(fake_tree_path(tree, ino_of("dev/vfio/vfio"), path, sizeof(path)),
			 -ENOENT);
}

static void paths_that_lead_nowhere_are_refused(void **state)
{
	struct fake_node node;
	char name[400];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(fake_tree_walk(tree, "", &node), 0);
	assert_int_equal(node.ino, FAKE_TREE_ROOT);
	assert_int_equal(fake_tree_walk(tree, "sys//bus/", &node), 0);
	assert_int_equal(fake_tree_walk(tree, "sys/nothing", &node), -ENOENT);
	assert_int_equal(fake_tree_walk(tree, V8 "/name/x", &node), -ENOTDIR);
	assert_int_equal(fake_tree_walk(tree, P "/driver/uevent", &node), -ENOTDIR);
	assert_int_equal(fake_tree_walk(tree, name, &node), -ENOENT);
	assert_int_equal(fake_tree_lookup(tree, 0, "x", &node), -ENOENT);
	assert_int_equal(fake_tree_lookup(tree, UINT64_MAX, "x", &node), -ENOENT);
	assert_int_equal(fake_tree_get(tree, 255, &node), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(create_takes_what_the_kernel_takes),
		TEST(create_checks_syntax_then_duplicate_then_room),
		TEST(remove_takes_what_the_kernel_takes),
		TEST(every_other_store_answers_as_the_kernels),
		TEST(attributes_read_as_the_kernels),
		TEST(open_goes_by_mode_bits_even_for_root),
		TEST(chmod_and_chown_stick_until_the_node_dies),
		TEST(readdir_goes_by_the_kernels_hash),
		TEST(directories_count_their_subdirectories),
		TEST(foreign_nodes_fill_what_the_fake_lacks),
		TEST(nodes_below_sys_alone_have_paths),
		TEST(paths_that_lead_nowhere_are_refused),
	};

	return cmocka_run_group_tests_name("tree", tests, NULL, NULL);
}
