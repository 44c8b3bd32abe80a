/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/display-path.h>

/* What a row asks of a request; every field that is not 0 must hold. */
enum wants {
	PORT = 1 << 0,
	RENDERNODE = 1 << 1,
	ROMFILE = 1 << 2,
	SIZE = 1 << 3,
	PLUGGABLE = 1 << 4,
	OPREGION = 1 << 5,
	RAMFB = 1 << 6,
	ROM = 1 << 7,
	OVMF = 1 << 8,
	Q35 = 1 << 9,
	LOW_PORT = 1 << 10, /* a port below 5900 */
};

enum {
	NONE = 1 << VGPU_PLANE_NONE,
	DMABUF = 1 << VGPU_PLANE_DMABUF,
	REGION = 1 << VGPU_PLANE_REGION
};

#define V(viewer)    (1U << VGPU_VIEWER_##viewer)
#define EGL_HEADLESS (V(VNC_EGL_HEADLESS) | V(SPICE_EGL_HEADLESS))

struct selector {
	unsigned int planes; /* DMABUF | REGION; 0: any */
	unsigned int viewers; /* V(...) | V(...); 0: any */
	unsigned int with, without; /* enum wants */
	struct vgpu_version since, before; /* of QEMU; all 0: no bound */
};

struct refusal {
	struct selector when;
	enum vgpu_error_kind kind; /* USAGE: never; NEED: not with this QEMU */
	const char *why;
	const char *instead;
};

/*
 * The first row that matches decides. Sources are QEMU's; "seen" means observed with 7.2 on a vGPU.
 */
static const struct refusal refusals[] = {
	/* hw/vfio/pci.c: property "display" came with 2.12 */
	{ { .planes = DMABUF | REGION, .before = { 2, 12 } },
	  VGPU_ERROR_NEED,
	  "vfio-pci has no display= before QEMU 2.12",
	  "take QEMU 2.12 or later, or --path none" },
	/* usage */
	{ { .with = ROM, .without = ROMFILE },
	  VGPU_ERROR_USAGE,
	  "this path needs the file with the UEFI graphics driver",
	  "name it: --romfile vbios_gvt_uefi.rom (or i915ovmf.rom)" },
	{ { .with = ROMFILE, .without = ROM },
	  VGPU_ERROR_USAGE,
	  "--romfile goes with the path dmabuf+rom only",
	  "take --path dmabuf+rom, or leave --romfile out" },
	{ { .with = ROM, .without = OVMF },
	  VGPU_ERROR_USAGE,
	  "SeaBIOS does not run the UEFI graphics driver of a ROM file",
	  "take --firmware ovmf; or, for a picture from SeaBIOS, --path dmabuf+ramfb" },
	{ { .with = SIZE, .planes = NONE | REGION },
	  VGPU_ERROR_USAGE,
	  "--xres and --yres reach the guest as EDID, which only a DMA-BUF vGPU has: QEMU would "
	  "stop with 'xres and yres properties need edid support'",
	  "leave them out; the guest's driver decides the mode" },
	{ { .with = PORT, .planes = NONE },
	  VGPU_ERROR_USAGE,
	  "path 'none' has nothing that could listen on a port",
	  "leave --port out" },
	{ { .with = RENDERNODE, .planes = NONE },
	  VGPU_ERROR_USAGE,
	  "path 'none' draws nothing, so it needs no render node",
	  "leave --rendernode out" },
	{ { .with = PORT, .viewers = V(DBUS) | V(GTK) | V(SDL) | V(SCREENDUMP) },
	  VGPU_ERROR_USAGE,
	  "this viewer does not listen on a TCP port",
	  "leave --port out, or take VNC or SPICE" },
	{ { .with = LOW_PORT, .viewers = V(VNC) | V(VNC_EGL_HEADLESS) },
	  VGPU_ERROR_USAGE,
	  "QEMU's VNC server counts displays from port 5900",
	  "take a port from 5900 on" },
	{ { .with = RENDERNODE, .viewers = V(VNC) | V(SPICE) | V(GTK) | V(SDL) | V(SCREENDUMP) },
	  VGPU_ERROR_USAGE,
	  "this viewer takes no render node",
	  "leave --rendernode out, or take spice-gl, dbus or vnc+egl-headless" },
	{ { .with = RENDERNODE, .viewers = V(DBUS), .planes = REGION },
	  VGPU_ERROR_USAGE,
	  "a region vGPU on D-Bus does without GL, so it needs no render node",
	  "leave --rendernode out" },
	/* ramfb: only vfio-pci-nohotplug has it (hw/vfio/pci.c; seen) */
	{ { .with = RAMFB | PLUGGABLE },
	  VGPU_ERROR_USAGE,
	  "ramfb exists only on vfio-pci-nohotplug; the pluggable type says 'Property "
	  "'vfio-pci.ramfb' not found'",
	  "leave --pluggable out, or take a path without ramfb" },
	{ { .with = RAMFB, .before = { 3, 1 } },
	  VGPU_ERROR_NEED,
	  "vfio-pci-nohotplug and its ramfb came with QEMU 3.1",
	  "take QEMU 3.1 or later, or --path dmabuf (no picture before the guest's driver)" },
	{ { .with = SIZE, .before = { 4, 0 } },
	  VGPU_ERROR_NEED,
	  "xres= and yres= came with QEMU 4.0",
	  "take QEMU 4.0 or later, or leave --xres and --yres out" },
	/* a dma-buf has no pixels that the CPU may read: somebody must import it */
	{ { .planes = DMABUF, .viewers = V(VNC) | V(SPICE) | V(SCREENDUMP) },
	  VGPU_ERROR_NEED,
	  "a DMA-BUF vGPU needs a GL display beside it: QEMU would stop with "
	  "'vfio-display-dmabuf: opengl not available'",
	  "take spice-gl or gtk; before QEMU 9.0 vnc+egl-headless works too" },
	{ { .planes = DMABUF, .viewers = V(SDL) },
	  VGPU_ERROR_NEED,
	  "QEMU's SDL window cannot show a DMA-BUF: QEMU would stop with "
	  "'The console requires display DMABUF support'",
	  "take gtk or spice-gl" },
	/* ui/vnc.c of 9.0: the listener is bound to the default console, ui/console.c checks it */
	{ { .planes = DMABUF, .viewers = V(VNC_EGL_HEADLESS), .since = { 9, 0 } },
	  VGPU_ERROR_NEED,
	  "since QEMU 9.0 VNC binds to the vGPU's console and QEMU stops with 'The console "
	  "requires display DMABUF support', egl-headless or not",
	  "take spice-gl, gtk or dbus; or QEMU 8.2 or earlier" },
	/* ui/spice-display.c: one listener bound to each console (Launchpad 1926952; seen) */
	{ { .planes = DMABUF, .viewers = V(SPICE_EGL_HEADLESS), .since = { 6, 0 } },
	  VGPU_ERROR_NEED,
	  "since QEMU 6.0 SPICE without GL binds to the vGPU's console and QEMU stops with 'The "
	  "console requires display DMABUF support', egl-headless or not",
	  "take spice-gl; for a remote viewer before QEMU 9.0 vnc+egl-headless" },
	/* ui/spice-core.c (seen) */
	{ { .with = PORT, .viewers = V(SPICE_GL), .before = { 10, 2 } },
	  VGPU_ERROR_NEED,
	  "SPICE with GL hands a DMA-BUF to a viewer on this host: QEMU before 10.2 stops with "
	  "'SPICE GL support is local-only for now and incompatible with -spice port/tls-port'",
	  "leave --port out (a Unix socket, or libvirt's listen type 'none'); for a remote viewer "
	  "before QEMU 9.0 vnc+egl-headless" },
	{ { .viewers = V(DBUS), .before = { 7, 0 } },
	  VGPU_ERROR_NEED,
	  "the D-Bus display came with QEMU 7.0",
	  "take spice-gl, or QEMU 7.0 or later" },
	{ { .with = RENDERNODE, .viewers = EGL_HEADLESS, .before = { 3, 1 } },
	  VGPU_ERROR_NEED,
	  "egl-headless takes a render node since QEMU 3.1",
	  "leave --rendernode out: QEMU takes the first that it can open" },
};

struct note {
	struct selector when;
	const char *text;
};

static const struct note notes[] = {
	{ { .planes = DMABUF | NONE },
	  "real GVT-g needs KVM; and at most one GVT-g vGPU fits in a VM" },
	{ { .planes = DMABUF | NONE },
	  "the vGPU pins guest memory: allow the guest's RAM and 1 GiB more (ulimit -l)" },
	{ { .planes = DMABUF, .without = RAMFB | OVMF },
	  "there is no picture until the guest's driver has set a mode; ramfb shows the time before" },
	{ { .planes = DMABUF, .with = OVMF | OPREGION, .without = ROM },
	  "stock OVMF does not pass the OpRegion on; dmabuf+rom does, by the ROM file" },
	{ { .planes = DMABUF, .with = OVMF, .without = ROM | RAMFB },
	  "OVMF has no driver for the vGPU: no picture until the guest's driver has set a mode" },
	{ { .with = OPREGION, .planes = DMABUF },
	  "x-igd-opregion needs Linux 4.17 or later on the host" },
	{ { .with = OPREGION, .planes = DMABUF },
	  "a line about IGD legacy mode on QEMU's standard error is harmless" },
	{ { .with = SIZE }, "the vGPU offers EDID since Linux 5.0" },
	{ { .planes = DMABUF, .viewers = V(VNC_EGL_HEADLESS) },
	  "do not add display= to -vnc: a VNC server bound to the vGPU's console ends QEMU" },
	{ { .planes = DMABUF, .viewers = V(VNC_EGL_HEADLESS) },
	  "this ends with QEMU 9.0, whose VNC server is always bound" },
	{ { .planes = DMABUF,
	    .viewers = V(SPICE_GL) | EGL_HEADLESS | V(DBUS),
	    .without = RENDERNODE },
	  "QEMU takes the first render node that it can open; with two GPUs name the one that the "
	  "vGPU is cut from: --rendernode /dev/dri/by-path/pci-0000:00:02.0-render" },
	{ { .viewers = V(SPICE_GL), .with = PORT },
	  "over TCP the screen is encoded as video (spice-server 0.15.3 or later): not exact" },
	{ { .viewers = V(DBUS) },
	  "the client's socket is handed over with QMP: add_client protocol=@dbus-display" },
	{ { .planes = DMABUF, .since = { 10, 1 } },
	  "a fake Intel vGPU must offer the OpRegion region to QEMU 10.1 and later" },
};

static unsigned int wants(const struct vgpu_display_request *request)
{
	const struct vgpu_display_contents *contents = request->path.contents;
	unsigned int set = 0;

	set |= request->port ? PORT : 0;
	set |= request->port && request->port < 5900 ? LOW_PORT : 0;
	set |= request->rendernode ? RENDERNODE : 0;
	set |= request->romfile ? ROMFILE : 0;
	set |= request->xres_px || request->yres_px ? SIZE : 0;
	set |= request->pluggable ? PLUGGABLE : 0;
	set |= contents->opregion ? OPREGION : 0;
	set |= contents->ramfb ? RAMFB : 0;
	set |= contents->rom ? ROM : 0;
	set |= request->firmware == VGPU_FIRMWARE_OVMF ? OVMF : 0;
	set |= request->machine == VGPU_MACHINE_Q35 ? Q35 : 0;
	return set;
}

static bool matches(const struct selector *when, const struct vgpu_display_request *request,
		    enum vgpu_viewer viewer)
{
	static const struct vgpu_version unbounded;
	unsigned int set = wants(request);

	if (when->planes && !(when->planes & 1U << request->path.contents->plane))
		return false;
	if (when->viewers && !(when->viewers & 1U << viewer))
		return false;
	if ((set & when->with) != when->with || set & when->without)
		return false;
	if (vgpu_version_compare(request->qemu, when->since) < 0)
		return false;
	return !vgpu_version_compare(when->before, unbounded) ||
	       vgpu_version_compare(request->qemu, when->before) < 0;
}

static const struct refusal *refusal_of(const struct vgpu_display_request *request,
					enum vgpu_viewer viewer)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(refusals); i++)
		if (matches(&refusals[i].when, request, viewer))
			return &refusals[i];
	return NULL;
}

static int refuse(const struct vgpu_display_request *request, const struct refusal *refusal,
		  struct vgpu_error *err)
{
	const struct vgpu_display_viewer *viewer = request->path.viewer;
	int errnum = refusal->kind == VGPU_ERROR_USAGE ? EINVAL : ENOTSUP;

	vgpu_error_set(err, refusal->kind, errnum, "path '%s%s%s', QEMU %u.%u: %s",
		       request->path.contents->name, viewer ? "," : "", viewer ? viewer->name : "",
		       request->qemu.major, request->qemu.minor, refusal->why);
	vgpu_error_hint(err, "%s", refusal->instead);
	return -errnum;
}

int vgpu_display_decide(const struct vgpu_display_request *request, struct vgpu_display_path *out,
			struct vgpu_error *err)
{
	const struct refusal *first = NULL;
	const struct refusal *refusal;

	if (request->path.viewer || request->path.contents->plane == VGPU_PLANE_NONE) {
		refusal = refusal_of(request, request->path.viewer ? request->path.viewer->id
								   : VGPU_VIEWER_NONE);
		if (refusal)
			return refuse(request, refusal, err);
		*out = request->path;
		return 0;
	}
	for (size_t i = 0; i < vgpu_display_viewers_len; i++) {
		refusal = refusal_of(request, vgpu_display_viewers[i].id);
		if (!refusal) {
			*out = (struct vgpu_display_path){ request->path.contents,
							   &vgpu_display_viewers[i] };
			return 0;
		}
		/* a viewer's own limits say less than why the one meant for this plane fails */
		if (!first || vgpu_display_viewers[i].id == VGPU_VIEWER_SPICE_GL)
			first = refusal;
	}
	return refuse(request, first, err);
}

void vgpu_display_notes(const struct vgpu_display_request *request,
			const struct vgpu_display_path *path,
			int (*each)(void *data, const char *note), void *data)
{
	enum vgpu_viewer viewer = path->viewer ? path->viewer->id : VGPU_VIEWER_NONE;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(notes); i++)
		if (matches(&notes[i].when, request, viewer) && each(data, notes[i].text))
			return;
}
