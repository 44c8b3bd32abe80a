/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "supervisor-impl.h"

#define NS_PER_S 1000000000ull

uint64_t fv_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec;
}

int fv_clock_init(struct fv_clock *clock)
{
	*clock = (struct fv_clock){ .timer = -1, .stop = -1 };
	pthread_mutex_init(&clock->lock, NULL);
	clock->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (clock->timer < 0)
		return -errno;
	clock->stop = eventfd(0, EFD_CLOEXEC);
	return clock->stop < 0 ? -errno : 0;
}

static void arm(struct fv_clock *clock, uint64_t deadline_ns)
{
	struct itimerspec when = { .it_value = { .tv_sec = deadline_ns / NS_PER_S,
						 .tv_nsec = deadline_ns % NS_PER_S } };

	clock->armed_ns = deadline_ns;
	timerfd_settime(clock->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

void fv_clock_set(struct fv_clock *clock, uint64_t deadline_ns)
{
	if (!deadline_ns)
		return;
	pthread_mutex_lock(&clock->lock);
	if (!clock->armed_ns || deadline_ns < clock->armed_ns)
		arm(clock, deadline_ns);
	pthread_mutex_unlock(&clock->lock);
}

static void tick(struct fv_supervisor *supervisor)
{
	struct fv_clock *clock = &supervisor->clock;
	uint64_t expirations;

	if (read(clock->timer, &expirations, sizeof(expirations)) < 0)
		return;
	pthread_mutex_lock(&clock->lock);
	clock->armed_ns = 0;
	pthread_mutex_unlock(&clock->lock);
	fv_clock_set(clock, fv_machine_tick(supervisor->machine, fv_now_ns()));
}

static void *run(void *data)
{
	struct fv_supervisor *supervisor = data;
	struct pollfd fds[] = {
		{ .fd = supervisor->clock.stop, .events = POLLIN },
		{ .fd = supervisor->clock.timer, .events = POLLIN },
		{ .fd = supervisor->files.inotify, .events = POLLIN },
	};

	pthread_setname_np(pthread_self(), "vfio-clock");
	while (!(fds[0].revents & POLLIN)) {
		if (poll(fds, VGPU_ARRAY_LEN(fds), -1) < 0)
			continue;
		if (fds[1].revents & POLLIN)
			tick(supervisor);
		if (fds[2].revents & POLLIN)
			fv_device_files_reap(&supervisor->files);
	}
	return NULL;
}

int fv_clock_start(struct fv_supervisor *supervisor)
{
	int rc = pthread_create(&supervisor->clock.thread, NULL, run, supervisor);

	supervisor->clock.running = !rc;
	return -rc;
}

void fv_clock_stop(struct fv_clock *clock)
{
	uint64_t one = 1;

	if (clock->running && write(clock->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(clock->thread, NULL);
	clock->running = false;
	if (clock->timer >= 0)
		close(clock->timer);
	if (clock->stop >= 0)
		close(clock->stop);
	pthread_mutex_destroy(&clock->lock);
}
