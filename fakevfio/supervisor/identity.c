/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "identity.h"

#include <errno.h>
#include <fakesysfs/vfio-nodes.h>
#include <limits.h>
#include <linux/close_range.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * System calls as they are: what watches threads (TSan) takes a number for the same file in all of them. Here the
 * numbers are this thread's own.
 */
static int read_handle(int self, int fd)
{
	int own = (int)syscall(SYS_pidfd_getfd, self, fd, 0);
	int64_t handle = 0;

	if (own < 0)
		return 0;
	if (syscall(SYS_pread64, own, &handle, sizeof(handle), FAKE_FUSE_IDENTIFY_OFFSET) !=
	    sizeof(handle))
		handle = 0;
	syscall(SYS_close, own);
	return handle > 0 && handle <= INT_MAX ? (int)handle : 0;
}

/* Leaves the others' descriptors. A descriptor of the process, to get copies of theirs, or a negative errno. */
static int part(void)
{
	int self;

	if (syscall(SYS_close_range, 0u, UINT_MAX, CLOSE_RANGE_UNSHARE))
		return -errno;
	self = (int)syscall(SYS_pidfd_open, getpid(), 0);
	return self < 0 ? -errno : self;
}

static void enter(struct fv_identity *identity, enum fv_identity_state state)
{
	identity->state = state;
	pthread_cond_broadcast(&identity->changed);
}

static void *run(void *data)
{
	struct fv_identity *identity = data;
	int self = part();

	pthread_setname_np(pthread_self(), "vfio-identity");
	pthread_mutex_lock(&identity->lock);
	identity->result = self < 0 ? self : 0;
	enter(identity, FV_IDENTITY_IDLE);
	while (self >= 0 && identity->state != FV_IDENTITY_STOPPING) {
		int fd = identity->fd, handle;

		if (identity->state != FV_IDENTITY_ASKED) {
			pthread_cond_wait(&identity->changed, &identity->lock);
			continue;
		}
		pthread_mutex_unlock(&identity->lock);
		handle = read_handle(self, fd);
		pthread_mutex_lock(&identity->lock);
		identity->result = handle;
		enter(identity, FV_IDENTITY_ANSWERED);
	}
	pthread_mutex_unlock(&identity->lock);
	return NULL;
}

void fv_identity_init(struct fv_identity *identity)
{
	*identity = (struct fv_identity){ .state = FV_IDENTITY_STOPPING };
	pthread_mutex_init(&identity->lock, NULL);
	pthread_cond_init(&identity->changed, NULL);
}

static void wait_while(struct fv_identity *identity, enum fv_identity_state state)
{
	while (identity->state == state)
		pthread_cond_wait(&identity->changed, &identity->lock);
}

int fv_identity_start(struct fv_identity *identity)
{
	int rc;

	identity->state = FV_IDENTITY_STARTING;
	rc = pthread_create(&identity->thread, NULL, run, identity);
	if (rc) {
		identity->state = FV_IDENTITY_STOPPING;
		return -rc;
	}
	pthread_mutex_lock(&identity->lock);
	wait_while(identity, FV_IDENTITY_STARTING);
	rc = identity->result;
	pthread_mutex_unlock(&identity->lock);
	return rc;
}

void fv_identity_finish(struct fv_identity *identity)
{
	bool started;

	pthread_mutex_lock(&identity->lock);
	started = identity->state != FV_IDENTITY_STOPPING;
	enter(identity, FV_IDENTITY_STOPPING);
	pthread_mutex_unlock(&identity->lock);
	if (started)
		pthread_join(identity->thread, NULL);
	pthread_cond_destroy(&identity->changed);
	pthread_mutex_destroy(&identity->lock);
}

int fv_identity_ask(struct fv_identity *identity, int fd)
{
	int handle;

	pthread_mutex_lock(&identity->lock);
	while (identity->state != FV_IDENTITY_IDLE)
		pthread_cond_wait(&identity->changed, &identity->lock);
	identity->fd = fd;
	enter(identity, FV_IDENTITY_ASKED);
	wait_while(identity, FV_IDENTITY_ASKED);
	handle = identity->result;
	enter(identity, FV_IDENTITY_IDLE);
	pthread_mutex_unlock(&identity->lock);
	return handle;
}
