/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <vgpulab/cleanup.h>

#include "../initramfs.h"

struct node {
	char name[128];
	uint32_t field[13]; /* in the header's order: ino, mode, uid, gid, nlink, ... */
	char data[256];
};

enum { MODE = 1, UID = 2, NLINK = 4, FILE_LEN = 6, RDEV_MAJOR = 9, RDEV_MINOR = 10, NAME_LEN = 11 };

/* Reads an archive by the letter of buffer-format.rst. Returns the number of nodes. */
static size_t parse(const char *archive, size_t len, struct node *nodes, size_t max)
{
	size_t at = 0, count = 0;

	for (;;) {
		struct node *node = &nodes[count];
		char digits[9] = "";

		assert_true(count < max && at % 4 == 0 && at + 110 <= len);
		assert_memory_equal(archive + at, "070701", 6);
		for (int i = 0; i < 13; i++) {
			memcpy(digits, archive + at + 6 + 8 * i, 8);
			node->field[i] = (uint32_t)strtoul(digits, NULL, 16);
		}
		assert_true(node->field[NAME_LEN] <= sizeof(node->name));
		memcpy(node->name, archive + at + 110, node->field[NAME_LEN]);
		assert_int_equal(node->name[node->field[NAME_LEN] - 1], '\0');
		at = (at + 110 + node->field[NAME_LEN] + 3) / 4 * 4;
		assert_true(at + node->field[FILE_LEN] <= len);
		memcpy(node->data, archive + at,
		       node->field[FILE_LEN] < 256 ? node->field[FILE_LEN] : 256);
		at = (at + node->field[FILE_LEN] + 3) / 4 * 4;
		if (strcmp(node->name, "TRAILER!!!") == 0)
			return count;
		count++;
	}
}

static size_t write_and_parse(const struct qt_initramfs_entry *entries, size_t entries_len,
			      struct node *nodes, size_t max)
{
	_autoclose_ int fd = memfd_create("initramfs", MFD_CLOEXEC);
	static char buffer[1 << 20];
	struct vgpu_error err = { 0 };
	ssize_t len;

	assert_int_equal(qt_initramfs_write(fd, entries, entries_len, &err), 0);
	len = pread(fd, buffer, sizeof(buffer), 0);
	assert_true(len > 0);
	return parse(buffer, (size_t)len, nodes, max);
}

static const struct node *find(const struct node *nodes, size_t len, const char *name)
{
	for (size_t i = 0; i < len; i++)
		if (strcmp(nodes[i].name, name) == 0)
			return &nodes[i];
	fail_msg("no node %s", name);
	return NULL;
}

static void every_archive_has_console_and_null(void **state)
{
	struct node nodes[8] = { 0 };
	size_t len = write_and_parse(NULL, 0, nodes, 8);

	assert_int_equal(len, 3);
	assert_string_equal(nodes[0].name, "dev");
	assert_int_equal(find(nodes, len, "dev/console")->field[MODE], S_IFCHR | 0600);
	assert_int_equal(find(nodes, len, "dev/console")->field[RDEV_MAJOR], 5);
	assert_int_equal(find(nodes, len, "dev/console")->field[RDEV_MINOR], 1);
	assert_int_equal(find(nodes, len, "dev/null")->field[RDEV_MAJOR], 1);
	assert_int_equal(find(nodes, len, "dev/null")->field[RDEV_MINOR], 3);
}

static void files_keep_mode_and_content_and_parents_come_first(void **state)
{
	static const struct qt_initramfs_entry entries[] = {
		{ .path = "init", .mode = S_IFREG | 0755, .data = "program", .data_len = 7 },
		{ .path = "lib/modules/6.1/a.ko",
		  .mode = S_IFREG | 0644,
		  .data = "A",
		  .data_len = 1 },
		{ .path = "lib/modules/6.1/b.ko", .mode = S_IFREG | 0600 },
		{ .path = "tmp", .mode = S_IFDIR | 01777 },
		{ .path = "link", .mode = S_IFLNK | 0777, .data = "init", .data_len = 4 },
	};
	struct node nodes[16] = { 0 };
	size_t len = write_and_parse(entries, VGPU_ARRAY_LEN(entries), nodes, 16);

	assert_int_equal(len, 3 + 8);
	assert_memory_equal(find(nodes, len, "init")->data, "program", 7);
	assert_int_equal(find(nodes, len, "init")->field[MODE], S_IFREG | 0755);
	assert_int_equal(find(nodes, len, "init")->field[UID], 0);
	assert_int_equal(find(nodes, len, "tmp")->field[MODE], S_IFDIR | 01777);
	assert_memory_equal(find(nodes, len, "link")->data, "init", 4);
	assert_true(find(nodes, len, "lib") < find(nodes, len, "lib/modules"));
	assert_true(find(nodes, len, "lib/modules/6.1") < find(nodes, len, "lib/modules/6.1/a.ko"));
	assert_int_equal(find(nodes, len, "lib/modules/6.1/b.ko")->field[FILE_LEN], 0);
}

static void content_comes_from_a_file(void **state)
{
	char path[] = "/tmp/vgpulab-test-XXXXXX";
	_autoclose_ int fd = mkstemp(path);
	const struct qt_initramfs_entry entry = { .path = "f",
						  .mode = S_IFREG | 0644,
						  .source = path };
	struct node nodes[8] = { 0 };
	size_t len;

	assert_int_equal(write(fd, "hello", 5), 5);
	len = write_and_parse(&entry, 1, nodes, 8);
	unlink(path);
	assert_int_equal(find(nodes, len, "f")->field[FILE_LEN], 5);
	assert_memory_equal(find(nodes, len, "f")->data, "hello", 5);
}

static void missing_source_is_named(void **state)
{
	const struct qt_initramfs_entry entry = { .path = "f",
						  .mode = S_IFREG | 0644,
						  .source = "/nonexistent/file" };
	_autoclose_ int fd = memfd_create("initramfs", MFD_CLOEXEC);
	struct vgpu_error err = { 0 };

	assert_int_equal(qt_initramfs_write(fd, &entry, 1, &err), -ENOENT);
	assert_non_null(strstr(err.message, "/nonexistent/file"));
}

static void full_disk_is_an_error(void **state)
{
	_autoclose_ int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	struct vgpu_error err = { 0 };

	assert_true(fd >= 0);
	assert_int_equal(qt_initramfs_write(fd, NULL, 0, &err), -ENOSPC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_archive_has_console_and_null),
		cmocka_unit_test(files_keep_mode_and_content_and_parents_come_first),
		cmocka_unit_test(content_comes_from_a_file),
		cmocka_unit_test(missing_source_is_named),
		cmocka_unit_test(full_disk_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
