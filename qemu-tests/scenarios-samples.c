/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Devices other than Intel's: the kernel's samples, and QEMU's own display. */
#include "scenarios.h"

static const struct qt_scenario rows[] = {
	{
		.name = "mdpy-xga",
		.summary = "the kernel's sample framebuffer, three frames",
		.path = "region-qmp+vnc",
		.type = "mdpy-xga",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 3 } },
	},
	{
		.name = "mbochs-off-driver",
		.summary = "Debian's own bochs on the kernel's sample display, through its modes",
		.path = "display-off",
		.type = "mbochs-large",
		.driver = "bochs",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 },
			   { 800, 600 },
			   { 1024, 768, .action = "reload" },
			   { 1024, 768, .action = "modeset", .times = 20 } },
	},
	{
		.name = "mbochs-dmabuf",
		.summary =
			"Debian's own bochs on the kernel's sample display, seen by its DMA-BUFs",
		.path = "dmabuf-vnc-bare",
		.type = "mbochs-large",
		.driver = "bochs",
		.steps = { { .width_px = 640, .height_px = 480, .frames = 2 }, { 800, 600 } },
	},
	{
		.name = "mtty-two-ports",
		.summary = "Debian's own 8250 on the kernel's sample serial card, two ports",
		.path = "no-display",
		.type = "mtty-2",
		.driver = "8250",
		.steps = { { .action = "talk", .times = 100 } },
	},
	{
		.name = "bochs-1024x768",
		.summary = "the same guest on QEMU's bochs-display: the harness without a vGPU",
		.path = "bochs-qmp+vnc",
		.on_request = true,
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 3 } },
	},
	{
		.name = "region-stream",
		.summary = "a benchmark: full-screen changes at 1920x1200, counted over VNC",
		.path = "region-qmp+vnc",
		.on_request = true,
		.steps = { { 1920, 1200, .frames = 2 },
			   { 1920, 1200, .action = "stream", .times = 300 } },
	},
	{
		.name = "bochs-stream",
		.summary = "region-stream on QEMU's bochs-display",
		.path = "bochs-qmp+vnc",
		.on_request = true,
		.steps = { { 1920, 1200, .frames = 2 },
			   { 1920, 1200, .action = "stream", .times = 300 } },
	},
};
const struct qt_scenario_table qt_samples_scenarios = { rows, VGPU_ARRAY_LEN(rows) };
