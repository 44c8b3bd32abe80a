/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors that outlive what they are of, removals that wait, racing clients, VFIO's nodes, and
 * the mount's own life.
 */

#include <dirent.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#include "mount-fixture.h"

static void descriptors_outlive_their_vgpu_but_do_nothing(void **state)
{
	_autoclose_ int remove1 = -1, remove2 = -1, uevent = -1, half = -1, dir = -1;
	char text[64], proc[64];
	struct stat st;

	(void)state;
	create_vgpu(UUID);
	remove1 = open_at(P "/" UUID "/remove", O_WRONLY);
	remove2 = open_at(P "/" UUID "/remove", O_WRONLY);
	uevent = open_at(P "/" UUID "/uevent", O_RDONLY);
	half = open_at(P "/" UUID "/uevent", O_RDONLY);
	dir = open_at(P "/" UUID, O_RDONLY | O_DIRECTORY);
	assert_int_equal(read(half, text, 7), 7);
	assert_int_equal(write(remove1, "1", 1), 1);
	create_vgpu(UUID);

	assert_int_equal(write(remove2, "1", 1), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(write(remove2, "0", 1), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(read(uevent, text, sizeof(text)), -1);
	assert_int_equal(errno, ENODEV);
	/* what has been read in part goes on to its end, and no further */
	assert_int_equal(read(half, text, sizeof(text)), 16);
	assert_memory_equal(text, "intel_vgpu_mdev\n", 16);
	assert_int_equal(read(half, text, sizeof(text)), -1);
	assert_int_equal(errno, ENODEV);
	assert_int_equal(fstat(uevent, &st), 0);
	assert_int_equal(st.st_nlink, 1);
	assert_int_equal(fstat(dir, &st), 0);
	assert_int_equal(st.st_nlink, 2);
	assert_int_equal(openat(dir, "uevent", O_RDONLY), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(openat(dir, "power/control", O_RDONLY), -1);
	assert_int_equal(errno, ENOENT);
	assert_int_equal(mkdirat(dir, "x", 0755), -1);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", uevent);
	assert_int_equal(open(proc, O_RDONLY), -1);
	assert_int_equal(errno, ENODEV);
	/* nothing of this touched the new vGPU */
	assert_int_equal(write_at(P "/" UUID "/remove", "1"), 1);
}

static void a_held_directory_lists_nothing_any_more(void **state)
{
	const struct dirent *entry;
	size_t count = 0;
	DIR *dir;

	(void)state;
	create_vgpu(UUID);
	dir = fdopendir(open_at(P "/" UUID, O_RDONLY | O_DIRECTORY));
	assert_non_null(dir);
	assert_int_equal(write_at(P "/" UUID "/remove", "1"), 1);
	while ((entry = readdir(dir))) {
		assert_int_equal(entry->d_name[0], '.');
		count++;
	}
	assert_int_equal(count, 2);
	closedir(dir);
}

/* Writes in a thread of its own. */
struct writer {
	const char *path, *text;
	int fd; /* or open already */
	ssize_t result;
	atomic_bool done;
	pthread_t thread;
};

static void *run_writer(void *data)
{
	struct writer *writer = data;
	ssize_t ret;

	if (writer->path) {
		ret = write_at(writer->path, writer->text);
	} else {
		ret = write(writer->fd, writer->text, strlen(writer->text));
		ret = ret < 0 ? -errno : ret;
	}
	writer->result = ret;
	atomic_store(&writer->done, true);
	return NULL;
}

/* Makes a vGPU, uses it, and begins its removal, which waits. Returns what the user gives back. */
static uint64_t start_removal(struct writer *writer)
{
	struct vgpu_uuid uuid = { UUID };
	uint64_t serial;

	create_vgpu(UUID);
	assert_int_equal(fake_host_get_vgpu(m.host, &uuid, &serial), 0);
	*writer = (struct writer){ .path = P "/" UUID "/remove", .text = "1" };
	assert_int_equal(pthread_create(&writer->thread, NULL, run_writer, writer), 0);
	while (is_there(BUS "/devices/" UUID))
		sched_yield();
	return serial;
}

static void a_removal_waits_for_the_last_user_and_others_go_on(void **state)
{
	struct writer writer;
	uint64_t serial;

	(void)state;
	serial = start_removal(&writer);
	assert_int_equal(write_at(V8 "/create", UUID), -EEXIST);
	create_vgpu(OTHER);
	assert_int_equal(write_at(P "/" OTHER "/remove", "1"), 1);
	assert_true(is_there(P "/" UUID "/iommu_group"));
	assert_false(is_there(P "/" UUID "/remove"));
	assert_reads(V8 "/available_instances", "6\n");
	assert_false(atomic_load(&writer.done));
	fake_host_put_vgpu(m.host, serial);
	pthread_join(writer.thread, NULL);
	assert_int_equal(writer.result, 1);
	assert_false(is_there(P "/" UUID));
}

static void on_signal(int signal)
{
	(void)signal;
}

static void a_signal_sends_the_remover_away_and_the_removal_goes_on(void **state)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct writer writer;
	uint64_t serial;

	(void)state;
	sigaction(SIGUSR1, &action, NULL);
	serial = start_removal(&writer);
	pthread_kill(writer.thread, SIGUSR1);
	pthread_join(writer.thread, NULL);
	assert_int_equal(writer.result, -EINTR);
	assert_true(is_there(P "/" UUID));
	fake_host_put_vgpu(m.host, serial);
	assert_false(is_there(P "/" UUID));
	assert_reads(V8 "/available_instances", "7\n");
}

static void unmounting_sends_a_blocked_remover_away(void **state)
{
	struct writer writer;
	uint64_t serial;

	(void)state;
	serial = start_removal(&writer);
	fake_fuse_destroy(m.fuse);
	m.fuse = NULL;
	pthread_join(writer.thread, NULL);
	assert_int_equal(writer.result, -EINTR);
	fake_host_put_vgpu(m.host, serial);
}

/* More blocked removals than a pool of threads would have. */
static void seven_blocked_removals_leave_the_mount_alive(void **state)
{
	struct writer writers[7];
	char paths[7][128];
	uint64_t serials[7];

	(void)state;
	for (int i = 0; i < 7; i++) {
		struct vgpu_uuid uuid;

		snprintf(uuid.text, sizeof(uuid.text), "%08d-0000-4000-8000-000000000000", i);
		create_vgpu(uuid.text);
		assert_int_equal(fake_host_get_vgpu(m.host, &uuid, &serials[i]), 0);
		snprintf(paths[i], sizeof(paths[i]), P "/%s/remove", uuid.text);
		writers[i] = (struct writer){ .path = paths[i], .text = "1" };
		pthread_create(&writers[i].thread, NULL, run_writer, &writers[i]);
	}
	for (int i = 0; i < 7; i++)
		while (is_there(paths[i]))
			sched_yield();
	assert_reads(V8 "/available_instances", "0\n");
	for (int i = 0; i < 7; i++)
		fake_host_put_vgpu(m.host, serials[i]);
	for (int i = 0; i < 7; i++) {
		pthread_join(writers[i].thread, NULL);
		assert_int_equal(writers[i].result, 1);
	}
	assert_reads(V8 "/available_instances", "7\n");
}

enum { RACERS = 16 };

static void count_race(struct writer *racers, int *success, int error, int *errors)
{
	*success = *errors = 0;
	for (int i = 0; i < RACERS; i++)
		pthread_create(&racers[i].thread, NULL, run_writer, &racers[i]);
	for (int i = 0; i < RACERS; i++) {
		pthread_join(racers[i].thread, NULL);
		*success += racers[i].result > 0;
		*errors += racers[i].result == error;
	}
}

static void racing_creators_and_removers_share_one_success(void **state)
{
	struct writer racers[RACERS];
	int success, errors;

	(void)state;
	for (int round = 0; round < 10; round++) {
		for (int i = 0; i < RACERS; i++)
			racers[i] = (struct writer){ .path = V8 "/create", .text = UUID };
		count_race(racers, &success, -EEXIST, &errors);
		assert_int_equal(success, 1);
		assert_int_equal(errors, RACERS - 1);
		for (int i = 0; i < RACERS; i++)
			racers[i] = (struct writer){
				.fd = open_at(P "/" UUID "/remove", O_WRONLY),
				.text = "1",
			};
		count_race(racers, &success, -ENODEV, &errors);
		for (int i = 0; i < RACERS; i++)
			close(racers[i].fd);
		assert_true(success >= 1);
		assert_int_equal(success + errors, RACERS);
		assert_false(is_there(P "/" UUID));
	}
	assert_reads(V8 "/available_instances", "7\n");
}

/* Readers who walk over everything while vGPUs come and go: no surprise but "it is gone". */
static atomic_bool churning;

static void *walk_around(void *data)
{
	static const char *const paths[] = {
		P "/" UUID "/uevent",
		BUS "/devices/" UUID "/mdev_type/available_instances",
		"sys/kernel/iommu_groups/0/devices/" UUID "/power/control",
		"sys/class/vfio/0/dev",
		V8 "/devices/" UUID "/intel_vgpu/vgpu_id",
	};
	atomic_int *failures = data;
	char text[128];

	for (size_t i = 0; atomic_load(&churning); i++) {
		int fd = open_at(paths[i % 5], O_RDONLY);

		if (fd == -ENOENT || fd == -ENODEV)
			continue;
		if (fd < 0 || (read(fd, text, sizeof(text)) < 0 && errno != ENODEV))
			atomic_fetch_add(failures, 1);
		if (fd >= 0)
			close(fd);
	}
	return NULL;
}

static void readers_see_all_of_a_vgpu_or_none(void **state)
{
	atomic_int failures = 0;
	pthread_t threads[3];

	(void)state;
	atomic_store(&churning, true);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, walk_around, &failures);
	for (int i = 0; i < 300; i++) {
		create_vgpu(UUID);
		assert_true(is_there(P "/" UUID "/mdev_type"));
		assert_int_equal(write_at(P "/" UUID "/remove", "1"), 1);
		assert_false(is_there(P "/" UUID));
		assert_false(is_there(BUS "/devices/" UUID));
	}
	atomic_store(&churning, false);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(atomic_load(&failures), 0);
}

static void every_open_of_a_vfio_node_has_a_handle(void **state)
{
	int container, again, group;
	int64_t handle = 0;

	(void)state;
	create_vgpu(UUID);
	create_vgpu(OTHER);
	container = open_at("dev/vfio/vfio", O_RDWR);
	again = dup(container);
	group = open_at("dev/vfio/0", O_RDWR);
	assert_int_equal(open_at("dev/vfio/1", O_RDWR), -EBUSY);
	assert_int_equal(pread(container, &handle, 8, FAKE_FUSE_IDENTIFY_OFFSET), 8);
	assert_int_equal(handle, 101);
	assert_int_equal(pread(again, &handle, 8, FAKE_FUSE_IDENTIFY_OFFSET), 8);
	assert_int_equal(handle, 101);
	assert_int_equal(pread(group, &handle, 8, FAKE_FUSE_IDENTIFY_OFFSET), 8);
	assert_int_equal(handle, 102);
	assert_int_equal(read(group, &handle, 8), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(write(group, &handle, 8), -1);
	assert_int_equal(errno, EINVAL);
	close(container);
	assert_int_equal(__atomic_load_n(&m.releases, __ATOMIC_SEQ_CST), 0);
	close(again);
	close(group);
	/* the kernel releases in the background */
	while (__atomic_load_n(&m.releases, __ATOMIC_SEQ_CST) < 2)
		sched_yield();
	assert_int_equal(m.opens, 2);
}

/*
 * The mount itself.
 */

static void a_subtree_can_be_mounted_alone(void **state)
{
	struct vgpu_error err = { 0 };

	(void)state;
	make_host();
	m.fuse = make_fuse("sys");
	assert_int_equal(fake_fuse_mount(m.fuse, m.dir, &err), 0);
	assert_int_equal(fake_fuse_start(m.fuse, &err), 0);
	m.fd = open(m.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_reads("bus/mdev/drivers_autoprobe", "1\n");
	assert_false(is_there("sys"));
	unmake_mount(state);
}

static void a_connection_can_be_adopted(void **state)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	struct vgpu_error err = { 0 };
	char options[256];

	(void)state;
	make_host();
	m.fuse = make_fuse("");
	snprintf(options, sizeof(options), "fd=%d,%s", fd, fake_fuse_mount_data());
	assert_int_equal(mount("vgpulab", m.dir, "fuse", MS_NOSUID | MS_NODEV, options), 0);
	assert_int_equal(fake_fuse_adopt(m.fuse, fd, &err), 0);
	assert_int_equal(fake_fuse_start(m.fuse, &err), 0);
	m.fd = open(m.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	create_vgpu(UUID);
	assert_true(is_there(P "/" UUID));
	close(m.fd);
	m.fd = -1;
	/* whoever mounted it unmounts it; then there is nothing left to serve */
	assert_int_equal(umount2(m.dir, 0), 0);
	fake_fuse_wait(m.fuse);
	unmake_mount(state);
}

static void a_mount_point_must_be_an_empty_directory(void **state)
{
	struct vgpu_error err = { 0 };
	struct fake_fuse *second;
	char path[128];

	(void)state;
	second = make_fuse("");
	assert_int_equal(fake_fuse_mount(second, m.dir, &err), -EBUSY);
	assert_int_equal(err.kind, VGPU_ERROR_BUSY);
	assert_int_equal(fake_fuse_mount(second, "/tmp/does/not/exist", &err), -ENOENT);
	assert_non_null(strstr(err.hint, "mkdir"));
	assert_int_equal(fake_fuse_mount(second, "/dev/null", &err), -ENOTDIR);
	snprintf(path, sizeof(path), "%s/sys", m.dir);
	assert_int_equal(fake_fuse_mount(second, path, &err), -ENOTEMPTY);
	assert_int_equal(err.kind, VGPU_ERROR_USAGE);
	fake_fuse_destroy(second);
	/* and nothing of this hurt the first */
	assert_reads(V8 "/available_instances", "7\n");
}

static void stopping_ends_the_wait(void **state)
{
	(void)state;
	fake_fuse_stop(m.fuse);
	fake_fuse_wait(m.fuse);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_mount, unmake_mount)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(descriptors_outlive_their_vgpu_but_do_nothing),
		TEST(a_held_directory_lists_nothing_any_more),
		TEST(a_removal_waits_for_the_last_user_and_others_go_on),
		TEST(a_signal_sends_the_remover_away_and_the_removal_goes_on),
		TEST(unmounting_sends_a_blocked_remover_away),
		TEST(seven_blocked_removals_leave_the_mount_alive),
		TEST(racing_creators_and_removers_share_one_success),
		TEST(readers_see_all_of_a_vgpu_or_none),
		TEST(every_open_of_a_vfio_node_has_a_handle),
		cmocka_unit_test(a_subtree_can_be_mounted_alone),
		cmocka_unit_test(a_connection_can_be_adopted),
		TEST(a_mount_point_must_be_an_empty_directory),
		TEST(stopping_ends_the_wait),
	};
	int need = enter_namespace();

	return need ? need : cmocka_run_group_tests_name("fuse-life", tests, NULL, NULL);
}
