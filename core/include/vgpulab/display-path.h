/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * How a vGPU's screen reaches a person: what the vGPU gives (contents) and who shows it (viewer).
 * The tables of both, and of the combinations that a QEMU version refuses, stand here once;
 * qemu-args and libvirt-xml put the outcome into words that QEMU and libvirt understand.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vgpulab/error.h>
#include <vgpulab/uuid.h>
#include <vgpulab/version.h>

/** How the vGPU hands out its screen. Source: linux/vfio.h, VFIO_GFX_PLANE_TYPE_* */
enum vgpu_plane {
	VGPU_PLANE_NONE,
	VGPU_PLANE_DMABUF, /* GVT-g, mbochs */
	VGPU_PLANE_REGION, /* mdpy, and fakes that do without a GPU */
};

/** What the vGPU gives. */
struct vgpu_display_contents {
	const char *name;
	const char *summary; /* one line */
	enum vgpu_plane plane;
	bool opregion; /* publish the OpRegion (outputs, VBT) to the guest's firmware */
	bool ramfb; /* firmware and boot loader draw into a frame buffer in RAM */
	bool rom; /* a UEFI graphics driver from a file */
};

enum vgpu_viewer {
	VGPU_VIEWER_NONE,
	VGPU_VIEWER_VNC,
	VGPU_VIEWER_SPICE_GL,
	VGPU_VIEWER_VNC_EGL_HEADLESS,
	VGPU_VIEWER_SPICE_EGL_HEADLESS,
	VGPU_VIEWER_SPICE,
	VGPU_VIEWER_DBUS,
	VGPU_VIEWER_GTK,
	VGPU_VIEWER_SDL,
	VGPU_VIEWER_SCREENDUMP,
};

/** Who shows it. */
struct vgpu_display_viewer {
	enum vgpu_viewer id;
	const char *name;
	const char *summary; /* one line */
};

extern const struct vgpu_display_contents vgpu_display_contents[];
extern const size_t vgpu_display_contents_len;
/* in the order of preference; the first that works is taken where none was asked for */
extern const struct vgpu_display_viewer vgpu_display_viewers[];
extern const size_t vgpu_display_viewers_len;

struct vgpu_display_path {
	const struct vgpu_display_contents *contents; /* never NULL */
	const struct vgpu_display_viewer *viewer; /* NULL: the first that works */
};

/**
 * Parses "CONTENTS", "VIEWER" (of contents "dmabuf") or "CONTENTS,VIEWER".
 * 0, or -EINVAL with @err filled and @out untouched.
 */
int vgpu_display_path_parse(const char *text, struct vgpu_display_path *out,
			    struct vgpu_error *err);

enum vgpu_machine { VGPU_MACHINE_Q35, VGPU_MACHINE_PC };
enum vgpu_firmware { VGPU_FIRMWARE_SEABIOS, VGPU_FIRMWARE_OVMF };

/** "q35" or "pc"; "seabios" or "ovmf". 0, or -EINVAL with @out untouched. */
int vgpu_machine_parse(const char *text, enum vgpu_machine *out);
int vgpu_firmware_parse(const char *text, enum vgpu_firmware *out);

/** What is wanted. Texts are borrowed; NULL or 0: not asked for. */
struct vgpu_display_request {
	struct vgpu_display_path path;
	struct vgpu_uuid uuid;
	struct vgpu_version qemu;
	enum vgpu_machine machine;
	enum vgpu_firmware firmware;
	const char *rendernode; /* "/dev/dri/renderD128" */
	const char *romfile;
	const char *socket; /* where SPICE with local GL listens */
	uint32_t xres_px, yres_px;
	uint16_t port; /* TCP port that the viewer connects to */
	bool pluggable; /* the guest must be able to lose the vGPU while it runs */
};

/**
 * Can this QEMU do it? Fills in the viewer if none was asked for. 0, or -EINVAL (the request
 * contradicts itself) or -ENOTSUP (this QEMU cannot) with @err saying why and what works instead,
 * and @out untouched.
 * Source: QEMU hw/vfio/display.c, ui/console.c, ui/vnc.c, ui/spice-core.c, ui/spice-display.c
 */
int vgpu_display_decide(const struct vgpu_display_request *request, struct vgpu_display_path *out,
			struct vgpu_error *err);

/**
 * What a person should know of a path that works. Calls @each for every note until it returns
 * non-zero. @path is what vgpu_display_decide() gave.
 */
void vgpu_display_notes(const struct vgpu_display_request *request,
			const struct vgpu_display_path *path,
			int (*each)(void *data, const char *note), void *data);
