/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <signal.h>
#include <time.h>

#include "supervisor-impl.h"

/* Interrupts a thread that waits in the kernel, so that it sees that it should end. */
#define WAKE_SIGNAL SIGRTMIN

static void ignore(int signal)
{
	(void)signal;
}

static int start_one(struct fv_supervisor *supervisor);

/* Waits to be the leader. False: it is time to end. */
static bool lead(struct fv_workers *workers)
{
	bool leader;

	pthread_mutex_lock(&workers->lock);
	workers->followers++;
	while (workers->led && !workers->stopping)
		pthread_cond_wait(&workers->changed, &workers->lock);
	workers->followers--;
	leader = !workers->stopping;
	workers->led = leader;
	pthread_mutex_unlock(&workers->lock);
	return leader;
}

/* Set while this thread is the leader. */
static _Thread_local bool leading;

void fv_workers_promote(struct fv_supervisor *supervisor)
{
	struct fv_workers *workers = &supervisor->workers;

	if (!leading)
		return;
	leading = false;
	pthread_mutex_lock(&workers->lock);
	workers->led = false;
	if (workers->followers)
		pthread_cond_signal(&workers->changed);
	else if (!workers->stopping && workers->threads_len < FV_WORKERS_MAX)
		start_one(supervisor);
	pthread_mutex_unlock(&workers->lock);
}

static void *run(void *data)
{
	struct fv_supervisor *supervisor = data;
	struct fv_workers *workers = &supervisor->workers;
	int rc = 0;

	pthread_setname_np(pthread_self(), "vfio-worker");
	while (rc != -ENOTCONN && (leading || (leading = lead(workers)))) {
		union fv_notification notification;

		rc = fv_notification_receive(supervisor->listener, &notification);
		if (!rc)
			fv_supervisor_answer(supervisor, &notification);
		if (__atomic_load_n(&workers->stopping, __ATOMIC_ACQUIRE))
			fv_workers_promote(supervisor);
	}
	pthread_mutex_lock(&workers->lock);
	workers->ended++;
	workers->led = workers->led && !leading;
	__atomic_store_n(&workers->stopping, true, __ATOMIC_RELEASE);
	pthread_cond_broadcast(&workers->changed);
	pthread_mutex_unlock(&workers->lock);
	return NULL;
}

static int start_one(struct fv_supervisor *supervisor)
{
	struct fv_workers *workers = &supervisor->workers;
	int rc = pthread_create(&workers->threads[workers->threads_len], NULL, run, supervisor);

	workers->threads_len += !rc;
	return -rc;
}

int fv_workers_start(struct fv_supervisor *supervisor)
{
	struct sigaction action = { .sa_handler =
					    ignore }; /* no SA_RESTART: calls end with EINTR */
	int rc;

	sigaction(WAKE_SIGNAL, &action, NULL);
	pthread_mutex_lock(&supervisor->workers.lock);
	rc = start_one(supervisor);
	pthread_mutex_unlock(&supervisor->workers.lock);
	return rc;
}

/*
 * A thread may be on its way into a system call when the signal comes, which is then lost; so it
 * is sent again until all have ended.
 */
void fv_workers_stop(struct fv_supervisor *supervisor)
{
	struct fv_workers *workers = &supervisor->workers;

	pthread_mutex_lock(&workers->lock);
	__atomic_store_n(&workers->stopping, true, __ATOMIC_RELEASE);
	while (workers->ended < workers->threads_len) {
		struct timespec soon;

		for (size_t i = 0; i < workers->threads_len; i++)
			pthread_kill(workers->threads[i], WAKE_SIGNAL);
		pthread_cond_broadcast(&workers->changed);
		clock_gettime(CLOCK_MONOTONIC, &soon);
		soon.tv_nsec += 10 * 1000 * 1000;
		if (soon.tv_nsec >= 1000 * 1000 * 1000) {
			soon.tv_sec++;
			soon.tv_nsec -= 1000 * 1000 * 1000;
		}
		pthread_cond_clockwait(&workers->changed, &workers->lock, CLOCK_MONOTONIC, &soon);
	}
	pthread_mutex_unlock(&workers->lock);
	for (size_t i = 0; i < workers->threads_len; i++)
		pthread_join(workers->threads[i], NULL);
	workers->threads_len = workers->ended = 0;
}
