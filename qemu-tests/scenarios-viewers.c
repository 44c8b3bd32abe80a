/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ways to look at it that need no OpenGL. */
#include "scenarios.h"

static const struct qt_scenario rows[] = {
	{
		.name = "region-spice",
		.summary = "a SPICE viewer sees what QEMU has, through two modes",
		.path = "region-spice",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 }, { 800, 600 } },
	},
	{
		.name = "region-spice-quick",
		.summary = "a SPICE viewer sees what QEMU has; no kernel boots",
		.path = "region-spice",
		.remote = true,
		.without_libvirt = QT_SPICE_PAUSED,
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 } },
	},
	{
		.name = "region-dbus",
		.summary = "a D-Bus listener sees what QEMU has, through two modes",
		.path = "region-dbus",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 }, { 800, 600 } },
	},
	{
		.name = "region-all",
		.summary = "one frozen frame through every viewer at once: all must agree",
		.path = "region-all",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 } },
	},
	{
		.name = "ramfb-seabios",
		.summary = "SeaBIOS on the boot display, then the driver takes over",
		.path = "ramfb-seabios",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 } },
	},
	{
		.name = "ramfb-ovmf",
		.summary = "UEFI firmware on the boot display, then the driver takes over",
		.path = "ramfb-ovmf",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 } },
	},
};
const struct qt_scenario_table qt_viewers_scenarios = { rows, VGPU_ARRAY_LEN(rows) };
