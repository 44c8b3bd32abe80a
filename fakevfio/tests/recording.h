/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Reads recordings of a real kernel (fixtures/vfio): one JSON object a line. All functions end the
 * running cmocka test when a recording is not as they need it.
 */

#include <json-c/json.h>
#include <stddef.h>
#include <stdint.h>

/** Calls @each for every line of fixtures/vfio/@name. Returns the number of lines. */
int recording_each(const char *name, void (*each)(void *data, json_object *line), void *data);

/** A field; numbers may be text, as in "0x7". */
int64_t recorded_number(json_object *line, const char *key);
const char *recorded_text(json_object *line, const char *key);
/** "ret", or the negative errno that "err" names if it is -1. */
int64_t recorded_result(json_object *line);
/** Fills @bytes from hexadecimal text. Returns their number, at most @size. */
size_t recorded_bytes(const char *hex, uint8_t *bytes, size_t size);
