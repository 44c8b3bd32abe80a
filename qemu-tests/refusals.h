/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Set-ups that must be refused, and with words that tell the user why. What provokes a refusal is a
 * row.
 */

#include <qemu-tests/scenario.h>
#include <stdbool.h>
#include <stdint.h>
#include <vgpulab/error.h>

struct qt_vm;

/** Where a second QEMU runs, in the scenario's directory. */
#define QT_SECOND_DIR "second"

struct qt_refusal_request {
	const struct qt_scenario *scenario;
	char *const *argv; /* QEMU's */
	int dir_fd;
	int64_t deadline_ms;
	bool through_libvirt; /* whose words they are then */
};

struct qt_refusal {
	const char *name; /* "start" */
	const char *summary;
	bool absent; /* the command line names a vGPU that does not exist */
	/**
	 * Does what must be refused. 0: it was not refused; else a negative errno with @err filled.
	 * A QEMU that runs on is in *@vm, for the caller to destroy.
	 */
	int (*provoke)(const struct qt_refusal_request *request, struct qt_vm **vm,
		       struct vgpu_error *err);
};

extern const struct qt_refusal qt_refusals[];
extern const size_t qt_refusals_len;

/** The row of that name, or NULL. */
const struct qt_refusal *qt_refusal_find(const char *name);

/** Provokes the scenario's refusal. 0 if it came in the scenario's words; else @err says what did. */
int qt_refusal_run(const struct qt_refusal_request *request, struct qt_vm **vm,
		   struct vgpu_error *err);
