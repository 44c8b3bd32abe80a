/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest-programs.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

/* The loader itself lists what a program needs, without running it. Source: x86-64 psABI */
#define LOADER "/lib64/ld-linux-x86-64.so.2"

static bool has(const struct qt_guest_programs *programs, const char *path)
{
	for (size_t i = 0; i < programs->entries_len; i++)
		if (!strcmp(programs->entries[i].path, path))
			return true;
	return false;
}

/* A file at the same place as here. */
static int add(struct qt_guest_programs *programs, const char *path)
{
	struct qt_initramfs_entry *entries;
	char *source;

	if (has(programs, path + 1))
		return 0;
	entries = reallocarray(programs->entries, programs->entries_len + 1, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	programs->entries = entries;
	source = strdup(path);
	if (!source)
		return -ENOMEM;
	entries[programs->entries_len++] = (struct qt_initramfs_entry){ .path = source + 1,
									.mode = S_IFREG | 0755,
									.source = source };
	return 0;
}

/* "	libc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x...)": 0, or -ENOENT if one is not found. */
static int add_libraries(struct qt_guest_programs *programs, const char *program)
{
	char command[256], line[512];
	FILE *list;
	int rc = 0;

	snprintf(command, sizeof(command), LOADER " --list %s", program);
	list = popen(command, "re");
	if (!list)
		return -errno;
	while (rc == 0 && fgets(line, sizeof(line), list)) {
		char path[400];

		if (strstr(line, "=> not found"))
			rc = -ENOENT;
		else if (sscanf(line, " %*s => %399s (", path) == 1)
			rc = add(programs, path);
	}
	if (pclose(list) != 0 && rc == 0)
		rc = -ENOEXEC;
	return rc;
}

int qt_guest_programs_find(const char *const *programs, struct qt_guest_programs *out,
			   struct vgpu_error *err)
{
	struct qt_guest_programs found = { 0 };
	int rc = *programs ? add(&found, LOADER) : 0;

	for (; rc == 0 && *programs; programs++) {
		if (access(*programs, R_OK) < 0) {
			rc = vgpu_error_set(err, VGPU_ERROR_NEED, errno, "%s is not there",
					    *programs);
			break;
		}
		rc = add(&found, *programs);
		if (rc == 0)
			rc = add_libraries(&found, *programs);
		if (rc < 0)
			vgpu_error_set(err, VGPU_ERROR_FAILED, -rc, "libraries of %s: %s",
				       *programs, strerror(-rc));
	}
	if (rc < 0)
		qt_guest_programs_finish(&found);
	else
		*out = found;
	return rc;
}

void qt_guest_programs_finish(struct qt_guest_programs *programs)
{
	for (size_t i = 0; i < programs->entries_len; i++)
		free((char *)programs->entries[i].source);
	free(programs->entries);
	*programs = (struct qt_guest_programs){ 0 };
}
