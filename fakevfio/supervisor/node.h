/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Character devices: /dev/iommu and /dev/vfio/devices/vfioN. The fake tree shows them as such, and
 * a mount in a user namespace lets no one open those. So open(2) for reading and writing is stopped
 * and answered with a file of our own at a number of our own, and stat(2) on that number tells what
 * the kernel would. Source: fs/namei.c, may_open_dev()
 */

#include <stdint.h>
#include <sys/stat.h>

#include "supervisor-impl.h"

/**
 * Answers open(2) of @address in the caller, relative to its @dirfd (AT_FDCWD). Returns 0 when the
 * call has ended, FV_NODE_NOT_OURS, or a negative errno.
 */
enum { FV_NODE_NOT_OURS = 1 };
int fv_node_open(struct fv_trap *trap, int dirfd, uint64_t address, int flags);

/** What stat(2) tells of the open node @handle. False if it is none. */
bool fv_node_stat(struct fv_supervisor *supervisor, int handle, struct stat *out);
