/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/declarative.h>
#include <vgpulab/pci-address.h>
#include <vgpulab/snapshot.h>

#include "json-text.h"

/* One vGPU of the file. */
struct wanted {
	struct vgpu_definition definition;
	bool says_running, running;
};

struct declaration {
	struct wanted *items;
	size_t len;
};

static void declaration_finish(struct declaration *declaration)
{
	for (size_t i = 0; i < declaration->len; i++)
		vgpu_definition_finish(&declaration->items[i].definition);
	free(declaration->items);
}

static int fail(struct vgpu_error *err, const char *origin, size_t number, const char *why)
{
	int ret = vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "%s: vGPU %zu: %s", origin,
				 number + 1, why);

	vgpu_error_hint(err, "'vgpulab export' prints what such a file looks like");
	return ret;
}

static const struct member {
	const char *key;
	enum json_type type;
} members[] = {
	{ "name", json_type_string },	{ "uuid", json_type_string },
	{ "parent", json_type_string }, { "type", json_type_string },
	{ "start", json_type_string },	{ "running", json_type_boolean },
	{ "attrs", json_type_array },
};

static const struct member *find_member(const char *key)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(members); i++)
		if (!strcmp(members[i].key, key))
			return &members[i];
	return NULL;
}

/* What is misspelt, or of another type, would be a wish that is not granted. null says nothing. */
static int check_members(struct json_object *item, const char *origin, size_t number,
			 struct vgpu_error *err)
{
	char why[100];

	json_object_object_foreach(item, key, value)
	{
		const struct member *member = find_member(key);

		if (member && (!value || json_object_is_type(value, member->type)))
			continue;
		if (member)
			snprintf(why, sizeof(why), "\"%s\" is no %s", key,
				 json_type_to_name(member->type));
		else
			snprintf(why, sizeof(why), "there is no member \"%.60s\"", key);
		return fail(err, origin, number, why);
	}
	return 0;
}

static int read_identity(struct json_object *item, struct wanted *out, const char *origin,
			 size_t number, struct vgpu_error *err)
{
	const char *name = vgpu_json_string(item, "name"), *uuid = vgpu_json_string(item, "uuid");
	const char *parent = vgpu_json_string(item, "parent");
	const char *type = vgpu_json_string(item, "type");
	char canonical[VGPU_PCI_ADDRESS_TEXT_LEN];

	if (!name == !uuid)
		return fail(err, origin, number, "either \"name\" or \"uuid\" must be said");
	/* all vGPUs without a name would be the same one */
	if (name && !*name)
		return fail(err, origin, number, "\"name\" is empty");
	if (name)
		vgpu_uuid_from_name(name, &out->definition.uuid);
	else if (vgpu_uuid_parse(uuid, &out->definition.uuid) < 0)
		return fail(err, origin, number, "\"uuid\" is no UUID");
	if (!parent ||
	    vgpu_definition_set_parent(&out->definition,
				       vgpu_pci_address_canonical(parent, canonical), NULL) < 0)
		return fail(err, origin, number, "\"parent\" is missing, or is none");
	if (!type || vgpu_definition_set_type(&out->definition, type, NULL) < 0)
		return fail(err, origin, number, "\"type\" is missing, or is none");
	return 0;
}

static int read_item(struct json_object *item, struct wanted *out, const char *origin,
		     size_t number, struct vgpu_error *err)
{
	const char *start = vgpu_json_string(item, "start");
	struct json_object *running = NULL, *attrs = NULL;
	int ret;

	if (!json_object_is_type(item, json_type_object))
		return fail(err, origin, number, "it is no object");
	ret = check_members(item, origin, number, err);
	if (ret == 0)
		ret = read_identity(item, out, origin, number, err);
	if (ret < 0)
		return ret;
	if (start && strcmp(start, "auto") != 0 && strcmp(start, "manual") != 0)
		return fail(err, origin, number, "\"start\" is \"auto\" or \"manual\"");
	out->definition.autostart = start && !strcmp(start, "auto");
	json_object_object_get_ex(item, "running", &running);
	out->says_running = running;
	out->running = json_object_get_boolean(running);
	json_object_object_get_ex(item, "attrs", &attrs);
	return vgpu_definition_add_settings(&out->definition, origin, attrs, err);
}

static int check_twice(const struct declaration *declaration, const char *origin,
		       struct vgpu_error *err)
{
	for (size_t i = 0; i < declaration->len; i++)
		for (size_t j = 0; j < i; j++)
			if (vgpu_uuid_equal(&declaration->items[i].definition.uuid,
					    &declaration->items[j].definition.uuid))
				return fail(err, origin, i, "it is there twice");
	return 0;
}

static int fail_file(struct vgpu_error *err, const char *origin, const char *why)
{
	int ret = vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "%s %s", origin, why);

	vgpu_error_hint(err, "'vgpulab export' prints what such a file looks like");
	return ret;
}

/* 0 with *@vgpus, which belongs to @json. */
static int find_vgpus(struct json_object *json, const char *origin, struct json_object **vgpus,
		      struct vgpu_error *err)
{
	char why[100];

	if (!json_object_is_type(json, json_type_object) ||
	    !json_object_object_get_ex(json, "vgpus", vgpus) ||
	    !json_object_is_type(*vgpus, json_type_array))
		return fail_file(err, origin, "has no array \"vgpus\"");
	json_object_object_foreach(json, key, value)
	{
		if (value == *vgpus)
			continue;
		snprintf(why, sizeof(why), "has an unknown member \"%.60s\"", key);
		return fail_file(err, origin, why);
	}
	return 0;
}

static int read_declaration(const char *origin, const char *text, size_t len,
			    struct declaration *out, struct vgpu_error *err)
{
	_autojson_ struct json_object *json = NULL;
	struct json_object *vgpus = NULL;
	char reason[120];
	const char *why = "";
	size_t where = 0, count;
	int ret;

	if (vgpu_json_parse(text, len, &json, &why, &where) < 0) {
		snprintf(reason, sizeof(reason), "is no JSON at byte %zu: %s", where, why);
		return fail_file(err, origin, reason);
	}
	ret = find_vgpus(json, origin, &vgpus, err);
	if (ret < 0)
		return ret;
	count = json_object_array_length(vgpus);
	out->items = calloc(count + 1, sizeof(*out->items));
	if (!out->items)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "%s", strerror(ENOMEM));
	for (; ret == 0 && out->len < count; out->len++)
		ret = read_item(json_object_array_get_idx(vgpus, out->len), &out->items[out->len],
				origin, out->len, err);
	return ret < 0 ? ret : check_twice(out, origin, err);
}

/* What has a full name is known by that: a type of a GPU that is not there stays as it is. */
static int complete_types(struct declaration *declaration, struct vgpu_backend *backend,
			  struct vgpu_error *err)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	int ret = vgpu_snapshot_take_names(backend, &snapshot, err);

	for (size_t i = 0; ret == 0 && i < declaration->len; i++) {
		struct vgpu_definition *definition = &declaration->items[i].definition;
		const struct vgpu_parent *parent =
			vgpu_snapshot_find_parent(snapshot, definition->parent);
		const struct vgpu_mdev_type *type =
			parent ? vgpu_parent_find_type(parent, definition->type) : NULL;

		if (type)
			memcpy(definition->type, type->id, sizeof(definition->type));
	}
	return ret;
}

/*
 * Comparing
 */

static int add(struct vgpu_changes *changes, enum vgpu_change_kind kind,
	       const struct vgpu_definition *before, const struct vgpu_definition *after)
{
	struct vgpu_change *items =
		reallocarray(changes->items, changes->len + 1, sizeof(*changes->items));
	struct vgpu_change *change;

	if (!items)
		return -ENOMEM;
	changes->items = items;
	change = &items[changes->len];
	*change = (struct vgpu_change){ .kind = kind };
	if ((before && vgpu_definition_copy(before, &change->before)) ||
	    (after && vgpu_definition_copy(after, &change->after)))
		return -ENOMEM;
	changes->len++;
	return 0;
}

static const struct vgpu_device *find(const struct vgpu_devices *devices,
				      const struct vgpu_uuid *uuid)
{
	for (size_t i = 0; i < devices->len; i++)
		if (vgpu_uuid_equal(&devices->items[i].definition.uuid, uuid))
			return &devices->items[i];
	return NULL;
}

static const struct wanted *find_wanted(const struct declaration *declaration,
					const struct vgpu_uuid *uuid)
{
	for (size_t i = 0; i < declaration->len; i++)
		if (vgpu_uuid_equal(&declaration->items[i].definition.uuid, uuid))
			return &declaration->items[i];
	return NULL;
}

struct comparing {
	const struct declaration *declaration;
	struct vgpu_devices *defined, *active;
	struct vgpu_changes *changes;
	bool prune;
};

static int prune_one(struct comparing *comparing, const struct vgpu_device *device)
{
	const struct vgpu_definition *definition = &device->definition;
	const struct wanted *wanted = find_wanted(comparing->declaration, &definition->uuid);
	int ret = 0;

	if (wanted && !strcmp(wanted->definition.parent, definition->parent))
		return 0;
	/* of one that moves to another parent the file says whether it runs on */
	if (!wanted && device->active)
		ret = add(comparing->changes, VGPU_CHANGE_STOP, definition, NULL);
	return ret < 0 ? ret : add(comparing->changes, VGPU_CHANGE_UNDEFINE, definition, NULL);
}

static int compare_one(struct comparing *comparing, const struct wanted *wanted)
{
	const struct vgpu_definition *after = &wanted->definition;
	const struct vgpu_device *running = find(comparing->active, &after->uuid);
	const struct vgpu_definition *before = NULL;
	bool differs;
	int ret = 0;

	for (size_t i = 0; i < comparing->defined->len && !before; i++)
		if (vgpu_uuid_equal(&comparing->defined->items[i].definition.uuid, &after->uuid) &&
		    !strcmp(comparing->defined->items[i].definition.parent, after->parent))
			before = &comparing->defined->items[i].definition;
	differs = running && (strcmp(running->definition.type, after->type) ||
			      strcmp(running->definition.parent, after->parent));
	if (running && wanted->says_running && (!wanted->running || differs))
		ret = add(comparing->changes, VGPU_CHANGE_STOP, &running->definition, NULL);
	if (ret == 0 && !before)
		ret = add(comparing->changes, VGPU_CHANGE_DEFINE, NULL, after);
	else if (ret == 0 && !vgpu_definition_equal(before, after))
		ret = add(comparing->changes, VGPU_CHANGE_MODIFY, before, after);
	if (ret == 0 && wanted->says_running && wanted->running && (!running || differs))
		ret = add(comparing->changes, VGPU_CHANGE_START, NULL, after);
	return ret;
}

static int in_order(const void *a, const void *b)
{
	const struct vgpu_change *left = a, *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	return strcmp(left->kind <= VGPU_CHANGE_UNDEFINE ? left->before.uuid.text
							 : left->after.uuid.text,
		      right->kind <= VGPU_CHANGE_UNDEFINE ? right->before.uuid.text
							  : right->after.uuid.text);
}

static int compare(struct comparing *comparing, struct vgpu_error *err)
{
	int ret = 0;

	for (size_t i = 0; ret == 0 && comparing->prune && i < comparing->defined->len; i++)
		ret = prune_one(comparing, &comparing->defined->items[i]);
	for (size_t i = 0; ret == 0 && i < comparing->declaration->len; i++)
		ret = compare_one(comparing, &comparing->declaration->items[i]);
	if (ret < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -ret, "%s", strerror(-ret));
	if (comparing->changes->len)
		qsort(comparing->changes->items, comparing->changes->len,
		      sizeof(*comparing->changes->items), in_order);
	return 0;
}

int vgpu_changes_find(const struct vgpu_host *host, const char *origin, const char *text,
		      size_t len, bool prune, struct vgpu_changes **out, struct vgpu_error *err)
{
	__attribute__((cleanup(declaration_finish))) struct declaration declaration = { 0 };
	_destroy_(vgpu_devices) struct vgpu_devices *defined = NULL, *active = NULL;
	_destroy_(vgpu_changes) struct vgpu_changes *changes = calloc(1, sizeof(*changes));
	struct comparing comparing = { &declaration, NULL, NULL, changes, prune };
	int ret = changes ? read_declaration(origin, text, len, &declaration, err) : -ENOMEM;

	if (ret == 0)
		ret = complete_types(&declaration, host->backend, err);
	if (ret == 0)
		ret = vgpu_devices_defined(host, NULL, NULL, &defined, err);
	if (ret == 0)
		ret = vgpu_devices_active(host, NULL, NULL, &active, err);
	/* what cannot be read cannot be compared */
	if (ret == 0 && defined->broken_len) {
		if (err)
			*err = defined->broken[0];
		return -EINVAL;
	}
	comparing.defined = defined;
	comparing.active = active;
	if (ret == 0)
		ret = compare(&comparing, err);
	if (ret == 0)
		*out = steal(changes);
	return ret;
}

void vgpu_changes_destroy(struct vgpu_changes *changes)
{
	if (!changes)
		return;
	for (size_t i = 0; i < changes->len; i++) {
		vgpu_definition_finish(&changes->items[i].before);
		vgpu_definition_finish(&changes->items[i].after);
	}
	free(changes->items);
	free(changes);
}

const char *vgpu_change_name(enum vgpu_change_kind kind)
{
	static const char *const names[] = {
		[VGPU_CHANGE_STOP] = "stop",	 [VGPU_CHANGE_UNDEFINE] = "undefine",
		[VGPU_CHANGE_DEFINE] = "define", [VGPU_CHANGE_MODIFY] = "modify",
		[VGPU_CHANGE_START] = "start",
	};

	return names[kind];
}

int vgpu_change_make(const struct vgpu_host *host, const struct vgpu_change *change,
		     struct vgpu_error *err)
{
	int ret;

	switch (change->kind) {
	case VGPU_CHANGE_STOP:
		return vgpu_stop(host, &change->before.uuid, err);
	case VGPU_CHANGE_UNDEFINE:
		return vgpu_undefine(host, &change->before.uuid, change->before.parent, err);
	case VGPU_CHANGE_DEFINE:
		return vgpu_define(host, &change->after, err);
	case VGPU_CHANGE_MODIFY:
		return vgpu_modify(host, &change->before, &change->after, err);
	case VGPU_CHANGE_START:
		ret = vgpu_start(host, &change->after, NULL, err);
		return ret == -EALREADY ? 0 : ret;
	}
	return -EINVAL;
}

int vgpu_declaration_export(const struct vgpu_host *host, struct json_object **out,
			    struct vgpu_error *err)
{
	_destroy_(vgpu_devices) struct vgpu_devices *devices = NULL;
	struct json_object *json, *vgpus;
	int ret = vgpu_devices_defined(host, NULL, NULL, &devices, err);

	if (ret < 0)
		return ret;
	json = json_object_new_object();
	vgpus = json_object_new_array();
	for (size_t i = 0; i < devices->len; i++) {
		const struct vgpu_definition *definition = &devices->items[i].definition;
		struct json_object *file = vgpu_definition_to_json(definition);
		struct json_object *item = json_object_new_object();

		json_object_object_add(item, "uuid", json_object_new_string(definition->uuid.text));
		json_object_object_add(item, "parent", json_object_new_string(definition->parent));
		json_object_object_add(item, "type", json_object_new_string(definition->type));
		json_object_object_add(item, "start",
				       json_object_get(json_object_object_get(file, "start")));
		json_object_object_add(item, "running",
				       json_object_new_boolean(devices->items[i].active));
		json_object_object_add(item, "attrs",
				       json_object_get(json_object_object_get(file, "attrs")));
		json_object_put(file);
		json_object_array_add(vgpus, item);
	}
	json_object_object_add(json, "vgpus", vgpus);
	*out = json;
	return 0;
}
