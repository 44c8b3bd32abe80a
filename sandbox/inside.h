/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The processes inside: the builder, which makes the namespaces and mounts; its child, the first
 * process of the pid namespace; and the program. Each dies with its parent, and all with the first
 * process: so however the caller ends, nothing stays.
 */

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

struct sandbox_merge;

struct sandbox_inside {
	int channel; /* our end */
	char *const *argv;
	bool network; /* a network namespace of its own */
	bool nodes; /* character devices: /dev/iommu and /dev/vfio/devices */
	bool libvirt; /* a libvirtd beside the program */
	uid_t uid; /* the caller's */
	gid_t gid;
	const char *mount_data; /* see fake_fuse_mount_data() */
	const char *command_line; /* NULL: the real kernel's */
	const struct sandbox_merge *merge;
	const sigset_t *signal_mask; /* the program's */
	const struct sigaction *child_action; /* what the program shall do on SIGCHLD */
	pid_t outside; /* whose child the builder is */
	dev_t nodes_dev; /* st_dev of the fake tree */
};

/** Builds the sandbox and runs the program in it. Tells all over the channel. */
_Noreturn void sandbox_inside_run(struct sandbox_inside *inside);
