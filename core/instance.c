/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <vgpulab/snapshot.h>

#include "attribute.h"
#include "instance.h"

int vgpu_instance_path(struct vgpu_backend *backend, const char *name, char *path, size_t size)
{
	return vgpu_attribute_link_path(backend, path, size, "bus/mdev/devices/%s", name);
}

void vgpu_instance_set_parent(struct vgpu_instance *instance, const char *name, const char *path)
{
	snprintf(instance->parent_name, sizeof(instance->parent_name), "%s", name);
	snprintf(instance->path, sizeof(instance->path), "%s/%s", path, instance->uuid.text);
}

void vgpu_instance_read(struct vgpu_backend *backend, struct vgpu_instance *instance)
{
	const char *path = instance->path;
	char group[16], *end;

	instance->type[0] = instance->driver[0] = '\0';
	instance->iommu_group = -1;
	vgpu_attribute_link_name(backend, instance->type, sizeof(instance->type), "%s/mdev_type",
				 path);
	vgpu_attribute_link_name(backend, instance->driver, sizeof(instance->driver), "%s/driver",
				 path);
	if (!vgpu_attribute_link_name(backend, group, sizeof(group), "%s/iommu_group", path)) {
		long number = strtol(group, &end, 10);

		if (group[0] >= '0' && group[0] <= '9' && !*end && number <= INT32_MAX)
			instance->iommu_group = (int)number;
	}
}
