/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/lifecycle.h>
#include <vgpulab/mdev-type.h>
#include <vgpulab/snapshot.h>

#include "attribute.h"
#include "instance.h"

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
	       vgpu_mdev_type_id_is(running.type, definition->type);
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
	const struct vgpu_callouts *callouts; /* NULL: none to ask */
	const struct vgpu_definitions *definitions;
	const char *parent;
	struct vgpu_devices *devices;
};

/* @device's definition says what runs: UUID, parent and type. */
static int add_running(struct looking *looking, struct vgpu_device device)
{
	struct vgpu_definition *definition = &device.definition;
	const struct vgpu_definition *defined;
	int ret;

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
		vgpu_callout_get_settings(looking->callouts, definition, NULL);
	}
	ret = add(looking->devices, &device);
	vgpu_definition_finish(&device.definition);
	return ret;
}

static int add_one(struct looking *looking, const struct vgpu_uuid *uuid)
{
	struct vgpu_device device = { .active = true, .definition.uuid = *uuid };
	int ret = vgpu_definition_from_running(looking->host->backend, &device.definition);

	return ret < 0 ? 0 : add_running(looking, device);
}

static int add_all(struct looking *looking, struct vgpu_error *err)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	int ret = vgpu_snapshot_take_instances(looking->host->backend, &snapshot, err);

	for (size_t i = 0; ret == 0 && i < snapshot->instances_len; i++) {
		const struct vgpu_instance *instance = &snapshot->instances[i];
		struct vgpu_device device = { .active = true, .definition.uuid = instance->uuid };

		/* one that comes or goes just now has no type */
		if (!instance->type[0])
			continue;
		strcpy(device.definition.parent, instance->parent_name);
		strcpy(device.definition.type, instance->type);
		ret = add_running(looking, device) < 0 ? fail_memory(err) : 0;
	}
	return ret;
}

int vgpu_devices_active(const struct vgpu_host *host, const struct vgpu_uuid *uuid,
			const char *parent, struct vgpu_devices **out, struct vgpu_error *err)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *definitions = NULL;
	_destroy_(vgpu_devices) struct vgpu_devices *devices = calloc(1, sizeof(*devices));
	struct looking looking = { .host = host, .parent = parent, .devices = devices };
	int ret = devices ? vgpu_store_list(host->store, uuid, NULL, &definitions, err)
			  : fail_memory(err);

	if (ret < 0)
		return ret;
	looking.definitions = definitions;
	if (host->callouts && vgpu_callouts_exist(host->callouts))
		looking.callouts = host->callouts;
	ret = uuid ? add_one(&looking, uuid) : add_all(&looking, err);
	if (ret < 0)
		return ret;
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
