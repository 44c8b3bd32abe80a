/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The definition of a vGPU: what shall be made of it when it is started. mdevctl keeps each in a
 * file, /etc/mdevctl.d/PARENT/UUID; so do we, with the same bytes.
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/error.h>
#include <vgpulab/uuid.h>

struct json_object;

/** A sysfs attribute of the vGPU, and what is written to it when the vGPU starts. */
struct vgpu_setting {
	char *name, *value;
};

struct vgpu_definition {
	struct vgpu_uuid uuid;
	char parent[64]; /* "0000:00:02.0" */
	char type[64]; /* type id */
	bool autostart; /* start it when its parent appears */
	struct vgpu_setting *settings; /* in the order of writing; names may repeat */
	size_t settings_len;
};

/** Frees what the definition owns, not the struct; all zero is fine. */
void vgpu_definition_finish(struct vgpu_definition *definition);
/** The variable is a struct vgpu_definition that is finished at the end of its scope. */
#define _definition_ __attribute__((cleanup(vgpu_definition_finish)))
/** A copy of its own. 0 or -ENOMEM with @out untouched. */
int vgpu_definition_copy(const struct vgpu_definition *definition, struct vgpu_definition *out);
/** Are they equal, in all that is in them? The order of settings counts. */
bool vgpu_definition_equal(const struct vgpu_definition *a, const struct vgpu_definition *b);

/**
 * Takes type, autostart and settings from a definition's JSON; UUID and parent stay. @origin names
 * it in messages. 0, or a negative errno with @definition untouched.
 * Source: mdevctl(8), CONFIGURATION FILES
 */
int vgpu_definition_parse(struct vgpu_definition *definition, const char *origin, const char *text,
			  size_t len, struct vgpu_error *err);
/** The file's JSON. The caller puts it. */
struct json_object *vgpu_definition_to_json(const struct vgpu_definition *definition);

/** Parent and type, checked for their length. 0 or -EINVAL. */
int vgpu_definition_set_parent(struct vgpu_definition *definition, const char *parent,
			       struct vgpu_error *err);
int vgpu_definition_set_type(struct vgpu_definition *definition, const char *type,
			     struct vgpu_error *err);

/**
 * Inserts a setting before the one at @index (-1: at the end). 0, -EINVAL if there are fewer, or
 * -ENOMEM.
 */
int vgpu_definition_add_setting(struct vgpu_definition *definition, long index, const char *name,
				const char *value, struct vgpu_error *err);
/** Takes out the setting at @index (-1: the last one, if there is any). 0 or -EINVAL. */
int vgpu_definition_delete_setting(struct vgpu_definition *definition, long index,
				   struct vgpu_error *err);
/** Adds the settings of a JSON array [{"NAME":"VALUE"},...]; null adds none. 0 or a negative errno. */
int vgpu_definition_add_settings(struct vgpu_definition *definition, const char *origin,
				 struct json_object *array, struct vgpu_error *err);
