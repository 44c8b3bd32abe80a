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

struct sandbox_options {
	const struct fake_gpu_config *gpus;
	size_t gpus_len;
	char *const *argv; /* the program, NULL-terminated; found in PATH */
	bool share_network; /* keep the caller's network namespace: no kernel uevents then */
	bool verbose; /* say on standard error what is set up, and what guests do wrong */
};

/**
 * Runs the program and waits for it. Nothing stays behind, however it or the caller ends: no
 * process, no mount, no file. Signals that would end the caller are passed on.
 * Returns 0 with @status as from waitpid(2), or a negative errno with @err filled if the program
 * could not be started (VGPU_ERROR_NEED names what the machine lacks, and the cure).
 */
int sandbox_run(const struct sandbox_options *options, int *status, struct vgpu_error *err);
