/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/snapshot.h>

#include "listing.h"

struct row {
	const struct vgpu_parent *parent;
	const struct vgpu_mdev_type *type;
};

#define CELL(name, expression)                            \
	static struct json_object *name(const void *data) \
	{                                                 \
		const struct row *row = data;             \
                                                          \
		return expression;                        \
	}

static struct json_object *resolution(const void *data)
{
	const struct row *row = data;
	char text[32];

	if (!row->type->xres_px)
		return NULL;
	snprintf(text, sizeof(text), "%ux%u", row->type->xres_px, row->type->yres_px);
	return cli_text(text);
}

static struct json_object *pci_id(const void *data)
{
	const struct row *row = data;
	char text[16];

	if (!row->parent->vendor_id)
		return NULL;
	snprintf(text, sizeof(text), "%04x:%04x", row->parent->vendor_id, row->parent->device_id);
	return cli_text(text);
}

CELL(parent, cli_text(row->parent->name))
CELL(type, cli_text(row->type->id))
CELL(available, json_object_new_int64(row->type->available))
CELL(low, cli_number(row->type->low_gm_mib))
CELL(high, cli_number(row->type->high_gm_mib))
CELL(fences, cli_number(row->type->fences))
CELL(weight, cli_number(row->type->weight))
CELL(api, cli_text(row->type->device_api))
CELL(name, cli_text(row->type->name))
CELL(description, cli_text(row->type->description))
CELL(driver, cli_text(row->parent->driver))

static const struct cli_column columns[] = {
	{ "PARENT", "parent", "the GPU", .value = parent },
	{ "TYPE", "type", "name of the type, for create --type", .value = type },
	{ "AVAILABLE", "available", "instances that fit now", .value = available },
	{ "RESOLUTION", "resolution", "largest mode of its display", .value = resolution },
	{ "LOW", "low_mib", "mappable graphics memory", "M", .value = low },
	{ "HIGH", "high_mib", "further graphics memory", "M", .value = high },
	{ "FENCES", "fences", "fence registers", .value = fences },
	{ "WEIGHT", "weight", "share of the GPU's time", .value = weight },
	{ "API", "device_api", "what it looks like to VFIO", .value = api },
	{ "NAME", "name", "what the driver calls it", .extra = true, .value = name },
	{ "DESCRIPTION", "description", "as the driver prints it", .extra = true,
	  .value = description },
	{ "DRIVER", "driver", "the GPU's driver", .extra = true, .value = driver },
	{ "ID", "pci_id", "the GPU's vendor and device id", .extra = true, .value = pci_id },
};

const struct cli_option cli_types_options[] = {
	{ 'o', "output", "COLUMN,...",
	  "PARENT TYPE AVAILABLE RESOLUTION LOW HIGH FENCES WEIGHT API NAME DESCRIPTION DRIVER ID" },
	{ 0 },
};

static int add_rows(struct cli_listing *listing, const struct vgpu_snapshot *snapshot,
		    const struct cli_arguments *args, struct vgpu_error *err)
{
	for (int i = 0; i < args->operands_len; i++)
		if (!vgpu_snapshot_find_parent(snapshot, args->operands[i]))
			return vgpu_error_set(err, VGPU_ERROR_NO_GPU, ENOENT,
					      "no device '%s' offers vGPU types",
					      args->operands[i]);
	for (size_t i = 0; i < snapshot->parents_len; i++) {
		const struct vgpu_parent *at = &snapshot->parents[i];
		bool selected = !args->operands_len;

		for (int k = 0; k < args->operands_len && !selected; k++)
			selected = vgpu_snapshot_find_parent(snapshot, args->operands[k]) == at;
		for (size_t j = 0; j < at->types_len && selected; j++)
			cli_listing_add(listing, &(struct row){ at, &at->types[j] });
	}
	return 0;
}

static const struct cli_listing_verb listing_verb = {
	.columns = columns,
	.columns_len = VGPU_ARRAY_LEN(columns),
	.add_rows = add_rows,
};

int cli_verb_types(const struct cli_globals *globals, int argc, char **argv)
{
	return cli_listing_verb_run(&listing_verb, globals, argc, argv);
}
