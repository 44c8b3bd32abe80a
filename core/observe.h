/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

struct vgpu_backend;

/** How long the kernel may take to show what a write has done, once the write has returned. */
#define VGPU_OBSERVE_TIMEOUT_MS 2000

/**
 * Looks until @seen says yes, at most @timeout_ms, once at least; between looks it waits for the
 * backend's events. Returns what @seen said last.
 */
bool vgpu_observe(struct vgpu_backend *backend, int timeout_ms, bool (*seen)(void *data),
		  void *data);
