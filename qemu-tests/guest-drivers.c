/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest-drivers.h"

#include <string.h>
#include <vgpulab/cleanup.h>

/* What it says and what is expected of it is the same whatever else is in the guest. */
/* clang-format off */
#define I915                                                                                        \
	.output = "kms", .modules = { "i915" },                                                     \
	.info = { "i915_wedged=0", "waits_timed_out=0" },                                           \
	/* Source: Linux 6.1, i915_vgpu.c, i915_driver.c */                                         \
	.expected = { "Virtual GPU for Intel GVT-g detected.", "VGT balloon successfully",          \
		      "Initialized i915" },                                                         \
	.accepted = {                                                                               \
		{ "firmware_class: See https://wiki.debian.org/Firmware",                           \
		  "the guest has no firmware files" },                                              \
		{ "firmware: failed to load i915/", "the guest has no firmware files" },            \
		{ "Direct firmware load for i915/", "the guest has no firmware files" },            \
		{ "Failed to load DMC firmware",                                                    \
		  "the display's power saving needs it, nothing else does" },                       \
	}
/* clang-format on */

/* Debian 12 has version 10. */
#define LIBEXEC		"/usr/lib/x86_64-linux-gnu"
#define WESTON		LIBEXEC "/weston"
#define WESTON_BACKENDS LIBEXEC "/libweston-10"

/* No udevd has named input devices, and no fonts are there for a clock. Source: weston.ini(5) */
static const char weston_ini[] = "[core]\n"
				 "require-input=false\n"
				 "idle-time=0\n"
				 "[shell]\n"
				 "background-color=" QT_DESKTOP_BACKGROUND "\n"
				 "panel-color=" QT_DESKTOP_PANEL "\n"
				 "clock-format=none\n"
				 "animation=none\n"
				 "startup-animation=none\n"
				 "locking=false\n";

const struct qt_guest_driver qt_guest_drivers[] = {
	{ .name = "i915", I915 },
	{
		.name = "i915-judges",
		.programs = { "/usr/bin/modetest", "/usr/bin/intel_reg", "/usr/bin/intel_gtt",
			      "/usr/bin/lsgpu" },
		.packages = "libdrm-tests and intel-gpu-tools",
		.need = "judges",
		I915,
	},
	{
		.name = "i915-desktop",
		.programs = { "/usr/bin/env", "/usr/bin/weston", WESTON_BACKENDS "/drm-backend.so",
			      WESTON "/desktop-shell.so", LIBEXEC "/weston-desktop-shell",
			      LIBEXEC "/weston-keyboard" },
		.packages = "weston",
		.need = "desktop",
		.files = { { "etc/weston.ini", weston_ini },
			   { "run/user", NULL },
			   { "usr/share/X11/xkb", NULL } },
		I915,
	},
	{
		.name = "8250",
		.output = "serial",
		/* Source: Linux 6.1, serial_core.c; its port is the first behind the machine's own */
		.expected = { ": ttyS2 at I/O" },
	},
	{
		.name = "bochs",
		.output = "kms",
		.modules = { "bochs" },
		/* Source: Linux 6.1, drivers/gpu/drm/tiny/bochs.c */
		.expected = { "[drm] Found bochs VGA, ID 0xb0c5", "Initialized bochs-drm" },
	},
};
const size_t qt_guest_drivers_len = VGPU_ARRAY_LEN(qt_guest_drivers);

const struct qt_guest_driver *qt_guest_driver_find(const char *name)
{
	for (size_t i = 0; name && i < qt_guest_drivers_len; i++)
		if (!strcmp(qt_guest_drivers[i].name, name))
			return &qt_guest_drivers[i];
	return NULL;
}
