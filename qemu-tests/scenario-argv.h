/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* What QEMU, or libvirt in its place, is told. */

#include "scenario-steps.h"

/**
 * Fills the result's argv with the command that starts the scenario's guest, and writes what that
 * reads and what repeats it. 0, or a negative errno with @err filled.
 */
int qt_scenario_argv(struct qt_scenario_state *run, struct vgpu_error *err);
