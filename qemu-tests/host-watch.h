/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a real host's kernel says while a scenario runs, and whether it may go on: a kernel that
 * warned, oopsed or saw its GPU hang proves nothing any more.
 * Source: Documentation/ABI/testing/dev-kmsg, Documentation/admin-guide/tainted-kernels.rst
 */

#include <stdbool.h>
#include <vgpulab/error.h>

/** Where a scenario's slice of the kernel's log goes, in its directory. */
#define QT_KERNEL_LOG "kernel.log"

struct qt_host_watch {
	int log_fd; /* -1: nobody may read it */
	unsigned long long taint;
	unsigned long long next_sequence; /* of the log's records; 0: not known */
	char alarm[300]; /* that was heard, and not told yet; empty: none */
	char trouble[200]; /* why the log is not read; empty: it is */
};

/** Starts to watch. @log is a file like /dev/kmsg; NULL: that. */
void qt_host_watch_init(struct qt_host_watch *watch, const char *log);
void qt_host_watch_finish(struct qt_host_watch *watch);

/** Drops what was said so far, but for an alarm: that is told when next asked for. */
void qt_host_watch_skip(struct qt_host_watch *watch);

/**
 * Writes what was said since to kernel.log below @dir_fd (-1: nowhere). 0, or -EIO with @err filled
 * if something in it, or a new taint, says that the host is no longer sound.
 */
int qt_host_watch_take(struct qt_host_watch *watch, int dir_fd, struct vgpu_error *err);

/**
 * What results on this @parent (NULL: any) are worth: 2 on a fake host; 3 on a real kernel in a VM,
 * or with a device that is no GPU; 4 on a real GPU.
 */
int qt_host_tier(const char *parent);
