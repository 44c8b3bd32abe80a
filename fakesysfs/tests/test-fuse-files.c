/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files and directories of the mounted fake, through system calls: what was measured on a real
 * kernel's sysfs (6.1).
 */

#include <dirent.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>

#include "mount-fixture.h"

static void one_write_is_one_store(void **state)
{
	_autoclose_ int fd = open_at(V8 "/create", O_WRONLY);
	char first[] = "00000000-0000-0000-0000-000000000001";
	char second[] = "00000000-0000-0000-0000-000000000002";
	struct iovec halves[2] = { { first, 18 }, { first + 18, 18 } };

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, first, 18), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(write(fd, first + 18, 18), -1);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
	assert_int_equal(writev(fd, halves, 2), 36);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 36);
	assert_int_equal(write(fd, second, 36), 36);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 72);
	assert_int_equal(write(fd, second, 36), -1);
	assert_int_equal(errno, EEXIST);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 72);
	second[35] = '3';
	assert_int_equal(pwrite(fd, second, 36, 40960), 36);
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 72);
	assert_int_equal(write(fd, second, 0), 0);
	assert_true(is_there(P "/00000000-0000-0000-0000-000000000001"));
	assert_true(is_there(BUS "/devices/00000000-0000-0000-0000-000000000003"));
}

static void a_long_write_is_cut_at_a_page(void **state)
{
	_autoclose_ int fd = -1;
	static char zeros[5000];

	(void)state;
	create_vgpu(UUID);
	memset(zeros, '0', sizeof(zeros));
	fd = open_at(P "/" UUID "/remove", O_WRONLY);
	assert_int_equal(write(fd, zeros, sizeof(zeros)), 4096);
	assert_true(is_there(P "/" UUID));
}

static void modes_bind_even_root(void **state)
{
	static const struct {
		const char *path;
		int flags, result; /* 0: it opens */
	} cases[] = {
		{ V8 "/create", O_RDONLY, -EACCES },
		{ V8 "/create", O_RDWR, -EACCES },
		{ V8 "/create", O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0 },
		{ V8 "/create", O_WRONLY | O_CREAT | O_EXCL, -EEXIST },
		{ V8 "/create", O_WRONLY | O_DIRECT, -EINVAL },
		{ V8 "/create", O_WRONLY | O_DIRECTORY, -ENOTDIR },
		{ V8 "/available_instances", O_WRONLY, -EACCES },
		{ V8 "/available_instances", O_RDWR, -EACCES },
		{ V8 "/available_instances", O_WRONLY | O_TRUNC, -EACCES },
		{ V8 "/available_instances", O_RDONLY | O_TRUNC, 0 },
		{ V8 "/available_instances", O_RDONLY | O_CREAT, 0 },
		{ V8 "/new", O_WRONLY | O_CREAT, -EACCES },
		{ V8 "/new", O_WRONLY, -ENOENT },
		{ V8, O_WRONLY, -EISDIR },
		{ V8, O_TMPFILE | O_RDWR, -EOPNOTSUPP },
		{ "dev/vfio/vfio", O_RDWR, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = open_at(cases[i].path, cases[i].flags);

		if (fd >= 0)
			close(fd);
		if ((fd < 0 ? fd : 0) != cases[i].result)
			fail_msg("%s, %#o: %d", cases[i].path, cases[i].flags, fd);
	}
	assert_int_equal(faccessat(m.fd, V8 "/available_instances", W_OK, 0), 0);
	assert_int_equal(fchmodat(m.fd, V8 "/name", 0666, 0), 0);
	assert_int_equal(write_at(V8 "/name", "x"), -EIO);
	assert_int_equal(fchmodat(m.fd, V8 "/create", 0444, 0), 0);
	assert_int_equal(write_at(V8 "/create", UUID), -EACCES);
}

static void truncation_does_nothing(void **state)
{
	_autoclose_ int fd = open_at(V8 "/create", O_WRONLY | O_TRUNC);
	struct stat st;

	(void)state;
	assert_int_equal(ftruncate(fd, 10), 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(st.st_size, 4096);
	assert_int_equal(st.st_blocks, 0);
	assert_int_equal(st.st_blksize, 4096);
	assert_int_equal(fsync(fd), 0);
	assert_int_equal(fallocate(fd, 0, 0, 10), -1);
	assert_int_equal(errno, EOPNOTSUPP);
	assert_reads(V8 "/available_instances", "7\n");
}

static void reading_takes_a_snapshot_at_the_beginning(void **state)
{
	_autoclose_ int fd = open_at(V8 "/available_instances", O_RDONLY);
	_autoclose_ int description = open_at(V8 "/description", O_RDONLY);
	char text[100] = "";

	(void)state;
	assert_int_equal(read(fd, text, 1), 1);
	create_vgpu(UUID);
	assert_int_equal(read(fd, text + 1, 64), 1);
	assert_string_equal(text, "7\n");
	/* at its end it does not see the new value; from 0 and from anywhere else it does */
	assert_int_equal(read(fd, text, 64), 0);
	assert_int_equal(read(fd, text, 64), 0);
	assert_int_equal(pread(fd, text, 64, 0), 2);
	assert_memory_equal(text, "6\n", 2);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(read(fd, text, 1), 1);
	create_vgpu(OTHER);
	assert_int_equal(pread(fd, text, 1, 0), 1);
	assert_int_equal(text[0], '5');
	assert_int_equal(pread(fd, text, 64, 2), 0);
	assert_int_equal(pread(fd, text, 64, 5000), 0);
	assert_int_equal(pread(fd, text, 1, -1), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(pread(description, text, 4, 13), 4);
	assert_memory_equal(text, "64MB", 4);
}

static void offsets_follow_the_size_of_a_page(void **state)
{
	_autoclose_ int fd = open_at(V8 "/name", O_RDONLY);
	int left = 0;

	(void)state;
	assert_int_equal(ioctl(fd, FIONREAD, &left), 0);
	assert_int_equal(left, 4096);
	assert_int_equal(lseek(fd, 0, SEEK_END), 4096);
	assert_int_equal(lseek(fd, 0, SEEK_DATA), 0);
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), 4096);
	assert_int_equal(lseek(fd, -1, SEEK_SET), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(ioctl(fd, _IO('x', 1)), -1);
	assert_int_equal(errno, ENOTTY);
	assert_ptr_equal(mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(errno, ENODEV);
}

static void poll_tells_fresh_from_read_from_dead(void **state)
{
	_autoclose_ int fd = -1;
	struct pollfd poll_fd = { .events = POLLIN | POLLOUT | POLLPRI };
	char text[64];

	(void)state;
	create_vgpu(UUID);
	poll_fd.fd = fd = open_at(P "/" UUID "/uevent", O_RDONLY);
	assert_int_equal(poll(&poll_fd, 1, 0), 1);
	assert_int_equal(poll_fd.revents, POLLIN | POLLOUT | POLLPRI | POLLERR);
	assert_true(read(fd, text, sizeof(text)) > 0);
	assert_int_equal(poll(&poll_fd, 1, 0), 1);
	assert_int_equal(poll_fd.revents, POLLIN | POLLOUT);
	assert_int_equal(write_at(P "/" UUID "/remove", "1"), 1);
	poll_fd.events = POLLIN | POLLPRI;
	assert_int_equal(poll(&poll_fd, 1, 0), 1);
	assert_int_equal(poll_fd.revents, POLLIN | POLLPRI | POLLERR);
}

static void names_cannot_be_made_or_unmade(void **state)
{
	char name[301];

	(void)state;
	create_vgpu(UUID);
	memset(name, 'x', 300);
	name[300] = '\0';
#define FAILS(call, error)                             \
	do {                                           \
		assert_int_equal(call, -1);            \
		if (errno != (error))                  \
			fail_msg(#call ": %d", errno); \
	} while (0)
	FAILS(mkdirat(m.fd, V8 "/new", 0755), EPERM);
	FAILS(mkdirat(m.fd, V8 "/name", 0755), EEXIST);
	FAILS(unlinkat(m.fd, V8 "/name", 0), EPERM);
	FAILS(unlinkat(m.fd, V8, 0), EISDIR);
	FAILS(unlinkat(m.fd, P "/" UUID, AT_REMOVEDIR), EPERM);
	FAILS(unlinkat(m.fd, V8 "/name", AT_REMOVEDIR), ENOTDIR);
	FAILS(unlinkat(m.fd, V8 "/new", 0), ENOENT);
	FAILS(renameat(m.fd, V8 "/name", m.fd, V8 "/new"), EPERM);
	FAILS(renameat2(m.fd, V8 "/name", m.fd, V8 "/create", RENAME_EXCHANGE), EINVAL);
	FAILS(symlinkat("x", m.fd, V8 "/new"), EPERM);
	FAILS(linkat(m.fd, V8 "/name", m.fd, V8 "/new", 0), EPERM);
	FAILS(mknodat(m.fd, V8 "/new", S_IFREG | 0644, 0), EACCES);
	FAILS(mknodat(m.fd, V8 "/new", S_IFIFO | 0644, 0), EPERM);
	FAILS(faccessat(m.fd, name, F_OK, 0), ENOENT);
	FAILS(readlinkat(m.fd, V8 "/name", name, 10), EINVAL);
#undef FAILS
	assert_int_equal(renameat(m.fd, V8 "/name", m.fd, V8 "/name"), 0);
	assert_int_equal(readlinkat(m.fd, P "/" UUID "/driver", name, 5), 5);
	assert_memory_equal(name, "../..", 5);
}

static void metadata_is_what_sysfs_has(void **state)
{
	_autoclose_ int dir = open_at(V8, O_RDONLY | O_DIRECTORY);
	struct statfs fs;
	struct stat st;

	(void)state;
	create_vgpu(UUID);
	assert_int_equal(fstatfs(dir, &fs), 0);
	assert_int_equal(fs.f_bsize, 4096);
	assert_int_equal(fs.f_namelen, 255);
	assert_int_equal(fs.f_blocks, 0);
	assert_int_equal(fsync(dir), -1);
	assert_int_equal(errno, EINVAL);
	assert_int_equal(fstatat(m.fd, P "/" UUID "/driver", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(st.st_size, 0);
	assert_int_equal(st.st_mode, S_IFLNK | 0777);
	assert_int_equal(fstatat(m.fd, P "/" UUID "/remove", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0200);
	assert_int_equal(fchmodat(m.fd, P "/" UUID, 0700, 0), 0);
	assert_int_equal(fstatat(m.fd, P "/" UUID, &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0700);
	assert_int_equal(st.st_nlink, 5);
	assert_int_equal(fsetxattr(dir, "user.x", "1", 1, 0), -1);
	assert_int_equal(errno, EOPNOTSUPP);
}

/* Link counts and names are cached by the kernel: they must turn with what changes. */
static void caches_turn_with_the_tree(void **state)
{
	struct stat st;
	nlink_t before;

	(void)state;
	for (int round = 0; round < 3; round++) {
		assert_false(is_there(P "/" UUID));
		assert_false(is_there("dev/vfio/0"));
		assert_int_equal(fstatat(m.fd, P, &st, 0), 0);
		before = st.st_nlink;
		create_vgpu(UUID);
		assert_true(is_there(P "/" UUID "/remove"));
		assert_true(is_there("dev/vfio/0"));
		assert_true(is_there("sys/devices/virtual/vfio/0"));
		assert_int_equal(fstatat(m.fd, P, &st, 0), 0);
		assert_int_equal(st.st_nlink, before + 1);
		assert_int_equal(write_at(P "/" UUID "/remove", "1"), 1);
		assert_int_equal(fstatat(m.fd, P, &st, 0), 0);
		assert_int_equal(st.st_nlink, before);
		assert_false(is_there("sys/devices/virtual/vfio"));
	}
}

static void directories_are_listed_in_hash_order_with_its_offsets(void **state)
{
	static const struct {
		const char *name;
		off_t offset;
		unsigned char type;
	} expected[] = {
		{ ".", 1, DT_DIR },
		{ "..", 328100887, DT_DIR },
		{ "device_api", 361793440, DT_REG },
		{ "description", 698066606, DT_REG },
		{ "devices", 844305071, DT_DIR },
		{ "create", 2022590456, DT_REG },
		{ "available_instances", 2030364360, DT_REG },
		{ "name", 2147483647, DT_REG },
	};
	_autoclosedir_ DIR *dir = fdopendir(open_at(V8, O_RDONLY | O_DIRECTORY));
	const struct dirent *entry;

	(void)state;
	assert_non_null(dir);
	for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		entry = readdir(dir);
		assert_non_null(entry);
		assert_string_equal(entry->d_name, expected[i].name);
		assert_int_equal(entry->d_off, expected[i].offset);
		assert_int_equal(entry->d_type, expected[i].type);
	}
	assert_null(readdir(dir));
	seekdir(dir, 844305071);
	entry = readdir(dir);
	assert_string_equal(entry->d_name, "create");
}

static unsigned short record_len(const char *at)
{
	unsigned short len;

	memcpy(&len, at + offsetof(struct dirent64, d_reclen), sizeof(len));
	return len;
}

static void a_large_directory_is_listed_whole_through_small_buffers(void **state)
{
	_autoclose_ int fd = open_at(P, O_RDONLY | O_DIRECTORY);
	char buffer[96];
	size_t count = 0;
	long len;

	(void)state;
	while ((len = syscall(SYS_getdents64, fd, buffer, sizeof(buffer))) > 0)
		for (long at = 0; at < len; at += record_len(buffer + at))
			count++;
	assert_int_equal(len, 0);
	assert_true(count > 30); /* attributes of a PCI device: many times the buffer */
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	for (size_t again = 0; again < count;) {
		len = syscall(SYS_getdents64, fd, buffer, sizeof(buffer));
		assert_true(len > 0);
		for (long at = 0; at < len; at += record_len(buffer + at))
			again++;
	}
}

static void inotify_hears_nothing_of_vgpus(void **state)
{
	_autoclose_ int inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	char path[128], events[256];

	(void)state;
	snprintf(path, sizeof(path), "%s/%s", m.dir, P);
	assert_true(inotify_add_watch(inotify, path, IN_CREATE | IN_DELETE | IN_MOVE) > 0);
	create_vgpu(UUID);
	assert_true(is_there(P "/" UUID));
	assert_int_equal(write_at(P "/" UUID "/remove", "1"), 1);
	assert_int_equal(read(inotify, events, sizeof(events)), -1);
	assert_int_equal(errno, EAGAIN);
}

/* In a child that is nobody: what it finds, as an exit code. */
static int as_nobody(void)
{
	if (setgid(65534) || setuid(65534))
		return 100;
	if (open_at(V8 "/create", O_WRONLY) != -EACCES)
		return 1;
	if (open_at(V8 "/available_instances", O_RDONLY) < 0)
		return 2;
	if (write_at(P "/" UUID "/remove", "1") != -EACCES)
		return 3;
	if (!fchmodat(m.fd, V8 "/create", 0666, 0) || errno != EPERM)
		return 4;
	if (!mkdirat(m.fd, V8 "/x", 0755) || errno != EACCES)
		return 5;
	if (write_at("sys/devices/pci0000:00/0000:00:02.0/mdev_supported_types/i915-GVTg_V5_4/"
		     "create",
		     OTHER) != 36)
		return 6;
	return 0;
}

static void others_may_look_but_not_touch_until_chmod(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	create_vgpu(UUID);
	assert_int_equal(fchmodat(m.fd, P "/mdev_supported_types/i915-GVTg_V5_4/create", 0666, 0),
			 0);
	pid = fork();
	assert_true(pid >= 0);
	if (!pid)
		_exit(as_nobody());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	/* 100: in a user namespace where root alone is mapped there are no others */
	if (WEXITSTATUS(status) != 100)
		assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_mount, unmake_mount)
		TEST(one_write_is_one_store),
		TEST(a_long_write_is_cut_at_a_page),
		TEST(modes_bind_even_root),
		TEST(truncation_does_nothing),
		TEST(reading_takes_a_snapshot_at_the_beginning),
		TEST(offsets_follow_the_size_of_a_page),
		TEST(poll_tells_fresh_from_read_from_dead),
		TEST(names_cannot_be_made_or_unmade),
		TEST(metadata_is_what_sysfs_has),
		TEST(caches_turn_with_the_tree),
		TEST(directories_are_listed_in_hash_order_with_its_offsets),
		TEST(a_large_directory_is_listed_whole_through_small_buffers),
		TEST(inotify_hears_nothing_of_vgpus),
		TEST(others_may_look_but_not_touch_until_chmod),
	};
	int need = enter_namespace();

	return need ? need : cmocka_run_group_tests_name("fuse-files", tests, NULL, NULL);
}
