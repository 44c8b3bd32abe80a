/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* The tables of scenarios, a file each; scenarios.c joins them. */

#include <qemu-tests/scenario.h>
#include <vgpulab/cleanup.h>

/* Source: QEMU 7.2, ui/spice-core.c, vm_change_state_handler() */
#define QT_SPICE_PAUSED "a domain without a guest is paused, and QEMU draws nothing for SPICE then"

struct qt_scenario_table {
	const struct qt_scenario *rows;
	size_t len;
};

extern const struct qt_scenario_table qt_region_scenarios;
extern const struct qt_scenario_table qt_i915_scenarios;
extern const struct qt_scenario_table qt_viewers_scenarios;
extern const struct qt_scenario_table qt_gl_scenarios;
extern const struct qt_scenario_table qt_refused_scenarios;
extern const struct qt_scenario_table qt_samples_scenarios;
