/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is left of nodes that go: on unbinding, on removal, while these wait for a user, and in a
 * cache. Expectations were recorded on a real kernel (6.1).
 */

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "tree-fixture.h"

static void what_is_held_over_a_removal_stays_dead(void **state)
{
	uint64_t dir, remove_ino, uevent;
	struct fake_node node;
	char text[4096] = "";

	(void)state;
	create(UUID);
	dir = ino_of(P "/" UUID);
	remove_ino = ino_of(P "/" UUID "/remove");
	uevent = ino_of(P "/" UUID "/uevent");
	assert_int_equal(fake_tree_hold(tree, dir), 0);
	assert_int_equal(fake_tree_hold(tree, remove_ino), 0);
	assert_int_equal(fake_tree_hold(tree, uevent), 0);
	assert_int_equal(fake_tree_write(tree, remove_ino, "1", 1, NULL, NULL), 1);
	create(UUID);
	assert_int_equal(fake_tree_write(tree, remove_ino, "1", 1, NULL, NULL), -ENODEV);
	assert_int_equal(fake_tree_write(tree, remove_ino, "0", 1, NULL, NULL), -ENODEV);
	assert_int_equal(fake_tree_write(tree, remove_ino, "", 0, NULL, NULL), -ENODEV);
	assert_int_equal(fake_tree_read(tree, uevent, text, sizeof(text)), -ENODEV);
	assert_int_equal(fake_tree_open(tree, uevent, O_RDONLY), -ENODEV);
	assert_int_equal(fake_tree_get(tree, uevent, &node), 0);
	assert_int_equal(node.nlink, 1);
	assert_int_equal(fake_tree_get(tree, dir, &node), 0);
	assert_int_equal(node.nlink, 2);
	assert_int_equal(fake_tree_lookup(tree, dir, "uevent", &node), -ENOENT);
	assert_int_equal(fake_tree_list(tree, dir, append, text), 0);
	assert_string_equal(text, "");
	assert_true(ino_of(P "/" UUID) != dir);
	assert_true(exists(P "/" UUID));
	fake_tree_forget(tree, dir, 1);
	fake_tree_forget(tree, remove_ino, 1);
	fake_tree_forget(tree, uevent, 1);
	assert_int_equal(fake_tree_get(tree, dir, &node), -ENOENT);
	assert_int_equal(fake_tree_hold(tree, dir), -ENOENT);
}

static void unbind_leaves_the_device_alone(void **state)
{
	(void)state;
	create(UUID);
	assert_int_equal(write_text(DRV "/unbind", UUID "\n"), 37);
	assert_lists(P "/" UUID, "uevent power mdev_type subsystem remove ");
	assert_reads(P "/" UUID "/uevent", "");
	assert_false(exists("sys/kernel/iommu_groups/0"));
	assert_false(exists("dev/vfio/0"));
	assert_false(exists("sys/devices/virtual/vfio"));
	assert_false(exists("sys/class/vfio/0"));
	assert_true(exists(BUS "/devices/" UUID));
	assert_true(exists(V8 "/devices/" UUID));
	assert_false(exists(DRV "/" UUID));
	assert_reads(V8 "/available_instances", "2\n");
	assert_int_equal(write_text(DRV "/unbind", UUID), -ENODEV);
	assert_int_equal(write_text(DRV "/bind", UUID), -ENODEV);
	assert_int_equal(write_text(BUS "/drivers_probe", UUID), 36);
	assert_int_equal(write_text(V8 "/create", UUID), -EEXIST);
	assert_int_equal(write_text(P "/" UUID "/remove", "1"), 1);
	assert_false(exists(P "/" UUID));
}

/* A write that may block, in a thread of its own. */
struct writer {
	uint64_t ino;
	const char *text;
	ssize_t result;
	atomic_bool done;
	pthread_t thread;
};

static void *run_writer(void *data)
{
	struct writer *writer = data;

	writer->result =
		fake_tree_write(tree, writer->ino, writer->text, strlen(writer->text), NULL, NULL);
	atomic_store(&writer->done, true);
	return NULL;
}

static void start_writer(struct writer *writer, const char *path, const char *text)
{
	writer->ino = ino_of(path);
	writer->text = text;
	atomic_init(&writer->done, false);
	assert_int_equal(pthread_create(&writer->thread, NULL, run_writer, writer), 0);
}

static void removal_in_use_leaves_what_was_recorded(void **state)
{
	struct vgpu_uuid uuid = { UUID };
	struct writer writer;
	uint64_t serial;

	(void)state;
	create(UUID);
	assert_int_equal(fake_host_get_vgpu(host, &uuid, &serial), 0);
	assert_reads("sys/module/kvmgt/refcnt", "1\n");
	start_writer(&writer, P "/" UUID "/remove", "1");
	while (exists(BUS "/devices/" UUID))
		sched_yield();
	assert_lists(P "/" UUID, "iommu_group vfio-dev ");
	assert_false(exists(V8 "/devices/" UUID));
	assert_false(exists(DRV "/" UUID));
	assert_true(exists("dev/vfio/0"));
	assert_reads(V8 "/available_instances", "1\n");
	assert_int_equal(write_text(V8 "/create", UUID), -EEXIST);
	create(OTHER);
	assert_int_equal(write_text(P "/" OTHER "/remove", "1"), 1);
	assert_false(atomic_load(&writer.done));
	fake_host_put_vgpu(host, serial);
	pthread_join(writer.thread, NULL);
	assert_int_equal(writer.result, 1);
	assert_false(exists(P "/" UUID));
	assert_reads(V8 "/available_instances", "2\n");
}

static void unbind_and_remove_in_use_leave_what_was_recorded(void **state)
{
	struct vgpu_uuid uuid = { UUID };
	struct writer unbind, removal;
	uint64_t serial;

	(void)state;
	create(UUID);
	assert_int_equal(fake_host_get_vgpu(host, &uuid, &serial), 0);
	start_writer(&unbind, DRV "/unbind", UUID);
	while (exists(DRV "/" UUID))
		sched_yield();
	assert_lists(P "/" UUID, "uevent iommu_group power vfio-dev mdev_type subsystem remove ");
	start_writer(&removal, P "/" UUID "/remove", "1");
	while (exists(BUS "/devices/" UUID))
		sched_yield();
	fake_host_put_vgpu(host, serial);
	pthread_join(unbind.thread, NULL);
	pthread_join(removal.thread, NULL);
	assert_int_equal(unbind.result, 36);
	assert_int_equal(removal.result, 1);
	assert_false(exists(P "/" UUID));
	assert_false(exists("sys/kernel/iommu_groups/0"));
}

/* Removes a vGPU while its creation has not returned: what the kernel then never gets rid of. */
static void remove_early(void *data, enum fake_host_event event, const struct fake_vgpu_info *vgpu)
{
	(void)vgpu;
	if (event == FAKE_HOST_VGPU_CREATED)
		*(ssize_t *)data = write_text(P "/" UUID "/remove", "1");
}

static void remove_during_creation_uses_the_file_up(void **state)
{
	ssize_t result = 0;

	(void)state;
	fake_host_observe(host, remove_early, &result);
	create(UUID);
	fake_host_unobserve(host, remove_early, &result);
	assert_int_equal(result, -EAGAIN);
	assert_true(exists(P "/" UUID));
	assert_false(exists(P "/" UUID "/remove"));
	assert_int_equal(write_text(V8 "/create", UUID), -EEXIST);
	/* unbinding the parent is the way out */
	assert_int_equal(write_text("sys/bus/pci/drivers/i915/unbind", "0000:00:02.0"), 12);
	assert_false(exists(P "/" UUID));
}

static void a_parent_goes_and_comes_back(void **state)
{
	uint64_t create_ino = ino_of(V8 "/create");

	(void)state;
	create(UUID);
	assert_int_equal(fake_tree_hold(tree, create_ino), 0);
	assert_int_equal(write_text("sys/bus/pci/drivers/i915/unbind", "0000:00:02.0"), 12);
	assert_int_equal(fake_tree_write(tree, create_ino, UUID, 36, NULL, NULL), -ENODEV);
	assert_false(exists(TYPES));
	assert_false(exists("sys/class/mdev_bus/0000:00:02.0"));
	assert_true(exists("sys/class/mdev_bus/0000:00:03.0"));
	assert_int_equal(write_text("sys/bus/pci/drivers/i915/bind", "0000:00:02.0\n"), 13);
	assert_reads(V8 "/available_instances", "2\n");
	create(UUID);
	assert_int_equal(write_text(P "/remove", "1"), 1);
	assert_false(exists(P));
	assert_false(exists("sys/bus/pci/devices/0000:00:02.0"));
	assert_int_equal(write_text("sys/bus/pci/rescan", "1"), 1);
	assert_reads(V8 "/available_instances", "2\n");
	fake_tree_forget(tree, create_ino, 1);
}

/* What a cache is told, as text: "-name" for a name that went, "*" for a changed directory. */
static void hear_removed(void *data, uint64_t dir, const char *name, uint64_t ino)
{
	(void)dir;
	(void)ino;
	sprintf((char *)data + strlen(data), "-%s ", name);
}

static void hear_changed(void *data, uint64_t dir)
{
	(void)dir;
	strcat(data, "* ");
}

static void a_cache_hears_of_what_it_has_seen_and_of_no_more(void **state)
{
	static const struct fake_tree_watcher watcher = { hear_removed, hear_changed };
	char heard[4096] = "";
	uint64_t held[3];

	(void)state;
	fake_tree_watch(tree, &watcher, heard);
	create(UUID);
	assert_string_equal(heard, "");
	held[0] = ino_of(P);
	held[1] = ino_of(P "/" UUID);
	held[2] = ino_of(BUS "/devices/" UUID);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(fake_tree_hold(tree, held[i]), 0);
	create(OTHER);
	assert_string_equal(heard, "* ");
	heard[0] = '\0';
	assert_int_equal(write_text(P "/" UUID "/remove", "1"), 1);
	/* the files used up by this test's own write, the bus link, the directory, its parent */
	assert_non_null(strstr(heard, "-remove "));
	assert_non_null(strstr(heard, "-" UUID " "));
	assert_non_null(strstr(heard, "* "));
	assert_null(strstr(heard, "uevent"));
	fake_tree_watch(tree, NULL, NULL);
	for (size_t i = 0; i < 3; i++)
		fake_tree_forget(tree, held[i], 1);
}

static void a_tree_shows_what_its_host_had_before(void **state)
{
	_destroy_(fake_tree) struct fake_tree *second = NULL;
	struct vgpu_uuid uuid = { UUID };
	struct fake_node node;

	(void)state;
	create(UUID);
	assert_int_equal(fake_host_unbind_vgpu(host, &uuid, NULL, NULL), 0);
	second = fake_tree_create(host);
	assert_int_equal(fake_tree_walk(second, P "/" UUID "/uevent", &node), 0);
	assert_int_equal(fake_tree_walk(second, P "/" UUID "/driver", &node), -ENOENT);
}

/*
 * Threads: creators and removers of few UUIDs, and readers of everything.
 */

enum { THREADS = 6, ROUNDS = 150 };

static int visit(void *data, const char *name, const struct fake_node *node)
{
	char text[4096];

	(void)data;
	(void)name;
	if (node->kind == FAKE_NODE_DIR)
		fake_tree_list(tree, node->ino, visit, NULL);
	else if (node->kind == FAKE_NODE_LINK)
		fake_tree_readlink(tree, node->ino, text, sizeof(text));
	else if (node->kind == FAKE_NODE_ATTR)
		fake_tree_read(tree, node->ino, text, sizeof(text));
	return 0;
}

static void *churn(void *data)
{
	unsigned int seed = (unsigned int)(uintptr_t)data;
	char path[256], uuid[40];
	struct fake_node node;

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(uuid, sizeof(uuid), "%08x-0000-4000-8000-000000000000",
			 (unsigned int)rand_r(&seed) % 4);
		snprintf(path, sizeof(path), P "/%s/remove", uuid);
		switch (rand_r(&seed) % 4) {
		case 0:
			if (!fake_tree_walk(tree, V8 "/create", &node))
				fake_tree_write(tree, node.ino, uuid, 36, NULL, NULL);
			break;
		case 1:
			if (!fake_tree_walk(tree, path, &node))
				fake_tree_write(tree, node.ino, "1", 1, NULL, NULL);
			break;
		case 2:
			if (!fake_tree_walk(tree, DRV "/unbind", &node))
				fake_tree_write(tree, node.ino, uuid, 36, NULL, NULL);
			break;
		default:
			if (!fake_tree_walk(tree, P, &node) && !fake_tree_hold(tree, node.ino)) {
				fake_tree_list(tree, node.ino, visit, NULL);
				fake_tree_forget(tree, node.ino, 1);
			}
		}
	}
	return NULL;
}

static void threads_leave_the_tree_whole(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	/* a remover that met a creation has used up the `remove` file: all go with their parent */
	assert_int_equal(write_text("sys/bus/pci/drivers/i915/unbind", "0000:00:02.0"), 12);
	assert_int_equal(write_text("sys/bus/pci/drivers/i915/bind", "0000:00:02.0"), 12);
	assert_reads(V8 "/available_instances", "2\n");
	assert_lists("sys/kernel/iommu_groups", "");
	assert_lists(BUS "/devices", "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make, unmake)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_held_over_a_removal_stays_dead),
		TEST(unbind_leaves_the_device_alone),
		TEST(removal_in_use_leaves_what_was_recorded),
		TEST(unbind_and_remove_in_use_leave_what_was_recorded),
		TEST(remove_during_creation_uses_the_file_up),
		TEST(a_parent_goes_and_comes_back),
		TEST(a_cache_hears_of_what_it_has_seen_and_of_no_more),
		TEST(a_tree_shows_what_its_host_had_before),
		TEST(threads_leave_the_tree_whole),
	};

	return cmocka_run_group_tests_name("tree-removal", tests, NULL, NULL);
}
