/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/manager.h>

#include "attribute.h"
#include "instance.h"
#include "observe.h"
#include "refusal.h"
#include "type-find.h"

/* One creation, from request to result. */
struct creation {
	struct vgpu_backend *backend;
	const struct vgpu_create_request *request;
	struct vgpu_error *err;
	struct vgpu_snapshot *snapshot;
	const struct vgpu_parent *parent;
	const struct vgpu_mdev_type *type;
	struct vgpu_instance instance;
	const char *missing; /* what the last look did not see yet */
	const char *missing_hint;
};

/* "2 x i915-GVTg_V5_8, 1 x i915-GVTg_V5_4", as the types report it; empty if nothing fits. */
static void list_what_fits(const struct vgpu_parent *parent, char *text, size_t size)
{
	text[0] = '\0';
	for (size_t i = 0; i < parent->types_len; i++)
		if (parent->types[i].available)
			snprintf(text + strlen(text), size - strlen(text), "%s%u x %s",
				 text[0] ? " or " : "", parent->types[i].available,
				 parent->types[i].id);
}

static const struct vgpu_parent *other_parent_with_room(const struct creation *creation)
{
	const struct vgpu_snapshot *snapshot = creation->snapshot;

	for (size_t i = 0; i < snapshot->parents_len; i++) {
		const struct vgpu_mdev_type *type =
			vgpu_parent_find_type(&snapshot->parents[i], creation->type->id);

		if (type && type->available)
			return &snapshot->parents[i];
	}
	return NULL;
}

static int fail_no_room(struct creation *creation, int errnum)
{
	const struct vgpu_parent *parent = creation->parent;
	const struct vgpu_parent *other = other_parent_with_room(creation);
	char fits[300];
	int ret =
		vgpu_error_set(creation->err, VGPU_ERROR_NO_ROOM, errnum,
			       "no instance of %s is left on %s", creation->type->id, parent->name);

	list_what_fits(parent, fits, sizeof(fits));
	if (creation->type->available)
		vgpu_error_hint(
			creation->err,
			"it still promises %s, but its free memory may be in pieces, or held "
			"by the host: try another type, or remove a vGPU first",
			fits);
	else if (fits[0])
		vgpu_error_hint(creation->err, "what still fits there: %s", fits);
	else if (other)
		vgpu_error_hint(creation->err, "%s is full, but %s has room", parent->name,
				other->name);
	else
		vgpu_error_hint(creation->err,
				"%s is full: remove a vGPU first ('vgpulab list' shows them)",
				parent->name);
	return ret;
}

/* What is left now: the creation knows names alone. */
static int look_and_fail_no_room(struct creation *creation, int errnum)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *fresh = NULL;
	const struct vgpu_mdev_type *type = NULL;
	struct creation now = *creation;
	int ret = vgpu_snapshot_take_parents(creation->backend, &fresh, NULL);

	if (ret == 0) {
		now.snapshot = fresh;
		now.parent = vgpu_snapshot_find_parent(fresh, creation->parent->name);
		type = now.parent ? vgpu_parent_find_type(now.parent, creation->type->id) : NULL;
	}
	if (!type)
		return fail_no_room(creation, errnum);
	now.type = type;
	return fail_no_room(&now, errnum);
}

static int choose_among_parents(struct creation *creation)
{
	const struct vgpu_snapshot *snapshot = creation->snapshot;
	char offering[300] = "";
	size_t count = 0;

	for (size_t i = 0; i < snapshot->parents_len; i++) {
		const struct vgpu_parent *parent = &snapshot->parents[i];
		const struct vgpu_mdev_type *type =
			vgpu_parent_find_type(parent, creation->request->type);

		if (!type)
			continue;
		creation->parent = parent;
		creation->type = type;
		snprintf(offering + strlen(offering), sizeof(offering) - strlen(offering), "%s%s",
			 count++ ? ", " : "", parent->name);
	}
	if (!count)
		return vgpu_type_fail(snapshot,
				      snapshot->parents_len == 1 ? snapshot->parents : NULL,
				      creation->request->type, creation->err);
	if (count > 1) {
		vgpu_error_set(creation->err, VGPU_ERROR_USAGE, EINVAL,
			       "%zu devices offer %s: say which one", count,
			       creation->request->type);
		vgpu_error_hint(creation->err, "--parent takes one of: %s", offering);
		return -EINVAL;
	}
	return 0;
}

static int choose_parent_and_type(struct creation *creation)
{
	int ret = vgpu_parent_find(creation->backend, creation->snapshot, creation->request->parent,
				   &creation->parent, creation->err);

	if (ret < 0)
		return ret;
	if (!creation->request->parent)
		return choose_among_parents(creation);
	return vgpu_type_find(creation->snapshot, creation->parent, creation->request->type,
			      &creation->type, creation->err);
}

/* UUIDs are unique over all parents. Source: drivers/vfio/mdev/mdev_core.c, mdev_device_create() */
static int check_duplicate(const struct creation *creation)
{
	const char *uuid = creation->instance.uuid.text;
	const struct vgpu_snapshot *snapshot = creation->snapshot;

	if (vgpu_attribute_exists(creation->backend, "bus/mdev/devices/%s", uuid)) {
		vgpu_error_set(creation->err, VGPU_ERROR_EXISTS, EEXIST,
			       "there is a vGPU %s already", uuid);
		vgpu_error_hint(creation->err, "choose another UUID, or none and one is made; "
					       "'vgpulab list' shows those there are");
		return -EEXIST;
	}
	for (size_t i = 0; i < snapshot->parents_len; i++) {
		if (!vgpu_attribute_exists(creation->backend, "%s/%s", snapshot->parents[i].path,
					   uuid))
			continue;
		vgpu_error_set(creation->err, VGPU_ERROR_EXISTS, EEXIST,
			       "a vGPU %s is still being removed from %s", uuid,
			       snapshot->parents[i].name);
		vgpu_error_hint(creation->err,
				"its removal waits for the program that uses it, such as a VM");
		return -EEXIST;
	}
	return 0;
}

/*
 * What create's errnos mean. ENOSPC comes from drivers that count, EUSERS from those with a fixed
 * number since 6.1, which gave EPERM or ENOMEM before.
 */
static const struct vgpu_refusal refusals[] = {
	{ EEXIST, VGPU_ERROR_EXISTS, "there is a vGPU of this UUID already",
	  "choose another UUID" },
	{ ENODEV, VGPU_ERROR_NO_GPU, "the device is going away", "its driver is being unbound" },
	{ ENOENT, VGPU_ERROR_NO_TYPE, "the type has just gone",
	  "its driver was unbound or reloaded; look again with 'vgpulab types'" },
	{ EINVAL, VGPU_ERROR_FAILED, "the kernel does not take it",
	  "dmesg may say why; before Linux 4.11 this is how GVT-g says that no instance is left" },
	{ EAGAIN, VGPU_ERROR_BUSY, "the driver is not ready yet", "try again" },
	{ ENOMEM, VGPU_ERROR_FAILED, "the kernel has no memory for it",
	  "before Linux 6.1 some drivers say so when no instance is left" },
	{ EPERM, VGPU_ERROR_PERMISSION, "it is not permitted",
	  "run as root; before Linux 6.1 some drivers say so when no instance is left" },
};

static int check_room(struct creation *creation)
{
	char path[VGPU_PATH_LEN];
	uint32_t available = 0;
	int ret;

	snprintf(path, sizeof(path), "%s/mdev_supported_types/%s/available_instances",
		 creation->parent->path, creation->type->id);
	ret = vgpu_attribute_read_u32(creation->backend, &available, "%s", path);
	if (vgpu_attribute_has_gone(ret))
		return vgpu_refusal_fail(refusals, VGPU_ARRAY_LEN(refusals), -ENOENT,
					 creation->backend, "create", path, creation->err);
	/* what is no number promises nothing */
	if (ret < 0 && ret != -EINVAL)
		return vgpu_attribute_fail(creation->backend, ret, path, creation->err);
	return available ? 0 : look_and_fail_no_room(creation, ENOSPC);
}

static int write_create(struct creation *creation)
{
	char path[VGPU_PATH_LEN];
	int ret;

	snprintf(path, sizeof(path), "%s/mdev_supported_types/%s/create", creation->parent->path,
		 creation->type->id);
	vgpu_instance_set_parent(&creation->instance, creation->parent->name,
				 creation->parent->path);
	creation->instance.parent = (size_t)(creation->parent - creation->snapshot->parents);
	ret = vgpu_attribute_write(creation->backend, creation->instance.uuid.text, "%s", path);
	if (ret == -ENOSPC || ret == -EUSERS)
		return look_and_fail_no_room(creation, -ret);
	if (ret < 0)
		return vgpu_refusal_fail(refusals, VGPU_ARRAY_LEN(refusals), ret, creation->backend,
					 "create", path, creation->err);
	return 0;
}

static bool miss(struct creation *creation, const char *what, const char *hint)
{
	creation->missing = what;
	creation->missing_hint = hint;
	return false;
}

static bool created_as_asked(void *data)
{
	struct creation *creation = data;
	struct vgpu_instance *instance = &creation->instance;
	const char *path = instance->path;

	vgpu_instance_read(creation->backend, instance);
	if (!vgpu_attribute_exists(creation->backend, "%s", path))
		return miss(
			creation, "it is not there",
			"another program may have removed it at once, or this is no kernel's tree");
	if (!instance->type[0])
		return miss(creation, "it has no type yet", "look again with 'vgpulab list'");
	if (strcmp(instance->type, creation->type->id) != 0)
		return miss(creation, "it is of another type", "'vgpulab list' shows which");
	if (!instance->driver[0])
		return miss(creation, "no driver is bound to it",
			    "before Linux 5.13: modprobe vfio_mdev; dmesg may say more");
	/* without VFIO groups in the kernel there is the device's own node instead */
	if (instance->iommu_group < 0 &&
	    !vgpu_attribute_exists(creation->backend, "%s/vfio-dev", path))
		return miss(creation, "it has no IOMMU group",
			    "VFIO cannot open it like this; dmesg may say why");
	return true;
}

static int observe_created(struct creation *creation)
{
	int ret;

	if (vgpu_observe(creation->backend, VGPU_OBSERVE_TIMEOUT_MS, created_as_asked, creation))
		return 0;
	ret = vgpu_error_set(creation->err, VGPU_ERROR_UNVERIFIED, ETIMEDOUT,
			     "the kernel took %s as a new vGPU on %s, but %s",
			     creation->instance.uuid.text, creation->parent->name,
			     creation->missing);
	vgpu_error_hint(creation->err, "%s", creation->missing_hint);
	return ret;
}

int vgpu_create(struct vgpu_backend *backend, const struct vgpu_create_request *request,
		struct vgpu_instance *out, struct vgpu_error *err)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	struct creation creation = { .backend = backend, .request = request, .err = err };
	int ret = vgpu_snapshot_take_names(backend, &snapshot, err);

	if (ret < 0)
		return ret;
	creation.snapshot = snapshot;
	if (request->uuid)
		creation.instance.uuid = *request->uuid;
	else
		vgpu_uuid_generate(&creation.instance.uuid);
	ret = choose_parent_and_type(&creation);
	if (ret == 0)
		ret = check_duplicate(&creation);
	if (ret == 0)
		ret = check_room(&creation);
	if (ret == 0)
		ret = write_create(&creation);
	if (ret == 0)
		ret = observe_created(&creation);
	if (ret == 0)
		*out = creation.instance;
	return ret;
}
