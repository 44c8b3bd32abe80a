/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct fv_supervisor;

/** Wakes up for devices' deadlines and for device descriptors that have been closed. */
struct fv_clock {
	pthread_t thread;
	bool running;
	int timer, stop;
	pthread_mutex_t lock;
	uint64_t armed_ns; /* 0: not armed */
};

int fv_clock_init(struct fv_clock *clock);
int fv_clock_start(struct fv_supervisor *supervisor);
void fv_clock_stop(struct fv_clock *clock);
/** Makes sure that the clock wakes at @deadline_ns (CLOCK_MONOTONIC) at the latest. */
void fv_clock_set(struct fv_clock *clock, uint64_t deadline_ns);

/** CLOCK_MONOTONIC. */
uint64_t fv_now_ns(void);
