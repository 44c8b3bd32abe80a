/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Faults on purpose: which operations on the fake tree shall fail or be late. Pure; who serves the
 * tree asks before each operation, and does the waiting.
 */

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

struct fake_faults;

enum fake_operation {
	FAKE_OPERATION_OPEN,
	FAKE_OPERATION_READ,
	FAKE_OPERATION_WRITE,
	FAKE_OPERATION_READLINK,
	FAKE_OPERATION_LIST,
};

/** What shall happen to one operation. */
struct fake_fault_verdict {
	int errnum; /* 0: it goes on */
	unsigned int delay_ms; /* before that */
};

/** None yet. NULL without memory. */
struct fake_faults *fake_faults_create(void);
void fake_faults_destroy(struct fake_faults *faults);
VGPU_DEFINE_DESTROYP(fake_faults)

/**
 * Adds what "OP[:PATH-GLOB][,errno=E][,after=N][,probability=P][,seed=S][,delay=MS]" says. OP is
 * open, read, write, readlink or list, or create or remove for the writes that do that; the glob
 * (fnmatch(3), '*' goes across '/') is of a path with its links resolved, as
 * /sys/devices/pci0000:00/0000:00:02.0/vendor; E is a name or a number; the first N go well; of the
 * others each fails with probability P, 0 to 1, by a sequence that S alone determines.
 * 0, or -EINVAL with @err filled. From now on it counts, whoever is at work.
 */
int fake_faults_add(struct fake_faults *faults, const char *spec, struct vgpu_error *err);

/** The most that fake_faults_print() writes: what an attribute of sysfs can hold. */
#define FAKE_FAULTS_TEXT_MAX 4096
/**
 * All of them, a line "NUMBER matched=N fired=N SPEC" each: how many operations it matched, how many
 * it broke. Returns the length; not NUL-terminated.
 */
ssize_t fake_faults_print(struct fake_faults *faults, char text[FAKE_FAULTS_TEXT_MAX]);
/** Does what a line says: "add SPEC", "clear NUMBER" or "clear". 0, -EINVAL or -ENOENT. */
int fake_faults_command(struct fake_faults *faults, const char *line);

/** Is there any for this kind of operation? Then a path is worth making. NULL is fine. */
bool fake_faults_any(const struct fake_faults *faults, enum fake_operation operation);
/** One operation on @path: all faults that it matches count it; the first that fires says. */
struct fake_fault_verdict fake_faults_ask(struct fake_faults *faults, enum fake_operation operation,
					  const char *path);
