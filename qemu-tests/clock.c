/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "clock.h"

#include <qemu-tests/harness.h>
#include <signal.h>
#include <time.h>

static volatile sig_atomic_t interrupted;

void qt_interrupt(void)
{
	interrupted = 1;
}

bool qt_interrupted(void)
{
	return interrupted;
}

int64_t qt_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int qt_left_to_clean_up_ms(int64_t deadline_ms)
{
	int64_t left = deadline_ms - qt_now_ms();

	if (left < 0)
		return 0;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

int qt_left_ms(int64_t deadline_ms)
{
	return interrupted ? 0 : qt_left_to_clean_up_ms(deadline_ms);
}
