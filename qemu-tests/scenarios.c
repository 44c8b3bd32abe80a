/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "paths.h"

#include <fnmatch.h>
#include <qemu-tests/scenario.h>
#include <string.h>
#include <vgpulab/cleanup.h>

const struct qt_scenario qt_scenarios[] = {
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
		.summary =
			"planes in formats other than XRGB8888, as a console or a compositor uses",
		.path = "region-qmp+vnc",
		.steps = { { 1024, 768, "RG16" },
			   { 1024, 768, "XB24" },
			   { 1024, 768, "XR30" },
			   { 1024, 768, "C8" },
			   { 1024, 768, "XR24" } },
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
	{
		.name = "i915-1024x768",
		.summary =
			"Debian's own i915 drives the vGPU: three frames, then 60 flips a second",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 3 },
			   { 1024, 768, .action = "flip", .times = 120, .keep = true } },
	},
	{
		.name = "i915-life",
		.summary = "one guest: flips, tiles, a cursor, sleep (S3), the driver loaded anew",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.packed_kernel = true,
		.steps = { { 1024, 768, "XR24", "x", .cursor = true },
			   { 1024, 768, .action = "flip", .times = 60, .keep = true },
			   { 1024, 768, .action = "suspend", .keep = true },
			   { 640, 480, .action = "reload" } },
	},
	{
		.name = "i915-modes",
		.summary = "i915 goes through all modes of the monitor's EDID",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { 1920, 1200, .every_mode = true } },
	},
	{
		.name = "i915-formats",
		.summary = "framebuffers in other formats, linear and X-tiled, through i915",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { 1024, 768, "RG16" },
			   { 1024, 768, "XB24", "x" },
			   { 1024, 768, "XR30" },
			   { 800, 600, "C8", "x" },
			   { 1024, 768, "XR24", "x", 2 } },
	},
	{
		.name = "i915-y-tiled",
		.summary = "Y-tiled framebuffers through i915, as Mesa renders them",
		.path = "region-qmp+vnc",
		.type = "*GVTg_V5_*",
		.driver = "i915",
		.steps = { { 1024, 768, "XR24", "y", 2 }, { 800, 600, "RG16", "y" } },
	},
	{
		.name = "i915-cursor",
		.summary = "i915's cursor plane moves with each frame",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 3, .cursor = true } },
	},
	{
		.name = "i915-reload",
		.summary = "i915 is unloaded and loaded again, twice",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { 1024, 768 }, { 1024, 768, .action = "reload", .times = 2 } },
	},
	{
		.name = "i915-reboot",
		.summary = "the guest restarts; then the machine is reset while it shows a picture",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { 1024, 768 },
			   { 1024, 768, .action = "reboot" },
			   { 1024, 768, .action = "reset" } },
	},
	{
		.name = "i915-suspend",
		.summary = "the guest sleeps (S3), twice; its picture is there when it wakes",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.packed_kernel = true,
		.steps = { { 1024, 768 },
			   { 1024, 768, .action = "suspend", .times = 2, .keep = true },
			   { 800, 600, .frames = 2, .cursor = true } },
	},
	{
		.name = "i915-two-cpus",
		.summary = "a guest with two processors: flips, a reload, frames",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.cpus = 2,
		.steps = { { 1024, 768, .frames = 2 },
			   { 1024, 768, .action = "flip", .times = 60, .keep = true },
			   { 1024, 768, .action = "reload", .frames = 2 } },
	},
	{
		.name = "i915-modesets",
		.summary = "a hundred modesets, then a frame",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { 1024, 768 }, { 1024, 768, .action = "modeset", .times = 100 } },
	},
	{
		.name = "i915-blitter",
		.summary =
			"the card drawn by the GPU's blitter, linear and X-tiled, in three depths",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { 1024, 768, .frames = 2, .blitter = true },
			   { 1024, 768, "XR24", "x", .blitter = true, .cursor = true },
			   { 800, 600, "RG16", "x", .blitter = true },
			   { 800, 600, "C8", .blitter = true } },
	},
	{
		.name = "i915-console",
		.summary = "the kernel's own text console, before, between and after cards",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { 1024, 768, .console = true },
			   { 800, 600 },
			   { 1024, 768, .console = true, .frames = 2 },
			   { 1024, 768, .action = "reload", .console = true } },
	},
	{
		.name = "i915-hang",
		.summary = "a batch that never ends: the driver resets the GPU, and all goes on",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { 1024, 768, .blitter = true },
			   { 1024, 768, .action = "hang", .keep = true },
			   { 1024, 768, .blitter = true } },
	},
	{
		.name = "i915-planes",
		.summary =
			"a sprite plane above the primary one, and planes that turn by 180 degrees",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.steps = { { 1024, 768, .sprite = true, .frames = 2 },
			   { 1024, 768, "XR24", "x", .rotation = 180, .cursor = true },
			   { 800, 600, .rotation = 180, .frames = 2 },
			   { 800, 600, "XB24", .sprite = true },
			   { 1024, 768 } },
	},
	{
		.name = "i915-planes-gen9",
		.summary = "Yf tiles, planes turned by 90 and 270 degrees, packed YUV",
		.path = "region-qmp+vnc",
		.type = "*GVTg_V5_*",
		.driver = "i915",
		.steps = { { 1024, 768, "XR24", "yf", 2 },
			   { 800, 600, "RG16", "yf" },
			   { 1024, 768, "XR24", "y", .rotation = 90 },
			   { 1024, 768, "XR24", "yf", .rotation = 270 },
			   { 1024, 768, "YUYV" },
			   { 1024, 768, "UYVY", "x" },
			   { 1024, 768, "YVYU", "y" },
			   { 800, 600, "VYUY", "yf" } },
	},
	{
		.name = "i915-monitor",
		.summary = "the monitor is unplugged and plugged in; then one of another size",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.needs = { "monitor" },
		.steps = { { 1920, 1080 },
			   { 1920, 1080, .action = "unplug", .keep = true },
			   { 1920, 1080, .action = "plug" },
			   { 1280, 800, .action = "resize", .frames = 2, .cursor = true },
			   { 1024, 768, .action = "resize" } },
	},
	{
		.name = "i915-aperture",
		.summary =
			"the card drawn through the aperture, linear and by fences X- and Y-tiled",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.on_request = true, /* with --gpu ...,mappable=yes, or on hardware */
		.steps = { { 640, 480, .aperture = true },
			   { 640, 480, "RG16", "x", .aperture = true },
			   { 640, 480, "C8", "x", .aperture = true, .cursor = true } },
	},
	{
		.name = "i915-spice",
		.summary = "i915's picture as a SPICE viewer sees it, through two modes",
		.path = "region-spice",
		.driver = "i915",
		.steps = { { 1024, 768, .frames = 2 }, { 800, 600, "XR24", "x", .cursor = true } },
	},
	{
		.name = "i915-dbus",
		.summary = "i915's picture as a D-Bus listener sees it, through two modes",
		.path = "region-dbus",
		.driver = "i915",
		.steps = { { 1024, 768, .frames = 2 }, { 800, 600, "XR24", "x", .cursor = true } },
	},
	{
		.name = "i915-all",
		.summary = "one frame of i915 through every viewer at once: all must agree",
		.path = "region-all",
		.driver = "i915",
		.steps = { { 1024, 768, .frames = 2 } },
	},
	{
		.name = "i915-ramfb-seabios",
		.summary = "SeaBIOS on the boot display, then Debian's i915 takes over",
		.path = "ramfb-seabios",
		.driver = "i915",
		.steps = { { 1024, 768, .frames = 2 }, { 1024, 768, .console = true } },
	},
	{
		.name = "i915-ramfb-ovmf",
		.summary = "UEFI firmware on the boot display, then Debian's i915 takes over",
		.path = "ramfb-ovmf",
		.driver = "i915",
		.steps = { { 1024, 768, .frames = 2 }, { 1024, 768, .console = true } },
	},
	{
		.name = "two-guests",
		.summary = "two guests at once on vGPUs of different types; no room for a third",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.beside = "two-guests-second",
		.steps = { { 1024, 768, .frames = 2, .cursor = true } },
	},
	{
		.name = "two-guests-second",
		.summary = "the guest beside that of two-guests",
		.path = "region-qmp+vnc",
		.driver = "i915",
		.on_request = true,
		.steps = { { 1920, 1200 },
			   { 1280, 1024, "RG16", "x", 2 },
			   { 1280, 1024, .action = "flip", .times = 30, .keep = true } },
	},
	{
		.name = "region-spice",
		.summary = "a SPICE viewer sees what QEMU has, through two modes",
		.path = "region-spice",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 }, { 800, 600 } },
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
		.summary = "DMA-BUFs, SeaBIOS, OpRegion: frames, a cursor, a smaller mode",
		.path = "dmabuf-vnc",
		.steps = { { 1024, 768, .frames = 2, .cursor = true }, { 640, 480 } },
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
		.steps = { { 640, 480, "RG16" }, { 640, 480, "XB24" }, { 640, 480, "XR30" } },
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
		.summary = "Debian's own i915 shows itself by DMA-BUFs: flips, a cursor",
		.path = "dmabuf-vnc",
		.driver = "i915",
		.steps = { { 1024, 768, .frames = 2, .cursor = true },
			   { 1024, 768, .action = "flip", .times = 10, .keep = true } },
	},
	{
		.name = "display-off",
		.summary = "no display in QEMU; the guest's own copy is right",
		.path = "display-off",
		.steps = { { .width_px = 1024, .height_px = 768, .frames = 2 } },
	},
	{
		.name = "refused-screendump",
		.summary = "a vGPU with its display off has no console to look at",
		.path = "display-off",
		.refused = "screendump",
		.refusal = "There is no console to take a screendump from",
		.libvirt_refusal = "There is no console to take a screendump from",
	},
	{
		.name = "refused-xres",
		.summary = "xres and yres on a display without EDID",
		.path = "wrong-xres",
		.refused = "start",
		.refusal = "xres and yres properties need edid support",
	},
	{
		.name = "refused-ramfb-hotplug",
		.summary = "ramfb on vfio-pci; it takes vfio-pci-nohotplug",
		.path = "wrong-ramfb-hotplug",
		.refused = "start",
		.refusal = "Property 'vfio-pci.ramfb' not found",
	},
	{
		.name = "refused-ramfb-off",
		.summary = "ramfb on a vGPU whose display is off",
		.path = "wrong-ramfb-off",
		.refused = "start",
		.refusal = "ramfb=on requires display=on",
	},
	{
		.name = "refused-x-vga",
		.summary = "x-vga on a vGPU, which has no VGA registers",
		.path = "wrong-x-vga",
		.refused = "start",
		.refusal = "x-vga",
	},
	{
		.name = "refused-spice-tcp-gl",
		.summary = "SPICE with GL for viewers elsewhere",
		.path = "wrong-spice-tcp-gl",
		.refused = "start",
		.refusal = "SPICE GL support is local-only for now",
	},
	{
		.name = "refused-dmabuf-no-gl",
		.summary = "DMA-BUFs without OpenGL",
		.path = "wrong-dmabuf-no-gl",
		.refused = "start",
		.refusal = "opengl not available",
	},
	{
		.name = "refused-dmabuf-vnc-bound",
		.summary = "VNC bound to a console of DMA-BUFs",
		.path = "wrong-dmabuf-vnc-bound",
		.refused = "start",
		.refusal = "The console requires display DMABUF support",
	},
	{
		.name = "refused-dmabuf-spice-egl",
		.summary = "SPICE without GL on a console of DMA-BUFs",
		.path = "wrong-dmabuf-spice-egl",
		.refused = "start",
		.refusal = "The console requires display DMABUF support",
	},
	{
		.name = "refused-vnc-of-no-console",
		.summary = "VNC bound to a vGPU whose display is off",
		.path = "wrong-vnc-bound-off",
		.refused = "start",
		.refusal = "is not bound to a QemuConsole",
	},
	{
		.name = "refused-set-too-early",
		.summary = "-set before the device that it is about",
		.path = "wrong-set-too-early",
		.refused = "start",
		.refusal = "there is no device \"hostdev0\" defined",
	},
	{
		.name = "refused-hotplug",
		.summary = "the device model with ramfb, plugged into a running QEMU",
		.path = "ramfb-seabios",
		.refused = "hotplug",
		.refusal = "expects a pluggable device type",
	},
	{
		.name = "refused-absent",
		.summary = "a vGPU that is not there",
		.path = "region-qmp+vnc",
		.refused = "absent",
		.refusal = "no such host device",
		.libvirt_refusal =
			"mediated device '00000000-0000-0000-0000-000000000000' not found",
	},
	{
		.name = "refused-second-qemu",
		.summary = "a vGPU that another QEMU has",
		.path = "region-qmp+vnc",
		.refused = "second",
		.refusal = "Device or resource busy",
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
const size_t qt_scenarios_len = VGPU_ARRAY_LEN(qt_scenarios);

const struct qt_scenario *qt_scenario_find(const char *name)
{
	for (size_t i = 0; name && i < qt_scenarios_len; i++)
		if (!strcmp(qt_scenarios[i].name, name))
			return &qt_scenarios[i];
	return NULL;
}

bool qt_scenario_selected(const struct qt_scenario *scenario, char *const *globs, size_t globs_len)
{
	for (size_t i = 0; i < globs_len; i++)
		if (scenario->on_request ? !strcmp(globs[i], scenario->name)
					 : !fnmatch(globs[i], scenario->name, 0))
			return true;
	return !globs_len && !scenario->on_request;
}

bool qt_selection_needs_vgpu(char *const *globs, size_t globs_len)
{
	for (size_t i = 0; i < qt_scenarios_len; i++)
		if (qt_scenario_selected(&qt_scenarios[i], globs, globs_len) &&
		    qt_path_find(qt_scenarios[i].path)->vgpu)
			return true;
	return false;
}
