/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Many clients at once on a mounted fake host, by system calls alone, and what they saw.
 */

#include <stdatomic.h>

#include "history.h"

struct stress {
	int root; /* of the mount */
	unsigned int threads, seconds;
	unsigned int parents; /* GPUs at 0000:00:02.0, :03.0, ... */
	unsigned int capacity; /* of each, of i915-GVTg_V5_8 */
	unsigned int seed;
	const char *stop_file; /* they stop when it is there; NULL: only when time is up */
	/* filled in */
	struct history history;
	atomic_uint vgpus; /* UUIDs used so far */
	char wrong[256]; /* the first thing that is not as sysfs has it; "" */
	atomic_bool is_wrong;
};

/** The UUID of that number. */
void stress_uuid(unsigned int vgpu, char text[37]);
/** The number of a UUID in @text, or -1. */
long stress_vgpu_of(const char *text);

/** Runs the clients, and joins their histories. */
void stress_run(struct stress *stress);
/**
 * Judges what they saw and what is there now. NULL if all is well, else what is wrong, in @why.
 */
const char *stress_judge(struct stress *stress, char *why, size_t size);
/** Removes what they left. */
void stress_clean(struct stress *stress);
