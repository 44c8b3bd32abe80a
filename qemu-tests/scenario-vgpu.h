/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A scenario's vGPU: made through the manager, as a user would, and removed again.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/error.h>

struct qt_vgpu;

struct qt_vgpu_wish {
	const char *parent; /* NULL: any */
	const char *type; /* NULL: the smallest that shows this size */
	const char
		*glob; /* without type: only types of such names, whatever they show; NULL: all */
	uint32_t width_px, height_px;
	int note_fd; /* where its UUID is noted before it is made: scenario-keeper.h; -1: nowhere */
};

/**
 * Is there a type that the wish could mean, with an instance left or without? If not, @why says what
 * is missing. True, too, if that cannot be told.
 */
bool qt_vgpu_possible(const struct qt_vgpu_wish *wish, char *why, size_t why_size);

/** Creates a vGPU. The caller destroys *@out, which removes it if qt_vgpu_remove() did not. */
int qt_vgpu_create(const struct qt_vgpu_wish *wish, struct qt_vgpu **out, struct vgpu_error *err);
/** Removes the vGPU and observes that it has gone. The object stays, for its names. */
int qt_vgpu_remove(struct qt_vgpu *vgpu, struct vgpu_error *err);
void qt_vgpu_destroy(struct qt_vgpu *vgpu);
VGPU_DEFINE_DESTROYP(qt_vgpu)

const char *qt_vgpu_uuid(const struct qt_vgpu *vgpu);
const char *qt_vgpu_parent(const struct qt_vgpu *vgpu);
const char *qt_vgpu_type(const struct qt_vgpu *vgpu);
