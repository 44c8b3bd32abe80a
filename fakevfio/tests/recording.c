/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recording.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include <cmocka.h>

int recording_each(const char *name, void (*each)(void *data, json_object *line), void *data)
{
	const char *fixtures = getenv("FIXTURES");
	char path[512], text[65536];
	int lines = 0;
	FILE *file;

	assert_non_null(fixtures);
	snprintf(path, sizeof(path), "%s/vfio/%s", fixtures, name);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(text, sizeof(text), file)) {
		json_object *line = json_tokener_parse(text);

		assert_non_null(line);
		each(data, line);
		json_object_put(line);
		lines++;
	}
	fclose(file);
	return lines;
}

int64_t recorded_number(json_object *line, const char *key)
{
	json_object *value;

	assert_true(json_object_object_get_ex(line, key, &value));
	if (json_object_is_type(value, json_type_string))
		return strtoull(json_object_get_string(value), NULL, 0);
	return json_object_get_int64(value);
}

const char *recorded_text(json_object *line, const char *key)
{
	json_object *value;

	assert_true(json_object_object_get_ex(line, key, &value));
	return json_object_get_string(value);
}

int64_t recorded_result(json_object *line)
{
	static const struct {
		const char *name;
		int number;
	} errors[] = {
		{ "EBUSY", EBUSY },   { "EFAULT", EFAULT }, { "EINVAL", EINVAL },
		{ "ENOENT", ENOENT }, { "ENOMEM", ENOMEM }, { "ENODEV", ENODEV },
		{ "ENOTTY", ENOTTY },
	};
	int64_t ret = recorded_number(line, "ret");

	if (ret >= 0)
		return ret;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(errors); i++)
		if (!strcmp(errors[i].name, recorded_text(line, "err")))
			return -errors[i].number;
	fail_msg("unknown errno %s", recorded_text(line, "err"));
	return 0;
}

size_t recorded_bytes(const char *hex, uint8_t *bytes, size_t size)
{
	size_t len = strlen(hex) / 2;

	assert_true(len <= size);
	for (size_t i = 0; i < len; i++) {
		unsigned int byte;

		assert_int_equal(sscanf(hex + 2 * i, "%2x", &byte), 1);
		bytes[i] = byte;
	}
	return len;
}
