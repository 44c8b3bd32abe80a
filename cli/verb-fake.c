/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fakesysfs/faults.h>
#include <fakesysfs/fuse.h>
#include <fakesysfs/host.h>
#include <fakesysfs/tree.h>
#include <fcntl.h>
#include <replay/replay.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <vgpulab/nearest.h>

#include "fake-conformance.h"
#include "fake-control.h"
#include "fake-record.h"
#include "listing.h"

#define DEFAULT_GPU "kaby-lake"

enum {
	GPUS_MAX = 4096,
	OPTION_GPU = 'g',
	OPTION_READY_FD = 256,
	OPTION_DIE_WITH_PARENT,
	OPTION_KERNEL,
	OPTION_FAULT,
	OPTION_HOST,
	OPTION_CLEAR,
	OPTION_REDACT,
};

const struct cli_option cli_fake_options[] = {
	{ OPTION_GPU, "gpu", "SPEC",
	  "serve, conformance: a GPU of the host, may be repeated: NAME[,aperture=1G][,ggtt=4G]"
	  "[,address=0000:00:02.0][,gvt=on|off|unsupported|guc|no-module][,mappable=yes]"
	  "[,output=dp][,display=dmabuf][,count=N][,scanout=FAULT], or a recording: FILE[,vgpus=yes] (" DEFAULT_GPU
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
	{ OPTION_READY_FD, "ready-fd", "N", "serve: write a line to descriptor N once mounted" },
	{ OPTION_DIE_WITH_PARENT, "die-with-parent", NULL,
	  "serve: unmount and end when the parent process ends" },
	{ 0 },
};

const char cli_fake_details[] =
	"fake serve mounts a host on MOUNTPOINT, an empty directory, until it is unmounted or the\n"
	"program is told to end: MOUNTPOINT/sys is its /sys, MOUNTPOINT/dev/vfio its /dev/vfio (to\n"
	"use these, see vgpulab run). fake profiles lists the GPUs that there are.\n"
	"fake conformance compares fake hosts, or the /sys at TREE, with a real kernel, case by case:\n"
	"exit status 1 if something is different for no accepted reason. TREE must have no vGPUs.\n"
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

static struct fake_fuse *serving;

static void stop_serving(int signal)
{
	(void)signal;
	fake_fuse_stop(serving);
}

static void catch_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = stop_serving, .sa_flags = SA_RESTART };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(signals); i++)
		sigaction(signals[i], &action, NULL);
	signal(SIGPIPE, SIG_IGN);
}

struct serve {
	const char *gpus[GPUS_MAX];
	size_t gpus_len;
	struct fake_faults *faults;
	unsigned int kernel; /* 0: the default */
	int ready_fd;
	bool die_with_parent, redact;
	struct cli_fake_control control;
};

static int add_gpus(struct fake_host *host, const struct serve *serve, struct replay_gpus *gpus,
		    struct vgpu_error *err)
{
	for (size_t i = 0; i < serve->gpus_len; i++) {
		int ret = replay_gpus_add(gpus, serve->gpus[i], err);

		if (ret)
			return ret;
	}
	if (serve->kernel || gpus->kernel)
		fake_host_set_kernel(host, serve->kernel ? serve->kernel : gpus->kernel);
	return fake_host_add_gpus(host, gpus->configs, gpus->len, err);
}

static int tell_ready(const struct serve *serve, struct vgpu_error *err)
{
	static const char ready[] = "ready\n";

	if (serve->ready_fd < 0)
		return 0;
	if (write(serve->ready_fd, ready, sizeof(ready) - 1) != sizeof(ready) - 1)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, errno, "--ready-fd %d: %s",
				      serve->ready_fd, strerror(errno));
	close(serve->ready_fd);
	return 0;
}

static int serve_host(const struct serve *serve, const char *mountpoint, struct vgpu_error *err)
{
	/* the last to go: what recordings say is theirs */
	__attribute__((cleanup(replay_gpus_finish))) struct replay_gpus gpus = { 0 };
	_destroy_(fake_host) struct fake_host *host = fake_host_create();
	_destroy_(fake_tree) struct fake_tree *tree = NULL;
	_destroy_(fake_fuse) struct fake_fuse *fuse = NULL;
	struct fake_fuse_options options = {
		.subtree = "",
		.faults = serve->faults,
		.owner_uid = geteuid(),
		.owner_gid = getegid(),
	};
	int ret;

	if (!host)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	ret = add_gpus(host, serve, &gpus, err);
	if (ret)
		return ret;
	tree = options.tree = fake_tree_create(host);
	if (!tree)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	fake_tree_set_faults(tree, serve->faults);
	fuse = serving = fake_fuse_create(&options, err);
	if (!fuse)
		return -EIO;
	catch_signals();
	ret = fake_fuse_mount(fuse, mountpoint, err);
	if (!ret)
		ret = fake_fuse_start(fuse, err);
	if (!ret)
		ret = tell_ready(serve, err);
	if (!ret)
		fake_fuse_wait(fuse);
	return ret;
}

static int run_serve(const struct cli_arguments *args, struct serve *serve)
{
	struct vgpu_error err = { 0 };
	pid_t parent = getppid();

	if (args->operands_len != 2)
		return cli_usage_fail(args, "fake serve wants one MOUNTPOINT");
	if (!serve->gpus_len)
		serve->gpus[serve->gpus_len++] = DEFAULT_GPU;
	/* the parent may have gone before we asked */
	if (serve->die_with_parent)
		prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (serve->die_with_parent && getppid() != parent)
		return 0;
	return serve_host(serve, args->operands[1], &err) < 0 ? cli_fail(&args->globals, &err) : 0;
}

static int run_profiles(const struct cli_arguments *args, struct serve *serve)
{
	(void)serve;
	return args->operands_len == 1 ? list_profiles(args)
				       : cli_usage_fail(args, "fake profiles wants no operand");
}

static int run_conformance(const struct cli_arguments *args, struct serve *serve)
{
	return cli_fake_conformance(args, serve->gpus, serve->gpus_len);
}

static int run_record(const struct cli_arguments *args, struct serve *serve)
{
	return cli_fake_record(args, serve->redact);
}

static int run_fault(const struct cli_arguments *args, struct serve *serve)
{
	return cli_fake_fault(args, &serve->control);
}

static int run_hotplug(const struct cli_arguments *args, struct serve *serve)
{
	return cli_fake_hotplug(args, &serve->control);
}

static int run_monitor(const struct cli_arguments *args, struct serve *serve)
{
	return cli_fake_monitor(args, &serve->control);
}

static int run_guests(const struct cli_arguments *args, struct serve *serve)
{
	return cli_fake_guests(args, &serve->control);
}

static const struct {
	const char *name;
	int (*run)(const struct cli_arguments *args, struct serve *serve);
} subverbs[] = {
	{ "monitor", run_monitor },   { "guests", run_guests },		  { "serve", run_serve },
	{ "profiles", run_profiles }, { "conformance", run_conformance }, { "record", run_record },
	{ "fault", run_fault },	      { "unplug", run_hotplug },	  { "plug", run_hotplug },
};

static int run_operand(const struct cli_arguments *args, struct serve *serve)
{
	struct vgpu_nearest nearest = { .wanted = args->operands_len ? args->operands[0] : "" };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(subverbs); i++) {
		if (!strcmp(nearest.wanted, subverbs[i].name))
			return subverbs[i].run(args, serve);
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
static int take_option(struct cli_arguments *args, int id, struct serve *serve)
{
	struct vgpu_error err = { 0 };
	char *end;
	long fd;

	switch (id) {
	case OPTION_FAULT:
		return fake_faults_add(serve->faults, args->value, &err) < 0
			       ? cli_fail(&args->globals, &err)
			       : 0;
	case OPTION_KERNEL:
		return fake_kernel_parse(args->value, &serve->kernel, &err)
			       ? cli_fail(&args->globals, &err)
			       : 0;
	case OPTION_REDACT:
		serve->redact = true;
		return 0;
	case OPTION_GPU:
		if (serve->gpus_len == GPUS_MAX)
			return cli_usage_fail(args, "more than %d GPUs", GPUS_MAX);
		serve->gpus[serve->gpus_len++] = args->value;
		return 0;
	case OPTION_HOST:
		serve->control.host = args->value;
		return 0;
	case OPTION_CLEAR:
		serve->control.clear = args->value;
		return 0;
	case OPTION_READY_FD:
		fd = strtol(args->value, &end, 10);
		if (*end || end == args->value || fd < 0 || fd > 1 << 20 ||
		    fcntl((int)fd, F_GETFD) < 0)
			return cli_usage_fail(args, "--ready-fd %s is no open descriptor",
					      args->value);
		serve->ready_fd = (int)fd;
		fcntl(serve->ready_fd, F_SETFD, FD_CLOEXEC);
		return 0;
	default:
		serve->die_with_parent = true;
		return 0;
	}
}

int cli_verb_fake(const struct cli_globals *globals, int argc, char **argv)
{
	_autofree_ struct serve *serve = calloc(1, sizeof(*serve));
	_destroy_(fake_faults) struct fake_faults *faults = fake_faults_create();
	struct cli_arguments args;
	int code;

	if (!serve || !faults)
		return VGPU_ERROR_FAILED;
	serve->faults = faults;
	serve->ready_fd = -1;
	cli_arguments_init(&args, globals, argc, argv);
	for (int id; (id = cli_arguments_next(&args)) >= 0;) {
		code = take_option(&args, id, serve);
		if (code)
			return code;
	}
	return args.ended ? args.exit_code : run_operand(&args, serve);
}
