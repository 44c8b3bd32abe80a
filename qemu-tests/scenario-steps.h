/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A scenario on its way, and what happens while its guest runs: pictures, actions, and what the
 * guest's kernel says of them.
 */

#include "argv.h"
#include "guest-log.h"
#include "scenario-run.h"

#include <stdint.h>

/* A loaded machine boots the guest ten times slower than an idle one. */
#define QT_BOOT_MS 90000

struct qt_path;
struct qt_vgpu;
struct qt_vm;

/* One scenario on its way. */
struct qt_scenario_state {
	struct qt_runner *runner;
	struct qt_result *result;
	const struct qt_path *path;
	int dir_fd;
	int64_t start_ms;
	struct qt_vgpu *vgpu;
	struct qt_vm *vm;
	char device[QT_DEVICE_ID_LEN]; /* the vGPU's id in QEMU */
	pid_t remote; /* the guest's program beside it; 0: there is none */
	struct qt_shown *earlier; /* the latest first */
	size_t earlier_len;
	char tiling[8]; /* of the latest */
	const struct qt_guest_driver *driver; /* NULL: none */
	unsigned int loads; /* how often the guest loaded it */
	struct qt_guest_log log;
	struct qt_scenario_state *beside; /* of another guest at the same time; NULL: none */
};

/** Goes through the scenario's steps. 0, or a negative errno with @err filled. */
int qt_steps_run(struct qt_scenario_state *run, struct vgpu_error *err);

/** While the guest beside it showed its pictures, this one's must have stayed as it was. */
int qt_steps_show_again(struct qt_scenario_state *run, struct vgpu_error *err);

/** What the guest's driver says must be what it says on a healthy GPU. */
int qt_steps_judge_driver(struct qt_scenario_state *run, struct vgpu_error *err);
