/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/manager.h>

#include "device-request.h"
#include "listing.h"
#include "mdevctl-format.h"

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
	{ CLI_DEVICE_DUMPJSON, "dumpjson", NULL, "as `mdevctl types --dumpjson` prints it" },
	{ 'p', "parent", "PARENT", "those of this GPU, as with mdevctl" },
	{ 0 },
};

static void add_parent(struct cli_listing *listing, const struct vgpu_parent *at)
{
	for (size_t i = 0; i < at->types_len; i++)
		cli_listing_add(listing, &(struct row){ at, &at->types[i] });
}

static int add_rows(struct cli_listing *listing, const struct vgpu_snapshot *snapshot,
		    const struct cli_arguments *args, struct vgpu_error *err)
{
	const struct vgpu_parent *found;

	for (int i = 0; i < args->operands_len; i++) {
		int ret = vgpu_parent_find(listing->backend, snapshot, args->operands[i], &found,
					   err);

		if (ret < 0)
			return ret;
		add_parent(listing, found);
	}
	if (args->operands_len)
		return 0;
	for (size_t i = 0; i < snapshot->parents_len; i++)
		add_parent(listing, &snapshot->parents[i]);
	/* an empty list is no failure, but a person wants to know why it is empty */
	if (!args->globals.json && vgpu_parent_find(listing->backend, snapshot, NULL, &found, err))
		cli_fail(&args->globals, err);
	return 0;
}

static const struct cli_listing_verb listing_verb = {
	.columns = columns,
	.columns_len = VGPU_ARRAY_LEN(columns),
	.add_rows = add_rows,
};

static int dump(const struct cli_globals *globals, const char *parent)
{
	_cli_backend_ struct vgpu_backend *backend = NULL;
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_error err = { 0 };
	int ret = cli_backend_open(globals, &backend, &err);

	if (ret == 0)
		ret = vgpu_snapshot_take_parents(backend, &snapshot, &err);
	if (ret < 0)
		return cli_fail(globals, &err);
	cli_mdevctl_print_types_json(snapshot, parent);
	return 0;
}

int cli_verb_types(const struct cli_globals *globals, int argc, char **argv)
{
	struct cli_device_request request = { .index = -1 };
	struct cli_arguments args;
	int id;

	cli_arguments_init(&args, globals, argc, argv);
	while ((id = cli_arguments_next(&args)) >= 0)
		cli_device_request_take(&request, &args, id);
	if (args.ended)
		return args.exit_code;
	if (request.parent && args.operands_len)
		return cli_usage_fail(&args, "--parent, or parents without it");
	if (request.dumpjson && args.operands_len > 1)
		return cli_usage_fail(&args, "one parent at most, with --dumpjson");
	if (request.dumpjson)
		return dump(&args.globals, args.operands_len ? args.operands[0] : request.parent);
	if (request.parent) {
		args.operands = (char **)&request.parent;
		args.operands_len = 1;
	}
	return cli_listing_verb_show(&listing_verb, &args, request.output);
}
