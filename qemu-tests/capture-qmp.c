/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "argv.h"
#include "capture.h"
#include "image.h"
#include "launch.h"
#include "qmp.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#define PICTURE "screendump.ppm"

/*
 * QEMU writes the file itself; one that libvirt has started works elsewhere. PPM, because PNG came with 7.1
 * only; screendump refreshes the console once before it reads it.
 * Source: QEMU ui/console.c, qmp_screendump()
 */
static int screendump(struct qt_vm *vm, const char *device, int64_t deadline_ms,
		      struct qt_image *out, struct vgpu_error *err)
{
	json_object *arguments = json_object_new_object();
	char directory[PATH_MAX], path[PATH_MAX + sizeof(PICTURE) + 1];
	int r;

	qt_directory_path(qt_vm_dir(vm), directory, sizeof(directory));
	snprintf(path, sizeof(path), "%s/" PICTURE, directory);
	json_object_object_add(arguments, "filename", json_object_new_string(path));
	if (device)
		json_object_object_add(arguments, "device", json_object_new_string(device));
	r = qt_qmp_command(qt_vm_qmp(vm), "screendump", arguments, deadline_ms, NULL, err);
	if (!r)
		r = qt_image_read(qt_vm_dir(vm), PICTURE, out, err);
	unlinkat(qt_vm_dir(vm), PICTURE, 0);
	return r;
}

int qt_capture_qmp(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
		   struct vgpu_error *err)
{
	return screendump(vm, qt_vm_device(vm), deadline_ms, out, err);
}

int qt_capture_qmp_first(struct qt_vm *vm, int64_t deadline_ms, struct qt_image *out,
			 struct vgpu_error *err)
{
	return screendump(vm, NULL, deadline_ms, out, err);
}
