/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest-kernel.h"

#include <stdio.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

char *qt_guest_kernel_find(const char *guest_dir, int packed)
{
	static const char *const names[] = { "vmlinux", "vmlinuz" };

	for (size_t i = packed ? 1 : 0; i < VGPU_ARRAY_LEN(names); i++) {
		_autofree_ char *path = NULL;

		if (asprintf(&path, "%s/%s", guest_dir, names[i]) < 0)
			return NULL;
		if (access(path, R_OK) == 0)
			return steal(path);
	}
	return NULL;
}
