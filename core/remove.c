/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/manager.h>
#include <vgpulab/nearest.h>

#include "attribute.h"
#include "instance.h"
#include "names.h"
#include "observe.h"
#include "refusal.h"

/* How long another program's creation of the same vGPU may take. */
enum { CREATION_TIMEOUT_MS = 1000 };

struct removal {
	struct vgpu_backend *backend;
	const char *uuid;
	struct vgpu_instance instance; /* its path is known first */
};

static int fail_absent(struct vgpu_backend *backend, const char *uuid, struct vgpu_error *err)
{
	_destroy_(vgpu_names) struct vgpu_names *parents = NULL, *uuids = NULL;
	struct vgpu_nearest nearest = { .wanted = uuid };
	int ret;

	/* while a removal waits for the vGPU's user, the directory alone remains */
	ret = vgpu_names_list(backend, "class/mdev_bus", &parents);
	for (size_t i = 0; ret == 0 && i < parents->len; i++) {
		if (!vgpu_attribute_exists(backend, "class/mdev_bus/%s/%s", parents->items[i],
					   uuid))
			continue;
		ret = vgpu_error_set(err, VGPU_ERROR_BUSY, EBUSY,
				     "vGPU %s is being removed already", uuid);
		vgpu_error_hint(err, "the kernel waits for the program that uses it, such as a VM: "
				     "end that");
		return ret;
	}
	ret = vgpu_names_list(backend, "bus/mdev/devices", &uuids);
	for (size_t i = 0; ret == 0 && i < uuids->len; i++)
		vgpu_nearest_offer(&nearest, uuids->items[i]);
	vgpu_error_set(err, VGPU_ERROR_NO_VGPU, ENOENT, "there is no vGPU %s", uuid);
	if (nearest.name)
		vgpu_error_hint(err, "did you mean %s?", nearest.name);
	else
		vgpu_error_hint(err, "'vgpulab list' shows those there are");
	return -ENOENT;
}

static bool is_there(const struct removal *removal)
{
	return vgpu_attribute_exists(removal->backend, "bus/mdev/devices/%s", removal->uuid);
}

static bool has_remove(const struct removal *removal)
{
	return vgpu_attribute_exists(removal->backend, "%s/remove", removal->instance.path);
}

/* mdev_type is the last thing that a creation makes. */
static bool is_complete(const struct removal *removal)
{
	return vgpu_attribute_exists(removal->backend, "%s/mdev_type", removal->instance.path);
}

static bool removable_or_gone(void *data)
{
	const struct removal *removal = data;

	return (has_remove(removal) && is_complete(removal)) || !is_there(removal);
}

/*
 * Writing to `remove` while the creation is under way makes a vGPU that cannot be removed: the
 * kernel takes the file away first and refuses (EAGAIN) then.
 * Source: drivers/vfio/mdev/mdev_sysfs.c, remove_store(); seen on 6.1 and 6.12
 */
static int wait_until_removable(struct removal *removal, struct vgpu_error *err)
{
	int ret;

	if (vgpu_observe(removal->backend, CREATION_TIMEOUT_MS, removable_or_gone, removal))
		return is_there(removal) ? 0 : fail_absent(removal->backend, removal->uuid, err);
	if (has_remove(removal)) {
		ret = vgpu_error_set(err, VGPU_ERROR_BUSY, EAGAIN, "vGPU %s is still being created",
				     removal->uuid);
		vgpu_error_hint(err, "try again when that is done: to remove it before would leave "
				     "a vGPU that nothing can remove");
		return ret;
	}
	ret = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOENT,
			     "vGPU %s has no file 'remove': the kernel has lost it", removal->uuid);
	vgpu_error_hint(err, "it was removed while it was being created; only unbinding its parent "
			     "from the driver, or unloading that, takes it away");
	return ret;
}

static const struct vgpu_refusal refusals[] = {
	{ EBUSY, VGPU_ERROR_BUSY, "the vGPU is in use", "shut down the VM that uses it" },
	{ EAGAIN, VGPU_ERROR_BUSY, "it was still being created",
	  "the kernel may have lost its file 'remove' by this: see 'vgpulab list'" },
	{ EINTR, VGPU_ERROR_BUSY, "interrupted while the vGPU is in use",
	  "the removal goes on: it is done when the program that uses the vGPU ends" },
};

static int write_remove(struct removal *removal, struct vgpu_error *err)
{
	char path[VGPU_PATH_LEN];
	int ret;

	snprintf(path, sizeof(path), "%s/remove", removal->instance.path);
	ret = vgpu_attribute_write(removal->backend, "1", "%s", path);
	/* someone else's removal won */
	if (ret == -ENOENT || ret == -ENODEV)
		return fail_absent(removal->backend, removal->uuid, err);
	if (ret < 0)
		return vgpu_refusal_fail(refusals, VGPU_ARRAY_LEN(refusals), ret, removal->backend,
					 "remove", path, err);
	return 0;
}

/*
 * The group's link too: i915 from 5.19 to 6.1 says yes for a vGPU in use, takes its directory away
 * and leaves the rest to the VM.
 * Source: drivers/gpu/drm/i915/gvt/kvmgt.c, intel_vgpu_remove()
 */
static bool has_gone(void *data)
{
	const struct removal *removal = data;
	int group = removal->instance.iommu_group;

	return !is_there(removal) &&
	       !vgpu_attribute_exists(removal->backend, "%s", removal->instance.path) &&
	       (group < 0 ||
		!vgpu_attribute_exists(removal->backend, "kernel/iommu_groups/%d/devices/%s", group,
				       removal->uuid));
}

static int find_device(struct removal *removal, struct vgpu_error *err)
{
	int ret = vgpu_instance_path(removal->backend, removal->uuid, removal->instance.path,
				     sizeof(removal->instance.path));
	char link[VGPU_PATH_LEN];

	if (ret == -ENOENT)
		return fail_absent(removal->backend, removal->uuid, err);
	if (ret < 0) {
		snprintf(link, sizeof(link), "bus/mdev/devices/%s", removal->uuid);
		return vgpu_attribute_fail(removal->backend, ret, link, err);
	}
	return 0;
}

int vgpu_remove(struct vgpu_backend *backend, const struct vgpu_uuid *uuid, struct vgpu_error *err)
{
	struct removal removal = { .backend = backend, .uuid = uuid->text };
	int ret = find_device(&removal, err);

	if (ret == 0)
		ret = wait_until_removable(&removal, err);
	if (ret < 0)
		return ret;
	vgpu_instance_read(backend, &removal.instance);
	ret = write_remove(&removal, err);
	if (ret < 0 || vgpu_observe(backend, VGPU_OBSERVE_TIMEOUT_MS, has_gone, &removal))
		return ret;
	ret = vgpu_error_set(err, VGPU_ERROR_UNVERIFIED, ETIMEDOUT,
			     "the kernel took the removal of vGPU %s, but it is still there",
			     uuid->text);
	vgpu_error_hint(err, "a VM may still use it: end that; or another program has made it "
			     "again: look with 'vgpulab list'");
	return ret;
}
