/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Time as the harness uses it: points of CLOCK_MONOTONIC in milliseconds. Everything that waits
 * takes such a point as its deadline, so that nested waits share one budget.
 */

#include <stdint.h>
#include <time.h>

static inline int64_t qt_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/** What is left until @deadline_ms, for poll(2): never negative. */
static inline int qt_left_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - qt_now_ms();

	if (left < 0)
		return 0;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}
