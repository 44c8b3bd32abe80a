/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "node.h"

#include <errno.h>
#include <fakesysfs/tree.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum { PAGE_LEN = 4096 };

/* The caller's string. 0, -EFAULT or -ENAMETOOLONG. */
static int read_string(const struct fv_process *process, uint64_t address, char *out, size_t size)
{
	for (size_t done = 0, chunk; done < size; done += chunk) {
		/* never beyond a page that the string may end in */
		chunk = PAGE_LEN - (address + done) % PAGE_LEN;
		if (chunk > size - done)
			chunk = size - done;
		if (fv_process_read(process, address + done, out + done, chunk))
			return -EFAULT;
		if (memchr(out + done, 0, chunk))
			return 0;
	}
	return -ENAMETOOLONG;
}

/* Where a path of the caller's begins that is not absolute: the text of a link in /proc. */
static bool read_directory(const struct fv_trap *trap, int dirfd, char *out, size_t size)
{
	_autoclose_ int copy = -1;
	char link[64];
	ssize_t len;

	if (dirfd == AT_FDCWD) {
		snprintf(link, sizeof(link), "/proc/%u/cwd", trap->notification->notif.pid);
	} else {
		copy = fv_process_get_fd(trap->process, dirfd);
		if (copy < 0)
			return false;
		snprintf(link, sizeof(link), "/proc/self/fd/%d", copy);
	}
	len = readlink(link, out, size - 1);
	if (len <= 0)
		return false;
	out[len] = '\0';
	return true;
}

/* Takes "//", "/." and "/.." out of an absolute path, in place. */
static void normalize(char *path)
{
	char *out = path;

	for (const char *at = path; *at;) {
		size_t len;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (len == 2 && !strncmp(at, "..", 2)) {
			while (out > path && *--out != '/')
				;
		} else if (len && !(len == 1 && *at == '.')) {
			*out++ = '/';
			memmove(out, at, len);
			out += len;
		}
		at += len;
	}
	*out = '\0';
}

/* Which node a path means: by its own name, or by its number as udev links it. */
static bool find_node(struct fake_tree *tree, const char *path, struct fake_node *out)
{
	unsigned int major, minor;
	char own[64];

	if (!tree || path[0] != '/')
		return false;
	if (sscanf(path, "/dev/char/%u:%u", &major, &minor) == 2) {
		snprintf(own, sizeof(own), "/dev/char/%u:%u", major, minor);
		if (strcmp(own, path) != 0)
			return false;
		snprintf(own, sizeof(own), "/dev/vfio/devices/vfio%u", minor);
		path = major == FAKE_CDEV_MAJOR ? own : "/dev/iommu";
		return !fake_tree_walk(tree, path + 1, out) && out->rdev == makedev(major, minor);
	}
	return !strncmp(path, "/dev/", 5) && !fake_tree_walk(tree, path + 1, out) && out->rdev;
}

static bool resolve(struct fv_trap *trap, int dirfd, uint64_t address, struct fake_node *out)
{
	char path[2 * PATH_MAX], given[PATH_MAX];

	*path = '\0';
	if (read_string(trap->process, address, given, sizeof(given)) || !*given)
		return false;
	if (*given != '/' && !read_directory(trap, dirfd, path, PATH_MAX - 1))
		return false;
	strcat(path, "/");
	strcat(path, given);
	normalize(path);
	return find_node(trap->supervisor->tree, path, out);
}

int fv_node_open(struct fv_trap *trap, int dirfd, uint64_t address, int flags)
{
	struct fv_supervisor *supervisor = trap->supervisor;
	struct fake_node node;
	int handle, backing;

	if (!resolve(trap, dirfd, address, &node))
		return FV_NODE_NOT_OURS;
	if (!fv_may_open(&supervisor->owners, (pid_t)trap->notification->notif.pid, &node))
		return -EACCES;
	fv_device_files_reap(&supervisor->files);
	if (node.kind == FAKE_NODE_IOMMUFD)
		handle = fv_machine_open_iommufd(supervisor->machine, &backing);
	else
		handle = fv_machine_open_cdev(supervisor->machine, minor(node.rdev), &backing);
	if (handle < 0)
		return handle;
	return fv_device_files_inject(&supervisor->files, supervisor->listener, trap->notification,
				      trap->process, handle, backing, flags & O_CLOEXEC);
}

bool fv_node_stat(struct fv_supervisor *supervisor, int handle, struct stat *out)
{
	char path[64] = "dev/iommu";
	struct fake_node node;
	unsigned int number;

	switch (fv_machine_node(supervisor->machine, handle, &number)) {
	case FV_NODE_IOMMUFD:
		break;
	case FV_NODE_CDEV:
		snprintf(path, sizeof(path), "dev/vfio/devices/vfio%u", number);
		break;
	default:
		return false;
	}
	if (!supervisor->tree || fake_tree_walk(supervisor->tree, path, &node))
		return false;
	*out = (struct stat){
		.st_dev = supervisor->nodes_dev,
		.st_ino = node.ino,
		.st_mode = S_IFCHR | node.mode,
		.st_nlink = node.nlink,
		.st_uid = node.uid,
		.st_gid = node.gid,
		.st_rdev = node.rdev,
		.st_blksize = PAGE_LEN,
	};
	return true;
}
