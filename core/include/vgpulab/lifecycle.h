/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The life of a vGPU beyond create and remove: defined, started, modified, stopped, undefined, with
 * the scripts called that belong to it.
 */

#include <vgpulab/callout.h>
#include <vgpulab/definition-store.h>
#include <vgpulab/manager.h>

/** What the verbs work on. */
struct vgpu_host {
	struct vgpu_backend *backend;
	struct vgpu_store *store;
	const struct vgpu_callouts *callouts; /* NULL: no scripts are run */
	bool idempotent; /* no scripts are run to start what is running already */
};

/** A vGPU that is defined, running, or both. */
struct vgpu_device {
	/* of one that runs: its parent and type are the running one's, the rest is as defined */
	struct vgpu_definition definition;
	bool defined, active;
};

struct vgpu_devices {
	struct vgpu_device *items; /* sorted by parent, then UUID */
	size_t len, room;
	struct vgpu_error *broken; /* one for each definition that cannot be read */
	size_t broken_len;
};

/**
 * Lists what is defined, or what is running, of @uuid and @parent (NULL: all). 0 with *@out for the
 * caller to destroy, or a negative errno.
 */
int vgpu_devices_defined(const struct vgpu_host *host, const struct vgpu_uuid *uuid,
			 const char *parent, struct vgpu_devices **out, struct vgpu_error *err);
int vgpu_devices_active(const struct vgpu_host *host, const struct vgpu_uuid *uuid,
			const char *parent, struct vgpu_devices **out, struct vgpu_error *err);
void vgpu_devices_destroy(struct vgpu_devices *devices);
VGPU_DEFINE_DESTROYP(vgpu_devices)

/** Fills in parent and type of the running vGPU of @definition's UUID. 0, or -ENOENT if none runs. */
int vgpu_definition_from_running(struct vgpu_backend *backend, struct vgpu_definition *definition);

/**
 * Checks that the host can start @definition: its parent is there and offers its type, whose full
 * name replaces a short one. 0, or a negative errno: NO_GPU, NO_MDEV, NO_TYPE.
 */
int vgpu_definition_check(struct vgpu_backend *backend, struct vgpu_definition *definition,
			  struct vgpu_error *err);

/** The one definition of @uuid (on @parent, if not NULL). 0, -ENOENT (NO_VGPU), or -EMLINK if several. */
int vgpu_definition_find(const struct vgpu_host *host, const struct vgpu_uuid *uuid,
			 const char *parent, struct vgpu_definition *out, struct vgpu_error *err);

/** Defines a vGPU. 0, -EEXIST (EXISTS), or another negative errno. */
int vgpu_define(const struct vgpu_host *host, const struct vgpu_definition *definition,
		struct vgpu_error *err);
/** Changes a definition, unless another program has changed it since @before was read (BUSY). */
int vgpu_modify(const struct vgpu_host *host, const struct vgpu_definition *before,
		const struct vgpu_definition *after, struct vgpu_error *err);
/**
 * Undefines @uuid on @parent (NULL: on each that has it), even if the file cannot be read. Goes on
 * after a failure and returns the first. -ENOENT (NO_VGPU) if there is none.
 */
int vgpu_undefine(const struct vgpu_host *host, const struct vgpu_uuid *uuid, const char *parent,
		  struct vgpu_error *err);

/**
 * Starts a vGPU: creates it, observes it, and writes its settings in order; if one of those is
 * refused, the vGPU is removed again, and *@refused (may be NULL) is that setting. -EALREADY (EXISTS)
 * if just this vGPU runs already.
 */
int vgpu_start(const struct vgpu_host *host, const struct vgpu_definition *definition,
	       const struct vgpu_setting **refused, struct vgpu_error *err);
/** Stops a vGPU as vgpu_remove() does. */
int vgpu_stop(const struct vgpu_host *host, const struct vgpu_uuid *uuid, struct vgpu_error *err);
