/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The tree's FUSE front end (libfuse3, low-level, multi-threaded). Thin: it translates requests
 * into tree calls, and opens of VFIO nodes into calls of whoever answers VFIO.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

struct fake_faults;
struct fake_fuse;
struct fake_fuse_slots;
struct fake_fuse_vfio_ops;
struct fake_journal;
struct fake_tree;

struct fake_fuse_options {
	struct fake_tree *tree;
	const char *subtree; /* what the mount's root shows: "" for all, "sys" for /sys alone */
	const struct fake_fuse_vfio_ops *vfio; /* vfio-nodes.h; NULL: -ENODEV for each open */
	void *vfio_data;
	struct fake_faults *faults; /* NULL: none; outlives the session */
	struct fake_fuse_slots *slots; /* NULL: the session ends with its process */
	/* together with slots; both outlive the session */
	struct fake_journal *journal; /* of the tree's host */
	int notifier; /* fake_fuse_notifier_open()[0] */
	/* whom root's nodes belong to: 0, 0 for root, or an ordinary user who is to play root */
	uid_t owner_uid;
	gid_t owner_gid;
};

/**
 * Requests in work, in memory that processes share: who serves a mount may be killed at any moment,
 * and another process, which has the same /dev/fuse descriptor, answers what was not answered yet.
 * The kernel copies a request into this memory before read(2) returns, so none can be lost: what
 * FUSE_NOTIFY_RESEND of Linux 6.9 is for, on every kernel.
 */
struct fake_fuse_slots *fake_fuse_slots_create(void);
void fake_fuse_slots_destroy(struct fake_fuse_slots *slots);
VGPU_DEFINE_DESTROYP(fake_fuse_slots)
/** Has a process served this mount before? */
bool fake_fuse_slots_used(const struct fake_fuse_slots *slots);
/** For fake_journal_open(): was the request read, and not answered? @slots is the data. */
bool fake_fuse_slots_in_flight(void *slots, uint64_t request);
/** How many requests have been answered. */
uint64_t fake_fuse_slots_answered(const struct fake_fuse_slots *slots);

/**
 * Tells the kernel, for others, what it must forget: the main function of a process of its own. Who
 * does that may have to wait, uninterruptibly, until a client that has a directory locked gets its
 * answer; whoever is to give that answer must not be kept from dying by it. @requests is one end of
 * fake_fuse_notifier_open(), @fuse the mount's /dev/fuse. Returns when the other end has gone.
 */
void fake_fuse_notifier_run(int requests, int fuse);
/** The two ends: [0] for struct fake_fuse_options, [1] for the notifier. 0 or a negative errno. */
int fake_fuse_notifier_open(int ends[2]);

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
/** The mount's /dev/fuse descriptor, for another process to adopt a copy of. The session's own. */
int fake_fuse_fd(const struct fake_fuse *fuse);
/** The data for mount(2) that fits fake_fuse_adopt(), without "fd=N,": "rootmode=40000,...". */
const char *fake_fuse_mount_data(void);

/**
 * Starts the worker threads; returns at once. Requests that a process before us left unanswered are
 * answered. 0 or a negative errno.
 */
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
