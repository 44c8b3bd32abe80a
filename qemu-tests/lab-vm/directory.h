/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A directory for the VM's own files that goes when we do, even if we are killed: a process that
 * outlives us removes it.
 */

#include <sys/types.h>
#include <vgpulab/error.h>

struct qt_lab_directory {
	char path[64];
	int fd; /* of it; -1: there is none */
	int life_fd; /* held open by us, and not by what we execute */
	pid_t keeper;
};

/** Makes one below /tmp. 0, or a negative errno with @err filled; to be removed in either case. */
int qt_lab_directory_make(struct qt_lab_directory *directory, struct vgpu_error *err);
/** Removes it, with all that is in it. Nobody may be writing there any more. */
void qt_lab_directory_remove(struct qt_lab_directory *directory);
