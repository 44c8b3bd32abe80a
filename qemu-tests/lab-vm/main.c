/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* lab-vm: runs a command in the lab VM, and ends as it ended. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <qemu-tests/harness.h>
#include <qemu-tests/lab.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

/* As env(1) and timeout(1) have them; the command's own codes are below 125. */
enum { EXIT_SKIP = 77, EXIT_TIMED_OUT = 124, EXIT_LAB_FAILED = 125 };

static const char help[] =
	"usage: lab-vm [OPTION...] -- COMMAND [ARG...]\n"
	"\n"
	"Runs a command on Debian's kernel in a VM whose root is this machine's file system, as it\n"
	"is now; what it changes is gone afterwards. It has our environment, directory, output.\n"
	"\n"
	"  --modules NAME,...   drivers to load: vgem, kvmgt, ..., or the samples mtty, mdpy, mbochs,\n"
	"                       which are built out of Debian's kernel source when first needed\n"
	"  --out DIR            what is in DIR afterwards is brought out of the VM\n"
	"  --guest-dir DIR      where guest/fetch-kernel put the kernel (the build's guest/)\n"
	"  --memory MIB         (2048)\n"
	"  --cpus N             (2)\n"
	"  --timeout SECONDS    for the command (none)\n"
	"  -v, --verbose        tell what the VM took\n"
	"\n"
	"Exit code: the command's; 77 if there can be no VM here, 124 if the time was up, 125 if the\n"
	"VM failed.\n";

static int take_number(const char *option, const char *text, unsigned int *out)
{
	char rest;

	if (text[0] >= '0' && text[0] <= '9' && sscanf(text, "%u%c", out, &rest) == 1 && *out)
		return 0;
	fprintf(stderr, "lab-vm: --%s: '%s' is no number from 1 on\n", option, text);
	return -1;
}

/* 0 to run, else an exit code. */
static int take_options(int argc, char **argv, struct qt_lab_options *options, bool *verbose)
{
	static const struct option longs[] = {
		{ "modules", required_argument, NULL, 'm' },
		{ "out", required_argument, NULL, 'o' },
		{ "guest-dir", required_argument, NULL, 'g' },
		{ "memory", required_argument, NULL, 'M' },
		{ "cpus", required_argument, NULL, 'c' },
		{ "timeout", required_argument, NULL, 't' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int id, wrong = 0;

	while ((id = getopt_long(argc, argv, "+vh", longs, NULL)) >= 0) {
		switch (id) {
		case 'm':
			options->modules = optarg;
			break;
		case 'o':
			options->out_dir = optarg;
			break;
		case 'g':
			options->guest_dir = optarg;
			break;
		case 'M':
			wrong |= take_number("memory", optarg, &options->memory_mib);
			break;
		case 'c':
			wrong |= take_number("cpus", optarg, &options->cpus);
			break;
		case 't':
			wrong |= take_number("timeout", optarg, &options->timeout_s);
			break;
		case 'v':
			*verbose = true;
			break;
		case 'h':
			fputs(help, stdout);
			exit(0);
		default:
			wrong = -1;
		}
	}
	options->command = argv + optind;
	if (!wrong && optind < argc)
		return 0;
	if (!wrong)
		fputs("lab-vm: which command?\n", stderr);
	fputs("'lab-vm --help' tells what there is\n", stderr);
	return EXIT_LAB_FAILED;
}

int main(int argc, char **argv)
{
	struct qt_lab_options options = { .environment = environ };
	struct qt_lab_times times = { 0 };
	struct vgpu_error err = { 0 };
	bool verbose = false;
	int status, r;

	r = take_options(argc, argv, &options, &verbose);
	if (r)
		return r;
	qt_catch_signals();
	r = qt_lab_run(&options, &status, &times, &err);
	if (verbose)
		fprintf(stderr,
			"lab-vm: up after %" PRId64 " ms, command %" PRId64 " ms, in all %" PRId64
			" ms\n",
			times.boot_ms, times.command_ms, times.total_ms);
	if (!r)
		return status;
	fprintf(stderr, "lab-vm: %s%s%s\n", err.message, *err.hint ? "\n        " : "", err.hint);
	return err.kind == VGPU_ERROR_NEED ? EXIT_SKIP
	       : err.errnum == ETIMEDOUT   ? EXIT_TIMED_OUT
					   : EXIT_LAB_FAILED;
}
