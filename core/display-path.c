/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/display-path.h>
#include <vgpulab/nearest.h>

const struct vgpu_display_contents vgpu_display_contents[] = {
	{
		.name = "dmabuf",
		.summary = "the guest driver's screen as a DMA-BUF (GVT-g)",
		.plane = VGPU_PLANE_DMABUF,
		.opregion = true,
	},
	{
		.name = "dmabuf+rom",
		.summary = "the same, and a UEFI graphics driver from --romfile for OVMF",
		.plane = VGPU_PLANE_DMABUF,
		.opregion = true,
		.rom = true,
	},
	{
		.name = "ramfb",
		.summary = "firmware and boot loader too, without an OpRegion for the guest",
		.plane = VGPU_PLANE_DMABUF,
		.ramfb = true,
	},
	{
		.name = "dmabuf+ramfb",
		.summary = "firmware and boot loader too, and the OpRegion",
		.plane = VGPU_PLANE_DMABUF,
		.opregion = true,
		.ramfb = true,
	},
	{
		.name = "region",
		.summary = "a screen in memory (mdpy, the fake GPU); no GL needed",
		.plane = VGPU_PLANE_REGION,
	},
	{
		.name = "region+ramfb",
		.summary = "the same, and firmware and boot loader",
		.plane = VGPU_PLANE_REGION,
		.ramfb = true,
	},
	{
		.name = "none",
		.summary = "no screen at all: RDP, VNC or Looking Glass run in the guest",
		.plane = VGPU_PLANE_NONE,
	},
};
const size_t vgpu_display_contents_len = VGPU_ARRAY_LEN(vgpu_display_contents);

const struct vgpu_display_viewer vgpu_display_viewers[] = {
	{ VGPU_VIEWER_VNC, "vnc", "VNC, no GL (region)" },
	{ VGPU_VIEWER_SPICE_GL, "spice-gl", "SPICE for a viewer on this host, with GL" },
	{ VGPU_VIEWER_VNC_EGL_HEADLESS, "vnc+egl-headless", "VNC, read back through GL" },
	{ VGPU_VIEWER_SPICE_EGL_HEADLESS, "spice+egl-headless", "SPICE, read back through GL" },
	{ VGPU_VIEWER_SPICE, "spice", "SPICE, no GL (region)" },
	{ VGPU_VIEWER_DBUS, "dbus", "D-Bus display" },
	{ VGPU_VIEWER_GTK, "gtk", "QEMU's own GTK window" },
	{ VGPU_VIEWER_SDL, "sdl", "QEMU's own SDL window (region)" },
	{ VGPU_VIEWER_SCREENDUMP, "screendump", "nobody; QMP screendump (region)" },
};
const size_t vgpu_display_viewers_len = VGPU_ARRAY_LEN(vgpu_display_viewers);

static bool is_name(const char *name, const char *text, size_t len)
{
	return strlen(name) == len && !memcmp(name, text, len);
}

static const struct vgpu_display_contents *find_contents(const char *text, size_t len)
{
	for (size_t i = 0; i < vgpu_display_contents_len; i++)
		if (is_name(vgpu_display_contents[i].name, text, len))
			return &vgpu_display_contents[i];
	return NULL;
}

static const struct vgpu_display_viewer *find_viewer(const char *text, size_t len)
{
	for (size_t i = 0; i < vgpu_display_viewers_len; i++)
		if (is_name(vgpu_display_viewers[i].name, text, len))
			return &vgpu_display_viewers[i];
	return NULL;
}

static int no_path(const char *text, size_t len, struct vgpu_error *err)
{
	char wanted[64] = "";
	struct vgpu_nearest nearest = { .wanted = wanted };

	memcpy(wanted, text, len < sizeof(wanted) ? len : sizeof(wanted) - 1);
	for (size_t i = 0; i < vgpu_display_contents_len; i++)
		vgpu_nearest_offer(&nearest, vgpu_display_contents[i].name);
	for (size_t i = 0; i < vgpu_display_viewers_len; i++)
		vgpu_nearest_offer(&nearest, vgpu_display_viewers[i].name);
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "there is no display path '%s'", wanted);
	if (nearest.name)
		vgpu_error_hint(err, "did you mean '%s'?", nearest.name);
	else
		vgpu_error_hint(err, "a path is CONTENTS, VIEWER or CONTENTS,VIEWER: "
				     "'dmabuf', 'spice-gl', 'dmabuf+ramfb,vnc+egl-headless'");
	return -EINVAL;
}

int vgpu_display_path_parse(const char *text, struct vgpu_display_path *out, struct vgpu_error *err)
{
	size_t len = strcspn(text, ",");
	struct vgpu_display_path path = { .contents = find_contents(text, len) };

	if (!path.contents && !text[len]) {
		path.contents = &vgpu_display_contents[0];
		path.viewer = find_viewer(text, len);
		if (!path.viewer)
			return no_path(text, len, err);
	} else if (!path.contents) {
		return no_path(text, len, err);
	} else if (text[len]) {
		path.viewer = find_viewer(text + len + 1, strlen(text + len + 1));
		if (!path.viewer)
			return no_path(text + len + 1, strlen(text + len + 1), err);
	}
	if (path.contents->plane == VGPU_PLANE_NONE && path.viewer) {
		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
			       "path 'none' has no screen that '%s' could show", path.viewer->name);
		vgpu_error_hint(err, "take 'none' alone, or other contents");
		return -EINVAL;
	}
	*out = path;
	return 0;
}

int vgpu_machine_parse(const char *text, enum vgpu_machine *out)
{
	if (!strcmp(text, "q35"))
		*out = VGPU_MACHINE_Q35;
	else if (!strcmp(text, "pc"))
		*out = VGPU_MACHINE_PC;
	else
		return -EINVAL;
	return 0;
}

int vgpu_firmware_parse(const char *text, enum vgpu_firmware *out)
{
	if (!strcmp(text, "seabios"))
		*out = VGPU_FIRMWARE_SEABIOS;
	else if (!strcmp(text, "ovmf"))
		*out = VGPU_FIRMWARE_OVMF;
	else
		return -EINVAL;
	return 0;
}
