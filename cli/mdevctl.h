/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The program as mdevctl: called by that name it takes mdevctl's arguments and prints what mdevctl
 * prints, so that libvirt and scripts can use it in mdevctl's place.
 */

#include <stdbool.h>

#include "cli.h"

struct cli_device_request;
struct cli_host;
struct vgpu_definition;
struct vgpu_setting;

/** Is @program "mdevctl" or "lsmdev", whatever its directory? */
bool cli_is_mdevctl(const char *program);
/** The whole program then. Returns the exit code: 0, 1, or 2 for a malformed command line. */
int cli_mdevctl_main(struct cli_globals *globals, int argc, char **argv);

/** "Error: TEXT", mdevctl's form. Returns the exit code. */
int cli_mdevctl_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/** The same with what the kernel said below it. */
int cli_mdevctl_fail_errno(int errnum, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/** Our words where mdevctl has none. */
int cli_mdevctl_fail_error(const struct vgpu_error *err);

/** Says why a start failed. @refused is the setting that was, or NULL. */
int cli_mdevctl_fail_start(const struct cli_host *host, const struct vgpu_definition *definition,
			   const struct vgpu_setting *refused, const struct vgpu_error *err);
