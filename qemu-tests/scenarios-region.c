/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The vGPU driven by our own program in the guest, shown through VFIO's region path. */
#include "scenarios.h"

static const struct qt_scenario rows[] = {
	{
		.name = "region-1024x768",
		.summary = "the smallest vGPU type's only mode, three frames",
		.path = "region-qmp+vnc",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 3 } },
	},
	{
		.name = "region-1920x1200",
		.summary = "the largest mode of the larger types, three frames",
		.path = "region-qmp+vnc",
		.steps = { { .width_px = 1920, .height_px = 1200, .frames = 3 } },
	},
	{
		.name = "region-odd-width",
		.summary = "a width that is no multiple of 16, the unit in which QEMU's VNC counts",
		.path = "region-qmp+vnc",
		.steps = { { 904, 600, .frames = 2 } },
	},
	{
		.name = "region-modes",
		.summary = "one guest goes through six modes; every viewer must follow",
		.path = "region-qmp+vnc",
		.steps = { { 1024, 768 },
			   { 640, 480 },
			   { 1920, 1080 },
			   { 800, 600 },
			   { 1920, 1200 },
			   { 1280, 720 } },
	},
	{
		.name = "region-formats",
		.summary = "planes in formats other than XRGB8888, as compositors use",
		.path = "region-qmp+vnc",
		.steps = { { 1024, 768, "RG16" },
			   { 1024, 768, "XB24" },
			   { 1024, 768, "XR30" },
			   { 1024, 768, "C8" },
			   { 1024, 768, "XR24" } },
	},
	{
		.name = "region-layouts-quick",
		.summary =
			"every pixel format in every tiling, at four resolutions; no kernel boots",
		.path = "region-qmp+vnc",
		.remote = true,
		.steps = { { 640, 480, .every_layout = true, .cursor = true },
			   { 800, 600, .every_layout = true },
			   { 1024, 768, .every_layout = true, .cursor = true },
			   { 1920, 1200, .every_layout = true } },
	},
	{
		.name = "region-x-tiled",
		.summary = "X-tiled planes, as the stock driver's console has them",
		.path = "region-qmp+vnc",
		.steps = { { 1024, 768, "XR24", "x", 2 }, { 800, 600, "RG16", "x" } },
	},
	{
		.name = "region-y-tiled",
		.summary = "Y-tiled planes, as Mesa renders them on Skylake and later",
		.path = "region-qmp+vnc",
		.type = "*GVTg_V5_*",
		.steps = { { 1024, 768, "XR24", "y", 2 }, { 800, 600, "RG16", "y" } },
	},
	{
		.name = "region-cursor",
		.summary = "a cursor plane that moves with each frame",
		.path = "region-qmp+vnc",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 3, .cursor = true } },
	},
};
const struct qt_scenario_table qt_region_scenarios = { rows, VGPU_ARRAY_LEN(rows) };
