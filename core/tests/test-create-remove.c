/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <vgpulab/lifecycle.h>
#include <vgpulab/manager.h>

#include "paper-tree.h"

#define GPU  "0000:00:02.0"
#define GPU2 "0000:03:00.0"
#define D    "devices/pci0000:00/" GPU
#define V8   "i915-GVTg_V5_8"
#define V4   "i915-GVTg_V5_4"
#define UUID "c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3a5"

/* What this test's kernel does with a write. */
struct behaviour {
	int refuse_with; /* errno of every write; 0: take it */
	const char *gives_type; /* what create makes; NULL: nothing appears */
	const char *lacks; /* what of it never appears: "driver" */
	bool late; /* ... or appears while the program waits */
	bool own_node; /* it has vfio-dev/vfio0 */
	bool stays; /* removal says yes and does nothing */
	bool again; /* another program makes at once again what was removed */
	bool uses_up; /* after a create, available_instances of V8 reads 0 */
	unsigned int writes;
	char last_path[256], last_text[64];
};

static void make_vgpu(struct paper *paper, const struct behaviour *behaviour, const char *uuid)
{
	paper_add_vgpu(paper, GPU, behaviour->gives_type, uuid, 0);
	if (behaviour->lacks)
		paper_delete(paper, D "/%s/%s", uuid, behaviour->lacks);
	if (behaviour->own_node)
		paper_dir(paper, D "/%s/vfio-dev/vfio0", uuid);
}

static int kernel_write(struct paper *paper, const char *path, const char *text)
{
	struct behaviour *behaviour = paper_data(paper);

	behaviour->writes++;
	snprintf(behaviour->last_path, sizeof(behaviour->last_path), "%s", path);
	snprintf(behaviour->last_text, sizeof(behaviour->last_text), "%s", text);
	if (behaviour->uses_up)
		paper_file(paper, D "/mdev_supported_types/" V8 "/available_instances", "0\n");
	if (behaviour->refuse_with)
		return -behaviour->refuse_with;
	if (strstr(path, "/create") && behaviour->gives_type)
		make_vgpu(paper, behaviour, text);
	if (strstr(path, "/remove") && !behaviour->stays) {
		paper_delete(paper, "bus/mdev/devices/" UUID);
		paper_delete(paper, D "/" UUID);
		paper_delete(paper, "kernel/iommu_groups/0");
		if (behaviour->again)
			make_vgpu(paper, behaviour, UUID);
	}
	return 0;
}

static int kernel_wait(struct paper *paper)
{
	struct behaviour *behaviour = paper_data(paper);

	if (!behaviour->late)
		return 0;
	behaviour->late = false;
	if (behaviour->lacks)
		paper_add_vgpu(paper, GPU, V8, UUID, 0);
	return 1;
}

static const struct paper_kernel kernel = { .write = kernel_write, .wait = kernel_wait };

struct world {
	struct behaviour behaviour;
	struct vgpu_backend *backend;
	struct paper *paper;
	struct vgpu_instance instance;
	struct vgpu_error err;
};

static int set_up(void **state)
{
	static struct world world;

	world = (struct world){ .behaviour.gives_type = V8 };
	world.backend = paper_create(&kernel, &world.behaviour);
	world.paper = paper_from_backend(world.backend);
	paper_add_gpu(world.paper, GPU);
	paper_add_type(world.paper, GPU, V8, 2, NULL);
	paper_add_type(world.paper, GPU, V4, 1, NULL);
	*state = &world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	world->backend->impl->destroy(world->backend);
	return 0;
}

static int create(struct world *world, const char *parent, const char *type)
{
	struct vgpu_uuid uuid;
	const struct vgpu_create_request request = { parent, type, &uuid };

	assert_int_equal(0, vgpu_uuid_parse(UUID, &uuid));
	world->err = (struct vgpu_error){ 0 };
	world->instance = (struct vgpu_instance){ .type = "untouched" };
	return vgpu_create(world->backend, &request, &world->instance, &world->err);
}

static int remove_it(struct world *world)
{
	struct vgpu_uuid uuid;

	assert_int_equal(0, vgpu_uuid_parse(UUID, &uuid));
	world->err = (struct vgpu_error){ 0 };
	return vgpu_remove(world->backend, &uuid, &world->err);
}

static void assert_error(const struct world *world, enum vgpu_error_kind kind, const char *message,
			 const char *hint)
{
	if (!strstr(world->err.message, message) || !strstr(world->err.hint, hint))
		print_error("message: %s\nhint: %s\n", world->err.message, world->err.hint);
	assert_string_equal(vgpu_error_kind_name(kind), vgpu_error_kind_name(world->err.kind));
	assert_non_null(strstr(world->err.message, message));
	assert_non_null(strstr(world->err.hint, hint));
}

static void create_is_one_write_of_36_bytes_and_gives_what_was_seen(void **state)
{
	struct world *world = *state;

	assert_int_equal(0, create(world, "00:02.0", "GVTg_V5_8"));
	assert_int_equal(1, world->behaviour.writes);
	assert_string_equal(D "/mdev_supported_types/" V8 "/create", world->behaviour.last_path);
	assert_string_equal(UUID, world->behaviour.last_text);
	assert_string_equal(UUID, world->instance.uuid.text);
	assert_string_equal(V8, world->instance.type);
	assert_string_equal("intel_vgpu_mdev", world->instance.driver);
	assert_int_equal(0, world->instance.iommu_group);
}

static void create_without_uuid_makes_one(void **state)
{
	struct world *world = *state;
	const struct vgpu_create_request request = { .type = V8 };

	assert_int_equal(0, vgpu_create(world->backend, &request, &world->instance, &world->err));
	assert_string_equal(world->behaviour.last_text, world->instance.uuid.text);
	assert_int_equal('4', world->instance.uuid.text[14]);
}

static void create_when_no_instance_left_returns_enospc_and_writes_nothing(void **state)
{
	struct world *world = *state;

	paper_file(world->paper, D "/mdev_supported_types/" V8 "/available_instances", "0\n");
	assert_int_equal(-ENOSPC, create(world, NULL, V8));
	assert_int_equal(0, world->behaviour.writes);
	assert_string_equal("untouched", world->instance.type);
	assert_error(world, VGPU_ERROR_NO_ROOM, "no instance of " V8 " is left on " GPU,
		     "what still fits there: 1 x " V4);
}

static void create_on_a_full_gpu_says_so_and_names_another_with_room(void **state)
{
	struct world *world = *state;

	paper_file(world->paper, D "/mdev_supported_types/" V8 "/available_instances", "0\n");
	paper_file(world->paper, D "/mdev_supported_types/" V4 "/available_instances", "0\n");
	create(world, GPU, V8);
	assert_error(world, VGPU_ERROR_NO_ROOM, "no instance of", "is full: remove a vGPU first");
	paper_add_gpu(world->paper, GPU2);
	paper_add_type(world->paper, GPU2, V8, 1, NULL);
	create(world, GPU, V8);
	assert_error(world, VGPU_ERROR_NO_ROOM, "no instance of", GPU2 " has room");
}

static void create_that_loses_the_race_for_room_tells_what_fits_now(void **state)
{
	struct world *world = *state;

	world->behaviour.refuse_with = ENOSPC;
	world->behaviour.uses_up = true;
	assert_int_equal(-ENOSPC, create(world, NULL, V8));
	assert_error(world, VGPU_ERROR_NO_ROOM, "no instance of " V8, "still fits there: 1 x " V4);
}

static void create_refused_though_room_is_promised_explains_it(void **state)
{
	struct world *world = *state;

	world->behaviour.refuse_with = EUSERS;
	assert_int_equal(-EUSERS, create(world, NULL, V8));
	assert_error(world, VGPU_ERROR_NO_ROOM, "no instance of " V8,
		     "still promises 1 x " V4 " or 2 x " V8);
}

static void create_of_a_duplicate_uuid_returns_eexist(void **state)
{
	struct world *world = *state;

	paper_add_gpu(world->paper, GPU2);
	paper_add_vgpu(world->paper, GPU2, V4, UUID, 3);
	assert_int_equal(-EEXIST, create(world, GPU, V8));
	assert_int_equal(0, world->behaviour.writes);
	assert_error(world, VGPU_ERROR_EXISTS, "there is a vGPU " UUID " already", "another UUID");
}

static void create_of_a_uuid_whose_removal_blocks_says_who_is_waited_for(void **state)
{
	struct world *world = *state;

	/* all that is left of it while a VM holds it */
	paper_link(world->paper, D "/" UUID "/iommu_group", "../../../../kernel/iommu_groups/0");
	assert_int_equal(-EEXIST, create(world, GPU, V8));
	assert_error(world, VGPU_ERROR_EXISTS, "still being removed from " GPU, "such as a VM");
}

static void create_of_an_unknown_type_names_the_nearest(void **state)
{
	struct world *world = *state;

	assert_int_equal(-ENOENT, create(world, NULL, "i915-GVTg_V4_8"));
	assert_error(world, VGPU_ERROR_NO_TYPE, GPU " offers no type i915-GVTg_V4_8",
		     "did you mean " V8 "?");
	create(world, GPU, "gvtg_v5_4");
	assert_error(world, VGPU_ERROR_NO_TYPE, "offers no type", "did you mean GVTg_V5_4?");
	create(world, GPU, "nvidia-64");
	assert_error(world, VGPU_ERROR_NO_TYPE, "offers no type", "types: " V4 ", " V8);
}

static void create_on_a_gpu_with_too_small_an_aperture_says_so(void **state)
{
	struct world *world = *state;

	paper_delete(world->paper, D "/mdev_supported_types/" V8);
	paper_delete(world->paper, D "/mdev_supported_types/" V4);
	create(world, NULL, V8);
	assert_error(world, VGPU_ERROR_NO_TYPE, "offers no type", "aperture is too small");
}

static void create_on_an_unknown_parent_names_the_nearest(void **state)
{
	struct world *world = *state;

	assert_int_equal(-ENODEV, create(world, "0000:00:03.0", V8));
	assert_error(world, VGPU_ERROR_NO_GPU, "there is no device 0000:00:03.0",
		     "did you mean " GPU "?");
	create(world, "mtty", V8);
	assert_error(world, VGPU_ERROR_NO_GPU, "there is no device mtty",
		     "devices that offer vGPUs: " GPU);
}

static void create_with_two_parents_of_that_type_asks_which(void **state)
{
	struct world *world = *state;

	paper_add_gpu(world->paper, GPU2);
	paper_add_type(world->paper, GPU2, V8, 2, NULL);
	assert_int_equal(-EINVAL, create(world, NULL, V8));
	assert_error(world, VGPU_ERROR_USAGE, "2 devices offer", GPU ", " GPU2);
	/* only one has this type */
	world->behaviour.gives_type = V4;
	assert_int_equal(0, create(world, NULL, V4));
}

static void create_without_any_gpu_says_so(void **state)
{
	struct world *world = *state;

	paper_delete(world->paper, "class");
	paper_delete(world->paper, "bus/pci/devices");
	assert_int_equal(-ENODEV, create(world, NULL, V8));
	assert_error(world, VGPU_ERROR_NO_GPU, "there is no GPU that offers vGPUs", "Broadwell");
}

/* Steps from an Intel GPU without GVT-g to one with it; each row is the next hurdle. */
static void gpu_without_mdev_types_gets_the_next_step_to_take(void **state)
{
	struct world *world = *state;
	static const struct {
		const char *path, *text, *hint;
	} hurdles[] = {
		{ NULL, NULL, "built without GVT-g" },
		{ "module/i915/parameters/enable_gvt", "N\n", "add i915.enable_gvt=1" },
		{ "module/i915/parameters/enable_gvt", "Y\n", "modprobe kvmgt" },
		{ "module/kvmgt/refcnt", "0\n", "dmesg" },
	};

	paper_delete(world->paper, "class/mdev_bus/" GPU);
	paper_delete(world->paper, D "/mdev_supported_types");
	for (size_t i = 0; i < VGPU_ARRAY_LEN(hurdles); i++) {
		if (hurdles[i].path)
			paper_file(world->paper, hurdles[i].path, hurdles[i].text);
		assert_int_equal(-ENOENT, create(world, i % 2 ? NULL : GPU, V8));
		assert_error(world, VGPU_ERROR_NO_MDEV, GPU " offers no vGPUs", hurdles[i].hint);
	}
	paper_link(world->paper, D "/driver", "../../../bus/pci/drivers/vfio-pci");
	create(world, GPU, V8);
	assert_error(world, VGPU_ERROR_NO_MDEV, GPU, "bound to vfio-pci");
	paper_delete(world->paper, D "/driver");
	create(world, GPU, V8);
	assert_error(world, VGPU_ERROR_NO_MDEV, GPU, "modprobe i915");
}

static void parameter_that_only_root_may_read_is_not_taken_for_off(void **state)
{
	struct world *world = *state;

	paper_delete(world->paper, "class/mdev_bus/" GPU);
	paper_delete(world->paper, D "/mdev_supported_types");
	paper_broken_file(world->paper, "module/i915/parameters/enable_gvt", EACCES);
	create(world, GPU, V8);
	assert_error(world, VGPU_ERROR_NO_MDEV, GPU, "modprobe kvmgt; if that does not help");
}

static void refusals_of_the_kernel_become_kinds(void **state)
{
	struct world *world = *state;
	static const struct {
		int errnum;
		enum vgpu_error_kind kind;
	} expected[] = {
		{ EEXIST, VGPU_ERROR_EXISTS },	  { EACCES, VGPU_ERROR_PERMISSION },
		{ EPERM, VGPU_ERROR_PERMISSION }, { EROFS, VGPU_ERROR_PERMISSION },
		{ ENODEV, VGPU_ERROR_NO_GPU },	  { ENOENT, VGPU_ERROR_NO_TYPE },
		{ EINVAL, VGPU_ERROR_FAILED },	  { EAGAIN, VGPU_ERROR_BUSY },
		{ ENOMEM, VGPU_ERROR_FAILED },	  { EIO, VGPU_ERROR_FAILED },
		{ ENOSPC, VGPU_ERROR_NO_ROOM },	  { EUSERS, VGPU_ERROR_NO_ROOM },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(expected); i++) {
		world->behaviour.refuse_with = expected[i].errnum;
		assert_int_equal(-expected[i].errnum, create(world, GPU, V8));
		assert_int_equal(expected[i].kind, world->err.kind);
		assert_int_equal(expected[i].errnum, world->err.errnum);
		assert_true(world->err.hint[0]);
		assert_string_equal("untouched", world->instance.type);
	}
}

static void create_swallowed_without_a_device_is_unverified(void **state)
{
	struct world *world = *state;

	world->behaviour.gives_type = NULL;
	assert_int_equal(-ETIMEDOUT, create(world, NULL, V8));
	assert_error(world, VGPU_ERROR_UNVERIFIED, "took " UUID " as a new vGPU on " GPU, "");
	assert_string_equal("untouched", world->instance.type);
}

static void create_of_another_type_than_asked_is_unverified(void **state)
{
	struct world *world = *state;

	world->behaviour.gives_type = V4;
	create(world, NULL, V8);
	assert_error(world, VGPU_ERROR_UNVERIFIED, "of another type", "");
}

/* It was removed and made again between our write and our look. */
static void start_that_finds_the_vgpu_of_another_program_leaves_it_alone(void **state)
{
	struct world *world = *state;
	_destroy_(vgpu_store) struct vgpu_store *store = NULL;
	struct vgpu_host host = { .backend = world->backend };
	struct vgpu_definition definition = { .parent = GPU, .type = V8 };

	assert_int_equal(0, vgpu_uuid_parse(UUID, &definition.uuid));
	assert_int_equal(0, vgpu_store_open("/nonexistent", &store, NULL));
	host.store = store;
	world->behaviour.gives_type = V4;
	assert_true(vgpu_start(&host, &definition, NULL, &world->err) < 0);
	assert_error(world, VGPU_ERROR_UNVERIFIED, "of another type", "");
	assert_int_equal(1, world->behaviour.writes);
	world->behaviour.gives_type = V8;
	world->behaviour.lacks = "driver";
	paper_delete(world->paper, "bus/mdev/devices/" UUID);
	paper_delete(world->paper, D "/" UUID);
	assert_true(vgpu_start(&host, &definition, NULL, &world->err) < 0);
	assert_non_null(strstr(world->behaviour.last_path, UUID "/remove"));
}

static void create_that_stays_unbound_is_unverified(void **state)
{
	struct world *world = *state;

	world->behaviour.lacks = "driver";
	create(world, NULL, V8);
	assert_error(world, VGPU_ERROR_UNVERIFIED, "no driver is bound", "vfio_mdev");
}

static void create_without_iommu_group_is_unverified(void **state)
{
	struct world *world = *state;

	world->behaviour.lacks = "iommu_group";
	create(world, NULL, V8);
	assert_error(world, VGPU_ERROR_UNVERIFIED, "no IOMMU group", "");
}

/* A kernel without VFIO groups (6.2 and later can be built so) has a node per device instead. */
static void create_without_iommu_group_is_fine_where_the_vgpu_has_its_own_node(void **state)
{
	struct world *world = *state;

	world->behaviour.lacks = "iommu_group";
	world->behaviour.own_node = true;
	assert_int_equal(0, create(world, NULL, V8));
	assert_int_equal(-1, world->instance.iommu_group);
}

static void what_appears_late_is_waited_for(void **state)
{
	struct world *world = *state;

	world->behaviour.lacks = "mdev_type";
	world->behaviour.late = true;
	assert_int_equal(0, create(world, NULL, V8));
	assert_string_equal(V8, world->instance.type);
}

static void remove_writes_1_and_observes_that_it_has_gone(void **state)
{
	struct world *world = *state;

	paper_add_vgpu(world->paper, GPU, V8, UUID, 0);
	assert_int_equal(0, remove_it(world));
	assert_int_equal(1, world->behaviour.writes);
	assert_string_equal(D "/" UUID "/remove", world->behaviour.last_path);
	assert_string_equal("1", world->behaviour.last_text);
}

static void remove_of_what_is_not_there_names_the_nearest(void **state)
{
	struct world *world = *state;

	assert_int_equal(-ENOENT, remove_it(world));
	assert_error(world, VGPU_ERROR_NO_VGPU, "there is no vGPU " UUID, "vgpulab list");
	paper_add_vgpu(world->paper, GPU, V8, "c7a7ad34-3b9a-4d34-8a5c-5d5a6ba5b3aa", 0);
	remove_it(world);
	assert_error(world, VGPU_ERROR_NO_VGPU, "no vGPU", "5d5a6ba5b3aa?");
}

static void remove_that_is_swallowed_is_unverified(void **state)
{
	struct world *world = *state;

	paper_add_vgpu(world->paper, GPU, V8, UUID, 0);
	world->behaviour.stays = true;
	assert_int_equal(-ETIMEDOUT, remove_it(world));
	assert_error(world, VGPU_ERROR_UNVERIFIED, "still there", "VM");
}

static void remove_of_a_vgpu_that_is_made_again_says_that_it_may_be(void **state)
{
	struct world *world = *state;

	paper_add_vgpu(world->paper, GPU, V8, UUID, 0);
	world->behaviour.again = true;
	assert_int_equal(-ETIMEDOUT, remove_it(world));
	assert_error(world, VGPU_ERROR_UNVERIFIED, "still there", "another program");
	/* whoever made it has it still */
	assert_int_equal(1, world->behaviour.writes);
}

static void remove_of_a_vgpu_in_use_is_busy(void **state)
{
	struct world *world = *state;

	paper_add_vgpu(world->paper, GPU, V8, UUID, 0);
	world->behaviour.refuse_with = EBUSY;
	assert_int_equal(-EBUSY, remove_it(world));
	assert_error(world, VGPU_ERROR_BUSY, "in use", "shut down the VM");
	world->behaviour.refuse_with = EINTR;
	assert_int_equal(-EINTR, remove_it(world));
	assert_error(world, VGPU_ERROR_BUSY, "interrupted", "goes on");
}

static void remove_while_another_removal_waits_is_busy(void **state)
{
	struct world *world = *state;

	paper_link(world->paper, D "/" UUID "/iommu_group", "../../../../kernel/iommu_groups/0");
	assert_int_equal(-EBUSY, remove_it(world));
	assert_error(world, VGPU_ERROR_BUSY, "being removed already", "VM");
}

static void remove_during_creation_writes_nothing(void **state)
{
	struct world *world = *state;

	/* `remove` is there from the start on 6.1 and later, mdev_type comes last */
	paper_add_vgpu(world->paper, GPU, V8, UUID, 0);
	paper_delete(world->paper, D "/" UUID "/mdev_type");
	assert_int_equal(-EAGAIN, remove_it(world));
	assert_int_equal(0, world->behaviour.writes);
	assert_error(world, VGPU_ERROR_BUSY, "still being created", "try again");
}

static void remove_of_a_vgpu_that_lost_its_remove_file_says_what_clears_it(void **state)
{
	struct world *world = *state;

	paper_add_vgpu(world->paper, GPU, V8, UUID, 0);
	paper_delete(world->paper, D "/" UUID "/remove");
	assert_int_equal(-ENOENT, remove_it(world));
	assert_error(world, VGPU_ERROR_FAILED, "no file 'remove'", "unbinding its parent");
}

static void remove_without_permission_says_how(void **state)
{
	struct world *world = *state;

	paper_add_vgpu(world->paper, GPU, V8, UUID, 0);
	world->behaviour.refuse_with = EACCES;
	assert_int_equal(-EACCES, remove_it(world));
	assert_error(world, VGPU_ERROR_PERMISSION, "/paper/" D "/" UUID "/remove", "root");
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(create_is_one_write_of_36_bytes_and_gives_what_was_seen),
		WORLD_TEST(create_without_uuid_makes_one),
		WORLD_TEST(create_when_no_instance_left_returns_enospc_and_writes_nothing),
		WORLD_TEST(create_on_a_full_gpu_says_so_and_names_another_with_room),
		WORLD_TEST(create_that_loses_the_race_for_room_tells_what_fits_now),
		WORLD_TEST(create_refused_though_room_is_promised_explains_it),
		WORLD_TEST(create_of_a_duplicate_uuid_returns_eexist),
		WORLD_TEST(create_of_a_uuid_whose_removal_blocks_says_who_is_waited_for),
		WORLD_TEST(create_of_an_unknown_type_names_the_nearest),
		WORLD_TEST(create_on_a_gpu_with_too_small_an_aperture_says_so),
		WORLD_TEST(create_on_an_unknown_parent_names_the_nearest),
		WORLD_TEST(create_with_two_parents_of_that_type_asks_which),
		WORLD_TEST(create_without_any_gpu_says_so),
		WORLD_TEST(gpu_without_mdev_types_gets_the_next_step_to_take),
		WORLD_TEST(parameter_that_only_root_may_read_is_not_taken_for_off),
		WORLD_TEST(refusals_of_the_kernel_become_kinds),
		WORLD_TEST(create_swallowed_without_a_device_is_unverified),
		WORLD_TEST(create_of_another_type_than_asked_is_unverified),
		WORLD_TEST(start_that_finds_the_vgpu_of_another_program_leaves_it_alone),
		WORLD_TEST(create_that_stays_unbound_is_unverified),
		WORLD_TEST(create_without_iommu_group_is_unverified),
		WORLD_TEST(create_without_iommu_group_is_fine_where_the_vgpu_has_its_own_node),
		WORLD_TEST(what_appears_late_is_waited_for),
		WORLD_TEST(remove_writes_1_and_observes_that_it_has_gone),
		WORLD_TEST(remove_of_what_is_not_there_names_the_nearest),
		WORLD_TEST(remove_that_is_swallowed_is_unverified),
		WORLD_TEST(remove_of_a_vgpu_that_is_made_again_says_that_it_may_be),
		WORLD_TEST(remove_of_a_vgpu_in_use_is_busy),
		WORLD_TEST(remove_while_another_removal_waits_is_busy),
		WORLD_TEST(remove_during_creation_writes_nothing),
		WORLD_TEST(remove_of_a_vgpu_that_lost_its_remove_file_says_what_clears_it),
		WORLD_TEST(remove_without_permission_says_how),
	};

	return cmocka_run_group_tests_name("create and remove", tests, NULL, NULL);
}
