/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The fake host as a tree of nodes: path <-> node <-> text, as sysfs shows it. Pure: it knows
 * nothing of FUSE, and tests (and the `mem` backend) call it directly.
 *
 * Below the root: "sys" (what /sys shows), "dev/vfio" (VFIO's nodes), "dev/iommu", and "control", which no
 * kernel has: "control/faults" takes what fake_faults_command() does and reads fake_faults_print(),
 * "control/hotplug" takes "unplug ADDRESS" and "plug ADDRESS" of a GPU, "control/monitors" takes
 * "UUID unplugged", "UUID plugged" and "UUID 1280x720" of a vGPU's monitor and reads the same of all,
 * "control/guests" reads fake_host_report().
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <vgpulab/cleanup.h>

#include "uevent.h"

struct fake_faults;
struct fake_host;
struct fake_tree;

enum fake_node_kind {
	FAKE_NODE_DIR,
	FAKE_NODE_LINK,
	FAKE_NODE_ATTR,
	FAKE_NODE_VFIO_CONTAINER, /* dev/vfio/vfio */
	FAKE_NODE_VFIO_GROUP, /* dev/vfio/N */
	FAKE_NODE_VFIO_CDEV, /* dev/vfio/devices/vfioX: a character device */
	FAKE_NODE_IOMMUFD, /* dev/iommu: a character device */
};

/** The root's node number. Numbers are never reused while the tree lives. */
#define FAKE_TREE_ROOT 1

struct fake_node {
	uint64_t ino;
	enum fake_node_kind kind;
	mode_t mode; /* permission bits only */
	uid_t uid;
	gid_t gid;
	uint64_t size; /* as sysfs reports it: 4096 for an attribute, 0 for a directory or link */
	uint32_t nlink;
	unsigned int group; /* FAKE_NODE_VFIO_GROUP: N */
	dev_t rdev; /* of a character device, else 0 */
};

/** The tree borrows @host, which must outlive it. */
struct fake_tree *fake_tree_create(struct fake_host *host);
/**
 * The same for a host that another process served before: until fake_tree_let_go(), whatever is made
 * counts as seen and held by clients, who have node numbers of it. They are the same ones.
 */
struct fake_tree *fake_tree_create_held(struct fake_host *host);
/** From here on only what clients really hold is kept. */
void fake_tree_let_go(struct fake_tree *tree);
void fake_tree_destroy(struct fake_tree *tree);
VGPU_DEFINE_DESTROYP(fake_tree)

/** Sets what control/faults shows and changes: it outlives the tree. To be called before there are threads. */
void fake_tree_set_faults(struct fake_tree *tree, struct fake_faults *faults);

/** All of these return 0 or a length, or the negative errno that the kernel's sysfs gives. */
int fake_tree_lookup(struct fake_tree *tree, uint64_t dir, const char *name, struct fake_node *out);
int fake_tree_get(struct fake_tree *tree, uint64_t ino, struct fake_node *out);
/** Resolves a path from the root without following links: "sys/class/mdev_bus". */
int fake_tree_walk(struct fake_tree *tree, const char *path, struct fake_node *out);
/** The path of a node below /sys, "/sys/devices/...". 0, -ENOENT, or -ENAMETOOLONG. */
int fake_tree_path(struct fake_tree *tree, uint64_t ino, char *path, size_t size);
/** Calls @each for every entry (no dot entries) in the kernel's hash order, until non-zero. */
int fake_tree_list(struct fake_tree *tree, uint64_t dir,
		   int (*each)(void *data, const char *name, const struct fake_node *node),
		   void *data);
ssize_t fake_tree_readlink(struct fake_tree *tree, uint64_t ino, char *buffer, size_t size);
/**
 * May @flags (open(2)) open this node? sysfs refuses by mode bits even root: -EACCES.
 * Source: fs/kernfs/file.c, kernfs_fop_open()
 */
int fake_tree_open(struct fake_tree *tree, uint64_t ino, int flags);
/** The attribute's whole content as it is now. Not NUL-terminated. At most 4096 bytes. */
ssize_t fake_tree_read(struct fake_tree *tree, uint64_t ino, char *buffer, size_t size);
/**
 * One write(2) to an attribute, at most 4096 bytes of it, as one store. May block (removal of a
 * vGPU in use); @cancelled as in fake_host_remove_vgpu().
 */
ssize_t fake_tree_write(struct fake_tree *tree, uint64_t ino, const void *data, size_t len,
			bool (*cancelled)(void *data), void *cancelled_data);
/**
 * What becomes of a write when the process that serves ends. Host events that tell that it is done
 * (bits, by enum fake_host_event), or 0: it must be done again, in order, if @keep says so.
 */
enum fake_keep {
	FAKE_KEEP_NOTHING,
	FAKE_KEEP_LAST, /* the last write to the node counts */
	FAKE_KEEP_ALL,
};
unsigned int fake_tree_write_ends(struct fake_tree *tree, uint64_t ino, enum fake_keep *keep);
/** The serial of the vGPU that a node belongs to, dead or alive; 0: none. */
uint64_t fake_tree_vgpu_of(uint64_t ino);

/** chmod and chown stick until the node dies. Pass (mode_t)-1, (uid_t)-1, (gid_t)-1 to keep. */
int fake_tree_setattr(struct fake_tree *tree, uint64_t ino, mode_t mode, uid_t uid, gid_t gid);

/**
 * Adds a node that is not the fake's own, so that something of the real /sys can be mounted over
 * it (a directory or an empty file) or reached through it (a link with @target). Missing parent
 * directories are made. -EEXIST if the fake has a node of that name: the fake wins.
 */
int fake_tree_add_foreign(struct fake_tree *tree, const char *path, enum fake_node_kind kind,
			  const char *target);

/**
 * Keeps a node's number good for fake_tree_get() after the node has died, until it is forgotten as
 * often as it was held. 0, or -ENOENT if it has died already. What FUSE calls a lookup count.
 */
int fake_tree_hold(struct fake_tree *tree, uint64_t ino);
/** Ends @times holds. A node that has died and is held by nobody is gone then. */
void fake_tree_forget(struct fake_tree *tree, uint64_t ino, uint64_t times);

/**
 * What somebody who caches the tree must know. Called without locks, before a change's cause
 * (a write, fake_host_remove_vgpu(), ...) returns; only of nodes that have been held.
 */
struct fake_tree_watcher {
	/* @dir has no entry @name any more; @ino is what it was */
	void (*removed)(void *data, uint64_t dir, const char *name, uint64_t ino);
	/* the link count of @dir changed */
	void (*changed)(void *data, uint64_t dir);
	/* all that belongs to one change has been told; may be NULL */
	void (*done)(void *data);
};

/** Sets the one watcher, NULL for none. When this returns, the old one is not running. */
void fake_tree_watch(struct fake_tree *tree, const struct fake_tree_watcher *watcher, void *data);

/**
 * By what sysfs sorts names, and where readdir's offsets come from: 2 to 2^31 - 2.
 * Source: fs/kernfs/dir.c, kernfs_name_hash()
 */
uint32_t fake_tree_name_hash(const char *name);

/**
 * Sets who gets the uevents, @sink NULL for nobody. They come without locks in the thread that
 * caused them, after the change shows. When this returns, the old sink is not running.
 */
void fake_tree_set_uevents(struct fake_tree *tree, fake_uevent_sink sink, void *data);
