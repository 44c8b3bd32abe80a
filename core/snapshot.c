/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/mdev-type.h>
#include <vgpulab/pci-address.h>
#include <vgpulab/snapshot.h>

#include "attribute.h"
#include "instances.h"
#include "names.h"

/* Where a snapshot is being made; the first trouble stops it. */
struct taking {
	struct vgpu_backend *backend;
	struct vgpu_snapshot *snapshot;
	struct vgpu_error *err;
	int what;
};

/* What a snapshot holds besides names: each attribute costs three system calls. */
enum { ATTRIBUTES = 1, INSTANCES = 2, INSTANCE_LINKS = 4 };

static int fail(const struct taking *taking, int ret, const char *path)
{
	return vgpu_attribute_fail(taking->backend, ret, path, taking->err);
}

/* An attribute that not every kernel or driver has: empty if absent, unreadable or too long. */
static void read_optional(struct vgpu_backend *backend, char *buffer, size_t size, const char *type,
			  const char *dir, const char *name)
{
	if (vgpu_attribute_read(backend, buffer, size, "%s/%s/%s", dir, type, name) < 0)
		buffer[0] = '\0';
}

static void read_attributes(struct vgpu_backend *backend, const char *dir,
			    struct vgpu_mdev_type *type)
{
	const char *id = type->id;

	read_optional(backend, type->name, sizeof(type->name), id, dir, "name");
	read_optional(backend, type->device_api, sizeof(type->device_api), id, dir, "device_api");
	read_optional(backend, type->description, sizeof(type->description), id, dir,
		      "description");
	vgpu_mdev_type_parse_description(type);
}

static int take_type(const struct taking *taking, const char *dir, const char *id,
		     struct vgpu_mdev_type *out)
{
	struct vgpu_mdev_type type = { 0 };
	uint32_t available = 0;
	int ret = 0;

	if (strlen(id) >= sizeof(type.id))
		return -ENAMETOOLONG;
	strcpy(type.id, id);
	if (taking->what & ATTRIBUTES)
		ret = vgpu_attribute_read_u32(taking->backend, &available,
					      "%s/%s/available_instances", dir, id);
	/* what is no number promises nothing */
	if (ret < 0 && ret != -EINVAL)
		return ret;
	type.available = available;
	if (taking->what & ATTRIBUTES)
		read_attributes(taking->backend, dir, &type);
	*out = type;
	return 0;
}

/* All attributes but this may be missing. */
static int fail_type(const struct taking *taking, int ret, const char *dir, const char *id)
{
	char path[VGPU_PATH_LEN + 320];

	snprintf(path, sizeof(path), "%s/%s/available_instances", dir, id);
	return fail(taking, ret, path);
}

static int take_types(const struct taking *taking, struct vgpu_parent *parent)
{
	_destroy_(vgpu_names) struct vgpu_names *ids = NULL;
	char dir[VGPU_PATH_LEN];
	int ret;

	snprintf(dir, sizeof(dir), "%s/mdev_supported_types", parent->path);
	ret = vgpu_names_list(taking->backend, dir, &ids);
	/* a parent on its way in or out has no types */
	if (vgpu_attribute_has_gone(ret))
		return 0;
	if (ret < 0)
		return fail(taking, ret, dir);
	parent->types = calloc(ids->len ? ids->len : 1, sizeof(*parent->types));
	if (!parent->types)
		return fail(taking, -ENOMEM, dir);
	for (size_t i = 0; i < ids->len; i++) {
		ret = take_type(taking, dir, ids->items[i], &parent->types[parent->types_len]);
		if (ret == 0)
			parent->types_len++;
		else if (!vgpu_attribute_has_gone(ret))
			return fail_type(taking, ret, dir, ids->items[i]);
	}
	return 0;
}

static void read_identity(struct vgpu_backend *backend, struct vgpu_parent *parent)
{
	uint32_t id;

	vgpu_attribute_link_name(backend, parent->driver, sizeof(parent->driver), "%s/driver",
				 parent->path);
	if (!vgpu_attribute_read_u32(backend, &id, "%s/vendor", parent->path))
		parent->vendor_id = (uint16_t)id;
	if (!vgpu_attribute_read_u32(backend, &id, "%s/device", parent->path))
		parent->device_id = (uint16_t)id;
}

static int take_parent(const struct taking *taking, const char *name)
{
	struct vgpu_snapshot *snapshot = taking->snapshot;
	struct vgpu_parent *parent = &snapshot->parents[snapshot->parents_len];
	int ret;

	if (strlen(name) >= sizeof(parent->name))
		return fail(taking, -ENAMETOOLONG, "class/mdev_bus");
	strcpy(parent->name, name);
	ret = vgpu_attribute_link_path(taking->backend, parent->path, sizeof(parent->path),
				       "class/mdev_bus/%s", name);
	if (vgpu_attribute_has_gone(ret))
		return 0;
	if (ret < 0)
		return fail(taking, ret, "class/mdev_bus");
	snapshot->parents_len++;
	if (taking->what & ATTRIBUTES)
		read_identity(taking->backend, parent);
	return take_types(taking, parent);
}

static int take_parents(const struct taking *taking)
{
	_destroy_(vgpu_names) struct vgpu_names *parents = NULL;
	int ret = vgpu_names_list(taking->backend, "class/mdev_bus", &parents);

	/* no such class: no driver that makes mediated devices is loaded */
	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return fail(taking, ret, "class/mdev_bus");
	taking->snapshot->parents =
		calloc(parents->len ? parents->len : 1, sizeof(*taking->snapshot->parents));
	if (!taking->snapshot->parents)
		return fail(taking, -ENOMEM, "class/mdev_bus");
	for (size_t i = 0; i < parents->len && !ret; i++)
		ret = take_parent(taking, parents->items[i]);
	return ret;
}

static int take(struct vgpu_backend *backend, int what, struct vgpu_snapshot **out,
		struct vgpu_error *err)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct taking taking = { backend, snapshot, err, what };
	int ret;

	if (!snapshot)
		return fail(&taking, -ENOMEM, "");
	ret = take_parents(&taking);
	if (ret == 0 && (what & INSTANCES))
		ret = vgpu_instances_take(backend, snapshot, what & INSTANCE_LINKS, err);
	if (ret == 0)
		*out = steal(snapshot);
	return ret;
}

int vgpu_snapshot_take(struct vgpu_backend *backend, struct vgpu_snapshot **out,
		       struct vgpu_error *err)
{
	return take(backend, ATTRIBUTES | INSTANCES | INSTANCE_LINKS, out, err);
}

int vgpu_snapshot_take_parents(struct vgpu_backend *backend, struct vgpu_snapshot **out,
			       struct vgpu_error *err)
{
	return take(backend, ATTRIBUTES, out, err);
}

int vgpu_snapshot_take_names(struct vgpu_backend *backend, struct vgpu_snapshot **out,
			     struct vgpu_error *err)
{
	return take(backend, 0, out, err);
}

int vgpu_snapshot_take_instances(struct vgpu_backend *backend, struct vgpu_snapshot **out,
				 struct vgpu_error *err)
{
	return take(backend, INSTANCES, out, err);
}

void vgpu_snapshot_destroy(struct vgpu_snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; i < snapshot->parents_len; i++)
		free(snapshot->parents[i].types);
	free(snapshot->parents);
	free(snapshot->instances);
	free(snapshot);
}

const struct vgpu_parent *vgpu_snapshot_find_parent(const struct vgpu_snapshot *snapshot,
						    const char *name)
{
	char canonical[VGPU_PCI_ADDRESS_TEXT_LEN];

	name = vgpu_pci_address_canonical(name, canonical);
	for (size_t i = 0; i < snapshot->parents_len; i++)
		if (!strcmp(snapshot->parents[i].name, name))
			return &snapshot->parents[i];
	return NULL;
}

const struct vgpu_mdev_type *vgpu_parent_find_type(const struct vgpu_parent *parent,
						   const char *wanted)
{
	for (size_t i = 0; i < parent->types_len; i++)
		if (vgpu_mdev_type_is(&parent->types[i], wanted))
			return &parent->types[i];
	return NULL;
}

const struct vgpu_instance *vgpu_snapshot_find_instance(const struct vgpu_snapshot *snapshot,
							const struct vgpu_uuid *uuid)
{
	for (size_t i = 0; i < snapshot->instances_len; i++)
		if (vgpu_uuid_equal(&snapshot->instances[i].uuid, uuid))
			return &snapshot->instances[i];
	return NULL;
}
