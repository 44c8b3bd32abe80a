/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/definition.h>

#include "json-text.h"

void vgpu_definition_finish(struct vgpu_definition *definition)
{
	for (size_t i = 0; i < definition->settings_len; i++) {
		free(definition->settings[i].name);
		free(definition->settings[i].value);
	}
	free(definition->settings);
	definition->settings = NULL;
	definition->settings_len = 0;
}

static int fail_memory(struct vgpu_error *err)
{
	return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "%s", strerror(ENOMEM));
}

int vgpu_definition_add_setting(struct vgpu_definition *definition, long index, const char *name,
				const char *value, struct vgpu_error *err)
{
	size_t len = definition->settings_len, at = index < 0 ? len : (size_t)index;
	_autofree_ char *own_name = strdup(name), *own_value = strdup(value);
	struct vgpu_setting *settings;

	if (at > len)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "there is no place %ld: there are %zu attributes", index,
				      len);
	settings = reallocarray(definition->settings, len + 1, sizeof(*settings));
	if (settings)
		definition->settings = settings;
	if (!settings || !own_name || !own_value)
		return fail_memory(err);
	memmove(settings + at + 1, settings + at, (len - at) * sizeof(*settings));
	settings[at].name = steal(own_name);
	settings[at].value = steal(own_value);
	definition->settings_len++;
	return 0;
}

int vgpu_definition_delete_setting(struct vgpu_definition *definition, long index,
				   struct vgpu_error *err)
{
	size_t len = definition->settings_len, at = index < 0 ? len - 1 : (size_t)index;
	struct vgpu_setting *settings = definition->settings;

	if (index < 0 && !len)
		return 0;
	if (at >= len)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "there is no attribute %ld: there are %zu", index, len);
	free(settings[at].name);
	free(settings[at].value);
	memmove(settings + at, settings + at + 1, (len - at - 1) * sizeof(*settings));
	definition->settings_len--;
	return 0;
}

int vgpu_definition_copy(const struct vgpu_definition *definition, struct vgpu_definition *out)
{
	struct vgpu_definition copy = *definition;

	copy.settings = NULL;
	copy.settings_len = 0;
	for (size_t i = 0; i < definition->settings_len; i++) {
		const struct vgpu_setting *setting = &definition->settings[i];

		if (vgpu_definition_add_setting(&copy, -1, setting->name, setting->value, NULL)) {
			vgpu_definition_finish(&copy);
			return -ENOMEM;
		}
	}
	*out = copy;
	return 0;
}

bool vgpu_definition_equal(const struct vgpu_definition *a, const struct vgpu_definition *b)
{
	if (!vgpu_uuid_equal(&a->uuid, &b->uuid) || strcmp(a->parent, b->parent) ||
	    strcmp(a->type, b->type) || a->autostart != b->autostart ||
	    a->settings_len != b->settings_len)
		return false;
	for (size_t i = 0; i < a->settings_len; i++)
		if (strcmp(a->settings[i].name, b->settings[i].name) ||
		    strcmp(a->settings[i].value, b->settings[i].value))
			return false;
	return true;
}

static int set_name(char *field, size_t size, const char *what, const char *name,
		    struct vgpu_error *err)
{
	/* each is one component of a path in sysfs, the parent also of one in the configuration */
	if (!name[0] || name[0] == '.' || strchr(name, '/') || !strcmp(name, "scripts.d"))
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "'%s' is no name of a %s",
				      name, what);
	if (strlen(name) >= size)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, ENAMETOOLONG,
				      "'%.60s...' is too long for the name of a %s", name, what);
	strcpy(field, name);
	return 0;
}

int vgpu_definition_set_parent(struct vgpu_definition *definition, const char *parent,
			       struct vgpu_error *err)
{
	return set_name(definition->parent, sizeof(definition->parent), "parent", parent, err);
}

int vgpu_definition_set_type(struct vgpu_definition *definition, const char *type,
			     struct vgpu_error *err)
{
	return set_name(definition->type, sizeof(definition->type), "type", type, err);
}

static int fail_format(struct vgpu_error *err, const char *origin, const char *why)
{
	int ret = vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL, "%s is no definition: %s", origin,
				 why);

	vgpu_error_hint(err, "it should look like {\"mdev_type\": \"TYPE\", \"start\": \"manual\", "
			     "\"attrs\": [{\"NAME\": \"VALUE\"}]}");
	return ret;
}

int vgpu_definition_add_settings(struct vgpu_definition *definition, const char *origin,
				 struct json_object *array, struct vgpu_error *err)
{
	if (!array)
		return 0;
	if (!json_object_is_type(array, json_type_array))
		return fail_format(err, origin, "\"attrs\" is no array");
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *item = json_object_array_get_idx(array, i);
		struct json_object_iterator at;
		const char *name;
		int ret;

		if (!json_object_is_type(item, json_type_object) ||
		    json_object_object_length(item) != 1)
			return fail_format(err, origin,
					   "an item of \"attrs\" is no object with one member");
		at = json_object_iter_begin(item);
		name = json_object_iter_peek_name(&at);
		if (!vgpu_json_string(item, name))
			return fail_format(err, origin, "an attribute's value is no string");
		ret = vgpu_definition_add_setting(definition, -1, name,
						  vgpu_json_string(item, name), err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int read_members(struct vgpu_definition *made, const char *origin, struct json_object *json,
			struct vgpu_error *err)
{
	const char *type = vgpu_json_string(json, "mdev_type");
	struct json_object *start = NULL, *attrs = NULL;
	struct vgpu_error why = { 0 };

	if (!json_object_is_type(json, json_type_object))
		return fail_format(err, origin, "it is no JSON object");
	if (!type)
		return fail_format(err, origin, "it has no string \"mdev_type\"");
	if (vgpu_definition_set_type(made, type, &why) < 0)
		return fail_format(err, origin, why.message);
	if (!json_object_object_get_ex(json, "start", &start) || !start)
		return fail_format(err, origin, "it has no \"start\"");
	/* mdevctl takes whatever is not "auto" for manual */
	made->autostart = json_object_is_type(start, json_type_string) &&
			  !strcmp(json_object_get_string(start), "auto");
	json_object_object_get_ex(json, "attrs", &attrs);
	return vgpu_definition_add_settings(made, origin, attrs, err);
}

int vgpu_definition_parse(struct vgpu_definition *definition, const char *origin, const char *text,
			  size_t len, struct vgpu_error *err)
{
	_autojson_ struct json_object *json = NULL;
	_definition_ struct vgpu_definition made = *definition;
	const char *why = "";
	char reason[120];
	size_t where = 0;
	int ret;

	made.settings = NULL;
	made.settings_len = 0;
	if (vgpu_json_parse(text, len, &json, &why, &where) < 0) {
		snprintf(reason, sizeof(reason), "no JSON at byte %zu: %s", where, why);
		return fail_format(err, origin, len ? reason : "it is empty");
	}
	ret = read_members(&made, origin, json, err);
	if (ret < 0)
		return ret;
	vgpu_definition_finish(definition);
	*definition = made;
	made = (struct vgpu_definition){ 0 };
	return 0;
}

struct json_object *vgpu_definition_to_json(const struct vgpu_definition *definition)
{
	struct json_object *json = json_object_new_object(), *attrs = json_object_new_array();

	json_object_object_add(json, "mdev_type", json_object_new_string(definition->type));
	json_object_object_add(json, "start",
			       json_object_new_string(definition->autostart ? "auto" : "manual"));
	for (size_t i = 0; i < definition->settings_len; i++) {
		struct json_object *item = json_object_new_object();

		json_object_object_add(item, definition->settings[i].name,
				       json_object_new_string(definition->settings[i].value));
		json_object_array_add(attrs, item);
	}
	json_object_object_add(json, "attrs", attrs);
	return json;
}
