/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "paths.h"

#include "argv.h"

#include <string.h>
#include <vgpulab/cleanup.h>

/* SPICE on a socket, and nothing on the way that may change a pixel. */
#define SPICE                                                                          \
	"unix=on,addr=" QT_SPICE_SOCKET ",disable-ticketing=on,image-compression=off," \
	"jpeg-wan-compression=never,zlib-glz-wan-compression=never,streaming-video=off"
#define VNC "unix:" QT_VNC_SOCKET

/* No window; VNC bound to nothing follows the first console, which is the display device's. */
static const char *const vnc[] = { "-display", "none", "-vnc", VNC, NULL };

/* SeaBIOS' screen would be gone before anyone looks: the kernel clears it. Its menu stays a while. */
static const char *const vnc_with_menu[] = {
	"-boot", "menu=on,splash-time=2500", "-display", "none", "-vnc", "unix:" QT_VNC_SOCKET, NULL
};
static const char *const spice[] = { "-display", "none", "-spice", SPICE, NULL };
static const char *const dbus[] = { "-display", "dbus,p2p=yes", NULL };
static const char *const all[] = { "-display", "dbus,p2p=yes", "-vnc", VNC, "-spice", SPICE, NULL };
static const char *const none[] = { "-display", "none", NULL };
static const char *const spice_tcp_gl[] = { "-display", "none", "-spice",
					    "port=5999,gl=on,disable-ticketing=on", NULL };

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
		.name = "region-spice",
		.summary = "vGPU plane in a VFIO region; SPICE over a unix socket, without GL",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.front_end = spice,
		.captures = { "qmp", "spice" },
		.needs = { "vgpu", "vfio", "spice" },
	},
	{
		.name = "region-dbus",
		.summary = "vGPU plane in a VFIO region; QEMU's D-Bus display, without GL",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.front_end = dbus,
		.captures = { "qmp", "dbus" },
		.needs = { "vgpu", "vfio", "dbus" },
	},
	{
		.name = "region-all",
		.summary = "vGPU plane in a VFIO region; all viewers of one QEMU at once",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.front_end = all,
		.captures = { "qmp", "vnc", "spice", "dbus", "guest" },
		.needs = { "vgpu", "vfio", "spice", "dbus" },
	},
	{
		.name = "ramfb-seabios",
		.summary = "SeaBIOS draws on ramfb until the driver shows its plane",
		.device = "vfio-pci-nohotplug",
		.properties = "display=on,ramfb=on,rombar=0",
		.vgpu = true,
		.boot_display = true,
		.front_end = vnc_with_menu,
		.captures = { "qmp", "vnc" },
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "ramfb-ovmf",
		.summary = "UEFI firmware draws on ramfb until the driver shows its plane",
		.device = "vfio-pci-nohotplug",
		.properties = "display=on,ramfb=on,rombar=0",
		.vgpu = true,
		.firmware = QT_OVMF,
		.boot_display = true,
		.front_end = vnc,
		.captures = { "qmp", "vnc" },
		.needs = { "vgpu", "vfio", "ovmf" },
	},
	{
		.name = "display-off",
		.summary = "a vGPU for computing: no console; the guest reads its picture back",
		.device = "vfio-pci",
		.properties = "display=off,rombar=0",
		.vgpu = true,
		.front_end = none,
		.captures = { "guest" },
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-xres",
		.summary = "a resolution, which only DMA-BUF displays can be given",
		.device = "vfio-pci",
		.properties = "display=on,xres=1280,yres=720,rombar=0",
		.vgpu = true,
		.front_end = none,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-ramfb-hotplug",
		.summary = "ramfb on the pluggable device model",
		.device = "vfio-pci",
		.properties = "display=on,ramfb=on,rombar=0",
		.vgpu = true,
		.front_end = none,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-ramfb-off",
		.summary = "ramfb without a display to show it",
		.device = "vfio-pci-nohotplug",
		.properties = "display=off,ramfb=on,rombar=0",
		.vgpu = true,
		.front_end = none,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-x-vga",
		.summary = "VGA registers, which no vGPU has",
		.device = "vfio-pci",
		.properties = "display=on,x-vga=on,rombar=0",
		.vgpu = true,
		.front_end = none,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-spice-tcp-gl",
		.summary = "SPICE with GL, over TCP",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.front_end = spice_tcp_gl,
		.needs = { "vgpu", "vfio", "spice" },
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
