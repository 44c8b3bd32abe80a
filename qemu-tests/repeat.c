/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "repeat.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <vgpulab/cleanup.h>

static void print_quoted(FILE *f, char *const *items)
{
	_autofree_ char *line = items && *items ? qt_argv_quote(items) : NULL;

	fputs(line ? line : "", f);
}

static void print_scenario(FILE *f, const struct qt_options *options,
			   const struct qt_result *result)
{
	char *const guest_dir[] = { (char *)options->guest_dir, NULL };

	fputs("if [ \"${1-}\" = \"\" ]; then\n", f);
	if (options->guest_dir) {
		fputs("\texport VGPULAB_GUEST_DIR=", f);
		print_quoted(f, guest_dir);
		fputc('\n', f);
	}
	fputs("\texec ", f);
	print_quoted(f, options->command);
	fprintf(f, " --out \"$PWD/repeat\" %s\nfi\n", result->scenario->name);
}

/* On a fake host QEMU by itself needs one too; on a real one the vGPU is made and removed here. */
static void print_qemu(FILE *f, const struct qt_options *options, const struct qt_result *result)
{
	const char *program = options->command ? options->command[0] : "vgpulab";
	char *const manager[] = { (char *)program, NULL };

	if (options->enter) {
		fputs("if [ \"$1\" = --qemu ]; then\n\texec ", f);
		print_quoted(f, options->enter);
		fputs(" \"$PWD/repeat.sh\" --qemu-inside\nfi\n", f);
	}
	if (*result->uuid) {
		print_quoted(f, manager);
		fprintf(f, " create --parent %s --type %s %s\nfinish() {\n\t", result->parent,
			result->type, result->uuid);
		print_quoted(f, manager);
		fprintf(f, " remove %s\n}\ntrap finish EXIT\ntrap 'exit 130' HUP INT TERM\n",
			result->uuid);
	}
	print_quoted(f, result->argv.items);
	fputc('\n', f);
}

int qt_repeat_write(const struct qt_options *options, const struct qt_result *result, int dir_fd,
		    struct vgpu_error *err)
{
	int fd = openat(dir_fd, "repeat.sh", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0777);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w");

	if (!f) {
		if (fd >= 0)
			close(fd);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write repeat.sh: %s",
				      strerror(errno));
	}
	fprintf(f,
		"#!/bin/sh\n"
		"# Repeats scenario %s.\n"
		"#   repeat.sh           all of it, judged; results go to repeat/ beside this file\n"
		"#   repeat.sh --qemu    QEMU alone: qmp.sock, vnc.sock and the guest's control.sock\n"
		"#                       appear beside this file\n"
		"set -eu\ncd \"$(dirname \"$0\")\"\n",
		result->scenario->name);
	if (options->command)
		print_scenario(f, options, result);
	print_qemu(f, options, result);
	if (fclose(f))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, errno, "cannot write repeat.sh: %s",
				      strerror(errno));
	return 0;
}
