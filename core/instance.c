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

static int read_group(struct vgpu_backend *backend, const char *path)
{
	char group[16], *end;
	long number;

	if (vgpu_attribute_link_name(backend, group, sizeof(group), "%s/iommu_group", path))
		return -1;
	number = strtol(group, &end, 10);
	return group[0] >= '0' && group[0] <= '9' && !*end && number <= INT32_MAX ? (int)number
										  : -1;
}

void vgpu_instance_complete(struct vgpu_backend *backend, struct vgpu_instance *instance,
			    bool whole)
{
	const char *path = instance->path;

	if (!instance->type[0])
		vgpu_attribute_link_name(backend, instance->type, sizeof(instance->type),
					 "%s/mdev_type", path);
	if (!whole)
		return;
	if (!instance->driver[0])
		vgpu_attribute_link_name(backend, instance->driver, sizeof(instance->driver),
					 "%s/driver", path);
	instance->iommu_group = read_group(backend, path);
}

void vgpu_instance_read(struct vgpu_backend *backend, struct vgpu_instance *instance)
{
	instance->type[0] = instance->driver[0] = '\0';
	vgpu_instance_complete(backend, instance, true);
}
