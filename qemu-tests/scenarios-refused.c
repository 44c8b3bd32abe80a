/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What QEMU shows no picture of: displays that are off, set-ups that it must refuse. */
#include "scenarios.h"

static const struct qt_scenario rows[] = {
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
		.name = "dmabuf-refused-no-gl",
		.summary = "DMA-BUFs without OpenGL",
		.path = "wrong-dmabuf-no-gl",
		.refused = "start",
		.refusal = "opengl not available",
	},
	{
		.name = "dmabuf-refused-vnc-bound",
		.summary = "VNC bound to a console of DMA-BUFs",
		.path = "wrong-dmabuf-vnc-bound",
		.refused = "start",
		.refusal = "The console requires display DMABUF support",
	},
	{
		.name = "dmabuf-refused-spice-egl",
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
		.without_libvirt = "libvirt plugs in what its domain says, and that is refused",
	},
	{
		.name = "refused-opregion-hotplug",
		.summary = "a vGPU with the OpRegion, plugged into a running QEMU",
		.path = "wrong-opregion-hotplug",
		.refused = "hotplug",
		.refusal = "cannot support IGD OpRegion feature on hotplugged device",
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
		.without_libvirt = "libvirt knows the domain that has it, and asks no QEMU",
	},
};
const struct qt_scenario_table qt_refused_scenarios = { rows, VGPU_ARRAY_LEN(rows) };
