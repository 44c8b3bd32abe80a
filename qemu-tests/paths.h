/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Display paths: how pixels get from the vGPU to somebody's eyes. A path is a row: what QEMU is
 * told, and which captures can see it.
 */

#include <stdbool.h>
#include <stddef.h>

enum { QT_PATH_CAPTURES_MAX = 6, QT_PATH_NEEDS_MAX = 5 };

struct qt_path {
	const char *name;
	const char *summary;
	const char *device; /* QEMU's device model */
	const char *properties; /* of the device */
	const char *display; /* how the vGPU must show itself: "region", "dmabuf"; NULL: either */
	bool vgpu; /* the device is a vGPU; else it is QEMU's own */
	const char *firmware; /* a file; NULL: QEMU's own, SeaBIOS */
	bool boot_display; /* firmware draws on it (ramfb) while the vGPU's plane is off */
	bool boot_menu; /* firmware waits a moment with its menu on the screen */
	const char *libvirt; /* the same as `vgpulab libvirt-xml` knows it: "region,vnc" */
	const char
		*without_libvirt; /* why there is no such domain; a vGPU's path has one of both */
	const char *const *front_end; /* QEMU's options for its user interface, NULL-terminated */
	const char *captures[QT_PATH_CAPTURES_MAX]; /* names, NULL behind the last */
	const char *needs[QT_PATH_NEEDS_MAX]; /* beyond what every scenario needs */
};

/** Where Debian's package ovmf has its firmware for PCs, code and variables in one. */
#define QT_OVMF "/usr/share/ovmf/OVMF.fd"

/** Some UEFI option ROM, of Debian's package ipxe-qemu: it is not for this device, and does no harm. */
#define QT_OPTION_ROM "/usr/lib/ipxe/qemu/efi-virtio.rom"

extern const struct qt_path qt_paths[];
extern const size_t qt_paths_len;

/** The path of that name, or NULL. */
const struct qt_path *qt_path_find(const char *name);
