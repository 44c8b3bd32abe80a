/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

#include "sysfs.h"

/* How soon to look again where no event can be expected, and at the latest where one can. */
enum { POLL_MS = 20, EVENT_MS = 250 };

static struct sysfs *sysfs_from_backend(struct vgpu_backend *backend)
{
	return (struct sysfs *)backend;
}

/* openat(2) refuses "", which names the root itself. */
static const char *at_path(const char *path)
{
	return path[0] ? path : ".";
}

ssize_t vgpu_sysfs_read(struct vgpu_backend *backend, const char *path, char *buffer, size_t size)
{
	_autoclose_ int fd = openat(sysfs_from_backend(backend)->root, at_path(path),
				    O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t len = 0, room;
	ssize_t got;

	if (fd < 0)
		return -errno;
	/* a read that does not fill the buffer had all there is; else one byte more tells */
	do {
		char beyond;

		room = size - 1 - len;
		got = read(fd, room ? buffer + len : &beyond, room ? room : 1);
		if (got > 0 && !room)
			return -EFBIG;
		len += got > 0 ? (size_t)got : 0;
	} while ((got > 0 && (size_t)got == room) || (got < 0 && errno == EINTR));
	if (got < 0)
		return -errno;
	buffer[len] = '\0';
	return (ssize_t)len;
}

int vgpu_sysfs_write(struct vgpu_backend *backend, const char *path, const void *data, size_t len)
{
	_autoclose_ int fd = openat(sysfs_from_backend(backend)->root, at_path(path),
				    O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t taken;

	if (fd < 0)
		return -errno;
	/* never retried or continued: each write(2) is one command to the kernel */
	taken = write(fd, data, len);
	if (taken < 0)
		return -errno;
	return (size_t)taken == len ? 0 : -EIO;
}

ssize_t vgpu_sysfs_readlink(struct vgpu_backend *backend, const char *path, char *buffer,
			    size_t size)
{
	ssize_t len = readlinkat(sysfs_from_backend(backend)->root, at_path(path), buffer, size);

	if (len < 0)
		return -errno;
	if ((size_t)len >= size)
		return -ENAMETOOLONG;
	buffer[len] = '\0';
	return len;
}

int vgpu_sysfs_list(struct vgpu_backend *backend, const char *path,
		    int (*each)(void *data, const char *name), void *data)
{
	_autoclose_ int fd = openat(sysfs_from_backend(backend)->root, at_path(path),
				    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_autoclosedir_ DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int ret = 0;

	if (!dir)
		return -errno;
	steal_fd(&fd);
	while (!ret) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry)
			return -errno;
		if (strcmp(entry->d_name, ".") && strcmp(entry->d_name, ".."))
			ret = each(data, entry->d_name);
	}
	return ret;
}

int vgpu_sysfs_exists(struct vgpu_backend *backend, const char *path)
{
	struct stat st;

	return fstatat(sysfs_from_backend(backend)->root, at_path(path), &st, AT_SYMLINK_NOFOLLOW)
		       ? -errno
		       : 0;
}

/* Kernel events tell of what everybody sees as /sys, not of a copy somewhere else. */
static bool is_the_sysfs(int root)
{
	struct stat here, sys;

	return !fstat(root, &here) && !stat("/sys", &sys) && here.st_dev == sys.st_dev &&
	       here.st_ino == sys.st_ino;
}

static int open_uevents(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = 1 };
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			NETLINK_KOBJECT_UEVENT);

	if (fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address))) {
		close(fd);
		return -1;
	}
	return fd;
}

/*
 * inotify sees nothing of what the kernel does to sysfs. Events say only that it is time to look:
 * their contents are not believed, so it does not matter who sent them.
 */
int vgpu_sysfs_wait(struct vgpu_backend *backend, int timeout_ms)
{
	struct sysfs *sysfs = sysfs_from_backend(backend);
	struct pollfd poll_uevents = { .events = POLLIN };
	int pause_ms;
	char drained[4096];

	if (timeout_ms <= 0)
		return 0;
	if (sysfs->uevents < 0 && is_the_sysfs(sysfs->root)) {
		sysfs->uevents = open_uevents();
		/* what happened before the socket was there would be missed: look first */
		if (sysfs->uevents >= 0)
			return 1;
	}
	pause_ms = sysfs->uevents >= 0 ? EVENT_MS : POLL_MS;
	if (pause_ms > timeout_ms)
		pause_ms = timeout_ms;
	poll_uevents.fd = sysfs->uevents;
	/* poll(2) passes over a negative descriptor: then this is the pause alone */
	if (poll(&poll_uevents, 1, pause_ms) > 0) {
		while (recv(sysfs->uevents, drained, sizeof(drained), 0) >= 0)
			;
		return 1;
	}
	return pause_ms < timeout_ms;
}

void vgpu_sysfs_init(struct sysfs *sysfs, const struct vgpu_backend_impl *impl, int root,
		     const char *name)
{
	*sysfs = (struct sysfs){ .base.impl = impl, .root = root, .uevents = -1 };
	snprintf(sysfs->base.root, sizeof(sysfs->base.root), "%s", name);
}

void vgpu_sysfs_finish(struct sysfs *sysfs)
{
	if (sysfs->uevents >= 0)
		close(sysfs->uevents);
	if (sysfs->root >= 0)
		close(sysfs->root);
}

static void sysfs_destroy(struct vgpu_backend *backend)
{
	vgpu_sysfs_finish(sysfs_from_backend(backend));
	free(backend);
}

const struct vgpu_backend_impl vgpu_backend_sysfs = {
	.name = "sysfs",
	.summary = "the kernel's tree, or a copy of one",
	.read = vgpu_sysfs_read,
	.write = vgpu_sysfs_write,
	.readlink = vgpu_sysfs_readlink,
	.list = vgpu_sysfs_list,
	.exists = vgpu_sysfs_exists,
	.wait = vgpu_sysfs_wait,
	.destroy = sysfs_destroy,
};

int vgpu_sysfs_open(const char *argument, struct vgpu_backend **out, struct vgpu_error *err)
{
	const char *dir = argument ? argument : "/sys";
	_autoclose_ int root = -1;
	size_t len = strlen(dir);
	struct sysfs *sysfs;
	char name[256];

	if (!len)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "backend sysfs: no directory after the colon");
	root = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return vgpu_error_set(
			err, errno == EACCES ? VGPU_ERROR_PERMISSION : VGPU_ERROR_USAGE, errno,
			"backend sysfs: cannot open %s: %s", dir, strerror(errno));
	sysfs = malloc(sizeof(*sysfs));
	if (!sysfs)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "backend sysfs: %s",
				      strerror(ENOMEM));
	while (len > 1 && dir[len - 1] == '/')
		len--;
	snprintf(name, sizeof(name), "%.*s", (int)len, dir);
	vgpu_sysfs_init(sysfs, &vgpu_backend_sysfs, steal_fd(&root), name);
	*out = &sysfs->base;
	return 0;
}
