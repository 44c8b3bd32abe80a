/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/mdev-type.h>
#include <vgpulab/pci-address.h>
#include <vgpulab/snapshot.h>

#include "attribute.h"
#include "instance.h"
#include "names.h"

/* Where a snapshot is being made; the first trouble stops it. */
struct taking {
	struct vgpu_backend *backend;
	struct vgpu_snapshot *snapshot;
	struct vgpu_error *err;
	const struct by_path *by_path; /* the parents, sorted by path */
};

struct by_path {
	const char *path;
	size_t parent;
};

/*
 * A node may go away between the listing and the look at it: then it is not part of the snapshot.
 * Source: sysfs gives ENOENT for a path and ENODEV for an open file of a removed device
 */
static bool has_gone(int ret)
{
	return ret == -ENOENT || ret == -ENODEV;
}

static int fail(const struct taking *taking, int ret, const char *path)
{
	return vgpu_error_set(
		taking->err,
		ret == -EACCES || ret == -EPERM ? VGPU_ERROR_PERMISSION : VGPU_ERROR_FAILED, -ret,
		"cannot read %s/%s: %s", taking->backend->root, path, strerror(-ret));
}

/* An attribute that not every kernel or driver has: empty if absent, unreadable or too long. */
static void read_optional(struct vgpu_backend *backend, char *buffer, size_t size, const char *type,
			  const char *dir, const char *name)
{
	if (vgpu_attribute_read(backend, buffer, size, "%s/%s/%s", dir, type, name) < 0)
		buffer[0] = '\0';
}

static int take_type(const struct taking *taking, const char *dir, const char *id,
		     struct vgpu_mdev_type *out)
{
	struct vgpu_mdev_type type = { 0 };
	uint32_t available = 0;
	int ret;

	if (strlen(id) >= sizeof(type.id))
		return -ENAMETOOLONG;
	strcpy(type.id, id);
	ret = vgpu_attribute_read_u32(taking->backend, &available, "%s/%s/available_instances", dir,
				      id);
	/* what is no number promises nothing */
	if (ret < 0 && ret != -EINVAL)
		return ret;
	type.available = available;
	read_optional(taking->backend, type.name, sizeof(type.name), id, dir, "name");
	read_optional(taking->backend, type.device_api, sizeof(type.device_api), id, dir,
		      "device_api");
	read_optional(taking->backend, type.description, sizeof(type.description), id, dir,
		      "description");
	vgpu_mdev_type_parse_description(&type);
	*out = type;
	return 0;
}

static int take_types(const struct taking *taking, struct vgpu_parent *parent)
{
	_destroy_(vgpu_names) struct vgpu_names *ids = NULL;
	char dir[VGPU_PATH_LEN];
	int ret;

	snprintf(dir, sizeof(dir), "%s/mdev_supported_types", parent->path);
	ret = vgpu_names_list(taking->backend, dir, &ids);
	/* a parent on its way in or out has no types */
	if (has_gone(ret))
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
		else if (!has_gone(ret))
			return fail(taking, ret, dir);
	}
	return 0;
}

static int take_parent(const struct taking *taking, const char *name)
{
	struct vgpu_snapshot *snapshot = taking->snapshot;
	struct vgpu_parent *parent = &snapshot->parents[snapshot->parents_len];
	uint32_t id;
	int ret;

	if (strlen(name) >= sizeof(parent->name))
		return fail(taking, -ENAMETOOLONG, "class/mdev_bus");
	strcpy(parent->name, name);
	ret = vgpu_attribute_link_path(taking->backend, parent->path, sizeof(parent->path),
				       "class/mdev_bus/%s", name);
	if (has_gone(ret))
		return 0;
	if (ret < 0)
		return fail(taking, ret, "class/mdev_bus");
	snapshot->parents_len++;
	vgpu_attribute_link_name(taking->backend, parent->driver, sizeof(parent->driver),
				 "%s/driver", parent->path);
	if (!vgpu_attribute_read_u32(taking->backend, &id, "%s/vendor", parent->path))
		parent->vendor_id = (uint16_t)id;
	if (!vgpu_attribute_read_u32(taking->backend, &id, "%s/device", parent->path))
		parent->device_id = (uint16_t)id;
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

static int compare_paths(const void *a, const void *b)
{
	const struct by_path *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static int take_instance(const struct taking *taking, const char *name)
{
	struct vgpu_snapshot *snapshot = taking->snapshot;
	struct vgpu_instance *instance = &snapshot->instances[snapshot->instances_len];
	const struct vgpu_parent *parent;
	char path[VGPU_PATH_LEN], *slash;
	const struct by_path *found;
	int ret;

	if (vgpu_uuid_parse(name, &instance->uuid) < 0)
		return 0;
	ret = vgpu_instance_path(taking->backend, name, path, sizeof(path));
	if (has_gone(ret))
		return 0;
	if (ret < 0)
		return fail(taking, ret, "bus/mdev/devices");
	slash = strrchr(path, '/');
	if (!slash)
		return 0;
	*slash = '\0';
	found = bsearch(&(struct by_path){ .path = path }, taking->by_path, snapshot->parents_len,
			sizeof(*taking->by_path), compare_paths);
	if (!found)
		return 0; /* its parent came or went between the two listings */
	parent = &snapshot->parents[found->parent];
	instance->parent = found->parent;
	vgpu_instance_set_parent(instance, parent->name, parent->path);
	vgpu_instance_read(taking->backend, instance);
	snapshot->instances_len++;
	return 0;
}

static int compare_instances(const void *a, const void *b)
{
	const struct vgpu_instance *left = a, *right = b;

	if (left->parent != right->parent)
		return left->parent < right->parent ? -1 : 1;
	return strcmp(left->uuid.text, right->uuid.text);
}

static int take_instances(struct taking *taking)
{
	struct vgpu_snapshot *snapshot = taking->snapshot;
	_autofree_ struct by_path *by_path = calloc(snapshot->parents_len + 1, sizeof(*by_path));
	_destroy_(vgpu_names) struct vgpu_names *uuids = NULL;
	int ret = vgpu_names_list(taking->backend, "bus/mdev/devices", &uuids);

	if (ret == -ENOENT)
		return 0;
	if (ret < 0)
		return fail(taking, ret, "bus/mdev/devices");
	snapshot->instances = calloc(uuids->len ? uuids->len : 1, sizeof(*snapshot->instances));
	if (!by_path || !snapshot->instances)
		return fail(taking, -ENOMEM, "bus/mdev/devices");
	for (size_t i = 0; i < snapshot->parents_len; i++)
		by_path[i] = (struct by_path){ snapshot->parents[i].path, i };
	qsort(by_path, snapshot->parents_len, sizeof(*by_path), compare_paths);
	taking->by_path = by_path;
	for (size_t i = 0; i < uuids->len && !ret; i++)
		ret = take_instance(taking, uuids->items[i]);
	qsort(snapshot->instances, snapshot->instances_len, sizeof(*snapshot->instances),
	      compare_instances);
	return ret;
}

static int take(struct vgpu_backend *backend, bool with_instances, struct vgpu_snapshot **out,
		struct vgpu_error *err)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct taking taking = { .backend = backend, .snapshot = snapshot, .err = err };
	int ret;

	if (!snapshot)
		return fail(&taking, -ENOMEM, "");
	ret = take_parents(&taking);
	if (ret == 0 && with_instances)
		ret = take_instances(&taking);
	if (ret == 0)
		*out = steal(snapshot);
	return ret;
}

int vgpu_snapshot_take(struct vgpu_backend *backend, struct vgpu_snapshot **out,
		       struct vgpu_error *err)
{
	return take(backend, true, out, err);
}

int vgpu_snapshot_take_parents(struct vgpu_backend *backend, struct vgpu_snapshot **out,
			       struct vgpu_error *err)
{
	return take(backend, false, out, err);
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
	struct vgpu_pci_address address;
	char canonical[VGPU_PCI_ADDRESS_TEXT_LEN];

	if (!vgpu_pci_address_parse(name, &address)) {
		vgpu_pci_address_format(&address, canonical);
		name = canonical;
	}
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
