/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process-waits.h"

#include <dirent.h>
#include <stdio.h>
#include <vgpulab/cleanup.h>

struct schedstat {
	unsigned long long ran_ns, waited_ns;
};

static struct schedstat read_schedstat(const char *path)
{
	struct schedstat stat = { 0 };
	FILE *f = fopen(path, "re");

	if (f && fscanf(f, "%llu %llu", &stat.ran_ns, &stat.waited_ns) != 2)
		stat = (struct schedstat){ 0 };
	if (f)
		fclose(f);
	return stat;
}

unsigned int qt_thread_ran_ms(pid_t thread)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/schedstat", thread);
	return (unsigned int)(read_schedstat(path).ran_ns / 1000000);
}

static unsigned long long waited_ns(pid_t pid, const char *thread)
{
	char path[320];

	snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, thread);
	return read_schedstat(path).waited_ns;
}

unsigned int qt_process_waited_ms(pid_t pid)
{
	_autoclosedir_ DIR *dir = NULL;
	unsigned long long sum_ns = 0;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (*entry->d_name != '.')
			sum_ns += waited_ns(pid, entry->d_name);
	return (unsigned int)(sum_ns / 1000000);
}
