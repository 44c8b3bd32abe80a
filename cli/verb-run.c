/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fakesysfs/kernel.h>
#include <sandbox/sandbox.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <vgpulab/cleanup.h>

#include "cli.h"

/* The common case in the field: the last generation that GVT-g's documentation names. */
#define DEFAULT_GPU "kaby-lake"
/* As env(1), timeout(1) and container tools: not the program failed, but we. */
#define EXIT_OURS 125

enum { GPUS_MAX = 16, OPTION_SHARE_NETWORK = 256, OPTION_LIBVIRT, OPTION_KERNEL };

const struct cli_option cli_run_options[] = {
	{ 'g', "gpu", "NAME[,KEY=VALUE...]",
	  "a GPU of the fake host, e.g. broadwell,aperture=512M (repeatable; default " DEFAULT_GPU
	  ")" },
	{ OPTION_KERNEL, "kernel", "VERSION",
	  "the kernel whose sysfs the fake host shows: 4.16, 5.10, 5.19, 6.1 (default), 6.6, 6.12" },
	{ OPTION_SHARE_NETWORK, "share-network", NULL,
	  "keep the network; the fake host then sends no kernel uevents" },
	{ OPTION_LIBVIRT, "libvirt", NULL,
	  "with a libvirtd of its own, as in: run --libvirt -- virsh list" },
	{ 'v', "verbose", NULL, "say what is set up, and what clients and guests do wrong" },
	{ 0 },
};

static void print_line(void *data, const char *line)
{
	(void)data;
	fprintf(stderr, "vgpulab: %s\n", line);
}

static int run_fail(const struct cli_globals *globals, const struct vgpu_error *err)
{
	cli_fail(globals, err);
	return EXIT_OURS;
}

static int run(const struct cli_globals *globals, const struct sandbox_options *options)
{
	struct vgpu_error err = { 0 };
	int status;

	if (sandbox_run(options, &status, &err))
		return run_fail(globals, &err);
	if (err.kind) /* the program could not be executed: the status says how */
		cli_fail(globals, &err);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int cli_verb_run(const struct cli_globals *globals, int argc, char **argv)
{
	struct fake_gpu_config gpus[GPUS_MAX];
	struct sandbox_options options = { .gpus = gpus };
	struct cli_arguments args;
	struct vgpu_error err = { 0 };
	int id;

	cli_arguments_init(&args, globals, argc, argv);
	while ((id = cli_arguments_next(&args)) >= 0) {
		if (id == OPTION_SHARE_NETWORK)
			options.share_network = true;
		else if (id == OPTION_LIBVIRT)
			options.libvirt = true;
		else if (id == 'v')
			options.log = print_line;
		else if (id == OPTION_KERNEL &&
			 fake_kernel_parse(args.value, &options.kernel, &err))
			return cli_fail(&args.globals, &err);
		else if (id == OPTION_KERNEL)
			continue;
		else if (options.gpus_len == GPUS_MAX)
			return cli_usage_fail(&args, "%d GPUs at most", GPUS_MAX);
		else if (fake_gpu_config_parse(args.value, &gpus[options.gpus_len++], &err) < 0)
			return cli_fail(&args.globals, &err);
	}
	if (args.ended)
		return args.exit_code;
	if (!args.operands_len)
		return cli_usage_fail(&args, "which program? e.g. 'vgpulab run -- mdevctl types'");
	if (!options.gpus_len &&
	    fake_gpu_config_parse(DEFAULT_GPU, &gpus[options.gpus_len++], &err))
		return cli_fail(&args.globals, &err);
	options.argv = args.operands;
	return run(&args.globals, &options);
}
