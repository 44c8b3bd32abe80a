/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The tree's FUSE front end (libfuse3, low-level, multi-threaded). Thin: it translates requests
 * into tree calls, and opens of VFIO nodes into calls of whoever answers VFIO.
 */

#include <stdint.h>
#include <sys/types.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

struct fake_faults;
struct fake_fuse;
struct fake_node;
struct fake_tree;

/**
 * What VFIO nodes do when they are opened. Every open(2) gets a handle of its own (> 0), released
 * when the last descriptor of that open has gone, however it went: the kernel tells us.
 */
struct fake_fuse_vfio_ops {
	/** Returns the handle, or a negative errno: -EBUSY for a group that is open already. */
	int (*open)(void *data, const struct fake_node *node);
	void (*release)(void *data, int handle);
};

/**
 * pread(2) of 8 bytes at this offset of an open VFIO node returns the handle of that open (an
 * int64_t, native order). The supervisor, which receives a copy of a client's descriptor, learns
 * with it which open it stands for. It must be a read: a file system mounted inside a user
 * namespace refuses ioctl(2) and fstat(2) from outside it (EACCES), but not reads of an open file.
 * VFIO nodes are opened with direct_io so that each read arrives; reads elsewhere give -EINVAL.
 * Source: fs/fuse/ioctl.c, fs/fuse/dir.c: fuse_allow_current_process()
 */
#define FAKE_FUSE_IDENTIFY_OFFSET ((off_t)0x7f0d000000000000)

struct fake_fuse_options {
	struct fake_tree *tree;
	const char *subtree; /* what the mount's root shows: "" for all, "sys" for /sys alone */
	const struct fake_fuse_vfio_ops *vfio; /* NULL: opening a VFIO node gives -ENODEV */
	void *vfio_data;
	struct fake_faults *faults; /* NULL: none; outlives the session */
	/* whom root's nodes belong to: 0, 0 for root, or an ordinary user who is to play root */
	uid_t owner_uid;
	gid_t owner_gid;
};

/** Makes a session that is not mounted yet. NULL with @err filled on failure. */
struct fake_fuse *fake_fuse_create(const struct fake_fuse_options *options, struct vgpu_error *err);

/**
 * Mounts on @mountpoint, as fusermount3 or root does. Refuses a directory that does not exist, is
 * not empty, or has something mounted on it. Root's mount is open to all users.
 */
int fake_fuse_mount(struct fake_fuse *fuse, const char *mountpoint, struct vgpu_error *err);
/**
 * Serves a connection that is mounted already: @fd is the /dev/fuse descriptor given to mount(2),
 * perhaps by another process in another namespace. Takes @fd over.
 */
int fake_fuse_adopt(struct fake_fuse *fuse, int fd, struct vgpu_error *err);
/** The data for mount(2) that fits fake_fuse_adopt(), without "fd=N,": "rootmode=40000,...". */
const char *fake_fuse_mount_data(void);

/** Starts the worker threads; returns at once. 0 or a negative errno. */
int fake_fuse_start(struct fake_fuse *fuse, struct vgpu_error *err);
/** Waits until the mount has gone (umount) or fake_fuse_stop() was called. */
void fake_fuse_wait(struct fake_fuse *fuse);
/** Asks the threads to end. Async-signal-safe. */
void fake_fuse_stop(struct fake_fuse *fuse);
/**
 * Unmounts what fake_fuse_mount() mounted, ends the threads, frees. Writes that still block, as a
 * removal of a vGPU in use does, end with EINTR. NULL is fine.
 */
void fake_fuse_destroy(struct fake_fuse *fuse);
VGPU_DEFINE_DESTROYP(fake_fuse)
