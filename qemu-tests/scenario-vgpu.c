/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenario-vgpu.h"

#include "scenario-keeper.h"

#include <backends/backends.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <string.h>
#include <vgpulab/manager.h>
#include <vgpulab/snapshot.h>

struct qt_vgpu {
	struct vgpu_backend *backend;
	struct vgpu_uuid uuid;
	char parent[64], type[64];
	bool exists;
};

/* A scenario that names its types knows what they show. */
static bool suits(const struct vgpu_mdev_type *type, const struct qt_vgpu_wish *wish)
{
	if (wish->glob && fnmatch(wish->glob, type->id, 0))
		return false;
	if (wish->glob && !type->xres_px)
		return true;
	return type->xres_px >= wish->width_px && type->yres_px >= wish->height_px;
}

/* Does @a take less of the GPU than @b? */
static bool smaller(const struct vgpu_mdev_type *a, const struct vgpu_mdev_type *b)
{
	if (a->low_gm_mib != b->low_gm_mib)
		return a->low_gm_mib < b->low_gm_mib;
	return (uint64_t)a->xres_px * a->yres_px < (uint64_t)b->xres_px * b->yres_px;
}

/* The smallest type that suits, with an instance left if that is asked for; NULL if there is none. */
static const struct vgpu_mdev_type *choose(const struct vgpu_snapshot *snapshot,
					   const struct qt_vgpu_wish *wish, bool available,
					   const char **parent)
{
	const struct vgpu_mdev_type *best = NULL;

	for (size_t i = 0; i < snapshot->parents_len; i++) {
		const struct vgpu_parent *candidate = &snapshot->parents[i];

		if (wish->parent && strcmp(wish->parent, candidate->name))
			continue;
		for (size_t j = 0; j < candidate->types_len; j++) {
			const struct vgpu_mdev_type *type = &candidate->types[j];

			if ((available && !type->available) || !suits(type, wish) ||
			    (best && !smaller(type, best)))
				continue;
			best = type;
			*parent = candidate->name;
		}
	}
	return best;
}

bool qt_vgpu_possible(const struct qt_vgpu_wish *wish, char *why, size_t why_size)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_backend *backend = NULL;
	const char *parent;
	bool possible = true, known = true;

	if (!vgpu_backend_open("sysfs", &backend, NULL) &&
	    !vgpu_snapshot_take(backend, &snapshot, NULL)) {
		possible = choose(snapshot, wish, false, &parent);
		known = !wish->parent || vgpu_snapshot_find_parent(snapshot, wish->parent);
	}
	if (backend)
		backend->impl->destroy(backend);
	if (!known)
		snprintf(why, why_size, "there is no device %s; see `vgpulab types`", wish->parent);
	else if (!possible)
		snprintf(why, why_size, "no vGPU type here %s %s",
			 wish->glob ? "is called" : "tells",
			 wish->glob ? wish->glob : "that it shows such a mode");
	return possible;
}

static int create_smallest(struct qt_vgpu *vgpu, const struct qt_vgpu_wish *wish,
			   struct vgpu_instance *instance, struct vgpu_error *err)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_create_request request = { .uuid = &vgpu->uuid };
	const struct vgpu_mdev_type *type;
	int r = vgpu_snapshot_take(vgpu->backend, &snapshot, err);

	if (r)
		return r;
	type = choose(snapshot, wish, true, &request.parent);
	if (!type) {
		vgpu_error_set(err, VGPU_ERROR_NO_ROOM, ENOSPC,
			       "no vGPU type that shows %ux%u has an instance left%s%s",
			       wish->width_px, wish->height_px, wish->parent ? " on " : "",
			       wish->parent ? wish->parent : "");
		vgpu_error_hint(err, "see `vgpulab types`; remove vGPUs that nobody uses, or give "
				     "--type for a parent that does not tell its resolutions");
		return -ENOSPC;
	}
	request.type = type->id;
	return vgpu_create(vgpu->backend, &request, instance, err);
}

int qt_vgpu_create(const struct qt_vgpu_wish *wish, struct qt_vgpu **out, struct vgpu_error *err)
{
	_destroy_(qt_vgpu) struct qt_vgpu *vgpu = calloc(1, sizeof(*vgpu));
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_instance instance = { 0 };
	int r;

	if (!vgpu)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "creating a vGPU");
	vgpu_uuid_generate(&vgpu->uuid);
	qt_keeper_note(wish->note_fd, vgpu->uuid.text);
	r = vgpu_backend_open("sysfs", &vgpu->backend, err);
	if (!r && wish->type) {
		struct vgpu_create_request request = { .parent = wish->parent,
						       .type = wish->type,
						       .uuid = &vgpu->uuid };

		r = vgpu_create(vgpu->backend, &request, &instance, err);
	} else if (!r) {
		r = create_smallest(vgpu, wish, &instance, err);
	}
	if (r)
		return r;
	vgpu->exists = true;
	strcpy(vgpu->type, instance.type);
	/* its index means the snapshot that it was read from; the name is what people know */
	if (!vgpu_snapshot_take(vgpu->backend, &snapshot, NULL) &&
	    instance.parent < snapshot->parents_len)
		strcpy(vgpu->parent, snapshot->parents[instance.parent].name);
	*out = steal(vgpu);
	return 0;
}

int qt_vgpu_remove(struct qt_vgpu *vgpu, struct vgpu_error *err)
{
	if (!vgpu->exists)
		return 0;
	vgpu->exists = false;
	return vgpu_remove(vgpu->backend, &vgpu->uuid, err);
}

void qt_vgpu_destroy(struct qt_vgpu *vgpu)
{
	if (!vgpu)
		return;
	qt_vgpu_remove(vgpu, NULL);
	if (vgpu->backend)
		vgpu->backend->impl->destroy(vgpu->backend);
	free(vgpu);
}

const char *qt_vgpu_uuid(const struct qt_vgpu *vgpu)
{
	return vgpu->uuid.text;
}

const char *qt_vgpu_parent(const struct qt_vgpu *vgpu)
{
	return vgpu->parent;
}

const char *qt_vgpu_type(const struct qt_vgpu *vgpu)
{
	return vgpu->type;
}
