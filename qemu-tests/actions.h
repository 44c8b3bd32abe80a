/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a guest goes through between pictures. An action is a row.
 */

#include <stdbool.h>
#include <stdint.h>
#include <vgpulab/error.h>

struct qt_progress;
struct qt_result;
struct qt_vm;

/** How an action finds the guest, and what it tells. */
struct qt_action_run {
	struct qt_vm *vm;
	struct qt_result *result; /* for notes */
	struct qt_progress *progress; /* who does all its times in one call says how far it is */
	unsigned int times; /* of an action that counts by itself */
	uint32_t width_px, height_px; /* of the step */
	unsigned int boot_ms; /* how long a guest may take to be ready */
};

struct qt_action {
	const char *name; /* "reload" */
	const char *summary;
	bool counts; /* does all its times in one call */
	bool loads; /* the guest's driver is loaded anew */
	bool waits; /* most of its time, and leaves its core to others */
	unsigned int takes_ms; /* about, once, while nothing else runs */
	const char *provokes; /* what the guest's kernel must complain of; NULL: nothing */
	int (*run)(const struct qt_action_run *run, struct vgpu_error *err);
};

extern const struct qt_action qt_actions[];
extern const size_t qt_actions_len;

/** The action of that name, or NULL. */
const struct qt_action *qt_action_find(const char *name);
