/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

static int refused(struct vgpu_error *err, const char *what)
{
	int errnum = errno;

	vgpu_error_set(err, VGPU_ERROR_NEED, errnum, "cannot make %s: %s", what, strerror(errnum));
	if (errnum == ENOSPC || errnum == EUSERS)
		vgpu_error_hint(err, "the limit in /proc/sys/user/max_*_namespaces is reached; "
				     "raise it with sysctl(8)");
	else
		vgpu_error_hint(err, "the kernel or a container forbids it; on a machine of your "
				     "own: sysctl kernel.unprivileged_userns_clone=1 "
				     "kernel.apparmor_restrict_unprivileged_userns=0 (those that "
				     "exist), or be root; in a container: allow unshare(2) and "
				     "mount(2), as --privileged does");
	return -errnum;
}

/* Source: user_namespaces(7): EPERM where the root directory is not the mount namespace's. */
pid_t sandbox_fork_user(bool *has_users, struct vgpu_error *err)
{
	pid_t child;

	*has_users = true;
	child = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
	if (child < 0 && errno == EPERM && geteuid() == 0) {
		*has_users = false;
		child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	}
	return child < 0 ? refused(err, "a user namespace") : child;
}

static int write_file(pid_t child, const char *name, const char *text)
{
	_autoclose_ int fd = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", child, name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return -errno;
	return 0;
}

/* Every id that exists here, to itself. /proc/self/NAME: lines of "first-here first-outside n". */
static int format_identity(const char *name, char *out, size_t size)
{
	_autofclose_ FILE *file = NULL;
	unsigned int first, outside, count;
	char path[64];
	size_t len = 0;

	snprintf(path, sizeof(path), "/proc/self/%s", name);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	while (fscanf(file, "%u %u %u", &first, &outside, &count) == 3) {
		int n = snprintf(out + len, size - len, "%u %u %u\n", first, first, count);

		if (n < 0 || (size_t)n >= size - len)
			return -E2BIG;
		len += n;
	}
	return len ? 0 : -EINVAL;
}

static int map_all(pid_t child)
{
	char map[4096];
	int rc = format_identity("gid_map", map, sizeof(map));

	if (!rc)
		rc = write_file(child, "gid_map", map);
	if (!rc)
		rc = format_identity("uid_map", map, sizeof(map));
	return rc ? rc : write_file(child, "uid_map", map);
}

static int map_caller(pid_t child)
{
	char map[64];
	int rc;

	/* Source: user_namespaces(7): without privilege, groups can be mapped only after this. */
	rc = write_file(child, "setgroups", "deny");
	if (rc && rc != -ENOENT)
		return rc;
	snprintf(map, sizeof(map), "0 %u 1\n", getegid());
	rc = write_file(child, "gid_map", map);
	if (rc)
		return rc;
	snprintf(map, sizeof(map), "0 %u 1\n", geteuid());
	return write_file(child, "uid_map", map);
}

int sandbox_map_ids(pid_t child, struct vgpu_error *err)
{
	int rc = geteuid() == 0 ? map_all(child) : -EPERM;

	if (rc)
		rc = map_caller(child);
	if (rc) {
		errno = -rc;
		return refused(err, "the id maps of a user namespace");
	}
	return 0;
}

static int raise_loopback(void)
{
	_autoclose_ int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	return fd < 0 || ioctl(fd, SIOCSIFFLAGS, &request) ? -errno : 0;
}

int sandbox_unshare_rest(bool network, struct vgpu_error *err)
{
	if (unshare(CLONE_NEWNS | CLONE_NEWPID))
		return refused(err, "mount and pid namespaces");
	if (!network)
		return 0;
	if (unshare(CLONE_NEWNET))
		return refused(err, "a network namespace (--share-network does without)");
	if (raise_loopback())
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno,
				      "cannot bring the loopback interface up: %s",
				      strerror(errno));
	return 0;
}

int sandbox_restore_ids(uid_t uid, gid_t gid, struct vgpu_error *err)
{
	pid_t self = getpid();
	char map[64];
	int rc;

	if (unshare(CLONE_NEWUSER))
		return refused(err, "a second user namespace");
	snprintf(map, sizeof(map), "%u 0 1\n", gid);
	rc = write_file(self, "gid_map", map);
	snprintf(map, sizeof(map), "%u 0 1\n", uid);
	if (!rc)
		rc = write_file(self, "uid_map", map);
	if (!rc)
		return 0;
	errno = -rc;
	return refused(err, "the id maps of a second user namespace");
}
