/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What a host's vGPUs shall be, as one JSON file, and the changes that make it so:
 *
 *	{"vgpus": [{"name": "desk", "parent": "0000:00:02.0", "type": "i915-GVTg_V5_4",
 *	            "start": "auto", "running": true, "attrs": [{"NAME": "VALUE"}]}]}
 *
 * "uuid" may stand in the place of "name". "start" is "manual", "running" is left as it is, and
 * "attrs" are none if they are not said.
 */

#include <vgpulab/lifecycle.h>

enum vgpu_change_kind {
	VGPU_CHANGE_STOP,
	VGPU_CHANGE_UNDEFINE,
	VGPU_CHANGE_DEFINE,
	VGPU_CHANGE_MODIFY,
	VGPU_CHANGE_START,
};

struct vgpu_change {
	enum vgpu_change_kind kind;
	struct vgpu_definition before, after; /* as far as the kind has them */
};

/** In the order in which they are to be made: what frees room comes first. */
struct vgpu_changes {
	struct vgpu_change *items;
	size_t len;
};

/**
 * Compares the host with the file's @text (@origin names it in messages). With @prune, definitions
 * that the file does not have shall go, and stop; vGPUs that nobody defined are never touched.
 * 0 with *@out for the caller to destroy, or a negative errno.
 */
int vgpu_changes_find(const struct vgpu_host *host, const char *origin, const char *text,
		      size_t len, bool prune, struct vgpu_changes **out, struct vgpu_error *err);
void vgpu_changes_destroy(struct vgpu_changes *changes);
VGPU_DEFINE_DESTROYP(vgpu_changes)

/** Makes one change. 0 or a negative errno. */
int vgpu_change_make(const struct vgpu_host *host, const struct vgpu_change *change,
		     struct vgpu_error *err);
/** "define", "start", ... */
const char *vgpu_change_name(enum vgpu_change_kind kind);

/** The file that says what the host is now. 0 with *@out for the caller to put. */
int vgpu_declaration_export(const struct vgpu_host *host, struct json_object **out,
			    struct vgpu_error *err);
