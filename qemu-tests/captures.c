/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture.h"

#include <string.h>
#include <vgpulab/cleanup.h>

const struct qt_capture qt_captures[] = {
	{ "qmp", "QMP screendump of the display device's console", qt_capture_qmp },
	{ "vnc", "a VNC client: raw encoding, full updates, over a unix socket", qt_capture_vnc },
	{ "spice", "a SPICE client over a unix socket, lossless", qt_capture_spice },
	{ "dbus", "a listener of QEMU's D-Bus display, over a socket pair", qt_capture_dbus },
	{ "guest", "the guest reads its framebuffer back and tells its checksum", NULL },
};
const size_t qt_captures_len = VGPU_ARRAY_LEN(qt_captures);

const struct qt_capture *qt_capture_find(const char *name)
{
	for (size_t i = 0; i < qt_captures_len; i++)
		if (!strcmp(qt_captures[i].name, name))
			return &qt_captures[i];
	return NULL;
}
