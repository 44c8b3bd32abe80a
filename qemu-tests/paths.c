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

static const char *const spice[] = { "-display", "none", "-spice", SPICE, NULL };
static const char *const dbus[] = { "-display", "dbus,p2p=yes", NULL };
static const char *const all[] = { "-display", "dbus,p2p=yes", "-vnc", VNC, "-spice", SPICE, NULL };
/* OpenGL without a window; QEMU reads the picture back for viewers that want pixels. */
#define EGL "egl-headless,rendernode=" QT_RENDER_NODE
static const char *const egl_vnc[] = { "-display", EGL, "-vnc", VNC, NULL };
static const char *const egl_vnc_bound[] = { "-display", EGL, "-vnc", VNC ",display=" QT_DEVICE_ID,
					     NULL };
static const char *const egl_spice[] = { "-display", EGL, "-spice", SPICE, NULL };
static const char *const spice_gl[] = { "-display", "none", "-spice", SPICE ",gl=on", NULL };
static const char *const spice_gl_node[] = { "-display", "none", "-spice",
					     SPICE ",gl=on,rendernode=" QT_RENDER_NODE, NULL };
static const char *const dbus_gl[] = { "-display", "dbus,p2p=yes,gl=on,rendernode=" QT_RENDER_NODE,
				       NULL };
static const char *const vnc_bound[] = { "-display", "none", "-vnc", VNC ",display=" QT_DEVICE_ID,
					 NULL };
static const char *const set_too_early[] = { "-display", "none", "-set",
					     "device." QT_DEVICE_ID ".display=on", NULL };
static const char *const none[] = { "-display", "none", NULL };
static const char *const spice_tcp_gl[] = { "-display", "none", "-spice",
					    "port=5999,gl=on,disable-ticketing=on", NULL };

/* What QEMU refuses is refused before a domain is printed. */
#define NO_SUCH_DOMAIN "libvirt-xml prints no domain that QEMU would refuse"

const struct qt_path qt_paths[] = {
	{
		.name = "region-qmp+vnc",
		.display = "region",
		.summary = "vGPU plane in a VFIO region; QEMU's screendump and VNC",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.libvirt = "region,vnc",
		.front_end = vnc,
		.captures = { "qmp", "vnc" },
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "region-spice",
		.display = "region",
		.summary = "vGPU plane in a VFIO region; SPICE over a unix socket, without GL",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.libvirt = "region,spice",
		.front_end = spice,
		.captures = { "qmp", "spice" },
		.needs = { "vgpu", "vfio", "spice" },
	},
	{
		.name = "region-dbus",
		.display = "region",
		.summary = "vGPU plane in a VFIO region; QEMU's D-Bus display, without GL",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.libvirt = "region,dbus",
		.front_end = dbus,
		.captures = { "qmp", "dbus" },
		.needs = { "vgpu", "vfio", "dbus" },
	},
	{
		.name = "region-all",
		.display = "region",
		.summary = "vGPU plane in a VFIO region; all viewers of one QEMU at once",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.without_libvirt = "a domain of libvirt-xml has one viewer",
		.front_end = all,
		.captures = { "qmp", "vnc", "spice", "dbus", "guest" },
		.needs = { "vgpu", "vfio", "spice", "dbus" },
	},
	{
		.name = "ramfb-seabios",
		.display = "region",
		.summary = "SeaBIOS draws on ramfb until the driver shows its plane",
		.device = "vfio-pci-nohotplug",
		.properties = "display=on,ramfb=on,rombar=0",
		.vgpu = true,
		.boot_display = true,
		.libvirt = "region+ramfb,vnc",
		/* SeaBIOS' screen would be gone before anyone looks: the kernel clears it */
		.boot_menu = true,
		.front_end = vnc,
		.captures = { "qmp", "vnc" },
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "ramfb-ovmf",
		.display = "region",
		.summary = "UEFI firmware draws on ramfb until the driver shows its plane",
		.device = "vfio-pci-nohotplug",
		.properties = "display=on,ramfb=on,rombar=0",
		.vgpu = true,
		.firmware = QT_OVMF,
		.boot_display = true,
		.libvirt = "region+ramfb,vnc",
		.front_end = vnc,
		.captures = { "qmp", "vnc" },
		.needs = { "vgpu", "vfio", "ovmf" },
	},
	{
		.name = "region-egl-vnc",
		.display = "region",
		.summary = "vGPU plane in a VFIO region; OpenGL without a window, and VNC",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.libvirt = "region,vnc+egl-headless",
		.front_end = egl_vnc,
		.captures = { "qmp", "vnc" },
		.needs = { "vgpu", "vfio", "drm", "egl-headless" },
	},
	{
		.name = "region-egl-spice",
		.display = "region",
		.summary =
			"vGPU plane in a VFIO region; OpenGL without a window, and SPICE without",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.libvirt = "region,spice+egl-headless",
		.front_end = egl_spice,
		.captures = { "qmp", "spice" },
		.needs = { "vgpu", "vfio", "drm", "egl-headless", "spice" },
	},
	{
		.name = "dmabuf-vnc",
		.display = "dmabuf",
		.summary = "vGPU planes as DMA-BUFs, SeaBIOS with an OpRegion; VNC, by read-back",
		.device = "vfio-pci",
		.properties = "display=on,x-igd-opregion=on,rombar=0",
		.vgpu = true,
		.libvirt = "dmabuf,vnc+egl-headless",
		.front_end = egl_vnc,
		.captures = { "vnc" },
		.needs = { "vgpu", "vfio", "drm", "egl-headless" },
	},
	{
		.name = "dmabuf-vnc-xres",
		.display = "dmabuf",
		.summary = "vGPU planes as DMA-BUFs, a resolution given to QEMU; VNC, by read-back",
		.device = "vfio-pci",
		.properties = "display=on,xres=904,yres=600,rombar=0",
		.vgpu = true,
		.libvirt = "dmabuf,vnc+egl-headless",
		.front_end = egl_vnc,
		.captures = { "vnc" },
		.needs = { "vgpu", "vfio", "drm", "egl-headless" },
	},
	{
		.name = "dmabuf-vnc-bare",
		.display = "dmabuf",
		.summary = "planes as DMA-BUFs of a vGPU that is not Intel's; VNC, by read-back",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.without_libvirt = "libvirt-xml publishes the OpRegion with DMA-BUFs",
		.front_end = egl_vnc,
		.captures = { "vnc" },
		.needs = { "vgpu", "vfio", "drm", "egl-headless" },
	},
	{
		.name = "dmabuf-ovmf-rom",
		.display = "dmabuf",
		.summary = "vGPU planes as DMA-BUFs, UEFI with an option ROM; VNC, by read-back",
		.device = "vfio-pci",
		.properties = "display=on,x-igd-opregion=on,romfile=" QT_OPTION_ROM,
		.vgpu = true,
		.libvirt = "dmabuf+rom,vnc+egl-headless",
		.firmware = QT_OVMF,
		.front_end = egl_vnc,
		.captures = { "vnc" },
		.needs = { "vgpu", "vfio", "drm", "egl-headless", "ovmf" },
	},
	{
		.name = "dmabuf-ramfb",
		.display = "dmabuf",
		.summary = "SeaBIOS on ramfb, then vGPU planes as DMA-BUFs; VNC, by read-back",
		.device = "vfio-pci-nohotplug",
		.properties = "display=on,ramfb=on,x-igd-opregion=on,rombar=0",
		.vgpu = true,
		.boot_display = true,
		.boot_menu = true,
		.libvirt = "dmabuf+ramfb,vnc+egl-headless",
		.front_end = egl_vnc,
		.captures = { "vnc" },
		.needs = { "vgpu", "vfio", "drm", "egl-headless" },
	},
	{
		.name = "dmabuf-spice-gl",
		.display = "dmabuf",
		.summary = "vGPU planes as DMA-BUFs, handed to a SPICE viewer on this machine",
		.device = "vfio-pci",
		.properties = "display=on,x-igd-opregion=on,rombar=0",
		.vgpu = true,
		.libvirt = "dmabuf,spice-gl",
		.front_end = spice_gl,
		.captures = { "spice" },
		.needs = { "vgpu", "vfio", "drm", "spice" },
	},
	{
		.name = "dmabuf-spice-gl-node",
		.display = "dmabuf",
		.summary = "the same, with the render node named",
		.device = "vfio-pci",
		.properties = "display=on,x-igd-opregion=on,rombar=0",
		.vgpu = true,
		.libvirt = "dmabuf,spice-gl",
		.front_end = spice_gl_node,
		.captures = { "spice" },
		.needs = { "vgpu", "vfio", "drm", "spice" },
	},
	{
		.name = "dmabuf-dbus-gl",
		.display = "dmabuf",
		.summary = "vGPU planes as DMA-BUFs, handed to a D-Bus listener",
		.device = "vfio-pci",
		.properties = "display=on,x-igd-opregion=on,rombar=0",
		.vgpu = true,
		.libvirt = "dmabuf,dbus",
		.front_end = dbus_gl,
		.captures = { "dbus" },
		.needs = { "vgpu", "vfio", "drm", "dbus" },
	},
	{
		.name = "wrong-dmabuf-no-gl",
		.display = "dmabuf",
		.summary = "planes as DMA-BUFs, and no OpenGL to show them with",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.without_libvirt = NO_SUCH_DOMAIN,
		.front_end = vnc,
		.needs = { "vgpu", "vfio", "drm" },
	},
	{
		.name = "wrong-dmabuf-vnc-bound",
		.display = "dmabuf",
		.summary = "VNC bound to a console of DMA-BUFs",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.without_libvirt = NO_SUCH_DOMAIN,
		.front_end = egl_vnc_bound,
		.needs = { "vgpu", "vfio", "drm", "egl-headless" },
	},
	{
		.name = "wrong-dmabuf-spice-egl",
		.display = "dmabuf",
		.summary = "SPICE without GL, which binds itself to the console of DMA-BUFs",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.without_libvirt = NO_SUCH_DOMAIN,
		.front_end = egl_spice,
		.needs = { "vgpu", "vfio", "drm", "egl-headless", "spice" },
	},
	{
		.name = "display-off",
		.summary = "a vGPU for computing: no console; the guest reads its picture back",
		.device = "vfio-pci",
		.properties = "display=off,rombar=0",
		.vgpu = true,
		.libvirt = "none",
		.front_end = none,
		.captures = { "guest" },
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "no-display",
		.summary = "a vGPU that is no display; what it does is seen in the guest",
		.device = "vfio-pci",
		.properties = "rombar=0",
		.vgpu = true,
		.libvirt = "none",
		.front_end = none,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-xres",
		.display = "region",
		.summary = "a resolution, which only DMA-BUF displays can be given",
		.device = "vfio-pci",
		.properties = "display=on,xres=1280,yres=720,rombar=0",
		.vgpu = true,
		.without_libvirt = NO_SUCH_DOMAIN,
		.front_end = none,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-ramfb-hotplug",
		.summary = "ramfb on the pluggable device model",
		.device = "vfio-pci",
		.properties = "display=on,ramfb=on,rombar=0",
		.vgpu = true,
		.without_libvirt = "libvirt takes vfio-pci-nohotplug for ramfb by itself",
		.front_end = none,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-ramfb-off",
		.summary = "ramfb without a display to show it",
		.device = "vfio-pci-nohotplug",
		.properties = "display=off,ramfb=on,rombar=0",
		.vgpu = true,
		.without_libvirt = "libvirt refuses ramfb without a display before QEMU does",
		.front_end = none,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-opregion-hotplug",
		.summary = "an OpRegion, which firmware would have to be told of when it starts",
		.device = "vfio-pci",
		.properties = "display=off,x-igd-opregion=on,rombar=0",
		.vgpu = true,
		.without_libvirt =
			"libvirt plugs in what its domain says, and that has no OpRegion",
		.front_end = none,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-x-vga",
		.summary = "VGA registers, which no vGPU has",
		.device = "vfio-pci",
		.properties = "display=on,x-vga=on,rombar=0",
		.vgpu = true,
		.without_libvirt = "libvirt has no word for x-vga",
		.front_end = none,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-vnc-bound-off",
		.summary = "VNC bound to a vGPU without a console",
		.device = "vfio-pci",
		.properties = "display=off,rombar=0",
		.vgpu = true,
		.without_libvirt = "libvirt binds VNC to no device",
		.front_end = vnc_bound,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-set-too-early",
		.summary = "a property set before its device is there",
		.device = "vfio-pci",
		.properties = "display=off,rombar=0",
		.vgpu = true,
		.without_libvirt = "libvirt puts its options in order itself",
		.front_end = set_too_early,
		.needs = { "vgpu", "vfio" },
	},
	{
		.name = "wrong-spice-tcp-gl",
		.summary = "SPICE with GL, over TCP",
		.device = "vfio-pci",
		.properties = "display=on,rombar=0",
		.vgpu = true,
		.without_libvirt = "libvirt gives SPICE with GL no TCP port",
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
