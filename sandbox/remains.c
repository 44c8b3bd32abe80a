/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "remains.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

struct process {
	pid_t pid, parent;
	char name[32];
};

static size_t read_file(pid_t pid, const char *name, char *text, size_t size)
{
	char path[64];
	FILE *f;
	size_t len;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	f = fopen(path, "re");
	len = f ? fread(text, 1, size - 1, f) : 0;
	if (f)
		fclose(f);
	text[len] = '\0';
	return len;
}

/* "12 (name, with) anything) D 7 ...". Source: proc(5), /proc/pid/stat */
static bool read_process(pid_t pid, struct process *out)
{
	char text[512], *name, *end;

	if (!read_file(pid, "stat", text, sizeof(text)))
		return false;
	name = strchr(text, '(');
	end = strrchr(text, ')');
	if (!name || !end || sscanf(end + 1, " %*c %d", &out->parent) != 1)
		return false;
	out->pid = pid;
	snprintf(out->name, sizeof(out->name), "%.*s", (int)(end - name - 1), name + 1);
	return true;
}

static bool descends(pid_t pid, pid_t ancestor)
{
	struct process process;

	/* a tree that changes meanwhile has no end to rely on */
	for (int depth = 0; depth < 64 && pid > 1 && read_process(pid, &process); depth++) {
		if (process.parent == ancestor)
			return true;
		pid = process.parent;
	}
	return false;
}

size_t sandbox_list_descendants(pid_t ancestor, char *text, size_t size)
{
	_autoclosedir_ DIR *dir = opendir("/proc");
	size_t count = 0, len = 0;

	*text = '\0';
	for (struct dirent *entry; dir && (entry = readdir(dir));) {
		pid_t pid = (pid_t)strtol(entry->d_name, NULL, 10);
		struct process process;
		char place[64];
		bool told;

		if (pid <= 0 || !descends(pid, ancestor) || !read_process(pid, &process))
			continue;
		told = read_file(pid, "wchan", place, sizeof(place)) && strcmp(place, "0");
		if (len < size)
			len += (size_t)snprintf(text + len, size - len, "%s%d (%s%s%s)",
						count ? ", " : "", pid, process.name,
						told ? ", in " : "", told ? place : "");
		count++;
	}
	return count;
}
