/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Copies of pictures out of a client's memory, on two processors if there is one to spare: QEMU's main
 * loop waits for a picture, and what it waits for is the copy.
 */

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "process.h"

/** A copy, and what of it nobody has taken yet: guarded by the copier's lock. */
struct fv_copy {
	const struct fv_process *process;
	const struct fv_memory_iov *iov;
	size_t iov_len;
	size_t taken; /* of the first piece */
	int result;
};

/** A thread that helps with one copy at a time. */
struct fv_copier {
	pthread_t thread;
	bool started;
	cpu_set_t processors; /* that we may use */
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	struct fv_copy *_Atomic copy; /* to help with; NULL: none */
	bool helping;
	bool stopping;
	int avoided; /* processor that the thread does not use */
};

void fv_copier_init(struct fv_copier *copier);
/** Without it, and on one processor, each copies for itself. 0 or a negative errno. */
int fv_copier_start(struct fv_copier *copier);
void fv_copier_finish(struct fv_copier *copier);

/** As fv_process_readv(). */
int fv_copier_readv(struct fv_copier *copier, const struct fv_process *process,
		    const struct fv_memory_iov *iov, size_t iov_len);
