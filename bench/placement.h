/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Where a client and who serves it run. Left alone, the scheduler has them now on one core, now on two, and that
 * decides between 10 and 50 microseconds for a round trip: figures are compared in one placement alone.
 */

#include <stddef.h>

enum { PLACEMENTS_MAX = 2 };

struct placement {
	const char *name; /* "one core" */
	int client, server; /* processors */
};

/** Those that this machine has room for: on one core, on two. How many. */
size_t placements_find(struct placement out[PLACEMENTS_MAX]);

/** Puts this process and all threads of @servers ("PID,PID"; "" for none) there. 0, or -1 with errno. */
int placement_take(const struct placement *placement, const char *servers);
