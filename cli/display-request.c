/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/number.h>

#include "display-request.h"

int cli_display_wrong(struct vgpu_error *err, const char *what, const char *value,
		      const char *expected)
{
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "'%s' is no %s", value, what);
	vgpu_error_hint(err, "expected: %s", expected);
	return -EINVAL;
}

static int take_number(struct vgpu_display_request *request, int id, const char *value,
		       struct vgpu_error *err)
{
	uint64_t n;

	if (vgpu_number_parse(value, 1, id == CLI_DISPLAY_PORT ? 65535 : 16384, &n))
		return id == CLI_DISPLAY_PORT
			       ? cli_display_wrong(err, "TCP port", value, "1 to 65535")
			       : cli_display_wrong(err, "number of pixels", value, "1 to 16384");
	if (id == CLI_DISPLAY_PORT)
		request->port = (uint16_t)n;
	else if (id == CLI_DISPLAY_XRES)
		request->xres_px = (uint32_t)n;
	else
		request->yres_px = (uint32_t)n;
	return 0;
}

int cli_display_option(struct cli_display *display, int id, const char *value,
		       struct vgpu_error *err)
{
	struct vgpu_display_request *request = &display->request;

	switch (id) {
	case 'p':
		display->has_path = true;
		return vgpu_display_path_parse(value, &request->path, err);
	case 'u':
		display->has_vgpu = true;
		return vgpu_uuid_parse(value, &request->uuid)
			       ? cli_display_wrong(err, "UUID", value,
						   "8-4-4-4-12 hexadecimal digits")
			       : 0;
	case CLI_DISPLAY_QEMU:
		display->has_qemu = true;
		return vgpu_version_parse(value, &request->qemu)
			       ? cli_display_wrong(err, "version", value, "a number like 7.2")
			       : 0;
	case CLI_DISPLAY_FIRMWARE:
		return vgpu_firmware_parse(value, &request->firmware)
			       ? cli_display_wrong(err, "firmware", value, "seabios or ovmf")
			       : 0;
	case CLI_DISPLAY_MACHINE:
		return vgpu_machine_parse(value, &request->machine)
			       ? cli_display_wrong(err, "machine", value, "q35 or pc")
			       : 0;
	case CLI_DISPLAY_RENDERNODE:
		request->rendernode = value;
		return 0;
	case CLI_DISPLAY_ROMFILE:
		request->romfile = value;
		return 0;
	default:
		return take_number(request, id, value, err);
	}
}

/* The version that @command prints in its first line. */
static int ask_version(const char *command, struct vgpu_version *out)
{
	char line[256] = "";
	FILE *pipe = popen(command, "re");

	if (pipe) {
		if (!fgets(line, sizeof(line), pipe))
			line[0] = '\0';
		pclose(pipe);
	}
	return vgpu_version_parse(line, out);
}

int cli_ask_qemu(struct vgpu_version *out, struct vgpu_error *err)
{
	if (!ask_version("qemu-system-x86_64 --version 2>/dev/null", out))
		return 0;
	vgpu_error_set(err, VGPU_ERROR_NEED, ENOENT, "cannot ask qemu-system-x86_64 its version");
	vgpu_error_hint(err, "install QEMU, or say which one is meant: --qemu 7.2");
	return -ENOENT;
}

int cli_ask_libvirt(struct vgpu_version *out, struct vgpu_error *err)
{
	if (!ask_version("virsh --version 2>/dev/null", out))
		return 0;
	vgpu_error_set(err, VGPU_ERROR_NEED, ENOENT, "cannot ask virsh for libvirt's version");
	vgpu_error_hint(err, "install libvirt-clients, or say which one is meant: --libvirt 9.0");
	return -ENOENT;
}

int cli_display_complete(struct cli_display *display, struct vgpu_error *err)
{
	if (!display->has_path || !display->has_vgpu) {
		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "which %s?",
			       display->has_path ? "vGPU" : "display path");
		vgpu_error_hint(err, "%s",
				display->has_path ? "--vgpu UUID; 'vgpulab list' shows them"
						  : "--path PATH, for instance --path dmabuf");
		return -EINVAL;
	}
	return display->has_qemu ? 0 : cli_ask_qemu(&display->request.qemu, err);
}
