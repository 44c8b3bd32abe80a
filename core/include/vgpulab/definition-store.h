/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The directory of definitions, /etc/mdevctl.d: one directory for each parent, one file for each
 * vGPU in it. Files appear, change and go in one step: a reader, or a crash, sees the old one or
 * the new one, never a part.
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/definition.h>
#include <vgpulab/error.h>

struct vgpu_store;

/** Opens @dir, which need not exist until something is written. 0 or a negative errno. */
int vgpu_store_open(const char *dir, struct vgpu_store **out, struct vgpu_error *err);
void vgpu_store_destroy(struct vgpu_store *store);
VGPU_DEFINE_DESTROYP(vgpu_store)

/** What a store holds. A file that cannot be read hides no other. */
struct vgpu_definitions {
	struct vgpu_definition *items; /* sorted by parent, then UUID */
	size_t len, room;
	struct vgpu_error *broken; /* one for each such file, which it names */
	size_t broken_len;
};

/**
 * Lists the definitions of @uuid and @parent, each NULL for all. 0 with *@out for the caller to
 * destroy, or a negative errno.
 */
int vgpu_store_list(struct vgpu_store *store, const struct vgpu_uuid *uuid, const char *parent,
		    struct vgpu_definitions **out, struct vgpu_error *err);
void vgpu_definitions_destroy(struct vgpu_definitions *definitions);
VGPU_DEFINE_DESTROYP(vgpu_definitions)
/** The one of that parent and UUID, or NULL. It belongs to @definitions. */
const struct vgpu_definition *vgpu_definitions_find(const struct vgpu_definitions *definitions,
						    const char *parent,
						    const struct vgpu_uuid *uuid);

/** Is there a file for this vGPU, broken or not? */
bool vgpu_store_has(struct vgpu_store *store, const char *parent, const struct vgpu_uuid *uuid);

/** Adds a definition: durable once this returns 0. -EEXIST (EXISTS) if there is one. */
int vgpu_store_add(struct vgpu_store *store, const struct vgpu_definition *definition,
		   struct vgpu_error *err);
/**
 * Puts @after in the place of @before, of the same UUID and parent. -EBUSY (BUSY) if the file does
 * not say @before any more: another program has changed it meanwhile.
 */
int vgpu_store_replace(struct vgpu_store *store, const struct vgpu_definition *before,
		       const struct vgpu_definition *after, struct vgpu_error *err);
/** Deletes the file of a definition. The parent's directory stays, as with mdevctl. */
int vgpu_store_delete(struct vgpu_store *store, const char *parent, const struct vgpu_uuid *uuid,
		      struct vgpu_error *err);

/**
 * Locks a parent against other vgpulabs (flock(2) on its directory, which is made if need be).
 * 0 with *@fd, which holds the lock until it is closed; -EBUSY (BUSY) after ten seconds.
 */
int vgpu_store_lock(struct vgpu_store *store, const char *parent, int *fd, struct vgpu_error *err);

/**
 * A mark that a vGPU is being started: if one is found while the parent is locked, a start was cut
 * off between creating the vGPU and writing its attributes. Making one: 0, or a negative errno.
 * Taking one away cannot fail: it may be gone already.
 */
int vgpu_store_mark_start(struct vgpu_store *store, const char *parent,
			  const struct vgpu_uuid *uuid);
bool vgpu_store_start_marked(struct vgpu_store *store, const char *parent,
			     const struct vgpu_uuid *uuid);
void vgpu_store_unmark_start(struct vgpu_store *store, const char *parent,
			     const struct vgpu_uuid *uuid);
