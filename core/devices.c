/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/lifecycle.h>

#include "attribute.h"
#include "instance.h"
#include "names.h"

static int fail_memory(struct vgpu_error *err)
{
	return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "%s", strerror(ENOMEM));
}

int vgpu_definition_from_running(struct vgpu_backend *backend, struct vgpu_definition *definition)
{
	char path[VGPU_PATH_LEN], type[sizeof(definition->type)], *slash, *parent;
	int ret = vgpu_instance_path(backend, definition->uuid.text, path, sizeof(path));

	if (ret == 0)
		ret = vgpu_attribute_link_name(backend, type, sizeof(type), "%s/mdev_type", path);
	if (ret < 0)
		return ret;
	slash = strrchr(path, '/');
	if (!slash)
		return -ENOENT;
	*slash = '\0';
	parent = strrchr(path, '/');
	parent = parent ? parent + 1 : path;
	if (strlen(parent) >= sizeof(definition->parent))
		return -ENAMETOOLONG;
	strcpy(definition->parent, parent);
	strcpy(definition->type, type);
	return 0;
}

static int add(struct vgpu_devices *devices, struct vgpu_device *device)
{
	if (devices->len == devices->room) {
		size_t room = devices->room ? 2 * devices->room : 16;
		struct vgpu_device *items = reallocarray(devices->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		devices->items = items;
		devices->room = room;
	}
	devices->items[devices->len++] = *device;
	*device = (struct vgpu_device){ 0 };
	return 0;
}

static bool runs_as_defined(struct vgpu_backend *backend, const struct vgpu_definition *definition)
{
	struct vgpu_definition running = { .uuid = definition->uuid };

	return vgpu_definition_from_running(backend, &running) == 0 &&
	       !strcmp(running.parent, definition->parent) &&
	       !strcmp(running.type, definition->type);
}

int vgpu_devices_defined(const struct vgpu_host *host, const struct vgpu_uuid *uuid,
			 const char *parent, struct vgpu_devices **out, struct vgpu_error *err)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *definitions = NULL;
	_destroy_(vgpu_devices) struct vgpu_devices *devices = calloc(1, sizeof(*devices));
	int ret = devices ? vgpu_store_list(host->store, uuid, parent, &definitions, err)
			  : fail_memory(err);

	for (size_t i = 0; ret == 0 && i < definitions->len; i++) {
		struct vgpu_device device = { .definition = definitions->items[i],
					      .defined = true };

		device.active = runs_as_defined(host->backend, &device.definition);
		ret = add(devices, &device);
		if (ret == 0)
			definitions->items[i] = (struct vgpu_definition){ 0 };
		else
			fail_memory(err);
	}
	if (ret < 0)
		return ret;
	devices->broken = steal(definitions->broken);
	devices->broken_len = definitions->broken_len;
	*out = steal(devices);
	return 0;
}

/* The definitions of all, or of one: reading a directory once is cheaper than asking for each. */
struct looking {
	const struct vgpu_host *host;
	const struct vgpu_definitions *definitions;
	const char *parent;
	struct vgpu_devices *devices;
};

static int look_at(struct looking *looking, const char *name)
{
	struct vgpu_device device = { .active = true };
	struct vgpu_definition *definition = &device.definition;
	const struct vgpu_definition *defined;
	int ret;

	/* one that comes or goes just now has no type */
	if (vgpu_uuid_parse(name, &definition->uuid) < 0 ||
	    vgpu_definition_from_running(looking->host->backend, definition) < 0)
		return 0;
	if (looking->parent && strcmp(looking->parent, definition->parent) != 0)
		return 0;
	defined =
		vgpu_definitions_find(looking->definitions, definition->parent, &definition->uuid);
	if (defined) {
		char type[sizeof(definition->type)];

		memcpy(type, definition->type, sizeof(type));
		if (vgpu_definition_copy(defined, definition))
			return -ENOMEM;
		memcpy(definition->type, type, sizeof(type));
		device.defined = true;
	} else if (looking->definitions->broken_len &&
		   vgpu_store_has(looking->host->store, definition->parent, &definition->uuid)) {
		device.defined = true;
	} else {
		/* a script that fails leaves the vGPU without settings, not the list without it */
		vgpu_callout_get_settings(looking->host->callouts, definition, NULL);
	}
	ret = add(looking->devices, &device);
	vgpu_definition_finish(&device.definition);
	return ret;
}

static int compare(const void *a, const void *b)
{
	const struct vgpu_device *left = a, *right = b;
	int order = strcmp(left->definition.parent, right->definition.parent);

	return order ? order : strcmp(left->definition.uuid.text, right->definition.uuid.text);
}

int vgpu_devices_active(const struct vgpu_host *host, const struct vgpu_uuid *uuid,
			const char *parent, struct vgpu_devices **out, struct vgpu_error *err)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *definitions = NULL;
	_destroy_(vgpu_devices) struct vgpu_devices *devices = calloc(1, sizeof(*devices));
	_destroy_(vgpu_names) struct vgpu_names *names = NULL;
	struct looking looking = { host, NULL, parent, devices };
	int ret = devices ? vgpu_store_list(host->store, uuid, NULL, &definitions, err)
			  : fail_memory(err);

	if (ret < 0)
		return ret;
	looking.definitions = definitions;
	if (uuid)
		ret = look_at(&looking, uuid->text);
	else
		ret = vgpu_names_list(host->backend, "bus/mdev/devices", &names);
	for (size_t i = 0; names && ret == 0 && i < names->len; i++)
		ret = look_at(&looking, names->items[i]);
	/* no mdev core, no vGPUs */
	if (ret < 0 && ret != -ENOENT)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, -ret,
				      "cannot read %s/bus/mdev/devices: %s", host->backend->root,
				      strerror(-ret));
	if (devices->len)
		qsort(devices->items, devices->len, sizeof(*devices->items), compare);
	devices->broken = steal(definitions->broken);
	devices->broken_len = definitions->broken_len;
	*out = steal(devices);
	return 0;
}

void vgpu_devices_destroy(struct vgpu_devices *devices)
{
	if (!devices)
		return;
	for (size_t i = 0; i < devices->len; i++)
		vgpu_definition_finish(&devices->items[i].definition);
	free(devices->items);
	free(devices->broken);
	free(devices);
}
