/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <vgpulab/cleanup.h>

#include "instance-columns.h"

static struct json_object *uuid(const void *data)
{
	const struct cli_instance_row *row = data;

	return cli_text(row->instance->uuid.text);
}

static struct json_object *parent(const void *data)
{
	const struct cli_instance_row *row = data;

	return cli_text(row->instance->parent_name);
}

static struct json_object *type(const void *data)
{
	const struct cli_instance_row *row = data;

	return cli_text(row->instance->type);
}

static struct json_object *driver(const void *data)
{
	const struct cli_instance_row *row = data;

	return cli_text(row->instance->driver);
}

static struct json_object *group(const void *data)
{
	const struct cli_instance_row *row = data;

	return row->instance->iommu_group < 0 ? NULL
					      : json_object_new_int(row->instance->iommu_group);
}

static struct json_object *node(const void *data)
{
	const struct cli_instance_row *row = data;
	char text[32];

	if (row->instance->iommu_group < 0)
		return NULL;
	snprintf(text, sizeof(text), "/dev/vfio/%d", row->instance->iommu_group);
	return cli_text(text);
}

static struct json_object *path(const void *data)
{
	const struct cli_instance_row *row = data;
	char text[600];

	snprintf(text, sizeof(text), "%s/%s", row->root, row->instance->path);
	return cli_text(text);
}

static const struct cli_owner *owner(const void *data)
{
	const struct cli_instance_row *row = data;
	char text[32];

	if (!row->owners || row->instance->iommu_group < 0)
		return NULL;
	snprintf(text, sizeof(text), "/dev/vfio/%d", row->instance->iommu_group);
	return cli_owners_of(row->owners, text);
}

static struct json_object *pid(const void *data)
{
	return owner(data) ? json_object_new_int(owner(data)->pid) : NULL;
}

static struct json_object *user(const void *data)
{
	return owner(data) ? cli_text(owner(data)->user) : NULL;
}

static struct json_object *program(const void *data)
{
	return owner(data) ? cli_text(owner(data)->program) : NULL;
}

static struct json_object *vm(const void *data)
{
	return owner(data) ? cli_text(owner(data)->vm) : NULL;
}

const struct cli_column cli_instance_columns[] = {
	{ "UUID", "uuid", "the vGPU's name", .value = uuid },
	{ "PARENT", "parent", "the GPU it is a part of", .value = parent },
	{ "TYPE", "type", "its mdev type", .value = type },
	{ "DRIVER", "driver", "the mdev driver it is bound to", .value = driver },
	{ "GROUP", "iommu_group", "its IOMMU group", .value = group },
	{ "NODE", "node", "the VFIO group's node", .extra = true, .value = node },
	{ "PATH", "path", "for -device vfio-pci,sysfsdev=", .extra = true, .value = path },
	{ "PID", "pid", "the process that uses it", .extra = true, .value = pid },
	{ "USER", "user", "whose process that is", .extra = true, .value = user },
	{ "PROGRAM", "program", "its name", .extra = true, .value = program },
	{ "VM", "vm", "the VM's name, as QEMU was told it", .extra = true, .value = vm },
};
const size_t cli_instance_columns_len = VGPU_ARRAY_LEN(cli_instance_columns);
