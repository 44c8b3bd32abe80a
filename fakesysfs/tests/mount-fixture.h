/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A fake host mounted in a private mount namespace, served by threads of the test itself.
 */

#include <errno.h>
#include <fakesysfs/fuse.h>
#include <fakesysfs/host.h>
#include <fakesysfs/tree.h>
#include <fakesysfs/vfio-nodes.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <testing/need.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include <cmocka.h>

#define UUID  "a297db4a-f4c2-11e6-90f6-d3b88d6c9525"
#define OTHER "b297db4a-f4c2-11e6-90f6-d3b88d6c9525"
#define P     "sys/devices/pci0000:00/0000:00:02.0"
#define V8    P "/mdev_supported_types/i915-GVTg_V5_8"
#define BUS   "sys/bus/mdev"

struct mounted {
	struct fake_host *host;
	struct fake_tree *tree;
	struct fake_fuse *fuse;
	char dir[64];
	int fd; /* of the mount's root */
	int opens, releases; /* of VFIO nodes */
};
static struct mounted m;

static inline int open_vfio(void *data, const struct fake_node *node)
{
	struct mounted *mounted = data;

	if (node->kind == FAKE_NODE_VFIO_GROUP && node->group == 1)
		return -EBUSY;
	return __atomic_add_fetch(&mounted->opens, 1, __ATOMIC_SEQ_CST) + 100;
}

static inline void release_vfio(void *data, int handle)
{
	struct mounted *mounted = data;

	(void)handle;
	__atomic_add_fetch(&mounted->releases, 1, __ATOMIC_SEQ_CST);
}

static const struct fake_fuse_vfio_ops vfio_ops = { open_vfio, release_vfio };

static inline struct fake_fuse *make_fuse(const char *subtree)
{
	const struct fake_fuse_options options = {
		.tree = m.tree,
		.subtree = subtree,
		.vfio = &vfio_ops,
		.vfio_data = &m,
	};
	struct vgpu_error err = { 0 };
	struct fake_fuse *fuse = fake_fuse_create(&options, &err);

	if (!fuse)
		fail_msg("%s", err.message);
	return fuse;
}

static inline void make_host(void)
{
	struct fake_gpu_config config;

	m = (struct mounted){ .fd = -1 };
	m.host = fake_host_create();
	assert_int_equal(fake_gpu_config_parse("kaby-lake,aperture=1G", &config, NULL), 0);
	assert_int_equal(fake_host_add_gpu(m.host, &config, NULL), 0);
	m.tree = fake_tree_create(m.host);
	strcpy(m.dir, "/tmp/test-fuse-XXXXXX");
	assert_non_null(mkdtemp(m.dir));
}

static inline int make_mount(void **state)
{
	struct vgpu_error err = { 0 };

	(void)state;
	make_host();
	m.fuse = make_fuse("");
	if (fake_fuse_mount(m.fuse, m.dir, &err) || fake_fuse_start(m.fuse, &err))
		fail_msg("%s; %s", err.message, err.hint);
	m.fd = open(m.dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(m.fd >= 0);
	return 0;
}

static inline int unmake_mount(void **state)
{
	(void)state;
	if (m.fd >= 0)
		close(m.fd);
	fake_fuse_destroy(m.fuse);
	fake_tree_destroy(m.tree);
	fake_host_destroy(m.host);
	assert_int_equal(rmdir(m.dir), 0);
	return 0;
}

/* A descriptor, or a negative errno. */
static inline int open_at(const char *path, int flags)
{
	int fd = openat(m.fd, path, flags | O_CLOEXEC, 0644);

	return fd < 0 ? -errno : fd;
}

/* Opens, writes once, closes. The count, or a negative errno. */
static inline ssize_t write_at(const char *path, const char *text)
{
	_autoclose_ int fd = open_at(path, O_WRONLY);
	ssize_t len;

	if (fd < 0)
		return fd;
	len = write(fd, text, strlen(text));
	return len < 0 ? -errno : len;
}

static inline void create_vgpu(const char *uuid)
{
	assert_int_equal(write_at(V8 "/create", uuid), 36);
}

static inline void assert_reads(const char *path, const char *expected)
{
	_autoclose_ int fd = open_at(path, O_RDONLY);
	char text[4096] = "";

	assert_true(fd >= 0);
	assert_true(read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, expected);
}

static inline bool is_there(const char *path)
{
	return !faccessat(m.fd, path, F_OK, AT_SYMLINK_NOFOLLOW);
}

/* A mount namespace of its own; 0, or the exit code for a need that is missing. */
static inline int enter_namespace(void)
{
	if (access("/dev/fuse", R_OK | W_OK))
		return need_missing("fuse", "/dev/fuse: %s", strerror(errno));
	if (unshare(CLONE_NEWNS))
		return need_missing("userns", "no mount namespace: %s (run me under unshare -Urm)",
				    strerror(errno));
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return need_missing("userns", "cannot make mounts private: %s", strerror(errno));
	return 0;
}
