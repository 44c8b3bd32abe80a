/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/cleanup.h>

#include "refusal.h"

static const struct vgpu_refusal common[] = {
	{ EACCES, VGPU_ERROR_PERMISSION, "it is not permitted",
	  "run as root, or let root give you write access to that file" },
	{ EPERM, VGPU_ERROR_PERMISSION, "it is not permitted", "run as root" },
	{ EROFS, VGPU_ERROR_PERMISSION, "the tree is mounted read-only",
	  "containers often see /sys like this: run on the host, or remount it read-write" },
};

static const struct vgpu_refusal *find(const struct vgpu_refusal *table, size_t len, int errnum)
{
	for (size_t i = 0; i < len; i++)
		if (table[i].errnum == errnum)
			return &table[i];
	return NULL;
}

int vgpu_refusal_fail(const struct vgpu_refusal *table, size_t len, int ret,
		      const struct vgpu_backend *backend, const char *verb, const char *path,
		      struct vgpu_error *err)
{
	const struct vgpu_refusal *refusal = find(table, len, -ret);

	if (!refusal)
		refusal = find(common, VGPU_ARRAY_LEN(common), -ret);
	vgpu_error_set(err, refusal ? refusal->kind : VGPU_ERROR_FAILED, -ret,
		       "cannot %s: %s (%s/%s: %s)", verb,
		       refusal ? refusal->meaning : "the kernel refuses", backend->root, path,
		       strerror(-ret));
	vgpu_error_hint(err, "%s", refusal ? refusal->hint : "dmesg may say why");
	return ret;
}
