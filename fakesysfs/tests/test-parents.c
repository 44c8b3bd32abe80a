/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Parents that are no Intel GPU, as sysfs shows them, and several kinds in one host. What is expected
 * comes from the kernel's documents vfio-ccw.rst and vfio-ap.rst and its drivers of Linux 6.1, and
 * from what hosts with NVIDIA's vGPU manager show.
 */

#include "tree-fixture.h"

#define CARD "sys/devices/pci0000:07/0000:07:00.0"
#define CSS  "sys/devices/css0/0.0.0313"
#define AP   "sys/devices/vfio_ap/matrix"

static int make_parents(void **state)
{
	static const char *const gpus[] = { "vfio-ccw", "tesla-p4",  "vfio-ap",
					    "vfio-ccw", "kaby-lake", "tesla-p4" };
	struct fake_gpu_config config;

	(void)state;
	host = fake_host_create();
	for (size_t i = 0; i < VGPU_ARRAY_LEN(gpus); i++) {
		assert_int_equal(fake_gpu_config_parse(gpus[i], &config, NULL), 0);
		assert_int_equal(fake_host_add_gpu(host, &config, NULL), i);
	}
	tree = fake_tree_create(host);
	assert_non_null(tree);
	return 0;
}

static void each_kind_lies_where_the_kernel_puts_it(void **state)
{
	(void)state;
	assert_true(exists("sys/class/mdev_bus/0000:00:02.0"));
	assert_true(exists("sys/class/mdev_bus/0000:08:00.0"));
	assert_true(exists("sys/class/mdev_bus/matrix"));
	assert_link("sys/class/mdev_bus/0.0.0313", "../../devices/css0/0.0.0313");
	assert_link("sys/bus/css/devices/0.0.0314", "../../../devices/css0/0.0.0314");
	assert_link("sys/bus/css/drivers/vfio_ccw/0.0.0313", "../../../../devices/css0/0.0.0313");
	assert_link("sys/module/vfio_ccw/drivers/css:vfio_ccw",
		    "../../../bus/css/drivers/vfio_ccw");
	assert_link(CSS "/subsystem", "../../../bus/css");
	assert_reads(CSS "/uevent", "DRIVER=vfio_ccw\nST=0\nMODALIAS=css:t0\n");
	assert_link("sys/bus/matrix/devices/matrix", "../../../devices/vfio_ap/matrix");
	assert_link(AP "/driver", "../../../bus/matrix/drivers/vfio_ap");
	assert_link("sys/class/mdev_bus/0000:07:00.0", "../../devices/pci0000:07/0000:07:00.0");
	assert_reads(CARD "/class", "0x030200\n");
}

/* DRM nodes are numbered by those that have them. */
static void a_card_takes_nothing_from_a_gpu(void **state)
{
	(void)state;
	assert_false(exists(CARD "/drm"));
	assert_false(exists(CARD "/boot_vga"));
	assert_false(exists(CARD "/rom"));
	assert_true(exists(CARD "/resource1_wc"));
	assert_false(exists(CARD "/resource2"));
	assert_reads(CARD "/max_link_width", "16\n");
	assert_true(exists(P "/drm/card0"));
	assert_false(exists(P "/max_link_width"));
	assert_true(exists(P "/rom"));
	assert_reads(P "/boot_vga", "1\n");
}

static void a_subchannel_holds_one_device(void **state)
{
	(void)state;
	assert_reads(CSS "/mdev_supported_types/vfio_ccw-io/name", "I/O subchannel (Non-QDIO)\n");
	assert_reads(CSS "/mdev_supported_types/vfio_ccw-io/device_api", "vfio-ccw\n");
	assert_reads(CSS "/mdev_supported_types/vfio_ccw-io/available_instances", "1\n");
	assert_false(exists(CSS "/mdev_supported_types/vfio_ccw-io/description"));
	assert_int_equal(write_text(CSS "/mdev_supported_types/vfio_ccw-io/create", UUID), 36);
	assert_reads(CSS "/mdev_supported_types/vfio_ccw-io/available_instances", "0\n");
	assert_int_equal(write_text(CSS "/mdev_supported_types/vfio_ccw-io/create", OTHER),
			 -EUSERS);
	assert_link(CSS "/" UUID "/driver", "../../../../bus/mdev/drivers/vfio_ccw_mdev");
	assert_link(CSS "/" UUID "/iommu_group", "../../../../kernel/iommu_groups/0");
	/* the driver goes, and the device with it */
	assert_int_equal(write_text("sys/bus/css/drivers/vfio_ccw/unbind", "0.0.0313"), 8);
	assert_false(exists(CSS "/" UUID));
	assert_false(exists(CSS "/mdev_supported_types"));
	assert_true(exists(CSS "/modalias"));
	assert_int_equal(write_text("sys/bus/css/drivers/vfio_ccw/unbind", "0.0.0313"), -ENODEV);
	assert_int_equal(write_text("sys/bus/css/drivers/vfio_ccw/bind", "0.0.0313"), 8);
	assert_reads(CSS "/mdev_supported_types/vfio_ccw-io/available_instances", "1\n");
}

static void the_matrix_takes_adapters_and_domains(void **state)
{
	(void)state;
	assert_int_equal(write_text(AP "/mdev_supported_types/vfio_ap-passthrough/create", UUID),
			 36);
	assert_reads(AP "/mdev_supported_types/vfio_ap-passthrough/available_instances", "65535\n");
	assert_reads(AP "/" UUID "/matrix", "");
	assert_int_equal(write_text(AP "/" UUID "/assign_adapter", "5"), 1);
	assert_reads(AP "/" UUID "/matrix", "05.\n");
	assert_int_equal(write_text(AP "/" UUID "/assign_domain", "0x47\n"), 5);
	assert_int_equal(write_text(AP "/" UUID "/assign_domain", "4"), 1);
	assert_int_equal(write_text(AP "/" UUID "/assign_adapter", "6"), 1);
	assert_reads(AP "/" UUID "/matrix", "05.0004\n05.0047\n06.0004\n06.0047\n");
	assert_reads(AP "/" UUID "/guest_matrix", "05.0004\n05.0047\n06.0004\n06.0047\n");
	assert_int_equal(write_text(AP "/" UUID "/assign_control_domain", "0xab"), 4);
	assert_reads(AP "/" UUID "/control_domains", "00ab\n");
	assert_int_equal(write_text(AP "/" UUID "/unassign_adapter", "5"), 1);
	assert_int_equal(write_text(AP "/" UUID "/unassign_adapter", "6"), 1);
	assert_reads(AP "/" UUID "/matrix", ".0004\n.0047\n");
	assert_int_equal(write_text(AP "/" UUID "/assign_adapter", "256"), -ENODEV);
	assert_int_equal(write_text(AP "/" UUID "/assign_adapter", "five"), -EINVAL);
	assert_int_equal(write_text(AP "/" UUID "/unassign_control_domain", "171"), 3);
	assert_reads(AP "/" UUID "/control_domains", "");
	assert_int_equal(read_error(AP "/" UUID "/assign_adapter"), -EIO);
}

static void a_queue_belongs_to_one_device(void **state)
{
	(void)state;
	assert_int_equal(write_text(AP "/mdev_supported_types/vfio_ap-passthrough/create", UUID),
			 36);
	assert_int_equal(write_text(AP "/mdev_supported_types/vfio_ap-passthrough/create", OTHER),
			 36);
	assert_int_equal(write_text(AP "/" UUID "/assign_adapter", "5"), 1);
	assert_int_equal(write_text(AP "/" UUID "/assign_domain", "4"), 1);
	assert_int_equal(write_text(AP "/" OTHER "/assign_adapter", "5"), 1);
	assert_int_equal(write_text(AP "/" OTHER "/assign_domain", "4"), -EADDRINUSE);
	assert_int_equal(write_text(AP "/" OTHER "/assign_domain", "6"), 1);
	assert_reads(AP "/" OTHER "/matrix", "05.0006\n");
	assert_int_equal(write_text(AP "/" UUID "/remove", "1"), 1);
	assert_int_equal(write_text(AP "/" OTHER "/assign_domain", "4"), 1);
}

static void a_card_has_vgpus_of_one_type_alone(void **state)
{
	char uuid[64];

	(void)state;
	assert_reads(CARD "/mdev_supported_types/nvidia-63/name", "GRID P4-1Q\n");
	assert_reads(CARD "/mdev_supported_types/nvidia-64/description",
		     "num_heads=4, frl_config=60, framebuffer=2048M, max_resolution=7680x4320, "
		     "max_instance=4\n");
	assert_reads(CARD "/mdev_supported_types/nvidia-63/available_instances", "8\n");
	assert_int_equal(write_text(CARD "/mdev_supported_types/nvidia-64/create", UUID), 36);
	assert_reads(CARD "/mdev_supported_types/nvidia-63/available_instances", "0\n");
	assert_reads(CARD "/mdev_supported_types/nvidia-68/available_instances", "0\n");
	assert_reads(CARD "/mdev_supported_types/nvidia-64/available_instances", "3\n");
	assert_int_equal(write_text(CARD "/mdev_supported_types/nvidia-63/create", OTHER), -ENOSPC);
	for (int i = 0; i < 3; i++) {
		snprintf(uuid, sizeof(uuid), "%08x-0000-4000-8000-000000000000", i);
		assert_int_equal(write_text(CARD "/mdev_supported_types/nvidia-64/create", uuid),
				 36);
	}
	assert_int_equal(write_text(CARD "/mdev_supported_types/nvidia-64/create", OTHER), -ENOSPC);
	/* the other card is another card */
	assert_int_equal(write_text("sys/devices/pci0000:08/0000:08:00.0/mdev_supported_types/"
				    "nvidia-63/create",
				    OTHER),
			 36);
}

static void vgpu_params_are_taken_until_it_is_in_use(void **state)
{
	struct vgpu_uuid uuid;
	uint64_t serial;

	(void)state;
	assert_int_equal(write_text(CARD "/mdev_supported_types/nvidia-64/create", UUID), 36);
	assert_reads(CARD "/" UUID "/nvidia/vgpu_params", "\n");
	assert_int_equal(write_text(CARD "/" UUID "/nvidia/vgpu_params", "enable_uvm=1\n"), 13);
	assert_reads(CARD "/" UUID "/nvidia/vgpu_params", "enable_uvm=1\n");
	assert_int_equal(vgpu_uuid_parse(UUID, &uuid), 0);
	assert_int_equal(fake_host_get_vgpu(host, &uuid, &serial), 0);
	assert_int_equal(write_text(CARD "/" UUID "/nvidia/vgpu_params", "x=1"), -EPERM);
	fake_host_put_vgpu(host, serial);
}

static void bad_addresses_are_refused_with_an_example(void **state)
{
	static const struct {
		const char *spec, *says;
	} cases[] = {
		{ "vfio-ccw,address=0000:00:02.0", "0.0.0313" },
		{ "vfio-ccw,address=0.0.313", "0.0.0313" },
		{ "vfio-ccw,address=0.0.03130", "0.0.0313" },
		{ "tesla-p4,address=0.0.0313", "0000:00:02.0" },
		{ "vfio-ap,address=matrix", "it has none" },
	};
	struct fake_gpu_config config;

	(void)state;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(cases); i++) {
		struct vgpu_error err = { 0 };

		assert_int_equal(fake_gpu_config_parse(cases[i].spec, &config, &err), -EINVAL);
		assert_non_null(strstr(err.hint, cases[i].says));
	}
	assert_int_equal(fake_gpu_config_parse("vfio-ccw,address=0.1.00ff", &config, NULL), 0);
	assert_string_equal(config.name, "0.1.00ff");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_parents, unmake)
	const struct CMUnitTest tests[] = {
		TEST(each_kind_lies_where_the_kernel_puts_it),
		TEST(a_card_takes_nothing_from_a_gpu),
		TEST(a_subchannel_holds_one_device),
		TEST(the_matrix_takes_adapters_and_domains),
		TEST(a_queue_belongs_to_one_device),
		TEST(a_card_has_vgpus_of_one_type_alone),
		TEST(vgpu_params_are_taken_until_it_is_in_use),
		cmocka_unit_test(bad_addresses_are_refused_with_an_example),
	};

	return cmocka_run_group_tests_name("parents", tests, NULL, NULL);
}
