/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake-conformance.h"

#include "conformance-backend.h"

#include <conformance/conformance.h>
#include <conformance/report.h>
#include <errno.h>
#include <linux/magic.h>
#include <replay/replay.h>
#include <sandbox/sandbox.h>
#include <stdio.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/wait.h>

/* A tree that is there: a real kernel's is judged without the list of accepted differences. */
static int judge_tree(const struct cli_arguments *args, const char *tree)
{
	struct conformance_options options = { .sysfs = tree };
	struct statfs fs;

	if (statfs(tree, &fs))
		return cli_usage_fail(args, "%s: %s", tree, strerror(errno));
	options.fake = fs.f_type != SYSFS_MAGIC;
	if (!strcmp(tree, "/sys")) {
		options.vfio = "/dev/vfio";
		options.uevents = true;
	}
	return conformance_report(&options);
}

/* Inside a fake host, this program again. */
static int judge_gpu(const struct cli_arguments *args, const char *gpu)
{
	char self[] = "/proc/self/exe", fake[] = "fake", verb[] = "conformance", tree[] = "/sys";
	char *const argv[] = { self, fake, verb, tree, NULL };
	__attribute__((cleanup(replay_gpus_finish))) struct replay_gpus gpus = { 0 };
	struct sandbox_options options = { .argv = argv };
	struct vgpu_error err = { 0 };
	int status;

	if (replay_gpus_add(&gpus, gpu, &err))
		return cli_fail(&args->globals, &err);
	options.gpus = gpus.configs;
	options.gpus_len = gpus.len;
	options.kernel = gpus.kernel;
	printf("%s:\n", gpu);
	fflush(stdout);
	if (sandbox_run(&options, &status, &err))
		return cli_fail(&args->globals, &err);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* A tree behind the manager's seam: "mem" is none of a file system. */
static int judge_backend(const struct cli_arguments *args)
{
	_cli_backend_ struct vgpu_backend *backend = NULL;
	struct conformance_options options = { .sysfs = "/sys", .fake = true };
	struct conformance_tree tree;
	struct vgpu_error err = { 0 };

	if (cli_backend_open(&args->globals, &backend, &err))
		return cli_fail(&args->globals, &err);
	cli_conformance_backend(backend, &tree);
	options.tree = &tree;
	printf("%s:\n", args->globals.backend);
	return conformance_report(&options);
}

int cli_fake_conformance(const struct cli_arguments *args, const char *const *gpus, size_t gpus_len)
{
	int code = 0;

	if (args->operands_len > 2 || (args->operands_len == 2 && gpus_len))
		return cli_usage_fail(args, "fake conformance wants --gpu, or one TREE");
	if (args->operands_len == 2)
		return judge_tree(args, args->operands[1]);
	if (strcmp(args->globals.backend, "sysfs")) {
		if (gpus_len || args->operands_len > 1)
			return cli_usage_fail(args, "fake conformance judges one tree: with "
						    "--backend no --gpu nor TREE");
		return judge_backend(args);
	}
	for (size_t i = 0; i < gpus_len; i++) {
		int one = judge_gpu(args, gpus[i]);

		code = code > one ? code : one;
	}
	return gpus_len ? code : judge_gpu(args, "kaby-lake");
}
