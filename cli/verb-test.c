/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fakesysfs/profile.h>
#include <inttypes.h>
#include <limits.h>
#include <qemu-tests/harness.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/number.h>
#include <vgpulab/pci-address.h>

#include "listing.h"
#include "test-list.h"
#include "test-place.h"
#include "test-preflight.h"

/* What is simulated if neither the command line nor the machine offers a GPU. */
#define DEFAULT_GPU "kaby-lake"

enum {
	OPTION_KERNEL = 256,
	OPTION_INIT,
	OPTION_QEMU,
	OPTION_ACCEL,
	OPTION_TAMPER,
	OPTION_REPEAT,
	OPTION_JOBS,
	OPTION_MACHINE,
	OPTION_GUEST,
	OPTION_KERNEL_LOG,
	OPTION_NO_PREFLIGHT,
	OPTION_PATIENCE,
	OPTION_THROUGH,
	OPTION_FORMAT,
	OPTION_DESCRIBE,
	OPTION_NEED,
	OPTION_SHUFFLE,
	OPTION_ROUNDS,
	OPTION_SHARD,
	OPTION_EXPECT,
	OPTION_FAILED,
	OPTION_RESUME,
	OPTION_IN
};

enum { FORMATS_MAX = 8 };

const struct cli_option cli_test_options[] = {
	{ 'l', "list", NULL, "list the scenarios, run none" },
	{ 'g', "gpu", "GPU",
	  "run on a fake host with this GPU, as 'vgpulab run' does; an address, 0000:00:02.0: on "
	  "this machine's own GPU, guarded (see below)" },
	{ OPTION_NO_PREFLIGHT, "no-preflight", NULL,
	  "on one's own GPU: do not ask the doctor first" },
	{ OPTION_KERNEL_LOG, "kernel-log", "FILE", "on one's own GPU: watch this (/dev/kmsg)" },
	{ OPTION_PATIENCE, "patience", "FACTOR",
	  "how much longer than on a fast machine steps may take (as measured)" },
	{ 'o', "out", "DIR", "where results go (vgpulab-results)" },
	{ 'p', "parent", "PARENT", "take the vGPU from this GPU" },
	{ 't', "type", "TYPE", "its type (the smallest that shows the scenario's modes)" },
	{ OPTION_IN, "in", "lab-vm[:DRIVERS]",
	  "run in a VM of this machine's files with a kernel that has these (vgem)" },
	{ OPTION_KERNEL, "kernel", "FILE", "the guest's kernel (what ./dev unpacked)" },
	{ OPTION_GUEST, "guest", "IMAGE",
	  "boot this disk or .iso, with nothing of ours in it; it is not written to" },
	{ OPTION_INIT, "init", "FILE", "the guest's program (what was built)" },
	{ OPTION_QEMU, "qemu", "PROGRAM", "QEMU (qemu-system-x86_64)" },
	{ OPTION_ACCEL, "accel", "ACCEL", "tcg or kvm (kvm if a kernel really runs on it)" },
	{ OPTION_REPEAT, "repeat", "N",
	  "flips, driver reloads, reboots and suspends: N times as many" },
	{ OPTION_JOBS, "jobs", "N", "so many scenarios at a time (as the cores and memory allow)" },
	{ OPTION_MACHINE, "machine", "MACHINE", "the guest's machine: pc (default) or q35" },
	{ OPTION_THROUGH, "through", "WHAT",
	  "qemu: its command line (default), or libvirt: a domain that virsh starts" },
	{ OPTION_TAMPER, "tamper", "FAULT", "self-test: the guest draws this fault on purpose" },
	{ OPTION_FORMAT, "format", "FORMAT[:FILE]",
	  "results as tap, ktap, junit, json, lava, tmt or github, too" },
	{ OPTION_DESCRIBE, "describe", NULL, "tell all about the scenarios, run none" },
	{ OPTION_NEED, "need", "NEED", "only scenarios that need this: spice, dbus, ovmf, ..." },
	{ OPTION_SHUFFLE, "shuffle", "SEED", "in an order that follows from this number" },
	{ OPTION_ROUNDS, "rounds", "N", "run each scenario N times" },
	{ OPTION_SHARD, "shard", "I/N", "only the I-th of N parts of the scenarios" },
	{ OPTION_EXPECT, "expect", "FILE", "which scenarios are known to fail or to be flaky" },
	{ OPTION_FAILED, "rerun-failed", NULL, "only those that failed in DIR's last run" },
	{ OPTION_RESUME, "resume", NULL, "go on with DIR's last run, which was cut off" },
	{ 0 },
};

const char cli_test_details[] =
	"Each scenario boots a guest that draws a test card on its vGPU; what every display path\n"
	"shows of it must be that card, bit for bit. Without --gpu this machine's GPU is used; if\n"
	"it has none, a fake " DEFAULT_GPU ". --in lab-vm brings a real kernel along: what needs\n"
	"/dev/dri or its mdev samples (--in lab-vm:mbochs) runs there, slowly.\n"
	"On this machine's own GPU (--gpu ADDRESS, or a parent's name) the doctor is asked\n"
	"first, only vGPUs are removed that were made here, each scenario's directory gets its part of\n"
	"the kernel's log, and the run stops if that tells of trouble or a QEMU cannot be killed.\n"
	"Results: report.html, verdict.json and a directory for each scenario. Exit code 0: all\n"
	"passed; 1: a display path is wrong; 12: nothing could run.";

struct request {
	bool describe;
	const char *formats[FORMATS_MAX]; /* NULL behind the last */
	size_t formats_len;
	const char *wrong; /* what is wrong with an option's value */
	struct qt_options options;
	const char *gpu, *repeat, *patience;
	char default_gpu[64];
	bool no_preflight;
	const char *lab; /* the drivers of the lab VM to run in; NULL: here */
	bool list;
	char guest[PATH_MAX], guest_dir[PATH_MAX];
	char out_dir[PATH_MAX], kernel[PATH_MAX], init[PATH_MAX], qemu[PATH_MAX], self[PATH_MAX];
	char kernel_log[PATH_MAX], parent[VGPU_PCI_ADDRESS_TEXT_LEN];
};

static bool is_parent_here(void)
{
	_autoclosedir_ DIR *dir = opendir("/sys/class/mdev_bus");

	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (entry->d_name[0] != '.')
			return true;
	return false;
}

/* A GPU that nobody chose shows itself as all scenarios want it. */
static void choose_gpu(struct request *request)
{
	const struct qt_options *options = &request->options;
	const char *display = qt_selection_display(options->select, options->select_len);
	bool dmabuf = display && !strcmp(display, "dmabuf"); /* else by region, as fakes do */

	snprintf(request->default_gpu, sizeof(request->default_gpu), DEFAULT_GPU "%s",
		 dmabuf ? ",display=dmabuf" : "");
	request->gpu = request->default_gpu;
}

static bool is_stdout_taken(const struct request *request)
{
	for (size_t i = 0; i < request->formats_len; i++)
		if (!strchr(request->formats[i], ':'))
			return true;
	return false;
}

static void print_verdict(const struct cli_arguments *args, const struct request *request,
			  const struct qt_verdict *verdict)
{
	struct qt_counts counts = qt_verdict_counts(verdict);
	FILE *summary;
	char time[96];

	if (args->globals.json) {
		json_object *object = qt_verdict_json(verdict);

		cli_json_print(object);
		json_object_put(object);
		return;
	}
	/* standard output may be a format's */
	summary = is_stdout_taken(request) ? stderr : stdout;
	fprintf(summary, "%s: %u passed, %u failed, %u skipped", qt_counts_word(&counts),
		counts.passed, counts.failed, counts.skipped);
	if (counts.known)
		fprintf(summary, ", %u failed as expected", counts.known);
	fprintf(summary, "\ntook %s\nreport: %s/report.html\n",
		qt_verdict_time(verdict, time, sizeof(time)), request->out_dir);
}

/* What repeat.sh runs: this, with the same guest, but for scenario and output. */
static void describe_repeat(const struct request *request, char **command, char **enter)
{
	const char *host = getenv(CLI_TEST_HOST);
	const char *space = host ? strrchr(host, ' ') : NULL, *gpu = space ? space + 1 : NULL;
	const struct qt_options *options = &request->options;
	const struct {
		char *name;
		const char *value;
	} values[] = {
		{ "--gpu", options->guarded ? options->parent : gpu },
		{ "--kernel-log", options->kernel_log },
		{ "--kernel", options->kernel },
		{ "--init", options->init },
		{ "--guest", options->guest_image },
		{ "--qemu", options->qemu },
		{ "--accel", options->accel },
		{ "--parent", options->guarded ? NULL : options->parent },
		{ "--type", options->type },
		{ "--tamper", options->tamper },
		{ "--repeat", request->repeat },
		{ "--patience", request->patience },
		{ "--machine", options->machine },
		{ "--through", options->through_libvirt ? "libvirt" : NULL },
	};
	size_t n = 0;

	command[n++] = (char *)request->self;
	command[n++] = "test";
	for (size_t i = 0; i < VGPU_ARRAY_LEN(values); i++)
		if (values[i].value) {
			command[n++] = values[i].name;
			command[n++] = (char *)values[i].value;
		}
	if (request->no_preflight)
		command[n++] = "--no-preflight";
	n = 0;
	if (gpu) {
		enter[n++] = (char *)request->self;
		enter[n++] = "run";
		if (options->through_libvirt)
			enter[n++] = "--libvirt";
		enter[n++] = "--gpu";
		enter[n++] = (char *)gpu;
		enter[n++] = "--";
	}
}

/* Absolute, because QEMU and repeat.sh run elsewhere. A file that is not there fails later. */
static const char *absolute(const char *path, char *buffer)
{
	if (!path)
		return NULL;
	return realpath(path, buffer) ? buffer : path;
}

static int run_scenarios(const struct cli_arguments *args, struct request *request)
{
	_destroy_(qt_verdict) struct qt_verdict *verdict = NULL;
	char *command[32] = { NULL }, *enter[8] = { NULL };
	struct vgpu_error err = { 0 };
	struct qt_counts counts;

	if (request->options.guarded && !request->no_preflight) {
		int code = cli_test_preflight(&args->globals, request->options.parent);

		if (code)
			return code;
	}
	describe_repeat(request, command, enter);
	request->options.host = getenv(CLI_TEST_HOST);
	request->options.guest_dir = absolute(getenv("VGPULAB_GUEST_DIR"), request->guest_dir);
	request->options.command = command;
	request->options.enter = *enter ? enter : NULL;
	request->options.progress = stderr;
	/* not after hours of running */
	for (size_t i = 0; i < request->formats_len; i++)
		if (qt_format_check(request->formats[i], &err))
			return cli_fail(&args->globals, &err);
	qt_catch_signals();
	if (qt_run(&request->options, &verdict, &err))
		return cli_fail(&args->globals, &err);
	for (size_t i = 0; i < request->formats_len; i++)
		if (qt_verdict_format(verdict, request->formats[i], &err))
			return cli_fail(&args->globals, &err);
	print_verdict(args, request, verdict);
	counts = qt_verdict_counts(verdict);
	if (qt_caught_signal()) {
		fputs("vgpulab: interrupted; --resume goes on with what is left\n", stderr);
		return 128 + qt_caught_signal(); /* as a shell says it */
	}
	if (counts.failed || counts.passed || counts.known)
		return counts.failed ? EXIT_FAILURE : 0;
	vgpu_error_set(&err, VGPU_ERROR_NEED, 0, "no scenario could run: %s",
		       qt_verdict_skip_reason(verdict));
	return cli_fail(&args->globals, &err);
}

/* From 1 on. */
static bool take_number(const char *value, uint64_t max, unsigned int *out)
{
	uint64_t number;

	if (vgpu_number_parse(value, 1, max, &number))
		return false;
	*out = (unsigned int)number;
	return true;
}

/* Which scenarios run, how often, in which order. */
static bool take_plan_option(struct request *request, int id, const char *value)
{
	struct qt_options *options = &request->options;
	char rest;

	switch (id) {
	case OPTION_NEED:
		options->need = value;
		return true;
	case OPTION_SHUFFLE:
		request->wrong = "'%s' is no number";
		options->shuffle = true;
		return !vgpu_number_parse(value, 0, UINT64_MAX, &options->seed);
	case OPTION_ROUNDS:
		request->wrong = "'%s' is not 1 to 100000";
		return take_number(value, 100000, &options->rounds);
	case OPTION_JOBS:
		request->wrong = "'%s' is not 1 to 64";
		return take_number(value, 64, &options->jobs);
	case OPTION_SHARD:
		request->wrong = "'%s' is not I/N with I from 1 to N";
		return !strchr(value, '-') &&
		       sscanf(value, "%u/%u%c", &options->shard, &options->shards, &rest) == 2 &&
		       options->shard >= 1 && options->shard <= options->shards;
	case OPTION_EXPECT:
		options->expect = value;
		return true;
	case OPTION_FAILED:
		options->only_failed = true;
		return true;
	case OPTION_RESUME:
		options->resume = true;
		return true;
	}
	return false;
}

static bool is_readable(const char *path)
{
	struct stat st;

	return !stat(path, &st) && !S_ISDIR(st.st_mode) && !access(path, R_OK);
}

/* "lab-vm", "lab-vm:vgem,mbochs" */
static bool take_place(struct request *request, const char *value)
{
	static const char lab[] = "lab-vm";
	const char *rest = value + strlen(lab);

	if (strncmp(value, lab, strlen(lab)) || (*rest && *rest != ':'))
		return false;
	request->lab = *rest ? rest + 1 : "vgem";
	return true;
}

/* What the scenarios run on. */
static bool take_host_option(struct request *request, int id, const char *value)
{
	char rest;

	switch (id) {
	case OPTION_MACHINE:
		request->wrong = "'%s' is neither pc nor q35";
		request->options.machine = value;
		return !strcmp(value, "pc") || !strcmp(value, "q35");
	case OPTION_THROUGH:
		request->wrong = "'%s' is neither qemu nor libvirt";
		request->options.through_libvirt = !strcmp(value, "libvirt");
		return request->options.through_libvirt || !strcmp(value, "qemu");
	case OPTION_GUEST:
		request->wrong = "'%s' is no file or disk that can be read";
		request->options.guest_image = absolute(value, request->guest);
		return is_readable(value);
	case OPTION_NO_PREFLIGHT:
		request->no_preflight = true;
		return true;
	case OPTION_KERNEL_LOG:
		request->wrong = "'%s' is no file that can be read";
		request->options.kernel_log = absolute(value, request->kernel_log);
		return is_readable(value);
	case OPTION_PATIENCE:
		request->wrong = "'%s' is not 0.01 to 1000";
		request->patience = value;
		return sscanf(value, "%lf%c", &request->options.patience, &rest) == 1 &&
		       request->options.patience >= 0.01 && request->options.patience <= 1000;
	}
	return take_plan_option(request, id, value);
}

static bool is_accel(const char *name)
{
	return !strcmp(name, "tcg") || !strcmp(name, "kvm");
}

static bool take_option(struct request *request, int id, const char *value)
{
	switch (id) {
	case 'l':
		request->list = true;
		return true;
	case 'g':
		request->gpu = value;
		return true;
	case 'o':
		request->options.out_dir = value;
		return true;
	case 'p':
		request->options.parent = value;
		return true;
	case 't':
		request->options.type = value;
		return true;
	case OPTION_KERNEL:
		request->options.kernel = absolute(value, request->kernel);
		return true;
	case OPTION_INIT:
		request->options.init = absolute(value, request->init);
		return true;
	case OPTION_QEMU:
		/* a name is looked up in PATH */
		request->options.qemu = strchr(value, '/') ? absolute(value, request->qemu) : value;
		return true;
	case OPTION_ACCEL:
		request->wrong = "'%s' is neither tcg nor kvm";
		request->options.accel = value;
		return is_accel(value);
	case OPTION_REPEAT:
		request->wrong = "'%s' is not 1 to 1000000";
		request->repeat = value;
		return take_number(value, 1000000, &request->options.repeat);
	case OPTION_FORMAT:
		request->wrong =
			"'%s' is not FORMAT[:FILE], of tap, ktap, junit, json, lava, tmt, github";
		if (!qt_format_exists(value))
			return false;
		request->wrong = "'%s' is one too many";
		if (request->formats_len == FORMATS_MAX)
			return false;
		request->formats[request->formats_len++] = value;
		return true;
	case OPTION_DESCRIBE:
		request->describe = true;
		return true;
	case OPTION_TAMPER:
		request->options.tamper = value;
		return true;
	case OPTION_IN:
		request->wrong = "'%s' is not lab-vm or lab-vm:DRIVER,...";
		return take_place(request, value);
	}
	return take_host_option(request, id, value);
}

/* A profile's name is of a GPU that is not there, unless the kernel has a parent of that name. */
static bool is_own_gpu(const struct cli_globals *globals, const char *gpu)
{
	struct vgpu_pci_address address;
	char name[64], path[128];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(gpu, ","), gpu);
	snprintf(path, sizeof(path), "/sys/class/mdev_bus/%s", gpu);
	return !vgpu_pci_address_parse(gpu, &address) || !access(path, F_OK) ||
	       (globals->backend && !strcmp(globals->backend, "sysfs") &&
		!fake_gpu_profile_find(name));
}

static int fail_value(const struct cli_arguments *args, const struct request *request, int id)
{
	const struct cli_option *option = cli_test_options;
	char format[160];

	while (option->id != id)
		option++;
	snprintf(format, sizeof(format), "--%s: %s", option->name, request->wrong);
	return cli_usage_fail(args, format, args->value);
}

/* Only what is in the output directory is brought out of the lab VM. */
static bool is_brought_out(const struct request *request, const char *file)
{
	size_t len = strlen(request->options.out_dir);

	return !strncmp(file, request->options.out_dir, len) && file[len] == '/';
}

static bool is_file_lost(const struct request *request)
{
	for (size_t i = 0; i < request->formats_len && request->lab; i++) {
		const char *colon = strchr(request->formats[i], ':');

		if (colon && !is_brought_out(request, colon + 1))
			return true;
	}
	return false;
}

/* What would be asked for in vain; NULL: nothing. */
static const char *find_contradiction(const struct cli_arguments *args,
				      const struct request *request)
{
	const struct qt_options *options = &request->options;

	if (strcmp(args->globals.backend, "sysfs") != 0)
		return "scenarios run on /sys, with no other --backend; --gpu NAME plays a GPU";
	if (options->only_failed && options->resume)
		return "--rerun-failed or --resume, not both";
	if (args->globals.json && is_stdout_taken(request))
		return "--json or a --format without a file, not both";
	if (is_file_lost(request))
		return "of --in lab-vm only what is below --out stays: no --format FILE elsewhere";
	if (options->guest_image &&
	    (options->kernel || options->init || options->tamper || request->repeat))
		return "--kernel, --init, --tamper and --repeat do not go with --guest";
	if (!options->guarded && !request->lab && (options->kernel_log || request->no_preflight))
		return "--kernel-log and --no-preflight go with --gpu ADDRESS";
	return NULL;
}

int cli_verb_test(const struct cli_globals *globals, int argc, char **argv)
{
	struct request request = { .options.out_dir = "vgpulab-results" };
	const char *accel = getenv("VGPULAB_ACCEL"), *contradiction;
	struct cli_arguments args;
	int id;

	cli_arguments_init(&args, globals, argc, argv);
	while ((id = cli_arguments_next(&args)) >= 0) {
		if (!take_option(&request, id, args.value))
			return fail_value(&args, &request, id);
		/* where the run takes place is said otherwise there */
		if (id == 'g' || id == OPTION_IN)
			cli_arguments_drop(&args);
	}
	if (args.ended)
		return args.exit_code;
	if (!request.options.accel && accel && *accel) {
		if (!is_accel(accel))
			return cli_usage_fail(&args, "VGPULAB_ACCEL: '%s' is neither tcg nor kvm",
					      accel);
		request.options.accel = accel;
	}
	request.options.select = args.operands;
	request.options.select_len = (size_t)args.operands_len;
	if (request.list || request.describe)
		return cli_test_list(&args, &request.options, request.describe);
	if (readlink("/proc/self/exe", request.self, sizeof(request.self) - 1) < 0)
		strcpy(request.self, "vgpulab");
	if (request.gpu && !request.lab && is_own_gpu(&args.globals, request.gpu)) {
		request.options.parent = request.gpu;
		request.options.guarded = true;
		request.gpu = NULL;
	}
	contradiction = find_contradiction(&args, &request);
	if (contradiction)
		return cli_usage_fail(&args, "%s", contradiction);
	if (request.lab)
		return cli_test_in_lab(&args, request.self, request.gpu, request.lab,
				       request.options.out_dir);
	if (request.options.parent)
		request.options.parent =
			vgpu_pci_address_canonical(request.options.parent, request.parent);
	if (!request.gpu && !request.options.guarded && !getenv(CLI_TEST_HOST) &&
	    !is_parent_here() &&
	    qt_selection_needs_vgpu(request.options.select, request.options.select_len))
		choose_gpu(&request);
	if (request.gpu)
		return cli_test_in_fake(&args, request.self, request.gpu,
					request.options.through_libvirt);
	snprintf(request.out_dir, sizeof(request.out_dir), "%s", request.options.out_dir);
	return run_scenarios(&args, &request);
}
