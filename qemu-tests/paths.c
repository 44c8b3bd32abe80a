/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "paths.h"

#include "argv.h"

#include <string.h>
#include <vgpulab/cleanup.h>

/* No window; VNC bound to nothing follows the first console, which is the display device's. */
static const char *const vnc[] = { "-display", "none", "-vnc", "unix:" QT_VNC_SOCKET, NULL };

const struct qt_path qt_paths[] = {
	{
		.name = "region-qmp+vnc",
		.summary = "vGPU plane in a VFIO region; QEMU's screendump and VNC",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.front_end = vnc,
		.captures = { "qmp", "vnc" },
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "bochs-qmp+vnc",
		.summary = "QEMU's own bochs-display, for comparison; screendump and VNC",
		.device = "bochs-display",
		.properties = "vgamem=32M,xres=1024,yres=768,xmax=1920,ymax=1200",
		.front_end = vnc,
		.captures = { "qmp", "vnc" },
	},
};
const size_t qt_paths_len = VGPU_ARRAY_LEN(qt_paths);

const struct qt_path *qt_path_find(const char *name)
{
	for (size_t i = 0; i < qt_paths_len; i++)
		if (!strcmp(qt_paths[i].name, name))
			return &qt_paths[i];
	return NULL;
}
