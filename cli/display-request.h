/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The options that qemu-args and libvirt-xml share: which vGPU, which display path, which QEMU.
 */

#include <vgpulab/display-path.h>

#include "cli.h"

/* ids beyond the letters; a verb's own begin at CLI_DISPLAY_OPTION_NEXT */
enum {
	CLI_DISPLAY_QEMU = 300,
	CLI_DISPLAY_FIRMWARE,
	CLI_DISPLAY_MACHINE,
	CLI_DISPLAY_RENDERNODE,
	CLI_DISPLAY_ROMFILE,
	CLI_DISPLAY_XRES,
	CLI_DISPLAY_YRES,
	CLI_DISPLAY_PORT,
	CLI_DISPLAY_OPTION_NEXT,
};

#define CLI_DISPLAY_OPTIONS                                                                        \
	{ 'p', "path", "PATH", "what the vGPU shows, and where (see below)" },                     \
		{ 'u', "vgpu", "UUID", "the vGPU" },                                               \
		{ CLI_DISPLAY_QEMU, "qemu", "VERSION", "QEMU's version; default: ask QEMU" },      \
		{ CLI_DISPLAY_FIRMWARE, "firmware", "NAME", "seabios (default) or ovmf" },         \
		{ CLI_DISPLAY_MACHINE, "machine", "NAME", "q35 (default) or pc" },                 \
		{ CLI_DISPLAY_RENDERNODE, "rendernode", "NODE", "the GPU's render node" },         \
		{ CLI_DISPLAY_ROMFILE, "romfile", "FILE", "UEFI graphics driver for dmabuf+rom" }, \
		{ CLI_DISPLAY_XRES, "xres", "PIXELS", "preferred width" },                         \
		{ CLI_DISPLAY_YRES, "yres", "PIXELS", "preferred height" },                        \
	{                                                                                          \
		CLI_DISPLAY_PORT, "port", "PORT", "TCP port of VNC or SPICE"                       \
	}

/** What --help says of paths. */
#define CLI_DISPLAY_DETAILS                                                                        \
	"PATH is CONTENTS, VIEWER (of contents dmabuf) or CONTENTS,VIEWER. Without a VIEWER the\n" \
	"first that works with this QEMU is taken.\n"                                              \
	"CONTENTS: dmabuf dmabuf+rom ramfb dmabuf+ramfb region region+ramfb none\n"                \
	"VIEWER:   vnc spice-gl vnc+egl-headless spice+egl-headless spice dbus gtk sdl screendump"

struct cli_display {
	struct vgpu_display_request request;
	bool has_path, has_vgpu, has_qemu;
};

/** Takes one of CLI_DISPLAY_OPTIONS. 0, or a negative errno with @err filled. */
int cli_display_option(struct cli_display *display, int id, const char *value,
		       struct vgpu_error *err);
/** Says that an option's @value is no @what, and what is @expected. Returns -EINVAL. */
int cli_display_wrong(struct vgpu_error *err, const char *what, const char *value,
		      const char *expected);
/** Checks that path and vGPU were given, and asks QEMU for its version if it was not. */
int cli_display_complete(struct cli_display *display, struct vgpu_error *err);
/** The version of the QEMU in PATH. 0, or -ENOENT with @err filled. */
int cli_ask_qemu(struct vgpu_version *out, struct vgpu_error *err);
/** The version of the libvirt whose virsh is in PATH. 0, or -ENOENT with @err filled. */
int cli_ask_libvirt(struct vgpu_version *out, struct vgpu_error *err);
