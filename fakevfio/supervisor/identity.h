/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which open of a VFIO node a descriptor stands for. The node says so itself, through FUSE, and who answers are other
 * threads of ours. If we are killed then, the kernel has the one that waits wait on; with its descriptors it would keep
 * /dev/fuse open, whose end alone ends its wait, and neither would ever come. So a thread asks that has none.
 * Source: fs/fuse/dev.c, request_wait_answer(), fuse_dev_release()
 */

#include <pthread.h>

enum fv_identity_state {
	FV_IDENTITY_STARTING,
	FV_IDENTITY_IDLE,
	FV_IDENTITY_ASKED,
	FV_IDENTITY_ANSWERED,
	FV_IDENTITY_STOPPING,
};

struct fv_identity {
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	enum fv_identity_state state;
	int fd; /* that is asked */
	int result; /* the handle; while it starts, 0 or a negative errno */
};

void fv_identity_init(struct fv_identity *identity);
/** 0 or a negative errno. */
int fv_identity_start(struct fv_identity *identity);
/** Nobody may ask any more. */
void fv_identity_finish(struct fv_identity *identity);

/** The handle of the open that @fd, a VFIO node on our own mount, stands for; 0: of none. */
int fv_identity_ask(struct fv_identity *identity, int fd);
