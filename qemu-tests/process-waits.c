/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process-waits.h"

#include <dirent.h>
#include <stdio.h>
#include <vgpulab/cleanup.h>

static unsigned long long waited_ns(pid_t pid, const char *thread)
{
	unsigned long long ran_ns, waited_ns = 0;
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", pid, thread);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu %llu", &ran_ns, &waited_ns) != 2)
		waited_ns = 0;
	if (f)
		fclose(f);
	return waited_ns;
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
