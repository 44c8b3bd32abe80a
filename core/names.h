/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The entries of a directory, sorted: readdir's order is the kernel's hash order.
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/cleanup.h>

struct vgpu_backend;

struct vgpu_names {
	char **items;
	size_t len, room;
};

/** Lists @path. 0 with *@out for the caller to destroy, or a negative errno. */
int vgpu_names_list(struct vgpu_backend *backend, const char *path, struct vgpu_names **out);
bool vgpu_names_have(const struct vgpu_names *names, const char *name);
void vgpu_names_destroy(struct vgpu_names *names);
VGPU_DEFINE_DESTROYP(vgpu_names)
