/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a host shows as another kernel, and with a GPU whose GVT-g does not work. What is expected
 * comes from the kernels' sources and, for 5.10, 6.1 and 6.12, from running them.
 */

#include "tree-fixture.h"

#define D P "/" UUID

/* A host of its own: the fixture's way to look at it. */
static void make_host(const char *kernel, const char *gpu)
{
	struct fake_gpu_config config;
	unsigned int version;

	assert_int_equal(fake_kernel_parse(kernel, &version, NULL), 0);
	host = fake_host_create();
	fake_host_set_kernel(host, version);
	assert_int_equal(fake_gpu_config_parse(gpu, &config, NULL), 0);
	assert_int_equal(fake_host_add_gpu(host, &config, NULL), 0);
	tree = fake_tree_create(host);
	assert_non_null(tree);
}

static void each_kernel_shows_what_it_has(void **state)
{
	static const struct {
		const char *path;
		bool in[6]; /* 4.16 5.10 5.19 6.1 6.6 6.12 */
	} cases[] = {
		{ BUS "/drivers/vfio_mdev", { 1, 1, 0, 0, 0, 0 } },
		{ BUS "/drivers/intel_vgpu_mdev", { 0, 0, 1, 1, 1, 1 } },
		{ "sys/module/vfio_mdev", { 1, 1, 0, 0, 0, 0 } },
		{ "sys/module/kvmgt", { 1, 1, 1, 1, 1, 1 } },
		{ "sys/module/mdev/holders/vfio_mdev", { 1, 1, 0, 0, 0, 0 } },
		{ "sys/module/mdev/holders/kvmgt", { 1, 1, 1, 1, 1, 1 } },
		{ V8 "/name", { 0, 0, 1, 1, 1, 1 } },
		{ V8 "/description", { 1, 1, 1, 1, 1, 1 } },
		{ D "/intel_vgpu/vgpu_id", { 1, 1, 1, 1, 1, 1 } },
		{ D "/intel_vgpu/hw_id", { 1, 0, 0, 0, 0, 0 } },
		{ D "/vfio-dev/vfio0", { 0, 0, 0, 1, 1, 1 } },
		{ D "/vfio-dev/vfio0/dev", { 0, 0, 0, 0, 1, 1 } },
		{ "sys/dev/char/511:0", { 0, 0, 0, 0, 1, 1 } },
		{ "dev/vfio/devices/vfio0", { 0, 0, 0, 0, 1, 1 } },
		{ "dev/iommu", { 0, 0, 0, 0, 1, 1 } },
		{ "sys/class/misc/iommu", { 0, 0, 0, 0, 1, 1 } },
		{ "sys/devices/virtual/misc/iommu/dev", { 0, 0, 0, 0, 1, 1 } },
		{ "sys/dev/char/10:124", { 0, 0, 0, 0, 1, 1 } },
		{ "sys/class/vfio-dev", { 0, 0, 0, 1, 1, 1 } },
		{ "sys/class/vfio-dev/vfio0", { 0, 0, 0, 1, 1, 1 } },
		{ "sys/class/vfio/0", { 1, 1, 1, 1, 1, 1 } },
		{ "sys/kernel/iommu_groups/0/name", { 0, 0, 1, 1, 1, 1 } },
		{ "sys/kernel/iommu_groups/0/type", { 1, 1, 1, 1, 1, 1 } },
	};

	(void)state;
	assert_int_equal(fake_kernels_len, 6);
	for (size_t kernel = 0; kernel < fake_kernels_len; kernel++) {
		make_host(fake_kernels[kernel].name, "kaby-lake");
		create(UUID);
		for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++)
			if (exists(cases[i].path) != cases[i].in[kernel])
				fail_msg("%s: %s is %sthere", fake_kernels[kernel].name,
					 cases[i].path, cases[i].in[kernel] ? "not " : "");
		assert_reads(D "/uevent",
			     kernel < 2 ? "DRIVER=vfio_mdev\n" : "DRIVER=intel_vgpu_mdev\n");
		assert_link(D "/driver", kernel < 2
						 ? "../../../../bus/mdev/drivers/vfio_mdev"
						 : "../../../../bus/mdev/drivers/intel_vgpu_mdev");
		unmake(NULL);
	}
}

static bool give_up(void *data)
{
	(void)data;
	return true;
}

static void removal_in_use_is_refused_before_5_2_and_waits_since(void **state)
{
	struct vgpu_uuid uuid;
	uint64_t serial;

	(void)state;
	assert_int_equal(vgpu_uuid_parse(UUID, &uuid), 0);
	for (size_t kernel = 0; kernel < fake_kernels_len; kernel++) {
		make_host(fake_kernels[kernel].name, "kaby-lake");
		create(UUID);
		assert_int_equal(fake_host_get_vgpu(host, &uuid, &serial), 0);
		assert_int_equal(fake_tree_write(tree, ino_of(D "/remove"), "1", 1, give_up, NULL),
				 kernel ? -EINTR : -EBUSY);
		assert_int_equal(exists(D "/remove"), !kernel);
		fake_host_put_vgpu(host, serial);
		if (!kernel)
			assert_int_equal(write_text(D "/remove", "1"), 1);
		assert_false(exists(D));
		unmake(NULL);
	}
}

static char events[1024];

static void note(void *data, const char *message, size_t len)
{
	size_t end = strlen(events);

	(void)data;
	/* the head alone, and whether it has a device number */
	snprintf(events + end, sizeof(events) - end, "%.*s %s%s\n", (int)strcspn(message, "@"),
		 message, strrchr(message, '/') + 1,
		 memmem(message, len, "MAJOR", 5) ? " dev" : "");
}

/* Source: drivers/gpu/drm/drm_drv.c, drm_dev_register(), drm_dev_unregister() */
#define DRM_COMES "add renderD128 dev\nadd card0 dev\n"
#define DRM_GOES  "remove card0 dev\nremove renderD128 dev\n"

static void each_kernel_tells_its_own_events(void **state)
{
	static const struct {
		const char *kernel, *created, *refused, *registered;
	} cases[] = {
		{ "4.16", "add " UUID "\nadd 0 dev\nbind " UUID "\n", "",
		  DRM_COMES "bind 0000:00:02.0\n" },
		{ "5.10", "add " UUID "\nadd 0 dev\nbind " UUID "\n", "",
		  "change 0000:00:02.0\n" DRM_COMES "bind 0000:00:02.0\n" },
		{ "5.19", "add " UUID "\nadd 0 dev\nbind " UUID "\n",
		  "add " OTHER "\nremove " OTHER "\n",
		  "change 0000:00:02.0\n" DRM_COMES "bind 0000:00:02.0\n" },
		{ "6.1", "add " UUID "\nadd 0 dev\nadd vfio0\nbind " UUID "\n",
		  "add " OTHER "\nremove " OTHER "\n",
		  "change 0000:00:02.0\n" DRM_COMES "bind 0000:00:02.0\n" },
		{ "6.12", "add " UUID "\nadd 0 dev\nadd vfio0 dev\nbind " UUID "\n",
		  "add " OTHER "\nremove " OTHER "\n",
		  "change 0000:00:02.0\n" DRM_COMES "bind 0000:00:02.0\n" },
	};

	(void)state;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++) {
		make_host(cases[i].kernel, "kaby-lake,aperture=256M");
		fake_tree_set_uevents(tree, note, NULL);
		events[0] = '\0';
		create(UUID);
		assert_string_equal(events, cases[i].created);
		assert_true(write_text(V8 "/create", "c297db4a-f4c2-11e6-90f6-d3b88d6c9525") > 0);
		events[0] = '\0';
		assert_int_equal(write_text(V8 "/create", OTHER), -ENOSPC);
		assert_string_equal(events, cases[i].refused);
		assert_true(write_text("sys/bus/pci/drivers/i915/unbind", "0000:00:02.0") > 0);
		events[0] = '\0';
		assert_true(write_text("sys/bus/pci/drivers/i915/bind", "0000:00:02.0") > 0);
		assert_string_equal(events, cases[i].registered);
		unmake(NULL);
	}
}

static void gpu_without_gvt_g_has_a_driver_and_no_types(void **state)
{
	static const struct {
		const char *kernel, *gpu, *gvt, *guc;
		bool bound, kvmgt;
	} cases[] = {
		{ "6.1", "kaby-lake,gvt=off", "N\n", "0\n", true, true },
		{ "6.1", "kaby-lake,gvt=unsupported", "Y\n", "0\n", true, true },
		{ "5.10", "kaby-lake,gvt=unsupported", "Y\n", "0\n", true, true },
		{ "4.16", "kaby-lake,gvt=unsupported", "N\n", "0\n", true, true },
		{ "6.1", "kaby-lake,gvt=no-module", "Y\n", "0\n", true, false },
		{ "6.1", "kaby-lake,gvt=guc", "Y\n", "3\n", true, true },
		/* Source: i915/intel_gvt.c: an error of probe until 5.18 */
		{ "5.10", "kaby-lake,gvt=guc", "Y\n", "3\n", false, true },
		/* not yet supported then */
		{ "4.16", "coffee-lake", "N\n", "0\n", true, true },
	};

	(void)state;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++) {
		make_host(cases[i].kernel, cases[i].gpu);
		assert_true(exists(P "/vendor"));
		assert_false(exists(TYPES));
		assert_false(exists("sys/class/mdev_bus/0000:00:02.0"));
		assert_int_equal(exists(P "/driver"), cases[i].bound);
		assert_int_equal(exists(P "/drm/card0"), cases[i].bound);
		assert_int_equal(exists("sys/module/kvmgt"), cases[i].kvmgt);
		assert_reads("sys/module/i915/parameters/enable_gvt", cases[i].gvt);
		assert_reads("sys/module/i915/parameters/enable_guc", cases[i].guc);
		events[0] = '\0';
		fake_tree_set_uevents(tree, note, NULL);
		if (cases[i].bound) {
			assert_true(write_text("sys/bus/pci/drivers/i915/unbind", "0000:00:02.0") >
				    0);
			assert_string_equal(events, DRM_GOES "unbind 0000:00:02.0\n");
			assert_true(write_text("sys/bus/pci/drivers/i915/bind", "0000:00:02.0") >
				    0);
			assert_false(exists(TYPES));
		} else {
			assert_int_equal(
				write_text("sys/bus/pci/drivers/i915/bind", "0000:00:02.0"), -EIO);
		}
		unmake(NULL);
	}
}

static void unknown_kernels_and_states_are_refused(void **state)
{
	struct fake_gpu_config config;
	struct vgpu_error err = { 0 };
	unsigned int version = 7;

	(void)state;
	assert_int_equal(fake_kernel_parse("3.2", &version, &err), -EINVAL);
	assert_int_equal(version, 7);
	assert_non_null(strstr(err.hint, "4.16, 5.10, 5.19, 6.1, 6.6, 6.12"));
	assert_int_equal(fake_gpu_config_parse("kaby-lake,gvt=maybe", &config, &err), -EINVAL);
	assert_non_null(strstr(err.hint, "no-module"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kernel_shows_what_it_has),
		cmocka_unit_test(removal_in_use_is_refused_before_5_2_and_waits_since),
		cmocka_unit_test(each_kernel_tells_its_own_events),
		cmocka_unit_test(gpu_without_gvt_g_has_a_driver_and_no_types),
		cmocka_unit_test(unknown_kernels_and_states_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
