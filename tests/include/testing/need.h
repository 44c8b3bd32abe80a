/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Declared needs. A test that cannot run here says which need is missing and why, and exits 77.
 * Under `meson test --setup strict` a need that the machine is known to offer must not be missing:
 * then the skip is a failure.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/** meson's exit code for "skipped". */
#define NEED_SKIP 77

/**
 * Says that @need ("fuse", "userns", "qemu", "guest-kernel", "kvm", "libvirt", "mdevctl", ...) is
 * missing and why. Returns the exit code for it: 77, or 1 if VGPULAB_STRICT ("all", or a list of
 * needs separated by commas) names it.
 */
__attribute__((format(printf, 2, 3))) static inline int need_missing(const char *need,
								     const char *why, ...)
{
	const char *strict = getenv("VGPULAB_STRICT");
	size_t len = strlen(need);
	int required = strict && !strcmp(strict, "all");
	va_list args;

	for (const char *at = strict; at && !required; at = strchr(at, ',')) {
		at += *at == ',';
		required = !strncmp(at, need, len) && (at[len] == ',' || !at[len]);
	}
	fprintf(stderr, "%s: needs %s: ", required ? "FAIL" : "SKIP", need);
	va_start(args, why);
	vfprintf(stderr, why, args);
	va_end(args);
	fputc('\n', stderr);
	return required ? 1 : NEED_SKIP;
}
