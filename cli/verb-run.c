/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include <errno.h>
#include <fakesysfs/faults.h>
#include <fakesysfs/kernel.h>
#include <replay/replay.h>
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

enum { OPTION_SHARE_NETWORK = 256, OPTION_LIBVIRT, OPTION_KERNEL, OPTION_FAULT };

const struct cli_option cli_run_options[] = {
	{ 'g', "gpu", "NAME[,KEY=VALUE...]",
	  "a GPU of the fake host, e.g. broadwell,aperture=512M, or a recording: FILE[,vgpus=yes] "
	  "(repeatable; default " DEFAULT_GPU ")" },
	{ OPTION_KERNEL, "kernel", "VERSION",
	  "the kernel whose sysfs the fake host shows: 4.16, 5.10, 5.19, 6.1 (default), 6.6, 6.12" },
	{ OPTION_FAULT, "fault", "OP,errno=E...",
	  "break operations: OP[:PATH-GLOB],errno=E[,after=N][,probability=P,seed=S][,delay=MS], "
	  "OP being open, read, write, readlink, list, create or remove (repeatable)" },
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
	if (err.kind) /* it could not be executed, or has left what cannot die: the status counts */
		cli_fail(globals, &err);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* 0, or an exit code. */
static int take_option(struct cli_arguments *args, int id, struct sandbox_options *options,
		       struct replay_gpus *gpus)
{
	struct vgpu_error err = { 0 };
	int ret = 0;

	switch (id) {
	case OPTION_SHARE_NETWORK:
		options->share_network = true;
		break;
	case OPTION_LIBVIRT:
		options->libvirt = true;
		break;
	case 'v':
		options->log = print_line;
		break;
	case OPTION_KERNEL:
		ret = fake_kernel_parse(args->value, &options->kernel, &err);
		break;
	case OPTION_FAULT:
		ret = fake_faults_add(options->faults, args->value, &err);
		break;
	default:
		ret = replay_gpus_add(gpus, args->value, &err);
	}
	return ret < 0 ? cli_fail(&args->globals, &err) : 0;
}

int cli_verb_run(const struct cli_globals *globals, int argc, char **argv)
{
	__attribute__((cleanup(replay_gpus_finish))) struct replay_gpus gpus = { 0 };
	_destroy_(fake_faults) struct fake_faults *faults = fake_faults_create();
	struct sandbox_options options = { .faults = faults };
	struct cli_arguments args;
	struct vgpu_error err = { 0 };
	int id;

	if (!faults)
		return VGPU_ERROR_FAILED;
	cli_arguments_init(&args, globals, argc, argv);
	while ((id = cli_arguments_next(&args)) >= 0) {
		int code = take_option(&args, id, &options, &gpus);

		if (code)
			return code;
	}
	if (args.ended)
		return args.exit_code;
	if (!args.operands_len)
		return cli_usage_fail(&args, "which program? e.g. 'vgpulab run -- mdevctl types'");
	if (!gpus.len && replay_gpus_add(&gpus, DEFAULT_GPU, &err))
		return cli_fail(&args.globals, &err);
	options.gpus = gpus.configs;
	options.gpus_len = gpus.len;
	if (!options.kernel)
		options.kernel = gpus.kernel;
	options.command_line = gpus.command_line;
	options.kernel_log = gpus.kernel_log;
	options.argv = args.operands;
	return run(&args.globals, &options);
}
