/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Copies of pictures out of a client's memory, on two processors if there is one to spare: QEMU's main
 * loop waits for a picture, and what it waits for is the copy.
 */

#include <pthread.h>
#include <sched.h>
#include <stdbool.h>

#include "process.h"

/** Part of a copy: one piece that another part ends or begins with, and whole ones. */
struct fv_copy {
	const struct fv_process *process;
	struct fv_memory_iov edge;
	const struct fv_memory_iov *iov;
	size_t iov_len;
	int result;
};

/** A thread that takes one part of one copy at a time. */
struct fv_copier {
	pthread_t thread;
	bool started;
	cpu_set_t processors; /* that we may use */
	pthread_mutex_t lock; /* of what follows */
	int avoided; /* processor that the thread does not use */
	pthread_cond_t changed;
	enum { FV_COPIER_FREE, FV_COPIER_OFFERED, FV_COPIER_TAKEN, FV_COPIER_DONE } state;
	struct fv_copy *copy;
	bool stopping;
};

void fv_copier_init(struct fv_copier *copier);
/** Without it, and on one processor, each copies for itself. 0 or a negative errno. */
int fv_copier_start(struct fv_copier *copier);
void fv_copier_finish(struct fv_copier *copier);

/** As fv_process_readv(). */
int fv_copier_readv(struct fv_copier *copier, const struct fv_process *process,
		    const struct fv_memory_iov *iov, size_t iov_len);
