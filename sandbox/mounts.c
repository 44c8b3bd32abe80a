/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sandbox/sandbox.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "merge.h"
#include "nodes.h"

/* Another passing place, like SANDBOX_STAGE. */
#define OWN_SYS "/dev/.vgpulab-sys"

static int failed(struct vgpu_error *err, const char *what)
{
	int errnum = errno;

	vgpu_error_set(err, VGPU_ERROR_NEED, errnum, "cannot mount %s: %s", what, strerror(errnum));
	vgpu_error_hint(err, "the kernel or a container forbids mounts in user namespaces");
	return -errnum;
}

static int open_fuse(struct vgpu_error *err)
{
	int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	int errnum = errno;

	if (fd >= 0)
		return fd;
	vgpu_error_set(err, VGPU_ERROR_NEED, errnum, "cannot open /dev/fuse: %s", strerror(errnum));
	if (errnum == EACCES || errnum == EPERM)
		vgpu_error_hint(err,
				"let everyone open it, as udev does: chmod 0666 /dev/fuse; in a "
				"container: --device /dev/fuse");
	else
		vgpu_error_hint(err, "load the module (modprobe fuse), or give the container the "
				     "device: --device /dev/fuse");
	return -errnum;
}

/*
 * In a chroot "/" need not be a mount, and the mount that it lies in is out of sight. Steps out of
 * the chroot, to the namespace's root, and back. Source: chroot(2), which keeps the present
 * directory, and so the way up.
 */
static int enslave_from_outside(void)
{
	_autoclose_ int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	_autoclose_ int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct stat below, above;
	int rc;

	if (root < 0 || here < 0 || fchdir(root) || chroot("dev") || stat(".", &above))
		return -errno;
	do {
		below = above;
		if (chdir("..") || stat(".", &above))
			return -errno;
	} while (below.st_ino != above.st_ino || below.st_dev != above.st_dev);
	rc = mount(NULL, ".", NULL, MS_REC | MS_SLAVE, NULL) ? -errno : 0;
	if (fchdir(root) || chroot(".") || fchdir(here))
		return -errno;
	return rc;
}

/* What the host mounts or unmounts later is still seen; nothing of ours goes the other way. */
static int enslave_mounts(void)
{
	if (!mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL))
		return 0;
	return errno == EINVAL ? enslave_from_outside() : -errno;
}

int sandbox_mount_fake(const char *mount_data, struct vgpu_error *err)
{
	_autoclose_ int fuse = open_fuse(err);
	char data[256];
	int rc;

	if (fuse < 0)
		return fuse;
	rc = enslave_mounts();
	if (rc) {
		errno = -rc;
		return failed(err, "/ privately");
	}
	rc = sandbox_nodes_mount(err);
	if (rc)
		return rc;
	snprintf(data, sizeof(data), "fd=%d,%s", fuse, mount_data);
	if (mkdir(SANDBOX_STAGE, 0700) ||
	    mount("vgpulab", SANDBOX_STAGE, "fuse", MS_NOSUID | MS_NODEV | MS_NOEXEC, data))
		return failed(err, "the fake tree (FUSE)");
	return steal_fd(&fuse);
}

/* Where the real /sys can still be found when the fake one covers it. */
struct real_sys {
	int old; /* as the host mounted it, with what is mounted in it */
	int own; /* as our network namespace sees it: other interfaces; -1 if that is refused */
};

/*
 * A sysfs shows the network interfaces of the namespace that mounted it, so the host's would show
 * some that are not there. The kernel lets us mount our own if the host's is wholly visible.
 */
static int open_own_sys(void)
{
	_autoclose_ int fd = -1;

	if (mkdir(OWN_SYS, 0700))
		return -1;
	if (!mount("sysfs", OWN_SYS, "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		fd = open(OWN_SYS, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return steal_fd(&fd);
}

static void close_own_sys(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	umount2(OWN_SYS, MNT_DETACH);
	rmdir(OWN_SYS);
}

/*
 * The real devices are there to be looked at: who is root inside may be root outside, and a write
 * to some `uevent` or `remove` would reach the machine. Control groups below fs stay as they are.
 */
static int protect(const char *path, const char *target)
{
	struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

	if (!strcmp(path, "fs") ||
	    !mount_setattr(AT_FDCWD, target, AT_RECURSIVE, &attr, sizeof(attr)))
		return 0;
	return -errno;
}

/* Control groups and the like are mounted below /sys/fs: those that the host has. */
static int bind_real(const struct real_sys *real, const char *path)
{
	bool own = real->own >= 0 && strcmp(path, "fs");
	char source[PATH_MAX], target[PATH_MAX];

	snprintf(source, sizeof(source), "/proc/self/fd/%d/%s", own ? real->own : real->old, path);
	snprintf(target, sizeof(target), "/sys/%s", path);
	if (!mount(source, target, NULL, MS_BIND | MS_REC, NULL))
		return protect(path, target);
	return errno == ENOENT ? 0 : -errno; /* it has gone since the plan was made */
}

static int mount_sys(const struct sandbox_merge *merge, struct vgpu_error *err)
{
	_autoclose_ int old = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	__attribute__((cleanup(close_own_sys))) int own = open_own_sys();
	const struct real_sys real = { old, own };

	if (old < 0 || mount(SANDBOX_STAGE "/sys", "/sys", NULL, MS_BIND, NULL))
		return failed(err, "the fake /sys");
	for (size_t i = 0; i < merge->paths_len; i++)
		if (bind_real(&real, merge->paths[i]))
			return failed(err, merge->paths[i]);
	return 0;
}

/* Kernels that have it. Shown, that is: the supervisor answers who opens it. */
static int mount_iommu(void)
{
	_autoclose_ int place = -1;

	if (access(SANDBOX_STAGE "/dev/iommu", F_OK))
		return 0;
	place = open("/dev/iommu", O_CREAT | O_EXCL | O_RDONLY | O_CLOEXEC, 0600);
	return place < 0 ? -errno
			 : mount(SANDBOX_STAGE "/dev/iommu", "/dev/iommu", NULL, MS_BIND, NULL);
}

int sandbox_mount_rest(const struct sandbox_merge *merge, dev_t *nodes_dev, struct vgpu_error *err)
{
	struct stat st;
	int rc;

	if (stat(SANDBOX_STAGE, &st))
		return failed(err, "the fake tree (it is not served)");
	rc = mount_sys(merge, err);
	if (rc)
		return rc;
	if (mkdir("/dev/vfio", 0755) ||
	    mount(SANDBOX_STAGE "/dev/vfio", "/dev/vfio", NULL, MS_BIND, NULL))
		return failed(err, "/dev/vfio");
	if (mount_iommu())
		return failed(err, "/dev/iommu");
	if (mkdir(SANDBOX_CONTROL, 0755) ||
	    mount(SANDBOX_STAGE "/control", SANDBOX_CONTROL, NULL, MS_BIND, NULL))
		return failed(err, SANDBOX_CONTROL);
	/* The binds keep the file system; its place is not needed any more. */
	if (umount2(SANDBOX_STAGE, MNT_DETACH) || rmdir(SANDBOX_STAGE))
		return failed(err, "the fake tree in its place");
	*nodes_dev = st.st_dev;
	return 0;
}

/* mdevctl insists on its directories. */
int sandbox_mount_definitions(struct vgpu_error *err)
{
	static const char place[] = "/etc/mdevctl.d";
	static const char *const dirs[] = {
		"/etc/mdevctl.d/scripts.d",
		"/etc/mdevctl.d/scripts.d/callouts",
		"/etc/mdevctl.d/scripts.d/notifiers",
	};

	if (mount("vgpulab-mdevctl", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=4m"))
		return errno == ENOENT ? 0 : failed(err, place);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(dirs); i++)
		if (mkdir(dirs[i], 0755))
			return failed(err, dirs[i]);
	return 0;
}

/* A file over the kernel's: its own name is not needed any more. */
static int mount_command_line(const char *text, struct vgpu_error *err)
{
	static const char path[] = "/dev/.vgpulab-cmdline";
	_autoclose_ int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0444);

	if (fd < 0 || dprintf(fd, "%s\n", text) < 0 ||
	    mount(path, "/proc/cmdline", NULL, MS_BIND, NULL) || unlink(path))
		return failed(err, "/proc/cmdline");
	return 0;
}

int sandbox_mount_proc(const char *command_line, struct vgpu_error *err)
{
	int errnum;

	if (!mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL))
		return command_line ? mount_command_line(command_line, err) : 0;
	errnum = errno;
	vgpu_error_set(err, VGPU_ERROR_NEED, errnum, "cannot mount a new /proc: %s",
		       strerror(errnum));
	vgpu_error_hint(err,
			"the kernel refuses it where parts of the present /proc are hidden, as in "
			"a container: start that with --security-opt systempaths=unconfined, or "
			"--privileged");
	return -errnum;
}
