/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* OpenGL on the way, and vGPUs that show themselves by DMA-BUFs. */
#include "scenarios.h"

/*
 * What Mesa's software renderer imports and shows as it is. RG16 it imports, too, and rounds to eight bits
 * in another way than a display. Other layouts stay black in QEMU: sandbox/tests/dmabuf-client.c has them.
 */
#define OF_MESA "XR24 AR24 XB24 AB24 XR30 XB30", "linear", .every_layout = true

static const struct qt_scenario rows[] = {
	{
		.name = "region-egl-vnc",
		.summary = "OpenGL on the way to VNC changes no pixel",
		.path = "region-egl-vnc",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 } },
	},
	{
		.name = "region-egl-spice",
		.summary = "OpenGL on the way to SPICE changes no pixel",
		.path = "region-egl-spice",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 } },
	},
	{
		.name = "dmabuf-vnc",
		.summary = "DMA-BUFs, SeaBIOS, OpRegion: two frames, a smaller mode",
		.path = "dmabuf-vnc",
		.steps = { { 1024, 768, .frames = 2 }, { 640, 480 } },
	},
	{
		.name = "dmabuf-ovmf-rom",
		.summary = "DMA-BUFs, UEFI with an option ROM",
		.path = "dmabuf-ovmf-rom",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 } },
	},
	{
		.name = "dmabuf-ramfb",
		.summary = "SeaBIOS on the boot display, then DMA-BUFs",
		.path = "dmabuf-ramfb",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 } },
	},
	{
		.name = "dmabuf-formats",
		.summary = "DMA-BUFs in formats that Mesa can import in software",
		.path = "dmabuf-vnc",
		.steps = { { 640, 480, "XB24" }, { 640, 480, "XR30" } },
	},
	{
		.name = "dmabuf-spice-gl",
		.summary = "a SPICE viewer maps the DMA-BUF that it is given",
		.path = "dmabuf-spice-gl",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 }, { 640, 480 } },
	},
	{
		.name = "dmabuf-spice-gl-node",
		.summary = "the same, with the render node named",
		.path = "dmabuf-spice-gl-node",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 } },
	},
	{
		.name = "dmabuf-dbus-gl",
		.summary = "a D-Bus listener maps the DMA-BUF that it is given",
		.path = "dmabuf-dbus-gl",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 }, { 640, 480 } },
	},
	{
		.name = "dmabuf-i915",
		.summary = "Debian's own i915 shows itself by DMA-BUFs: frames, flips, a cursor",
		.path = "dmabuf-vnc",
		.driver = "i915",
		.steps = { { 640, 480, .frames = 2 },
			   { 640, 480, .action = "flip", .times = 10, .keep = true },
			   { .width_px = 640, .height_px = 480, .frames = 2, .cursor = true } },
	},
	{
		.name = "dmabuf-window",
		.summary = "a viewer's window is resized: Debian's i915 gets a monitor of its size",
		/* not tried by regions: their consoles do not ask QEMU for sizes */
		.path = "dmabuf-vnc",
		.driver = "i915",
		.steps = { { 640, 480 },
			   { 904, 600, .action = "window" },
			   { 720, 400, .action = "window" } },
	},
	{
		.name = "dmabuf-vnc-quick",
		.summary = "DMA-BUFs to VNC, through two modes; no kernel boots",
		.path = "dmabuf-vnc",
		.remote = true,
		.steps = { { 1024, 768, .frames = 2 }, { 640, 480 } },
	},
	{
		.name = "dmabuf-xres-quick",
		.summary = "xres and yres, which DMA-BUF displays take; no kernel boots",
		.path = "dmabuf-vnc-xres",
		.remote = true,
		.steps = { { 904, 600 } },
	},
	{
		.name = "dmabuf-xres",
		.summary = "xres and yres reach Debian's i915 as a mode that no other EDID has",
		.path = "dmabuf-vnc-xres",
		.driver = "i915",
		.steps = { { 904, 600 } },
	},
	{
		.name = "dmabuf-formats-quick",
		.summary = "DMA-BUFs in formats that Mesa can import in software; no kernel boots",
		.path = "dmabuf-vnc",
		.remote = true,
		.steps = { { 640, 480, "XB24" }, { 640, 480, "XR30" } },
	},
	{
		.name = "dmabuf-modes-quick",
		.summary = "formats that Mesa can import, at four resolutions; no kernel boots",
		.path = "dmabuf-vnc",
		.remote = true,
		.steps = { { 640, 480, OF_MESA, .cursor = true },
			   { 800, 600, OF_MESA },
			   { 1024, 768, OF_MESA, .cursor = true },
			   { 1920, 1200, OF_MESA } },
	},
	{
		.name = "dmabuf-cursor-quick",
		.summary = "the cursor's plane in a DMA-BUF of its own; no kernel boots",
		.path = "dmabuf-vnc",
		.remote = true,
		.steps = { { .width_px = 640, .height_px = 480, .frames = 3, .cursor = true } },
	},
	{
		.name = "dmabuf-spice-gl-quick",
		.summary = "a SPICE viewer maps the DMA-BUF that it is given; no kernel boots",
		.path = "dmabuf-spice-gl",
		.remote = true,
		.steps = { { 1024, 768, .frames = 2 }, { 640, 480 } },
	},
	{
		.name = "dmabuf-spice-gl-node-quick",
		.summary = "the same, with the render node named; no kernel boots",
		.path = "dmabuf-spice-gl-node",
		.remote = true,
		.steps = { { 640, 480, .frames = 2 } },
	},
	{
		.name = "dmabuf-dbus-gl-quick",
		.summary = "a D-Bus listener maps the DMA-BUF that it is given; no kernel boots",
		.path = "dmabuf-dbus-gl",
		.remote = true,
		.steps = { { 1024, 768, .frames = 2 }, { 640, 480 } },
	},
	{
		.name = "region-egl-vnc-quick",
		.summary = "OpenGL on the way to VNC changes no pixel; no kernel boots",
		.path = "region-egl-vnc",
		.remote = true,
		.steps = { { 1024, 768, .frames = 2 } },
	},
	{
		.name = "region-egl-spice-quick",
		.summary = "OpenGL on the way to SPICE changes no pixel; no kernel boots",
		.path = "region-egl-spice",
		.remote = true,
		.without_libvirt = QT_SPICE_PAUSED,
		.steps = { { 1024, 768, .frames = 2 } },
	},
};
const struct qt_scenario_table qt_gl_scenarios = { rows, VGPU_ARRAY_LEN(rows) };
