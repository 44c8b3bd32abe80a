/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Recording a host, and playing one that was recorded: what --gpu takes besides profiles.
 */

#include <fakesysfs/profile.h>
#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>
#include <vgpulab/host-facts.h>

struct replay_recording;

/** The parents of a fake host, as --gpu names them. All zero is none. */
struct replay_gpus {
	struct fake_gpu_config *configs;
	size_t len;
	unsigned int
		kernel; /* that the last recording was of, as FAKE_KERNEL(); 0: there is none */
	const char *command_line; /* of that kernel; NULL: it does not say */
	const char *kernel_log; /* likewise */
	struct replay_recording **recordings; /* own what the configs point to */
	size_t recordings_len;
};

/**
 * Adds what one --gpu names: a profile as in fake_gpu_config_parse(), or "FILE[,vgpus=yes|no]" with
 * the parents of a recording, and with its vGPUs if they are wanted. A file has a '/' in its name,
 * or ends in .json (of `fake record`) or .umockdev (of umockdev-record). 0, or a negative errno
 * with @err filled, which names the file, the place in it, and the cause.
 */
int replay_gpus_add(struct replay_gpus *gpus, const char *spec, struct vgpu_error *err);
/** Frees what was added, not the struct. */
void replay_gpus_finish(struct replay_gpus *gpus);

/** Makes parents of a recording's text. @name is for errors. 0, or a negative errno. */
int replay_recording_parse(const char *name, const char *text, size_t len,
			   struct replay_recording **out, struct vgpu_error *err);
/** The same of the text of umockdev-record. Source: umockdev's README, "Record format" */
int replay_umockdev_parse(const char *name, const char *text, size_t len,
			  struct replay_recording **out, struct vgpu_error *err);
/** Its parents; they live as long as the recording. */
const struct fake_gpu_config *replay_recording_gpus(const struct replay_recording *recording,
						    size_t *len);
/** The kernel that it is of, the nearest one that is played; 0 if it does not say. */
unsigned int replay_recording_kernel(const struct replay_recording *recording);
/** Its kernel's command line, as long as the recording lives; NULL if it does not say. */
const char *replay_recording_command_line(const struct replay_recording *recording);
/** The lines of its kernel's log, likewise. */
const char *replay_recording_kernel_log(const struct replay_recording *recording);
void replay_recording_destroy(struct replay_recording *recording);
VGPU_DEFINE_DESTROYP(replay_recording)

/**
 * Records a host: what its /sys shows of parents, types, vGPUs and modules, its kernel, its command
 * line, its log. @redact takes out host names, serial numbers, hardware addresses, other words of
 * the command line, and gives vGPUs other UUIDs. *@out is the text, for free(3).
 * 0, or a negative errno with @err filled: -ENODEV if there is no parent.
 */
int replay_record(struct vgpu_backend *sysfs, struct vgpu_host_facts *facts, bool redact,
		  char **out, struct vgpu_error *err);
