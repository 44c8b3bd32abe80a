/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdint.h>
#include <time.h>
#include <vgpulab/backend-impl.h>

#include "observe.h"

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool vgpu_observe(struct vgpu_backend *backend, int timeout_ms, bool (*seen)(void *data),
		  void *data)
{
	int64_t deadline_ms = now_ms() + timeout_ms;

	while (!seen(data)) {
		int64_t left_ms = deadline_ms - now_ms();

		if (left_ms <= 0)
			return false;
		/* when the time is over, one last look decides */
		if (backend->impl->wait(backend, (int)left_ms) <= 0)
			return seen(data);
	}
	return true;
}
