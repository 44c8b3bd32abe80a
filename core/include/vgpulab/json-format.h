/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * JSON written byte for byte as mdevctl writes it: two spaces a level, one item a line, no newline
 * at the end.
 */

struct json_object;

/** The text, for the caller to free; NULL if there is no memory. */
char *vgpu_json_format(struct json_object *value);
/** The same in one line, without blanks. */
char *vgpu_json_format_compact(struct json_object *value);
