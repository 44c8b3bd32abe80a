/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/snapshot.h>

#include "attribute.h"
#include "instance.h"
#include "instances.h"
#include "names.h"

/* The instances of one parent, sorted by UUID. */
struct siblings {
	struct vgpu_instance *items;
	size_t len;
};

static int compare_instances(const void *a, const void *b)
{
	const struct vgpu_instance *left = a, *right = b;

	return strcmp(left->uuid.text, right->uuid.text);
}

static struct vgpu_instance *find(const struct siblings *siblings, const char *name)
{
	struct vgpu_instance wanted;

	if (!siblings->len || vgpu_uuid_parse(name, &wanted.uuid) < 0)
		return NULL;
	return bsearch(&wanted, siblings->items, siblings->len, sizeof(*siblings->items),
		       compare_instances);
}

/* One that is being removed has its directory still, but is no longer on the bus. */
static int take_siblings(struct vgpu_backend *backend, struct vgpu_snapshot *snapshot,
			 size_t parent, const struct vgpu_names *on_bus, struct siblings *out)
{
	const struct vgpu_parent *at = &snapshot->parents[parent];
	struct siblings siblings = { snapshot->instances + snapshot->instances_len, 0 };
	_destroy_(vgpu_names) struct vgpu_names *names = NULL;
	int ret = vgpu_names_list(backend, at->path, &names);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < names->len && snapshot->instances_len < on_bus->len; i++) {
		struct vgpu_instance *instance = &snapshot->instances[snapshot->instances_len];

		if (vgpu_uuid_parse(names->items[i], &instance->uuid) < 0 ||
		    !vgpu_names_have(on_bus, names->items[i]))
			continue;
		instance->parent = parent;
		vgpu_instance_set_parent(instance, at->name, at->path);
		instance->iommu_group = -1;
		snapshot->instances_len++;
		siblings.len++;
	}
	*out = siblings;
	return 0;
}

/* A directory of links to vGPUs is named like what they have in common; if it is gone, so is that. */
static void take_types(struct vgpu_backend *backend, const struct vgpu_parent *parent,
		       const struct siblings *siblings)
{
	for (size_t i = 0; i < parent->types_len; i++) {
		_destroy_(vgpu_names) struct vgpu_names *names = NULL;
		const char *type = parent->types[i].id;
		char dir[VGPU_PATH_LEN];

		snprintf(dir, sizeof(dir), "%s/mdev_supported_types/%s/devices", parent->path,
			 type);
		if (vgpu_names_list(backend, dir, &names) < 0)
			continue;
		for (size_t j = 0; j < names->len; j++) {
			struct vgpu_instance *instance = find(siblings, names->items[j]);

			if (instance)
				snprintf(instance->type, sizeof(instance->type), "%s", type);
		}
	}
}

static void take_drivers(struct vgpu_backend *backend, const struct siblings *families,
			 size_t families_len)
{
	_destroy_(vgpu_names) struct vgpu_names *drivers = NULL;

	if (vgpu_names_list(backend, "bus/mdev/drivers", &drivers) < 0)
		return;
	for (size_t i = 0; i < drivers->len; i++) {
		_destroy_(vgpu_names) struct vgpu_names *names = NULL;
		const char *driver = drivers->items[i];
		char dir[VGPU_PATH_LEN];

		snprintf(dir, sizeof(dir), "bus/mdev/drivers/%s", driver);
		if (vgpu_names_list(backend, dir, &names) < 0)
			continue;
		for (size_t j = 0; j < names->len; j++)
			for (size_t k = 0; k < families_len; k++) {
				struct vgpu_instance *instance =
					find(&families[k], names->items[j]);

				if (instance)
					snprintf(instance->driver, sizeof(instance->driver), "%s",
						 driver);
			}
	}
}

int vgpu_instances_take(struct vgpu_backend *backend, struct vgpu_snapshot *snapshot, bool whole,
			struct vgpu_error *err)
{
	_destroy_(vgpu_names) struct vgpu_names *on_bus = NULL;
	_autofree_ struct siblings *families = calloc(snapshot->parents_len + 1, sizeof(*families));
	const char *path = "bus/mdev/devices";
	int ret = families ? vgpu_names_list(backend, path, &on_bus) : -ENOMEM;

	/* no mdev core, no vGPUs */
	if (ret == -ENOENT)
		return 0;
	if (ret == 0 && on_bus->len) {
		snapshot->instances = calloc(on_bus->len, sizeof(*snapshot->instances));
		if (!snapshot->instances)
			ret = -ENOMEM;
	}
	for (size_t i = 0; i < snapshot->parents_len && ret == 0 && on_bus->len; i++) {
		path = snapshot->parents[i].path;
		ret = take_siblings(backend, snapshot, i, on_bus, &families[i]);
		if (vgpu_attribute_has_gone(ret))
			ret = 0;
		if (ret == 0 && families[i].len)
			take_types(backend, &snapshot->parents[i], &families[i]);
	}
	if (ret < 0)
		return vgpu_attribute_fail(backend, ret, path, err);
	if (whole && snapshot->instances_len)
		take_drivers(backend, families, snapshot->parents_len);
	for (size_t i = 0; i < snapshot->instances_len; i++)
		vgpu_instance_complete(backend, &snapshot->instances[i], whole);
	return 0;
}
