/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "nodes.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

/* What the private /dev takes over from the real one, if it is there. */
static const char *const real_nodes[] = {
	"null",	     "zero",   "full",	   "random", "urandom", "tty",	     "shm",
	"fuse",	     "kvm",    "net",	   "dri",    "udmabuf", "vhost-net", "vhost-vsock",
	"hugepages", "mqueue", "dma_heap", "snd",    "log",
};

static const struct {
	const char *name, *target;
} links[] = {
	{ "fd", "/proc/self/fd" },	 { "stdin", "/proc/self/fd/0" },
	{ "stdout", "/proc/self/fd/1" }, { "stderr", "/proc/self/fd/2" },
	{ "ptmx", "pts/ptmx" },
};

/* Puts the old node @from at @to of the new /dev. */
static int bind_node(int old_dev, const char *from, const char *to, bool is_dir)
{
	char source[PATH_MAX], target[PATH_MAX];
	_autoclose_ int fd = -1;

	snprintf(source, sizeof(source), "/proc/self/fd/%d/%s", old_dev, from);
	snprintf(target, sizeof(target), "/dev/%s", to);
	if (is_dir) {
		if (mkdir(target, 0755))
			return -errno;
	} else {
		fd = open(target, O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0644);
		if (fd < 0)
			return -errno;
	}
	return mount(source, target, NULL, MS_BIND | MS_REC, NULL) ? -errno : 0;
}

/* Makes @name in the new /dev what it is in the old one. */
static int take_over(int old_dev, const char *name)
{
	char target[PATH_MAX], text[PATH_MAX];
	struct stat st;
	ssize_t len;

	if (fstatat(old_dev, name, &st, AT_SYMLINK_NOFOLLOW))
		return 0;
	if (!S_ISLNK(st.st_mode))
		return bind_node(old_dev, name, name, S_ISDIR(st.st_mode));
	len = readlinkat(old_dev, name, text, sizeof(text) - 1);
	if (len < 0)
		return -errno;
	text[len] = '\0';
	snprintf(target, sizeof(target), "/dev/%s", name);
	return symlink(text, target) ? -errno : 0;
}

/*
 * Terminals need a devpts of their own: /dev/ptmx works only beside its /dev/pts, not as a bind
 * mount of a single node, and the real pts/ptmx usually lets no one open it. The caller's terminal
 * is then not in /dev/pts; ttyname(3) finds it as /dev/console.
 * Source: fs/devpts/inode.c, devpts_acquire(); fs/namei.c, path_pts()
 */
static int mount_terminals(int old_dev, const char *caller_tty)
{
	int rc;

	if (mkdir("/dev/pts", 0755) ||
	    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "mode=620,ptmxmode=666"))
		return -errno;
	if (strncmp(caller_tty, "/dev/", 5))
		return 0;
	rc = bind_node(old_dev, caller_tty + 5, "console", false);
	return rc == -ENOENT ? 0 : rc;
}

/* The terminal that the caller talks through, or "". */
static void find_caller_tty(char *path, size_t size)
{
	*path = '\0';
	for (int fd = 0; fd <= 2 && !*path; fd++)
		if (ttyname_r(fd, path, size))
			*path = '\0';
}

int sandbox_nodes_mount(struct vgpu_error *err)
{
	_autoclose_ int old_dev = open("/dev", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char caller_tty[PATH_MAX];
	int rc;

	find_caller_tty(caller_tty, sizeof(caller_tty));
	if (old_dev < 0 ||
	    mount("vgpulab-dev", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755,size=4m"))
		return vgpu_error_set(err, VGPU_ERROR_NEED, errno,
				      "cannot mount a private /dev: %s", strerror(errno));
	for (size_t i = 0; i < VGPU_ARRAY_LEN(real_nodes); i++) {
		rc = take_over(old_dev, real_nodes[i]);
		if (rc)
			return vgpu_error_set(err, VGPU_ERROR_NEED, -rc,
					      "cannot show /dev/%s in the private /dev: %s",
					      real_nodes[i], strerror(-rc));
	}
	rc = mount_terminals(old_dev, caller_tty);
	if (rc)
		return vgpu_error_set(err, VGPU_ERROR_NEED, -rc,
				      "cannot mount a private /dev/pts: %s", strerror(-rc));
	for (size_t i = 0; i < VGPU_ARRAY_LEN(links); i++) {
		char path[64];

		snprintf(path, sizeof(path), "/dev/%s", links[i].name);
		if (symlink(links[i].target, path))
			return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot make %s: %s",
					      path, strerror(errno));
	}
	return 0;
}
