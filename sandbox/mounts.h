/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>
#include <vgpulab/error.h>

struct sandbox_merge;

/** Where the whole fake tree is mounted while the rest is put in place. */
#define SANDBOX_STAGE "/dev/.vgpulab"

/**
 * A private /dev with the harmless nodes of the real one, and the fake tree mounted on
 * SANDBOX_STAGE. Returns the /dev/fuse descriptor that must be served, or a negative errno.
 * @mount_data: see fake_fuse_mount_data().
 */
int sandbox_mount_fake(const char *mount_data, struct vgpu_error *err);
/** With the fake tree served: /sys, the rest of the real /sys beneath, and /dev/vfio. */
int sandbox_mount_rest(const struct sandbox_merge *merge, dev_t *nodes_dev, struct vgpu_error *err);
/** A private, empty /etc/mdevctl.d where the machine has one: vGPUs that are defined are a host's own. */
int sandbox_mount_definitions(struct vgpu_error *err);
/** In the pid namespace's first process: its own /proc, with this kernel command line unless NULL. */
int sandbox_mount_proc(const char *command_line, struct vgpu_error *err);
