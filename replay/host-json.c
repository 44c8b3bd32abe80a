/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text of `fake record`: a bundle whose `sysfs` is imported.
 */

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

/* Where a text has an offset: line and column, as editors count them. */
static void find_position(const char *text, size_t offset, size_t *line, size_t *column)
{
	*line = *column = 1;
	for (size_t i = 0; i < offset; i++) {
		++*column;
		if (text[i] == '\n') {
			++*line;
			*column = 1;
		}
	}
}

static int fail_at(const char *name, const char *text, size_t offset, const char *why,
		   struct vgpu_error *err)
{
	size_t line, column;

	find_position(text, offset, &line, &column);
	return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "%s: line %zu, column %zu: %s", name,
			      line, column, why);
}

static int parse(const char *name, const char *text, size_t len, struct json_object **out,
		 struct vgpu_error *err)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *document = NULL;
	enum json_tokener_error error;
	size_t used, rest;

	if (!tokener)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	document = json_tokener_parse_ex(tokener, text, (int)len);
	error = json_tokener_get_error(tokener);
	used = json_tokener_get_parse_end(tokener);
	json_tokener_free(tokener);
	rest = used + strspn(text + used, " \t\r\n");
	if (error == json_tokener_success && rest == len &&
	    json_object_is_type(document, json_type_object)) {
		*out = document;
		return 0;
	}
	json_object_put(document);
	if (error == json_tokener_continue)
		return fail_at(name, text, len, "the JSON text ends too early", err);
	if (error != json_tokener_success)
		return fail_at(name, text, used, json_tokener_error_desc(error), err);
	return fail_at(name, text, rest == len ? 0 : rest,
		       rest == len ? "it is no object" : "something follows the object", err);
}

/* Why a value of `sysfs` is none, or NULL. */
static const char *why_not(struct json_object *value)
{
	static const char *const members[] = { "link", "hex", "error" };
	struct json_object *member;
	const char *why = "it is neither a text, nor lines, nor an object with link, hex or error";

	if (json_object_is_type(value, json_type_string))
		return NULL;
	if (json_object_is_type(value, json_type_array)) {
		for (size_t i = 0; i < json_object_array_length(value); i++)
			if (!json_object_is_type(json_object_array_get_idx(value, i),
						 json_type_string))
				return "a line is no text";
		return NULL;
	}
	if (!json_object_is_type(value, json_type_object))
		return why;
	if (!json_object_object_length(value))
		return NULL; /* a directory, or what was not looked at */
	for (size_t i = 0; i < VGPU_ARRAY_LEN(members); i++)
		if (json_object_object_get_ex(value, members[i], &member) &&
		    json_object_is_type(member, json_type_string))
			return NULL;
	return why;
}

static int check(const char *name, struct json_object *document, struct vgpu_error *err)
{
	struct json_object *sysfs;

	if (!json_object_object_get_ex(document, "sysfs", &sysfs) ||
	    !json_object_is_type(sysfs, json_type_object))
		return vgpu_error_set(
			err, VGPU_ERROR_USAGE, EINVAL,
			"%s: it has no object 'sysfs': 'vgpulab fake record' writes one", name);
	json_object_object_foreach(sysfs, path, value)
	{
		const char *why = why_not(value);

		if (why)
			return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
					      "%s: sysfs: %.200s: %s", name, path, why);
	}
	return 0;
}

int replay_recording_parse(const char *name, const char *text, size_t len,
			   struct replay_recording **out, struct vgpu_error *err)
{
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = vgpu_bundle_create();
	struct vgpu_host_facts *facts = bundle ? vgpu_bundle_facts(bundle) : NULL;
	_autofree_ char *release = NULL;
	struct json_object *document = NULL;
	int ret;

	if (!bundle)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "out of memory");
	ret = parse(name, text, len, &document, err);
	if (ret)
		return ret;
	ret = check(name, document, err);
	json_object_put(document);
	if (!ret)
		ret = vgpu_bundle_merge(bundle, text, len, err);
	if (ret)
		return ret;
	if (facts->impl->text(facts, VGPU_FACT_KERNEL_RELEASE, &release))
		release = NULL;
	ret = import_tree(vgpu_bundle_sysfs(bundle), name, release, out, err);
	if (!ret && facts->impl->text(facts, VGPU_FACT_KERNEL_COMMAND_LINE, &(*out)->command_line))
		(*out)->command_line = NULL;
	if (!ret && facts->impl->text(facts, VGPU_FACT_KERNEL_LOG, &(*out)->kernel_log))
		(*out)->kernel_log = NULL;
	return ret;
}
