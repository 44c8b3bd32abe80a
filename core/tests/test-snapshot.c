/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <vgpulab/mdev-type.h>
#include <vgpulab/snapshot.h>

#include "paper-tree.h"

#define GPU  "0000:00:02.0"
#define GPU2 "0000:03:00.0"
#define V8   "i915-GVTg_V5_8"
#define V4   "i915-GVTg_V5_4"
#define A    "00000000-0000-4000-8000-000000000001"
#define B    "00000000-0000-4000-8000-000000000002"

/* Source: drivers/gpu/drm/i915/gvt/kvmgt.c, the type of weight 2 */
#define DESCRIPTION_V8 \
	"low_gm_size: 64MB\nhigh_gm_size: 384MB\nfence: 4\nresolution: 1024x768\nweight: 2\n"

static struct vgpu_mdev_type described(const char *description)
{
	struct vgpu_mdev_type type = { 0 };

	snprintf(type.description, sizeof(type.description), "%s", description);
	vgpu_mdev_type_parse_description(&type);
	return type;
}

static void description_of_gvtg_gives_all_numbers(void **state)
{
	struct vgpu_mdev_type type = described(DESCRIPTION_V8);

	assert_int_equal(64, type.low_gm_mib);
	assert_int_equal(384, type.high_gm_mib);
	assert_int_equal(4, type.fences);
	assert_int_equal(1024, type.xres_px);
	assert_int_equal(768, type.yres_px);
	assert_int_equal(2, type.weight);
}

static void description_of_linux_4_10_has_three_lines(void **state)
{
	struct vgpu_mdev_type type = described("low_gm_size: 128MB\nhigh_gm_size: 512MB\nfence: 4");

	assert_int_equal(128, type.low_gm_mib);
	assert_int_equal(512, type.high_gm_mib);
	assert_int_equal(4, type.fences);
	assert_int_equal(0, type.xres_px);
	assert_int_equal(0, type.weight);
}

static void description_of_another_driver_gives_no_numbers(void **state)
{
	static const char *const others[] = {
		"",
		"virtual display, 640x480 framebuffer",
		"num_heads=4, frl_config=60, framebuffer=1024M, max_resolution=5120x2880",
		"I/O subchannel (Non-QDIO)",
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(others); i++) {
		struct vgpu_mdev_type type = described(others[i]);

		assert_int_equal(0, type.low_gm_mib | type.high_gm_mib | type.fences |
					    type.xres_px | type.yres_px | type.weight);
	}
}

static void malformed_lines_leave_their_numbers_zero(void **state)
{
	struct vgpu_mdev_type type =
		described("low_gm_size: 64GB\nhigh_gm_size: -1MB\nfence: 99999999999\n"
			  "resolution: 1024x\nweight: 2 \nresolution 1x1\n\n");

	assert_int_equal(0, type.low_gm_mib | type.high_gm_mib | type.fences | type.xres_px |
				    type.yres_px | type.weight);
}

static void type_is_named_with_and_without_prefix(void **state)
{
	struct vgpu_mdev_type type = { .id = V4 };

	assert_true(vgpu_mdev_type_is(&type, V4));
	assert_true(vgpu_mdev_type_is(&type, "GVTg_V5_4"));
	assert_false(vgpu_mdev_type_is(&type, "V5_4"));
	assert_false(vgpu_mdev_type_is(&type, ""));
	assert_false(vgpu_mdev_type_is(&type, "mtty-GVTg_V5_4"));
}

static struct vgpu_snapshot *take(struct vgpu_backend *backend)
{
	struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_error err = { 0 };
	int ret = vgpu_snapshot_take(backend, &snapshot, &err);

	if (ret)
		print_error("%s\n", err.message);
	assert_int_equal(0, ret);
	return snapshot;
}

static void tree_without_mdev_gives_an_empty_snapshot(void **state)
{
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct vgpu_snapshot *snapshot = take(backend);

	assert_int_equal(0, snapshot->parents_len);
	assert_int_equal(0, snapshot->instances_len);
	vgpu_snapshot_destroy(snapshot);
	backend->impl->destroy(backend);
}

static void snapshot_holds_parents_types_and_vgpus_sorted(void **state)
{
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct paper *paper = paper_from_backend(backend);
	struct vgpu_snapshot *snapshot;

	paper_add_gpu(paper, GPU2);
	paper_add_gpu(paper, GPU);
	paper_add_type(paper, GPU, V8, 5, DESCRIPTION_V8);
	paper_add_type(paper, GPU, V4, 2, NULL);
	paper_add_type(paper, GPU2, V4, 1, NULL);
	paper_add_vgpu(paper, GPU2, V4, "00000000-0000-4000-8000-000000000001", 2);
	paper_add_vgpu(paper, GPU, V8, "00000000-0000-4000-8000-000000000003", 12);
	paper_add_vgpu(paper, GPU, V4, "00000000-0000-4000-8000-000000000002", 0);
	snapshot = take(backend);

	assert_int_equal(2, snapshot->parents_len);
	assert_string_equal(GPU, snapshot->parents[0].name);
	assert_string_equal("devices/pci0000:00/" GPU, snapshot->parents[0].path);
	assert_string_equal("i915", snapshot->parents[0].driver);
	assert_int_equal(0x8086, snapshot->parents[0].vendor_id);
	assert_int_equal(0x5912, snapshot->parents[0].device_id);
	assert_int_equal(2, snapshot->parents[0].types_len);
	assert_string_equal(V4, snapshot->parents[0].types[0].id);
	assert_string_equal("GVTg_V5_4", snapshot->parents[0].types[0].name);
	assert_string_equal("", snapshot->parents[0].types[0].description);
	assert_int_equal(5, snapshot->parents[0].types[1].available);
	assert_int_equal(64, snapshot->parents[0].types[1].low_gm_mib);
	assert_string_equal("vfio-pci", snapshot->parents[0].types[1].device_api);

	assert_int_equal(3, snapshot->instances_len);
	assert_string_equal("00000000-0000-4000-8000-000000000002",
			    snapshot->instances[0].uuid.text);
	assert_int_equal(0, snapshot->instances[0].iommu_group);
	assert_string_equal(V8, snapshot->instances[1].type);
	assert_int_equal(12, snapshot->instances[1].iommu_group);
	assert_int_equal(1, snapshot->instances[2].parent);
	assert_string_equal("intel_vgpu_mdev", snapshot->instances[2].driver);
	vgpu_snapshot_destroy(snapshot);
	backend->impl->destroy(backend);
}

static void unbound_and_half_made_vgpus_are_listed_as_such(void **state)
{
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct paper *paper = paper_from_backend(backend);
	const char *uuid = "00000000-0000-4000-8000-000000000001";
	struct vgpu_snapshot *snapshot;

	paper_add_gpu(paper, GPU);
	paper_add_vgpu(paper, GPU, V4, uuid, 0);
	paper_delete(paper, "devices/pci0000:00/" GPU "/%s/driver", uuid);
	paper_delete(paper, "bus/mdev/drivers/intel_vgpu_mdev/%s", uuid);
	paper_delete(paper, "devices/pci0000:00/" GPU "/mdev_supported_types/" V4 "/devices/%s",
		     uuid);
	paper_delete(paper, "devices/pci0000:00/" GPU "/%s/iommu_group", uuid);
	paper_delete(paper, "devices/pci0000:00/" GPU "/%s/mdev_type", uuid);
	snapshot = take(backend);
	assert_int_equal(1, snapshot->instances_len);
	assert_string_equal("", snapshot->instances[0].driver);
	assert_string_equal("", snapshot->instances[0].type);
	assert_int_equal(-1, snapshot->instances[0].iommu_group);
	vgpu_snapshot_destroy(snapshot);
	backend->impl->destroy(backend);
}

static void what_is_no_vgpu_is_passed_over(void **state)
{
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct paper *paper = paper_from_backend(backend);
	struct vgpu_snapshot *snapshot;

	paper_add_gpu(paper, GPU);
	paper_link(paper, "bus/mdev/devices/not-a-uuid", "../../../devices/x");
	/* a vGPU of a parent that is not registered any more */
	paper_link(paper, "bus/mdev/devices/00000000-0000-4000-8000-000000000001",
		   "../../../devices/gone/00000000-0000-4000-8000-000000000001");
	snapshot = take(backend);
	assert_int_equal(0, snapshot->instances_len);
	vgpu_snapshot_destroy(snapshot);
	backend->impl->destroy(backend);
}

static void unreadable_tree_is_an_error_that_names_the_path(void **state)
{
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct paper *paper = paper_from_backend(backend);
	struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_error err = { 0 };

	paper_broken_file(paper, "class/mdev_bus", EACCES);
	assert_int_equal(-EACCES, vgpu_snapshot_take(backend, &snapshot, &err));
	assert_null(snapshot);
	assert_int_equal(VGPU_ERROR_PERMISSION, err.kind);
	assert_non_null(strstr(err.message, "/paper/class/mdev_bus"));
	backend->impl->destroy(backend);
}

static void unreadable_count_is_an_error_that_names_the_attribute(void **state)
{
	static const char path[] =
		"devices/pci0000:00/" GPU "/mdev_supported_types/" V4 "/available_instances";
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct paper *paper = paper_from_backend(backend);
	struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_error err = { 0 };

	paper_add_gpu(paper, GPU);
	paper_add_type(paper, GPU, V4, 1, NULL);
	paper_delete(paper, "%s", path);
	paper_broken_file(paper, path, EIO);
	assert_int_equal(-EIO, vgpu_snapshot_take(backend, &snapshot, &err));
	assert_null(snapshot);
	assert_non_null(strstr(err.message, path));
	backend->impl->destroy(backend);
}

static void count_that_is_no_number_promises_nothing(void **state)
{
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct paper *paper = paper_from_backend(backend);
	struct vgpu_snapshot *snapshot;

	paper_add_gpu(paper, GPU);
	paper_add_type(paper, GPU, V4, 1, NULL);
	paper_file(paper,
		   "devices/pci0000:00/" GPU "/mdev_supported_types/" V4 "/available_instances",
		   "-3\n");
	snapshot = take(backend);
	assert_int_equal(1, snapshot->parents[0].types_len);
	assert_int_equal(0, snapshot->parents[0].types[0].available);
	vgpu_snapshot_destroy(snapshot);
	backend->impl->destroy(backend);
}

/* A recorded tree may have these links alone. */
static void vgpu_is_known_by_its_own_links(void **state)
{
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct paper *paper = paper_from_backend(backend);
	struct vgpu_snapshot *snapshot;

	paper_add_gpu(paper, GPU);
	paper_add_type(paper, GPU, V4, 1, "");
	paper_add_vgpu(paper, GPU, V4, A, 7);
	paper_delete(paper, "devices/pci0000:00/" GPU "/mdev_supported_types/" V4 "/devices");
	paper_delete(paper, "bus/mdev/drivers");
	snapshot = take(backend);
	assert_int_equal(1, snapshot->instances_len);
	assert_string_equal(V4, snapshot->instances[0].type);
	assert_string_equal("intel_vgpu_mdev", snapshot->instances[0].driver);
	assert_int_equal(7, snapshot->instances[0].iommu_group);
	vgpu_snapshot_destroy(snapshot);
	backend->impl->destroy(backend);
}

/* Its directory stays until the program that uses it lets it go. */
static void vgpu_that_is_off_the_bus_is_not_listed(void **state)
{
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct paper *paper = paper_from_backend(backend);
	struct vgpu_snapshot *snapshot;

	paper_add_gpu(paper, GPU);
	paper_add_vgpu(paper, GPU, V4, A, 0);
	paper_add_vgpu(paper, GPU, V4, B, 1);
	paper_delete(paper, "bus/mdev/devices/" A);
	snapshot = take(backend);
	assert_int_equal(1, snapshot->instances_len);
	assert_string_equal(B, snapshot->instances[0].uuid.text);
	vgpu_snapshot_destroy(snapshot);
	backend->impl->destroy(backend);
}

static void ten_thousand_vgpus_take_one_call_each(void **state)
{
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct paper *paper = paper_from_backend(backend);
	struct vgpu_snapshot *snapshot;
	size_t calls;

	paper_add_gpu(paper, GPU);
	paper_add_type(paper, GPU, V4, 0, NULL);
	for (unsigned int i = 0; i < 10000; i++) {
		char uuid[VGPU_UUID_TEXT_LEN];

		snprintf(uuid, sizeof(uuid), "%08x-0000-4000-8000-000000000000", i * 2654435761U);
		paper_add_vgpu(paper, GPU, V4, uuid, i);
	}
	calls = paper_calls(paper);
	snapshot = take(backend);
	assert_int_equal(10000, snapshot->instances_len);
	for (size_t i = 1; i < snapshot->instances_len; i++)
		assert_true(strcmp(snapshot->instances[i - 1].uuid.text,
				   snapshot->instances[i].uuid.text) < 0);
	assert_in_range(paper_calls(paper) - calls, 10000, 10100);
	vgpu_snapshot_destroy(snapshot);
	backend->impl->destroy(backend);
}

static void parent_is_found_by_short_address(void **state)
{
	struct vgpu_backend *backend = paper_create(NULL, NULL);
	struct paper *paper = paper_from_backend(backend);
	struct vgpu_snapshot *snapshot;

	paper_add_gpu(paper, GPU);
	snapshot = take(backend);
	assert_ptr_equal(snapshot->parents, vgpu_snapshot_find_parent(snapshot, GPU));
	assert_ptr_equal(snapshot->parents, vgpu_snapshot_find_parent(snapshot, "00:02.0"));
	assert_null(vgpu_snapshot_find_parent(snapshot, "00:03.0"));
	vgpu_snapshot_destroy(snapshot);
	backend->impl->destroy(backend);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(description_of_gvtg_gives_all_numbers),
		cmocka_unit_test(description_of_linux_4_10_has_three_lines),
		cmocka_unit_test(description_of_another_driver_gives_no_numbers),
		cmocka_unit_test(malformed_lines_leave_their_numbers_zero),
		cmocka_unit_test(type_is_named_with_and_without_prefix),
		cmocka_unit_test(tree_without_mdev_gives_an_empty_snapshot),
		cmocka_unit_test(snapshot_holds_parents_types_and_vgpus_sorted),
		cmocka_unit_test(unbound_and_half_made_vgpus_are_listed_as_such),
		cmocka_unit_test(what_is_no_vgpu_is_passed_over),
		cmocka_unit_test(unreadable_tree_is_an_error_that_names_the_path),
		cmocka_unit_test(unreadable_count_is_an_error_that_names_the_attribute),
		cmocka_unit_test(count_that_is_no_number_promises_nothing),
		cmocka_unit_test(vgpu_is_known_by_its_own_links),
		cmocka_unit_test(vgpu_that_is_off_the_bus_is_not_listed),
		cmocka_unit_test(ten_thousand_vgpus_take_one_call_each),
		cmocka_unit_test(parent_is_found_by_short_address),
	};

	return cmocka_run_group_tests_name("snapshot", tests, NULL, NULL);
}
