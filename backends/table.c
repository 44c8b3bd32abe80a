/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <backends/backends.h>
#include <errno.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/nearest.h>

#include "fake.h"
#include "mem.h"
#include "sysfs.h"
#include "trace.h"

const struct vgpu_backend_entry vgpu_backends[] = {
	{ &vgpu_backend_sysfs, "[DIR]", vgpu_sysfs_open },
	{ &vgpu_backend_fake, "GPU[+GPU...]", vgpu_fake_open },
	{ &vgpu_backend_mem, "GPU[+GPU...]", vgpu_mem_open },
	{ &vgpu_backend_trace, "FILE,SPEC", vgpu_trace_open },
};
const size_t vgpu_backends_len = VGPU_ARRAY_LEN(vgpu_backends);

int vgpu_backend_open(const char *spec, struct vgpu_backend **out, struct vgpu_error *err)
{
	size_t name_len = strcspn(spec, ":");
	const char *argument = spec[name_len] ? spec + name_len + 1 : NULL;
	char name[32];
	struct vgpu_nearest nearest = { .wanted = name };

	snprintf(name, sizeof(name), "%.*s", (int)(name_len < 64 ? name_len : 64), spec);
	for (size_t i = 0; i < vgpu_backends_len; i++) {
		if (!strcmp(vgpu_backends[i].impl->name, name))
			return vgpu_backends[i].open(argument, out, err);
		vgpu_nearest_offer(&nearest, vgpu_backends[i].impl->name);
	}
	vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "there is no backend '%s'", name);
	if (nearest.name)
		vgpu_error_hint(err, "did you mean '%s'?", nearest.name);
	else
		vgpu_error_hint(err, "'vgpulab --help' lists the backends");
	return -EINVAL;
}
