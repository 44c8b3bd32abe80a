/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * What the halves of a bundle share: one JSON document, and paths in it.
 */

#include <backends/facts.h>
#include <json-c/json.h>
#include <stdbool.h>

/** The longest path in a bundle, with its NUL. */
#define VGPU_BUNDLE_PATH_LEN 512

struct vgpu_bundle {
	struct vgpu_host_facts facts;
	struct vgpu_backend sysfs;
	struct json_object *document; /* the four sections are there, and objects */
};

/** The bundle's sections. */
#define VGPU_BUNDLE_FACTS "facts"
#define VGPU_BUNDLE_NODES "nodes"
#define VGPU_BUNDLE_FILES "files"
#define VGPU_BUNDLE_SYSFS "sysfs"
/** An attribute that is no text: {"hex": DIGITS}. */
#define VGPU_BUNDLE_HEX "hex"

struct json_object *vgpu_bundle_section(const struct vgpu_bundle *bundle, const char *name);

/** Has a key of @section the beginning PATH/, so that PATH is a directory? */
bool vgpu_bundle_is_directory(struct json_object *section, const char *path);

/**
 * A text: a string, or an array of lines. 0 with *@out to free(); the negative errno that
 * {"error": "EACCES"} names; -ENOENT if @value is NULL; -EIO if it is anything else.
 */
int vgpu_bundle_text(struct json_object *value, char **out);

/** The negative errno that {"error": NAME} names, or 0 if @value is no such object. */
int vgpu_bundle_error(struct json_object *value);

/**
 * Calls @each for the names below @path that @section's keys give, each once, but those that
 * @seen has already; adds them to @seen.
 */
int vgpu_bundle_list(struct json_object *section, const char *path, struct json_object *seen,
		     int (*each)(void *data, const char *name), void *data);

/** How a bundle's backend works. */
extern const struct vgpu_backend_impl vgpu_bundle_sysfs_impl;
