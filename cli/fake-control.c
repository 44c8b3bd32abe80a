/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Breaking a fake host that is at work: through the files of its control directory.
 */

#include "fake-control.h"

#include <errno.h>
#include <fakesysfs/faults.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <sandbox/sandbox.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/pci-address.h>

#include "listing.h"

enum { CONTROL_TEXT_SIZE = FAKE_FAULTS_TEXT_MAX + 1 };

static int open_control(const struct cli_fake_control *control, const char *file, int flags,
			struct vgpu_error *err)
{
	char path[PATH_MAX];
	int fd, errnum;

	if (control->host)
		snprintf(path, sizeof(path), "%s/control/%s", control->host, file);
	else
		snprintf(path, sizeof(path), SANDBOX_CONTROL "/%s", file);
	fd = open(path, flags | O_CLOEXEC);
	if (fd >= 0)
		return fd;
	errnum = errno;
	vgpu_error_set(err, VGPU_ERROR_USAGE, errnum, "no fake host here: %s: %s", path,
		       strerror(errnum));
	vgpu_error_hint(err, "inside `vgpulab run` there is one; for that of `vgpulab fake serve "
			     "MOUNTPOINT` say --host MOUNTPOINT");
	return -errnum;
}

/* All of a control file, as text. */
static int read_control(const struct cli_fake_control *control, const char *file,
			char text[CONTROL_TEXT_SIZE], struct vgpu_error *err)
{
	_autoclose_ int fd = open_control(control, file, O_RDONLY, err);
	ssize_t len;

	if (fd < 0)
		return fd;
	len = read(fd, text, CONTROL_TEXT_SIZE - 1);
	if (len < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot read %s: %s", file,
				      strerror(errno));
	text[len] = '\0';
	return 0;
}

/* One line to a control file. 0, or a negative errno. */
static int command(int fd, const char *verb, const char *what)
{
	char line[PIPE_BUF];
	int len = snprintf(line, sizeof(line), "%s %s", verb, what);

	if (len >= (int)sizeof(line))
		return -EINVAL;
	return write(fd, line, (size_t)len) == len ? 0 : -errno;
}

/*
 * fake fault
 */

struct listed_fault {
	unsigned int number;
	uint64_t matched, fired;
	const char *spec;
};

#define CELL(name, expression)                            \
	static struct json_object *name(const void *data) \
	{                                                 \
		const struct listed_fault *fault = data;  \
                                                          \
		return expression;                        \
	}

CELL(number, cli_number(fault->number))
CELL(matched, json_object_new_uint64(fault->matched))
CELL(fired, json_object_new_uint64(fault->fired))
CELL(spec, cli_text(fault->spec))

static const struct cli_column fault_columns[] = {
	{ "NUMBER", "number", "for --clear", .value = number },
	{ "MATCHED", "matched", "operations of that kind and path so far", .value = matched },
	{ "FIRED", "fired", "those of them that were broken", .value = fired },
	{ "FAULT", "fault", "as it was given", .value = spec },
};

/* A line of fake_faults_print(). */
static bool parse_line(char *line, struct listed_fault *out)
{
	int len = 0;

	if (sscanf(line, "%u matched=%" SCNu64 " fired=%" SCNu64 " %n", &out->number, &out->matched,
		   &out->fired, &len) != 3 ||
	    !len)
		return false;
	out->spec = line + len;
	return true;
}

static int list(const struct cli_arguments *args, const struct cli_fake_control *control,
		struct vgpu_error *err)
{
	char text[CONTROL_TEXT_SIZE], *rest = text, *line;
	struct cli_listing listing;
	struct listed_fault fault;
	int ret = read_control(control, "faults", text, err);

	if (ret)
		return ret;
	cli_listing_init(&listing, fault_columns, VGPU_ARRAY_LEN(fault_columns));
	while ((line = strsep(&rest, "\n")))
		if (parse_line(line, &fault))
			cli_listing_add(&listing, &fault);
	ret = cli_listing_print(&listing, args->globals.json, err);
	cli_listing_finish(&listing);
	return ret;
}

static int clear(const struct cli_fake_control *control, struct vgpu_error *err)
{
	_autoclose_ int fd = open_control(control, "faults", O_WRONLY, err);
	bool all = !strcmp(control->clear, "all");
	int ret;

	if (fd < 0)
		return fd;
	ret = all ? (write(fd, "clear", 5) == 5 ? 0 : -errno)
		  : command(fd, "clear", control->clear);
	if (ret)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, -ret, "there is no fault %s",
				      control->clear);
	return 0;
}

/* All of them are read here first: the other side has no words for what is wrong. */
static int add(const struct cli_arguments *args, const struct cli_fake_control *control,
	       struct vgpu_error *err)
{
	_destroy_(fake_faults) struct fake_faults *tried = fake_faults_create();
	_autoclose_ int fd = -1;
	int ret = 0;

	if (!tried)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	for (int i = 1; i < args->operands_len && !ret; i++)
		ret = fake_faults_add(tried, args->operands[i], err);
	if (ret)
		return ret;
	fd = open_control(control, "faults", O_WRONLY, err);
	if (fd < 0)
		return fd;
	for (int i = 1; i < args->operands_len; i++) {
		ret = command(fd, "add", args->operands[i]);
		if (ret)
			return vgpu_error_set(err, VGPU_ERROR_FAILED, -ret,
					      "the fake host takes no more faults than it has: %s",
					      strerror(-ret));
	}
	return 0;
}

int cli_fake_fault(const struct cli_arguments *args, const struct cli_fake_control *control)
{
	struct vgpu_error err = { 0 };
	int ret = 0;

	if (control->clear)
		ret = clear(control, &err);
	if (!ret && args->operands_len > 1)
		ret = add(args, control, &err);
	else if (!ret && !control->clear)
		ret = list(args, control, &err);
	return ret < 0 ? cli_fail(&args->globals, &err) : 0;
}

/*
 * fake unplug, fake plug
 */

int cli_fake_hotplug(const struct cli_arguments *args, const struct cli_fake_control *control)
{
	const char *verb = args->operands[0], *address;
	char canonical[VGPU_PCI_ADDRESS_TEXT_LEN];
	struct vgpu_error err = { 0 };
	_autoclose_ int fd = -1;
	int ret;

	if (args->operands_len != 2)
		return cli_usage_fail(args, "fake %s wants one ADDRESS, e.g. 0000:00:02.0", verb);
	fd = open_control(control, "hotplug", O_WRONLY, &err);
	if (fd < 0)
		return cli_fail(&args->globals, &err);
	address = vgpu_pci_address_canonical(args->operands[1], canonical);
	ret = command(fd, verb, address);
	if (!ret)
		return 0;
	vgpu_error_set(&err, VGPU_ERROR_USAGE, -ret, "cannot %s %s: %s", verb, address,
		       ret == -ENODEV ? "no GPU there that could be" : strerror(-ret));
	return cli_fail(&args->globals, &err);
}

/*
 * fake monitor
 */

static struct json_object *monitor_uuid(const void *data)
{
	const char *const *words = data;

	return cli_text(words[0]);
}

static struct json_object *monitor_state(const void *data)
{
	const char *const *words = data;

	return cli_text(words[1]);
}

static const struct cli_column monitor_columns[] = {
	{ "UUID", "uuid", "of the vGPU", .value = monitor_uuid },
	{ "MONITOR", "monitor", "its largest mode, or unplugged", .value = monitor_state },
};

enum { MONITORS_MAX = CONTROL_TEXT_SIZE / 40 };

static int list_monitors(const struct cli_arguments *args, const struct cli_fake_control *control,
			 struct vgpu_error *err)
{
	char text[CONTROL_TEXT_SIZE], *rest = text, *line;
	const char *words[MONITORS_MAX][2];
	struct cli_listing listing;
	int ret = read_control(control, "monitors", text, err);

	if (ret)
		return ret;
	cli_listing_init(&listing, monitor_columns, VGPU_ARRAY_LEN(monitor_columns));
	for (size_t i = 0; i < MONITORS_MAX && (line = strsep(&rest, "\n"));) {
		words[i][0] = strsep(&line, " ");
		words[i][1] = line;
		if (line)
			cli_listing_add(&listing, words[i++]);
	}
	ret = cli_listing_print(&listing, args->globals.json, err);
	cli_listing_finish(&listing);
	return ret;
}

int cli_fake_monitor(const struct cli_arguments *args, const struct cli_fake_control *control)
{
	struct vgpu_error err = { 0 };
	_autoclose_ int fd = -1;
	int ret;

	if (args->operands_len == 1)
		return list_monitors(args, control, &err) < 0 ? cli_fail(&args->globals, &err) : 0;
	if (args->operands_len != 3)
		return cli_usage_fail(args, "fake monitor wants UUID and unplugged, plugged or "
					    "WIDTHxHEIGHT");
	fd = open_control(control, "monitors", O_WRONLY, &err);
	if (fd < 0)
		return cli_fail(&args->globals, &err);
	ret = command(fd, args->operands[1], args->operands[2]);
	if (!ret)
		return 0;
	vgpu_error_set(&err, ret == -ENODEV ? VGPU_ERROR_NO_VGPU : VGPU_ERROR_USAGE, -ret,
		       ret == -ENODEV ? "no vGPU %s" : "the monitor of %s cannot become '%s'",
		       args->operands[1], args->operands[2]);
	vgpu_error_hint(&err,
			"unplugged, plugged, or a mode from 640x480 up to what the vGPU's type "
			"can show, its width a multiple of 8; 'vgpulab fake monitor' lists them");
	return cli_fail(&args->globals, &err);
}

/*
 * fake guests
 */

struct skipped {
	const char *uuid, *engine, *command;
	uint64_t count;
};

#define SKIPPED_CELL(name, expression)                              \
	static struct json_object *skipped_##name(const void *data) \
	{                                                           \
		const struct skipped *skipped = data;               \
                                                                    \
		return expression;                                  \
	}

SKIPPED_CELL(uuid, cli_text(skipped->uuid))
SKIPPED_CELL(engine, cli_text(skipped->engine))
SKIPPED_CELL(count, json_object_new_uint64(skipped->count))
SKIPPED_CELL(command, cli_text(skipped->command))

static const struct cli_column skipped_columns[] = {
	{ "UUID", "uuid", "of the vGPU", .value = skipped_uuid },
	{ "ENGINE", "engine", "that was to execute it", .value = skipped_engine },
	{ "COUNT", "count", "how often it was skipped", .value = skipped_count },
	{ "COMMAND", "command", "its name, and the upper half of its header",
	  .value = skipped_command },
};

enum { SKIPPED_MAX = CONTROL_TEXT_SIZE / 44 };

static bool parse_skipped(char *line, struct skipped *out)
{
	const char *count;

	out->uuid = strsep(&line, " ");
	out->engine = strsep(&line, " ");
	count = strsep(&line, " ");
	out->command = line;
	return line && sscanf(count, "%" SCNu64, &out->count) == 1;
}

int cli_fake_guests(const struct cli_arguments *args, const struct cli_fake_control *control)
{
	char text[CONTROL_TEXT_SIZE], *rest = text, *line;
	struct skipped rows[SKIPPED_MAX];
	struct vgpu_error err = { 0 };
	struct cli_listing listing;
	int ret = read_control(control, "guests", text, &err);

	if (ret)
		return cli_fail(&args->globals, &err);
	cli_listing_init(&listing, skipped_columns, VGPU_ARRAY_LEN(skipped_columns));
	for (size_t i = 0; i < SKIPPED_MAX && (line = strsep(&rest, "\n"));)
		if (parse_skipped(line, &rows[i]))
			cli_listing_add(&listing, &rows[i++]);
	ret = cli_listing_print(&listing, args->globals.json, &err);
	cli_listing_finish(&listing);
	return ret < 0 ? cli_fail(&args->globals, &err) : 0;
}
