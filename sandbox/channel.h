/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What the processes of one sandbox tell each other: whole messages, perhaps with a descriptor. */

#include <stdint.h>
#include <sys/types.h>
#include <vgpulab/error.h>

enum sandbox_step {
	SANDBOX_GO, /* from outside: go on */
	SANDBOX_NETWORKED, /* descriptor: fake_uevent_netlink_open() of the network namespace */
	SANDBOX_MOUNTED, /* descriptor: /dev/fuse of the mount, to be served */
	SANDBOX_FILTERED, /* descriptor: the filter's listener; value: the FUSE mount's st_dev */
	SANDBOX_NOT_EXECUTED, /* error: why the program could not be; value: exit code */
	SANDBOX_ENDED, /* value: the program's status, as from waitpid(2) */
	SANDBOX_FAILED, /* error: why there is no sandbox */
};

struct sandbox_message {
	enum sandbox_step step;
	uint64_t value;
	struct vgpu_error error;
};

/** A pair of connected ends; [0] tells who the sender is. 0 or a negative errno. */
int sandbox_channel_open(int ends[2]);
/** Sends a message with a copy of @fd, unless @fd is negative. 0 or a negative errno. */
int sandbox_channel_send(int channel, const struct sandbox_message *message, int fd);
/**
 * Receives a message. @fd gets its descriptor or -1, @sender the process (0 on ends[1]); both may
 * be NULL. 0, -EPIPE if the other side has gone, or another negative errno.
 */
int sandbox_channel_receive(int channel, struct sandbox_message *out, int *fd, pid_t *sender);
