/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-place.h"

#include <errno.h>
#include <qemu-tests/harness.h>
#include <qemu-tests/lab.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

/* Behind the @n words that @argv has: the same command line, but without --in, and with this GPU (NULL: none). */
static void pass_on(const struct cli_arguments *args, const char *self, const char *gpu,
		    char **argv, size_t n)
{
	argv[n++] = (char *)self;
	if (args->globals.json)
		argv[n++] = "--json";
	argv[n++] = args->argv[0];
	if (gpu) {
		argv[n++] = "--gpu";
		argv[n++] = (char *)gpu;
	}
	for (int i = 1; i < args->argc; i++)
		if (args->argv[i])
			argv[n++] = args->argv[i];
}

int cli_test_in_fake(const struct cli_arguments *args, const char *self, const char *gpu,
		     bool libvirt)
{
	_autofree_ char **argv = calloc((size_t)args->argc + 16, sizeof(*argv));
	struct vgpu_error err = { 0 };
	char host[128];
	size_t n = 0;

	snprintf(host, sizeof(host), "a fake %s", gpu);
	if (!argv || setenv(CLI_TEST_HOST, host, 1))
		return EXIT_FAILURE;
	argv[n++] = (char *)self;
	argv[n++] = "run";
	if (libvirt)
		argv[n++] = "--libvirt";
	argv[n++] = "--gpu";
	argv[n++] = (char *)gpu;
	argv[n++] = "--";
	pass_on(args, self, NULL, argv, n);
	execv(self, argv);
	vgpu_error_set(&err, VGPU_ERROR_FAILED, errno, "cannot run %s: %s", self, strerror(errno));
	return cli_fail(&args->globals, &err);
}

int cli_test_in_lab(const struct cli_arguments *args, const char *self, const char *gpu,
		    const char *drivers, const char *out_dir)
{
	_autofree_ char **argv = calloc((size_t)args->argc + 8, sizeof(*argv));
	const struct qt_lab_options options = {
		.guest_dir = getenv("VGPULAB_GUEST_DIR"),
		.modules = drivers,
		.out_dir = out_dir,
		.command = argv,
		.environment = environ,
	};
	struct qt_lab_times times;
	struct vgpu_error err = { 0 };
	int status, r;

	if (!argv)
		return EXIT_FAILURE;
	pass_on(args, self, gpu, argv, 0);
	qt_catch_signals();
	r = qt_lab_run(&options, &status, &times, &err);
	if (r)
		return cli_fail(&args->globals, &err);
	fprintf(stderr, "lab VM: up after %.1f s, tests %.1f s, in all %.1f s\n",
		(double)times.boot_ms / 1000, (double)times.command_ms / 1000,
		(double)times.total_ms / 1000);
	return status;
}
