/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "cli.h"

#define FULL_PROGRAM "vgpulab-full"

/* Beside this program when it was not installed, else below the prefix, wherever that was moved to. */
static const char *const places[] = {
	"%s/" FULL_PROGRAM,
	"%s/../" CLI_LIBEXECDIR_UNDER_PREFIX "/vgpulab/" FULL_PROGRAM,
};

int cli_run_full(const struct cli_globals *globals, char **argv)
{
	static const char installed[] = CLI_LIBEXECDIR "/vgpulab/" FULL_PROGRAM;
	struct vgpu_error err = { 0 };
	char own[PATH_MAX], path[PATH_MAX + sizeof(installed)];
	ssize_t len = readlink("/proc/self/exe", own, sizeof(own) - 1);
	char *slash;

	own[len > 0 ? len : 0] = '\0';
	slash = strrchr(own, '/');
	if (slash)
		*slash = '\0';
	for (size_t i = 0; slash && i < VGPU_ARRAY_LEN(places); i++) {
		snprintf(path, sizeof(path), places[i], own);
		execv(path, argv);
	}
	execv(installed, argv);
	vgpu_error_set(&err, VGPU_ERROR_NEED, errno, "cannot run %s: %s", installed,
		       strerror(errno));
	vgpu_error_hint(&err, "vgpulab is not whole: install it again");
	return cli_fail(globals, &err);
}
