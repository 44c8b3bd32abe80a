/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Sees to it that vGPUs go even if those who made them are killed. Each is noted in a file of the
 * output directory before it is made; a process that outlives a kill of ours removes what is noted
 * and still there. If that process was killed, too, the next run in the same directory does so.
 * Source: none of the kernel's objects says who made it; an mdev stays until somebody removes it
 */

#include <vgpulab/error.h>

struct qt_keeper {
	int note_fd; /* where makers note what they are about to make; O_APPEND */
	int life_fd; /* held open by us and our processes, not by what they execute */
	int pid;
};

/**
 * Removes what an earlier run in @out_fd left, and starts to keep. The object is to be ended by
 * qt_keeper_finish(). 0, or a negative errno with @err filled.
 */
int qt_keeper_init(struct qt_keeper *keeper, int out_fd, struct vgpu_error *err);
/** All of our processes have ended: waits until what they left has gone. */
void qt_keeper_finish(struct qt_keeper *keeper);

/** Notes a vGPU that is about to be made. */
void qt_keeper_note(int note_fd, const char *uuid);
