/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The lab VM: a real kernel with drivers that this machine lacks (vgem, the mdev samples), under this
 * machine's own user space. Its root is the host's file system, read-only below a tmpfs: a program
 * runs there as it would here, and leaves nothing behind but what it is asked to bring out.
 */

#include <stddef.h>
#include <stdint.h>
#include <vgpulab/error.h>

struct qt_lab_options {
	const char *guest_dir; /* what guest/fetch-kernel filled; NULL: where one is */
	const char *qemu; /* NULL: qemu-system-x86_64 in PATH */
	/* drivers, comma-separated: of the kernel by name, or mtty, mdpy, mbochs; NULL: none */
	const char *modules;
	const char *out_dir; /* brought out of the VM when the command has ended; NULL: nothing */
	unsigned int memory_mib, cpus; /* 0: enough */
	unsigned int timeout_s; /* for the command; 0: none */
	char *const *command; /* NULL-terminated; looked up in PATH, run in this directory */
	char *const *environment; /* "NAME=VALUE"; NULL-terminated */
};

/** What it took. */
struct qt_lab_times {
	int64_t boot_ms; /* until the command began */
	int64_t command_ms;
	int64_t total_ms; /* until the VM was gone */
};

/**
 * Runs a command in the VM; what it writes to standard output and error goes to ours. 0 with
 * *@status the command's exit code (128 + N if signal N ended it), and @times (may be NULL); or a
 * negative errno with @err: VGPU_ERROR_NEED if the VM cannot be had here, ETIMEDOUT if the command
 * took too long, EINTR after a signal of qt_catch_signals(); then the command was killed, and its
 * output brought out.
 */
int qt_lab_run(const struct qt_lab_options *options, int *status, struct qt_lab_times *times,
	       struct vgpu_error *err);
