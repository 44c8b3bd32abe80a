/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fakesysfs/faults.h>
#include <fakesysfs/kernel.h>
#include <fakesysfs/profile.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/nearest.h>
#include <vgpulab/number.h>

#include "fake-conformance.h"
#include "fake-control.h"
#include "fake-record.h"
#include "fake-serve.h"
#include "listing.h"

enum {
	GPUS_MAX = 4096,
	OPTION_GPU = 'g',
	OPTION_READY_FD = 256,
	OPTION_DIE_WITH_PARENT,
	OPTION_KERNEL,
	OPTION_FAULT,
	OPTION_HOST,
	OPTION_CLEAR,
	OPTION_STATE,
	OPTION_REDACT,
};

const struct cli_option cli_fake_options[] = {
	{ OPTION_GPU, "gpu", "SPEC",
	  "serve, conformance: a GPU of the host, may be repeated: NAME[,aperture=1G][,ggtt=4G]"
	  "[,address=0000:00:02.0][,gvt=on|off|unsupported|guc|no-module][,mappable=yes]"
	  "[,output=dp][,display=dmabuf][,count=N][,scanout=FAULT], or a recording: FILE[,vgpus=yes] (" CLI_FAKE_DEFAULT_GPU
	  ")" },
	{ OPTION_REDACT, "redact", NULL,
	  "record: without host names, serial numbers, addresses, other UUIDs" },
	{ OPTION_KERNEL, "kernel", "VERSION",
	  "serve: the kernel whose sysfs it is: 4.16, 5.10, 5.19, 6.1 (default), 6.6, 6.12" },
	{ OPTION_FAULT, "fault", "OP,errno=E...",
	  "serve: break operations: OP[:PATH-GLOB],errno=E[,after=N][,probability=P,seed=S][,delay=MS], "
	  "OP being open, read, write, readlink, list, create or remove (repeatable)" },
	{ OPTION_HOST, "host", "MOUNTPOINT",
	  "fault, unplug, plug, monitor, guests: the host that fake serve mounted there; inside vgpulab run, its own" },
	{ OPTION_CLEAR, "clear", "NUMBER",
	  "fault: take back the fault of that number, as fake fault lists them, or all" },
	{ OPTION_STATE, "state", "FILE",
	  "serve: keep the host's vGPUs in FILE, and go on when the process that serves is killed" },
	{ OPTION_READY_FD, "ready-fd", "N", "serve: write a line to descriptor N once mounted" },
	{ OPTION_DIE_WITH_PARENT, "die-with-parent", NULL,
	  "serve: unmount and end when the parent process ends" },
	{ 0 },
};

const char cli_fake_details[] =
	"fake serve mounts a host on MOUNTPOINT, an empty directory, until it is unmounted or the\n"
	"program is told to end: MOUNTPOINT/sys is its /sys, MOUNTPOINT/dev/vfio its /dev/vfio (to\n"
	"use these, see vgpulab run). fake profiles lists the GPUs that there are. With --state, one\n"
	"process holds the mount and another serves it: when that one ends in any way, a new one takes its\n"
	"place, and clients wait for their answers that long. Served again, FILE is the same host: --gpu need not be repeated.\n"
	"fake conformance compares fake hosts, or the /sys at TREE, with a real kernel, case by case:\n"
	"exit status 1 if something is different for no accepted reason. TREE must have no vGPUs. With\n"
	"--backend mem:GPU it is a tree without a file system: cases that need one are counted, not run.\n"
	"fake record prints what this host shows of its GPUs, types, vGPUs, modules and kernel; with the\n"
	"file, or one of umockdev-record, as --gpu FILE a fake host has the same, and it behaves.\n"
	"fake fault breaks operations of a host that is at work: each FAULT is as for --fault; without\n"
	"any it lists them, with how often each has matched and fired. fake unplug takes a GPU out of its\n"
	"slot, as soon as its vGPUs have no more users, and fake plug puts it in again.\n"
	"fake monitor lists the monitors that vGPUs have, and plugs one out (unplugged), in (plugged) or\n"
	"puts one of another largest mode there, such as 1280x720: the guest's driver notices. fake guests\n"
	"lists what guests asked of their vGPUs that is not executed (3D and media commands), counted.";

/*
 * fake profiles
 */

#define CELL(name, expression)                                 \
	static struct json_object *name(const void *data)      \
	{                                                      \
		const struct fake_gpu_profile *profile = data; \
                                                               \
		return expression;                             \
	}

static struct json_object *pci_id(const void *data)
{
	const struct fake_gpu_profile *profile = data;
	char text[16];

	if (profile->kind != FAKE_PARENT_PCI)
		return NULL;
	snprintf(text, sizeof(text), "%04x:%04x", profile->vendor_id, profile->device_id);
	return cli_text(text);
}

static struct json_object *types(const void *data)
{
	const struct fake_gpu_profile *profile = data;
	char text[256] = "";
	size_t len = 0;

	for (size_t i = 0; i < profile->types_len && len < sizeof(text); i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? " " : "",
					profile->types[i].name);
	return cli_text(text);
}

CELL(name, cli_text(profile->name))
CELL(summary, cli_text(profile->summary))
CELL(aperture, profile->aperture_mib ? cli_number(profile->aperture_mib) : NULL)
CELL(ggtt, profile->ggtt_mib ? cli_number(profile->ggtt_mib) : NULL)
CELL(model, cli_text(profile->model))

static const struct cli_column columns[] = {
	{ "NAME", "name", "for --gpu", .value = name },
	{ "ID", "pci_id", "vendor and device id", .value = pci_id },
	{ "APERTURE", "aperture_mib", "aperture unless aperture= says otherwise", "M",
	  .value = aperture },
	{ "SUMMARY", "summary", "what it is", .value = summary },
	{ "GGTT", "ggtt_mib", "GGTT unless ggtt= says otherwise", "M", .extra = true,
	  .value = ggtt },
	{ "TYPES", "types", "vGPU types, those included that need more aperture", .extra = true,
	  .value = types },
	{ "MODEL", "model", "device model behind VFIO", .extra = true, .value = model },
};

static int list_profiles(const struct cli_arguments *args)
{
	struct vgpu_error err = { 0 };
	struct cli_listing listing;
	int ret;

	cli_listing_init(&listing, columns, VGPU_ARRAY_LEN(columns));
	for (size_t i = 0; i < fake_gpu_profiles_len; i++)
		cli_listing_add(&listing, &fake_gpu_profiles[i]);
	ret = cli_listing_print(&listing, args->globals.json, &err);
	cli_listing_finish(&listing);
	return ret < 0 ? cli_fail(&args->globals, &err) : 0;
}

/*
 * fake serve
 */

struct arguments {
	const char *gpus[GPUS_MAX];
	struct cli_fake_serve serve;
	struct cli_fake_control control;
	bool redact;
	bool given[VGPU_ARRAY_LEN(cli_fake_options)];
};

static int run_serve(const struct cli_arguments *args, struct arguments *own)
{
	if (args->operands_len != 2)
		return cli_usage_fail(args, "fake serve wants one MOUNTPOINT");
	own->serve.mountpoint = args->operands[1];
	return cli_fake_serve(args, &own->serve);
}

static int run_profiles(const struct cli_arguments *args, struct arguments *own)
{
	(void)own;
	return args->operands_len == 1 ? list_profiles(args)
				       : cli_usage_fail(args, "fake profiles wants no operand");
}

static int run_conformance(const struct cli_arguments *args, struct arguments *own)
{
	return cli_fake_conformance(args, own->gpus, own->serve.gpus_len);
}

static int run_record(const struct cli_arguments *args, struct arguments *own)
{
	return cli_fake_record(args, own->redact);
}

static int run_fault(const struct cli_arguments *args, struct arguments *own)
{
	return cli_fake_fault(args, &own->control);
}

static int run_hotplug(const struct cli_arguments *args, struct arguments *own)
{
	return cli_fake_hotplug(args, &own->control);
}

static int run_monitor(const struct cli_arguments *args, struct arguments *own)
{
	return cli_fake_monitor(args, &own->control);
}

static int run_guests(const struct cli_arguments *args, struct arguments *own)
{
	return args->operands_len == 1 ? cli_fake_guests(args, &own->control)
				       : cli_usage_fail(args, "fake guests wants no operand");
}

static const struct {
	const char *name;
	int (*run)(const struct cli_arguments *args, struct arguments *own);
} subverbs[] = {
	{ "monitor", run_monitor },   { "guests", run_guests },		  { "serve", run_serve },
	{ "profiles", run_profiles }, { "conformance", run_conformance }, { "record", run_record },
	{ "fault", run_fault },	      { "unplug", run_hotplug },	  { "plug", run_hotplug },
};

/* An option's help begins with the subverbs that take it: "fault, unplug: ...". */
static bool takes(const char *subverb, const struct cli_option *option)
{
	const char *word = option->help;
	size_t len;

	for (; (len = strcspn(word, ",:")) != strlen(subverb) || strncmp(word, subverb, len);
	     word += len + strlen(", "))
		if (word[len] == ':')
			return false;
	return true;
}

static int run_subverb(size_t index, const struct cli_arguments *args, struct arguments *own)
{
	for (size_t i = 0; cli_fake_options[i].name; i++)
		if (own->given[i] && !takes(subverbs[index].name, &cli_fake_options[i]))
			return cli_usage_fail(args, "fake %s takes no --%s", subverbs[index].name,
					      cli_fake_options[i].name);
	return subverbs[index].run(args, own);
}

static int run_operand(const struct cli_arguments *args, struct arguments *own)
{
	struct vgpu_nearest nearest = { .wanted = args->operands_len ? args->operands[0] : "" };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(subverbs); i++) {
		if (!strcmp(nearest.wanted, subverbs[i].name))
			return run_subverb(i, args, own);
		vgpu_nearest_offer(&nearest, subverbs[i].name);
	}
	if (nearest.name)
		return cli_usage_fail(args, "there is no 'fake %s': did you mean 'fake %s'?",
				      nearest.wanted, nearest.name);
	return cli_usage_fail(
		args, "'fake serve MOUNTPOINT', 'fake profiles', 'fake conformance', "
		      "'fake record', 'fake fault', 'fake unplug', 'fake plug', 'fake monitor' or "
		      "'fake guests' is wanted");
}

/* 0, or an exit code. */
static int take_option(struct cli_arguments *args, int id, struct arguments *own)
{
	struct vgpu_error err = { 0 };
	uint64_t fd;

	for (size_t i = 0; cli_fake_options[i].name; i++)
		own->given[i] |= cli_fake_options[i].id == id;
	switch (id) {
	case OPTION_FAULT:
		return fake_faults_add(own->serve.faults, args->value, &err) < 0
			       ? cli_fail(&args->globals, &err)
			       : 0;
	case OPTION_KERNEL:
		return fake_kernel_parse(args->value, &own->serve.kernel, &err)
			       ? cli_fail(&args->globals, &err)
			       : 0;
	case OPTION_REDACT:
		own->redact = true;
		return 0;
	case OPTION_GPU:
		if (own->serve.gpus_len == GPUS_MAX)
			return cli_usage_fail(args, "more than %d GPUs", GPUS_MAX);
		own->gpus[own->serve.gpus_len++] = args->value;
		return 0;
	case OPTION_STATE:
		own->serve.state = args->value;
		return 0;
	case OPTION_HOST:
		own->control.host = args->value;
		return 0;
	case OPTION_CLEAR:
		own->control.clear = args->value;
		return 0;
	case OPTION_READY_FD:
		if (vgpu_number_parse(args->value, 0, INT_MAX, &fd) || fcntl((int)fd, F_GETFD) < 0)
			return cli_usage_fail(args, "--ready-fd %s is no open descriptor",
					      args->value);
		own->serve.ready_fd = (int)fd;
		fcntl(own->serve.ready_fd, F_SETFD, FD_CLOEXEC);
		return 0;
	default:
		own->serve.die_with_parent = true;
		return 0;
	}
}

int cli_verb_fake(const struct cli_globals *globals, int argc, char **argv)
{
	_autofree_ struct arguments *own = calloc(1, sizeof(*own));
	_destroy_(fake_faults) struct fake_faults *faults = fake_faults_create();
	struct cli_arguments args;
	int code;

	if (!own || !faults)
		return VGPU_ERROR_FAILED;
	own->serve.gpus = own->gpus;
	own->serve.faults = faults;
	own->serve.ready_fd = -1;
	cli_arguments_init(&args, globals, argc, argv);
	for (int id; (id = cli_arguments_next(&args)) >= 0;) {
		code = take_option(&args, id, own);
		if (code)
			return code;
	}
	return args.ended ? args.exit_code : run_operand(&args, own);
}
