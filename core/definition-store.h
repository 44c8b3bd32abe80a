/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <vgpulab/definition-store.h>

struct vgpu_store {
	char *path;
	int dir; /* -1: not there yet */
};

/** Room for the name of a file of ours beside the parents: mdevctl passes over plain files there. */
#define VGPU_STORE_NAME_LEN 160

/** Opens a parent's directory. A descriptor or a negative errno. */
int vgpu_store_open_parent(struct vgpu_store *store, const char *parent);

/** Fills @err for what failed with @ret on PATH/PARENT/NAME (either may be NULL); returns @ret. */
int vgpu_store_fail(const struct vgpu_store *store, int ret, const char *what, const char *parent,
		    const char *name, struct vgpu_error *err);

/** Reads the definition whose UUID and parent @definition has. @dir is the parent's directory. */
int vgpu_store_read(struct vgpu_store *store, int dir, struct vgpu_definition *definition,
		    struct vgpu_error *err);
