/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <backends/backends.h>
#include <cmocka.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/manager.h>

/*
 * The manager on a fake host. Numbers are GVT-g's: drivers/gpu/drm/i915/gvt/vgpu.c with a 4 GiB GGTT.
 * With an aperture of 512 MB there are at first 6 x V5_8, 3 x V5_4, 1 x V5_2 and no V5_1.
 */

#define GPU	"0000:00:02.0"
#define UUID(n) "00000000-0000-4000-8000-00000000000" #n

struct world {
	struct vgpu_backend *backend;
	struct vgpu_instance instance;
	struct vgpu_error err;
};

static int open_world(void **state, const char *spec)
{
	static struct world world;

	world = (struct world){ 0 };
	*state = &world;
	if (vgpu_backend_open(spec, &world.backend, &world.err) == 0)
		return 0;
	print_error("%s\n", world.err.message);
	return -1;
}

static int set_up(void **state)
{
	return open_world(state, "mem:kaby-lake,aperture=512M");
}

static int set_up_two(void **state)
{
	return open_world(state, "trace:/dev/null,mem:kaby-lake,aperture=256M+broadwell");
}

static int tear_down(void **state)
{
	struct world *world = *state;

	world->backend->impl->destroy(world->backend);
	return 0;
}

static int create(struct world *world, const char *parent, const char *type, const char *text)
{
	struct vgpu_uuid uuid;
	const struct vgpu_create_request request = { parent, type, &uuid };

	assert_int_equal(0, vgpu_uuid_parse(text, &uuid));
	world->err = (struct vgpu_error){ 0 };
	return vgpu_create(world->backend, &request, &world->instance, &world->err);
}

static int remove_it(struct world *world, const char *text)
{
	struct vgpu_uuid uuid;

	assert_int_equal(0, vgpu_uuid_parse(text, &uuid));
	world->err = (struct vgpu_error){ 0 };
	return vgpu_remove(world->backend, &uuid, &world->err);
}

/* Available instances of types 8, 4, 2 (those listed) as "6 3 1". */
static void assert_available(const struct world *world, const char *expected)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	char text[64] = "";

	assert_int_equal(0, vgpu_snapshot_take(world->backend, &snapshot, NULL));
	for (size_t i = snapshot->parents[0].types_len; i-- > 0;)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%u",
			 text[0] ? " " : "", snapshot->parents[0].types[i].available);
	assert_string_equal(expected, text);
}

static void types_say_what_gvtg_says(void **state)
{
	const struct world *world = *state;
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	const struct vgpu_mdev_type *type;

	assert_int_equal(0, vgpu_snapshot_take(world->backend, &snapshot, NULL));
	assert_int_equal(1, snapshot->parents_len);
	assert_string_equal(GPU, snapshot->parents[0].name);
	assert_string_equal("devices/pci0000:00/" GPU, snapshot->parents[0].path);
	assert_string_equal("i915", snapshot->parents[0].driver);
	assert_int_equal(0x8086, snapshot->parents[0].vendor_id);
	assert_int_equal(3, snapshot->parents[0].types_len);
	type = vgpu_parent_find_type(snapshot->parents, "i915-GVTg_V5_8");
	assert_non_null(type);
	assert_string_equal("vfio-pci", type->device_api);
	assert_string_equal("GVTg_V5_8", type->name);
	assert_int_equal(64, type->low_gm_mib);
	assert_int_equal(384, type->high_gm_mib);
	assert_int_equal(4, type->fences);
	assert_int_equal(1024, type->xres_px);
	assert_int_equal(768, type->yres_px);
	assert_int_equal(2, type->weight);
}

static void created_vgpu_is_bound_listed_and_counted(void **state)
{
	struct world *world = *state;
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;

	assert_available(world, "6 3 1");
	assert_int_equal(0, create(world, "00:02.0", "GVTg_V5_4", UUID(1)));
	assert_string_equal("i915-GVTg_V5_4", world->instance.type);
	assert_string_equal("intel_vgpu_mdev", world->instance.driver);
	assert_int_equal(0, world->instance.iommu_group);
	assert_string_equal("devices/pci0000:00/" GPU "/" UUID(1), world->instance.path);
	assert_available(world, "4 2 1");
	assert_int_equal(0, vgpu_snapshot_take(world->backend, &snapshot, NULL));
	assert_int_equal(1, snapshot->instances_len);
	assert_string_equal(UUID(1), snapshot->instances[0].uuid.text);
	assert_string_equal(GPU, snapshot->instances[0].parent_name);
}

static void removed_vgpu_has_gone_and_gives_its_room_back(void **state)
{
	struct world *world = *state;

	assert_int_equal(0, create(world, NULL, "i915-GVTg_V5_2", UUID(1)));
	assert_available(world, "2 1 0");
	assert_int_equal(0, remove_it(world, UUID(1)));
	assert_available(world, "6 3 1");
	assert_int_equal(-ENOENT, remove_it(world, UUID(1)));
	assert_int_equal(VGPU_ERROR_NO_VGPU, world->err.kind);
	assert_int_equal(0, create(world, NULL, "i915-GVTg_V5_2", UUID(1)));
}

static void third_create_beyond_capacity_says_what_would_fit(void **state)
{
	struct world *world = *state;

	assert_int_equal(0, create(world, NULL, "i915-GVTg_V5_4", UUID(1)));
	assert_int_equal(0, create(world, NULL, "i915-GVTg_V5_8", UUID(2)));
	assert_available(world, "3 1 0");
	assert_int_equal(-ENOSPC, create(world, NULL, "i915-GVTg_V5_2", UUID(3)));
	assert_int_equal(VGPU_ERROR_NO_ROOM, world->err.kind);
	assert_string_equal("no instance of i915-GVTg_V5_2 is left on " GPU, world->err.message);
	assert_string_equal("what still fits there: 1 x i915-GVTg_V5_4 or 3 x i915-GVTg_V5_8",
			    world->err.hint);
}

static void duplicate_in_any_case_is_refused(void **state)
{
	struct world *world = *state;

	assert_int_equal(
		0, create(world, NULL, "i915-GVTg_V5_8", "ABCDEF00-0000-4000-8000-000000000000"));
	assert_int_equal(-EEXIST, create(world, NULL, "i915-GVTg_V5_4",
					 "abcdef00-0000-4000-8000-000000000000"));
	assert_int_equal(VGPU_ERROR_EXISTS, world->err.kind);
}

static void two_gpus_are_told_apart_and_uuids_are_unique_over_both(void **state)
{
	struct world *world = *state;
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;

	assert_int_equal(0, vgpu_snapshot_take(world->backend, &snapshot, NULL));
	assert_int_equal(2, snapshot->parents_len);
	assert_int_equal(0, create(world, NULL, "GVTg_V5_8", UUID(1)));
	assert_int_equal(0, create(world, NULL, "GVTg_V4_8", UUID(2)));
	assert_string_not_equal(GPU, world->instance.parent_name);
	assert_int_equal(-EEXIST, create(world, NULL, "GVTg_V4_8", UUID(1)));
	assert_int_equal(1, world->instance.iommu_group);
}

static void paths_resolve_as_the_kernel_resolves_them(void **state)
{
	const struct world *world = *state;
	struct vgpu_backend *backend = world->backend;
	char text[256];

	assert_true(backend->impl->read(backend, "class/mdev_bus/" GPU "/vendor", text, 256) > 0);
	assert_string_equal("0x8086\n", text);
	/* ".." after a link is the parent of where the link leads */
	assert_int_equal(0, backend->impl->exists(backend, "class/mdev_bus/" GPU "/../" GPU));
	assert_int_equal(0, backend->impl->exists(backend, "class/mdev_bus/" GPU "/../../../bus"));
	assert_int_equal(0, backend->impl->exists(backend, "../../../class"));
	assert_int_equal(-ENOENT, backend->impl->exists(backend, "class/mdev_bus/../" GPU));
	assert_true(backend->impl->readlink(backend, "class/mdev_bus/" GPU, text, 256) > 0);
	assert_string_equal("../../devices/pci0000:00/" GPU, text);
	assert_int_equal(-ENOTDIR,
			 backend->impl->exists(backend, "class/mdev_bus/" GPU "/vendor/x"));
}

static void errors_are_those_of_sysfs(void **state)
{
	const struct world *world = *state;
	struct vgpu_backend *backend = world->backend;
	const char *create = "class/mdev_bus/" GPU "/mdev_supported_types/i915-GVTg_V5_8/create";
	char text[4096];

	assert_int_equal(-EISDIR, backend->impl->read(backend, "class", text, 16));
	assert_int_equal(-ENOENT, backend->impl->read(backend, "class/none", text, 16));
	assert_int_equal(-EACCES, backend->impl->read(backend, create, text, 16));
	assert_int_equal(-EACCES,
			 backend->impl->write(backend, "class/mdev_bus/" GPU "/vendor", "1", 1));
	assert_int_equal(-EINVAL, backend->impl->write(backend, create, "junk", 4));
	assert_int_equal(-EINVAL, backend->impl->readlink(backend, "class", text, 16));
	assert_int_equal(-EFBIG,
			 backend->impl->read(backend, "class/mdev_bus/" GPU "/vendor", text, 7));
	assert_int_equal(0, backend->impl->wait(backend, 1000));
}

static void unknown_gpu_is_a_usage_error_with_the_nearest_name(void **state)
{
	struct vgpu_backend *backend = NULL;
	struct vgpu_error err = { 0 };

	assert_true(vgpu_backend_open("mem:kabylake", &backend, &err) < 0);
	assert_int_equal(VGPU_ERROR_USAGE, err.kind);
	assert_true(strstr(err.message, "kaby-lake") || strstr(err.hint, "kaby-lake"));
	assert_true(vgpu_backend_open("mem", &backend, &err) < 0);
	assert_true(vgpu_backend_open("mem:broadwell+", &backend, &err) < 0);
	assert_null(backend);
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(types_say_what_gvtg_says),
		WORLD_TEST(created_vgpu_is_bound_listed_and_counted),
		WORLD_TEST(removed_vgpu_has_gone_and_gives_its_room_back),
		WORLD_TEST(third_create_beyond_capacity_says_what_would_fit),
		WORLD_TEST(duplicate_in_any_case_is_refused),
		cmocka_unit_test_setup_teardown(
			two_gpus_are_told_apart_and_uuids_are_unique_over_both, set_up_two,
			tear_down),
		WORLD_TEST(paths_resolve_as_the_kernel_resolves_them),
		WORLD_TEST(errors_are_those_of_sysfs),
		cmocka_unit_test(unknown_gpu_is_a_usage_error_with_the_nearest_name),
	};

	return cmocka_run_group_tests_name("mem backend", tests, NULL, NULL);
}
