/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "placement.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <vgpulab/cleanup.h>

size_t placements_find(struct placement out[PLACEMENTS_MAX])
{
	int cores[2] = { 0, 0 };
	size_t len = 0;
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof(set), &set))
		CPU_ZERO(&set);
	for (int core = 0; core < CPU_SETSIZE && len < 2; core++)
		if (CPU_ISSET(core, &set))
			cores[len++] = core;
	out[0] = (struct placement){ "one core", cores[0], cores[0] };
	out[1] = (struct placement){ "two cores", cores[0], cores[1] };
	return len < 2 ? 1 : 2;
}

static int pin(pid_t thread, int core)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(core, &set);
	return sched_setaffinity(thread, sizeof(set), &set);
}

/* Threads that they start later inherit it. */
static int pin_all(long pid, int core)
{
	char path[64];
	_autoclosedir_ DIR *dir = NULL;
	const struct dirent *entry;

	snprintf(path, sizeof(path), "/proc/%ld/task", pid);
	dir = opendir(path);
	if (!dir)
		return -1;
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.' && pin((pid_t)atoi(entry->d_name), core) &&
		    errno != ESRCH)
			return -1;
	return 0;
}

int placement_take(const struct placement *placement, const char *servers)
{
	char *end;

	for (const char *at = servers; *at; at = *end ? end + 1 : end)
		if (pin_all(strtol(at, &end, 10), placement->server))
			return -1;
	return pin(0, placement->client);
}
