/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The seam between who serves the nodes of /dev/vfio and who answers VFIO. Neither knows the other.
 */

#include <sys/types.h>

struct fake_node;

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
