/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The harness: boots a guest with a vGPU, captures what each display path shows, and judges it.
 * It sees only what a host shows (/sys, /dev/vfio, QEMU), real or fake.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vgpulab/error.h>

struct qt_options {
	const char *out_dir; /* pictures, logs, report.html, verdict.json; made if missing */
	const char *kernel; /* guest kernel image; NULL: the one unpacked by ./dev */
	const char *init; /* static guest program; NULL: the one that was built */
	const char *qemu; /* NULL: qemu-system-x86_64 in PATH */
	const char *parent; /* parent device; NULL: the only one */
	const char *type; /* mdev type; NULL: what the scenario asks for */
	const char *select; /* glob over scenario names; NULL: all */
	const char *tamper; /* self-test: fault that the guest draws on purpose; NULL: none */
	bool list; /* print scenarios, run none */
	bool json; /* verdict on standard output as JSON */
};

/**
 * Runs scenarios. Returns 0 if all passed, 1 if one failed (the verdict names the fault), or a
 * negative errno with @err filled if none could run.
 */
int qt_run(const struct qt_options *options, struct vgpu_error *err);
