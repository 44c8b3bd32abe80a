/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The kernel's tree, a real one's or one that is mounted: each operation is its system calls.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "suite.h"

/* What a system call has moved, of a file that is open for it alone: one call an operation. */
static ssize_t closed(int fd, ssize_t moved)
{
	ssize_t ret = moved < 0 ? -errno : moved;

	if (fd >= 0)
		close(fd);
	return ret;
}

static ssize_t kernel_put(void *data, const char *path, const void *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	return closed(fd, fd < 0 ? fd : write(fd, bytes, len));
}

static ssize_t kernel_get(void *data, const char *path, char *out, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	return closed(fd, fd < 0 ? fd : read(fd, out, size));
}

static ssize_t kernel_link(void *data, const char *path, char *out, size_t size)
{
	ssize_t len = readlink(path, out, size);

	return len < 0 ? -errno : len;
}

static int kernel_list(void *data, const char *path, void (*each)(void *to, const char *name),
		       void *to)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			each(to, entry->d_name);
	closedir(dir);
	return 0;
}

static int kernel_exists(void *data, const char *path)
{
	struct stat st;

	return lstat(path, &st) ? -errno : 0;
}

const struct conformance_tree conformance_kernel_tree = {
	.put = kernel_put,
	.get = kernel_get,
	.link = kernel_link,
	.list = kernel_list,
	.exists = kernel_exists,
	.file_system = true,
};
