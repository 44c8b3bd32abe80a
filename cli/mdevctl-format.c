/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/json-format.h>
#include <vgpulab/lifecycle.h>

#include "mdevctl-format.h"

static void print(struct json_object *json)
{
	_autofree_ char *text = vgpu_json_format(json);

	puts(text ? text : "");
	json_object_put(json);
}

/* [{"PARENT":[{"NAME":VALUE},...],...}], or [] if there is none */
static void add_child(struct json_object *parents, const char *parent, const char *name,
		      struct json_object *value)
{
	struct json_object *children = NULL, *child = json_object_new_object();

	if (!json_object_object_get_ex(parents, parent, &children)) {
		children = json_object_new_array();
		json_object_object_add(parents, parent, children);
	}
	if (!name) {
		json_object_put(child);
		return;
	}
	json_object_object_add(child, name, value);
	json_object_array_add(children, child);
}

static void print_parents(struct json_object *parents)
{
	struct json_object *array = json_object_new_array();

	if (json_object_object_length(parents))
		json_object_array_add(array, json_object_get(parents));
	json_object_put(parents);
	print(array);
}

void cli_mdevctl_print_devices_json(const struct vgpu_devices *devices, bool single)
{
	struct json_object *parents;

	if (single && devices->len == 1) {
		print(vgpu_definition_to_json(&devices->items[0].definition));
		return;
	}
	parents = json_object_new_object();
	for (size_t i = 0; i < devices->len; i++) {
		const struct vgpu_definition *definition = &devices->items[i].definition;

		add_child(parents, definition->parent, definition->uuid.text,
			  vgpu_definition_to_json(definition));
	}
	print_parents(parents);
}

void cli_mdevctl_print_devices(const struct vgpu_devices *devices, bool active, bool verbose)
{
	for (size_t i = 0; i < devices->len; i++) {
		const struct vgpu_device *device = &devices->items[i];
		const struct vgpu_definition *definition = &device->definition;

		printf("%s %s %s %s%s\n", definition->uuid.text, definition->parent,
		       definition->type, definition->autostart ? "auto" : "manual",
		       active && device->defined   ? " (defined)"
		       : !active && device->active ? " (active)"
						   : "");
		if (verbose && definition->settings_len)
			puts("  Attrs:");
		for (size_t j = 0; verbose && j < definition->settings_len; j++)
			printf("    @{%zu}: {\"%s\":\"%s\"}\n", j, definition->settings[j].name,
			       definition->settings[j].value);
	}
	puts("");
}

/* Without blanks at its ends; lines become items of a list. */
static void join_lines(const char *text, char *out, size_t size)
{
	size_t len, end = strlen(text);

	while (end && strchr(" \t\r\n", text[end - 1]))
		end--;
	len = strspn(text, " \t\r\n");
	text += len;
	end -= len < end ? len : end;
	for (len = 0; end && len + 3 < size; text++, end--) {
		out[len++] = *text == '\n' ? ',' : *text;
		if (*text == '\n')
			out[len++] = ' ';
	}
	out[len] = '\0';
}

static bool is_wanted(const struct vgpu_parent *at, const char *parent)
{
	return !parent || !strcmp(parent, at->name);
}

static struct json_object *type_to_json(const struct vgpu_mdev_type *type)
{
	struct json_object *json = json_object_new_object();
	char description[2 * sizeof(type->description)];

	join_lines(type->description, description, sizeof(description));
	json_object_object_add(json, "available_instances", json_object_new_int64(type->available));
	json_object_object_add(json, "device_api", json_object_new_string(type->device_api));
	if (type->name[0])
		json_object_object_add(json, "name", json_object_new_string(type->name));
	if (description[0])
		json_object_object_add(json, "description", json_object_new_string(description));
	return json;
}

void cli_mdevctl_print_types_json(const struct vgpu_snapshot *snapshot, const char *parent)
{
	struct json_object *parents = json_object_new_object();

	for (size_t i = 0; i < snapshot->parents_len; i++) {
		const struct vgpu_parent *at = &snapshot->parents[i];

		if (!is_wanted(at, parent))
			continue;
		add_child(parents, at->name, NULL, NULL);
		for (size_t j = 0; j < at->types_len; j++)
			add_child(parents, at->name, at->types[j].id, type_to_json(&at->types[j]));
	}
	print_parents(parents);
}

static void print_type(const struct vgpu_mdev_type *type)
{
	char description[2 * sizeof(type->description)];

	join_lines(type->description, description, sizeof(description));
	printf("  %s\n    Available instances: %u\n    Device API: %s\n", type->id, type->available,
	       type->device_api);
	if (type->name[0])
		printf("    Name: %s\n", type->name);
	if (description[0])
		printf("    Description: %s\n", description);
}

void cli_mdevctl_print_types(const struct vgpu_snapshot *snapshot, const char *parent)
{
	for (size_t i = 0; i < snapshot->parents_len; i++) {
		const struct vgpu_parent *at = &snapshot->parents[i];

		if (!is_wanted(at, parent))
			continue;
		puts(at->name);
		for (size_t j = 0; j < at->types_len; j++)
			print_type(&at->types[j]);
	}
	puts("");
}
