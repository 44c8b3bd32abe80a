/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/nearest.h>

#include "type-find.h"

static void offer_types(struct vgpu_nearest *nearest, const struct vgpu_parent *parent, char *all,
			size_t size)
{
	for (size_t i = 0; i < parent->types_len; i++) {
		const char *id = parent->types[i].id, *dash = strchr(id, '-');

		vgpu_nearest_offer(nearest, id);
		if (dash)
			vgpu_nearest_offer(nearest, dash + 1);
		snprintf(all + strlen(all), size - strlen(all), "%s%s", all[0] ? ", " : "", id);
	}
}

int vgpu_type_fail(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
		   const char *wanted, struct vgpu_error *err)
{
	struct vgpu_nearest nearest = { .wanted = wanted };
	char all[300] = "";
	int ret;

	for (size_t i = 0; i < snapshot->parents_len; i++)
		if (!parent || parent == &snapshot->parents[i])
			offer_types(&nearest, &snapshot->parents[i], all, sizeof(all));
	ret = vgpu_error_set(err, VGPU_ERROR_NO_TYPE, ENOENT, "%s%s type %s",
			     parent ? parent->name : "no device here",
			     parent ? " offers no" : " offers a", wanted);
	if (nearest.name)
		vgpu_error_hint(err, "did you mean %s?", nearest.name);
	else if (all[0])
		vgpu_error_hint(err, "types: %s", all);
	else
		vgpu_error_hint(
			err, "it offers no type at all: its aperture is too small for any; set a "
			     "larger one in the firmware (256 MB or more)");
	return ret;
}

int vgpu_type_find(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
		   const char *wanted, const struct vgpu_mdev_type **out, struct vgpu_error *err)
{
	const struct vgpu_mdev_type *type = NULL;

	for (size_t i = 0; i < snapshot->parents_len && !type; i++)
		if (!parent || parent == &snapshot->parents[i])
			type = vgpu_parent_find_type(&snapshot->parents[i], wanted);
	if (!type)
		return vgpu_type_fail(snapshot, parent, wanted, err);
	*out = type;
	return 0;
}
