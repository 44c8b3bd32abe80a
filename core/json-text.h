/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * JSON as text: read strictly, and written the way serde_json does, which mdevctl uses. Its users
 * compare files byte by byte.
 */

#include <json-c/json.h>
#include <stddef.h>
#include <vgpulab/cleanup.h>

static inline void vgpu_json_putp(struct json_object **object)
{
	json_object_put(*object);
}
/** The variable holds a reference to a json_object, dropped at the end of its scope. */
#define _autojson_ __attribute__((cleanup(vgpu_json_putp)))

/**
 * Parses @text, all of it. 0 with *@out (NULL for "null") for the caller to put, or -EINVAL with
 * *@why the parser's words and *@where the offset. @why and @where may be NULL.
 */
int vgpu_json_parse(const char *text, size_t len, struct json_object **out, const char **why,
		    size_t *where);

/** The string that @key of @object holds; NULL if it is no object, or holds no such string. */
const char *vgpu_json_string(struct json_object *object, const char *key);
