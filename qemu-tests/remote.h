/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The guest's program beside QEMU, in place of a guest: guest/remote.c.
 */

#include <sys/types.h>
#include <vgpulab/error.h>

/** Starts it in the directory of a QEMU with a qtest socket. 0 with *@pid, or an error. */
int qt_remote_start(int dir_fd, pid_t *pid, struct vgpu_error *err);
/** Ends and reaps it. @pid 0: there is none. */
void qt_remote_stop(pid_t pid);
