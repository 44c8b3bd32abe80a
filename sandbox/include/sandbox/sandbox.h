/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Runs a program inside the fake host: private user, mount, pid and network namespaces, the fake
 * tree over /sys (the rest of the real /sys beneath it), /dev/vfio, and VFIO answered.
 */

#include <fakesysfs/profile.h>
#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/error.h>

struct fake_faults;

/** Inside: what is broken on purpose, and how to break more (fakesysfs/tree.h, "control"). */
#define SANDBOX_CONTROL "/dev/vgpulab"

struct sandbox_options {
	const struct fake_gpu_config *gpus;
	size_t gpus_len;
	unsigned int kernel; /* which one the fake host plays; 0: FAKE_KERNEL_DEFAULT */
	const char *command_line; /* what /proc/cmdline says of that kernel; NULL: the real one's */
	const char *kernel_log; /* what dmesg(1) shows of it; NULL: the real one's */
	struct fake_faults *faults; /* NULL: none */
	char *const *argv; /* the program, NULL-terminated; found in PATH */
	bool share_network; /* keep the caller's network namespace: no kernel uevents then */
	/*
	 * Start a libvirtd first, with directories of its own, which LIBVIRT_DEFAULT_URI then
	 * names. An ordinary user is then not root inside, but himself, with a session's libvirtd.
	 */
	bool libvirt;
	/* told what is set up and what guests do wrong, a line without newline each; may be NULL */
	void (*log)(void *data, const char *line);
	void *log_data;
};

/**
 * Runs the program and waits for it. Nothing stays behind, however it or the caller ends: no
 * process, no mount, no file. SIGTERM, SIGHUP, SIGINT and SIGQUIT that another process sends to
 * the caller are passed on to the program; those of the terminal reach it by themselves. The
 * caller must have no threads.
 * Returns 0 with @status as from waitpid(2), or a negative errno with @err filled if the fake host
 * could not be set up (VGPU_ERROR_NEED names what the machine lacks, and the cure). If the program
 * itself cannot be executed, the status is exit code 127 (not found) or 126, and @err is filled.
 * So it is, with VGPU_ERROR_BUSY, if the program has ended and left processes that cannot die.
 */
int sandbox_run(const struct sandbox_options *options, int *status, struct vgpu_error *err);
