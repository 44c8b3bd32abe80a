/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/cleanup.h>

#include "device-request.h"
#include "host.h"
#include "instance-columns.h"
#include "list-tree.h"
#include "mdevctl-format.h"

const struct cli_option cli_list_options[] = {
	{ 'o', "output", "COLUMN,...",
	  "UUID PARENT TYPE DRIVER GROUP NODE PATH PID USER PROGRAM VM; with --defined: UUID PARENT TYPE START STATE "
	  "ATTRS" },
	{ 'd', "defined", NULL, "those that are defined, running or not" },
	{ CLI_DEVICE_ACTIVE, "active", NULL, "those that run; this is the default" },
	{ 'v', "verbose", NULL, "with --defined: the attributes as well" },
	{ CLI_DEVICE_DUMPJSON, "dumpjson", NULL, "as `mdevctl list --dumpjson` prints it" },
	{ CLI_DEVICE_TREE, "tree", NULL, "GPUs, types and vGPUs as a tree" },
	{ 'u', "uuid", "UUID", "that one alone, as with mdevctl" },
	{ 'p', "parent", "PARENT", "those of this GPU" },
	{ 0 },
};

/* What add_rows() is told. */
struct choice {
	const struct cli_device_request *request;
	struct cli_owners owners;
};

static void add_row(struct cli_listing *listing, const struct vgpu_instance *instance)
{
	const struct choice *choice = listing->data;

	cli_listing_add(listing, &(struct cli_instance_row){ instance, listing->backend->root,
							     &choice->owners });
}

static int add_rows(struct cli_listing *listing, const struct vgpu_snapshot *snapshot,
		    const struct cli_arguments *args, struct vgpu_error *err)
{
	const struct cli_device_request *request = ((const struct choice *)listing->data)->request;
	const struct vgpu_parent *parent = NULL;
	int ret = 0;

	if (request->parent)
		ret = vgpu_parent_find(listing->backend, snapshot, request->parent, &parent, err);
	if (ret < 0)
		return ret;
	for (int i = 0; i < args->operands_len; i++) {
		const struct vgpu_instance *instance;
		struct vgpu_uuid uuid;

		if (vgpu_uuid_parse(args->operands[i], &uuid) < 0) {
			vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "'%s' is no UUID",
				       args->operands[i]);
			vgpu_error_hint(err, "`vgpulab list` shows them all, `vgpulab list "
					     "--parent PARENT` those of one device");
			return -EINVAL;
		}
		instance = vgpu_snapshot_find_instance(snapshot, &uuid);
		if (!instance || (parent && snapshot->parents + instance->parent != parent))
			return vgpu_error_set(err, VGPU_ERROR_NO_VGPU, ENOENT,
					      "there is no vGPU %s%s%s", uuid.text,
					      parent ? " on " : "", parent ? parent->name : "");
		add_row(listing, instance);
	}
	for (size_t i = 0; i < snapshot->instances_len && !args->operands_len; i++)
		if ((!parent || snapshot->parents + snapshot->instances[i].parent == parent) &&
		    (!request->uuid ||
		     vgpu_uuid_equal(request->uuid, &snapshot->instances[i].uuid)))
			add_row(listing, &snapshot->instances[i]);
	return 0;
}

/*
 * Those that are defined
 */

#define CELL(name, expression)                            \
	static struct json_object *name(const void *data) \
	{                                                 \
		const struct vgpu_device *device = data;  \
                                                          \
		return expression;                        \
	}

CELL(uuid, cli_text(device->definition.uuid.text))
CELL(parent, cli_text(device->definition.parent))
CELL(type, cli_text(device->definition.type))
CELL(start, cli_text(device->definition.autostart ? "auto" : "manual"))
CELL(state, cli_text(device->active ? "running" : "stopped"))

static struct json_object *attributes(const void *data)
{
	const struct vgpu_device *device = data;
	struct json_object *definition = vgpu_definition_to_json(&device->definition), *attrs;

	attrs = json_object_get(json_object_object_get(definition, "attrs"));
	json_object_put(definition);
	return attrs;
}

static const struct cli_column defined_columns[] = {
	{ "UUID", "uuid", "the vGPU's name", .value = uuid },
	{ "PARENT", "parent", "the GPU it is a part of", .value = parent },
	{ "TYPE", "type", "its mdev type", .value = type },
	{ "START", "start", "when it is started", .value = start },
	{ "STATE", "state", "whether it runs, as defined", .value = state },
	{ "ATTRS", "attrs", "what is written at its start", .extra = true, .value = attributes },
};

static int print_defined(const struct cli_globals *globals, const struct vgpu_devices *devices,
			 const struct cli_device_request *request, struct vgpu_error *err)
{
	struct cli_listing listing;
	const char *output = request->output;
	int ret = 0;

	cli_listing_init(&listing, defined_columns, VGPU_ARRAY_LEN(defined_columns));
	if (!output && (request->verbose || globals->json))
		output = "+attrs";
	if (output)
		ret = cli_listing_choose(&listing, output, err);
	for (size_t i = 0; ret == 0 && i < devices->len; i++)
		cli_listing_add(&listing, &devices->items[i]);
	if (ret == 0)
		ret = cli_listing_print(&listing, globals->json, err);
	cli_listing_finish(&listing);
	return ret;
}

/* A definition that cannot be read is named, and the exit code tells; the others are listed. */
static int list_devices(const struct cli_arguments *args, const struct cli_device_request *request)
{
	_destroy_(vgpu_devices) struct vgpu_devices *devices = NULL;
	_cli_host_ struct cli_host host = { 0 };
	struct vgpu_error err = { 0 };
	int ret = cli_host_open(&args->globals, &host, &err);

	if (ret == 0)
		ret = (request->defined ? vgpu_devices_defined : vgpu_devices_active)(
			&host.host, request->uuid, request->parent, &devices, &err);
	if (ret == 0 && request->dumpjson)
		cli_mdevctl_print_devices_json(devices, request->uuid);
	else if (ret == 0)
		ret = print_defined(&args->globals, devices, request, &err);
	if (ret < 0)
		return cli_fail(&args->globals, &err);
	cli_warn_broken(&args->globals, devices->broken, devices->broken_len);
	return devices->broken_len ? VGPU_ERROR_FAILED : 0;
}

static int list_tree(const struct cli_globals *globals)
{
	_cli_backend_ struct vgpu_backend *backend = NULL;
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_error err = { 0 };
	int ret = cli_backend_open(globals, &backend, &err);

	if (ret == 0)
		ret = vgpu_snapshot_take(backend, &snapshot, &err);
	if (ret == 0)
		ret = cli_list_tree_print(snapshot, &err);
	return ret < 0 ? cli_fail(globals, &err) : 0;
}

/* Looking at all processes takes time: only where it is asked for. */
static bool wants_owners(const char *output)
{
	static const char *const names[] = { "PID", "USER", "PROGRAM", "VM" };

	for (size_t i = 0; output && i < VGPU_ARRAY_LEN(names); i++)
		if (strcasestr(output, names[i]))
			return true;
	return false;
}

static int list_running(const struct cli_arguments *args, const struct cli_device_request *request)
{
	struct choice choice = { .request = request };
	const struct cli_listing_verb verb = {
		.columns = cli_instance_columns,
		.columns_len = cli_instance_columns_len,
		.add_rows = add_rows,
		.data = &choice,
	};
	int code;

	if (wants_owners(request->output))
		cli_owners_find(&choice.owners);
	code = cli_listing_verb_show(&verb, args, request->output);
	cli_owners_finish(&choice.owners);
	return code;
}

int cli_verb_list(const struct cli_globals *globals, int argc, char **argv)
{
	struct cli_device_request request = { .index = -1 };
	struct cli_arguments args;
	int id, code;

	cli_arguments_init(&args, globals, argc, argv);
	while ((id = cli_arguments_next(&args)) >= 0) {
		code = cli_device_request_take(&request, &args, id);
		if (code)
			return code;
	}
	if (args.ended)
		return args.exit_code;
	if (request.defined && request.active)
		return cli_usage_fail(&args, "--defined or --active, not both");
	if (request.tree &&
	    (request.defined || request.dumpjson || request.uuid || request.parent ||
	     request.output || args.operands_len || args.globals.json))
		return cli_usage_fail(&args, "--tree stands alone");
	if (request.tree)
		return list_tree(&args.globals);
	if (args.operands_len && request.uuid)
		return cli_usage_fail(&args, "--uuid or UUIDs, not both");
	if (!request.defined && !request.dumpjson)
		return list_running(&args, &request);
	if (args.operands_len > 1)
		return cli_usage_fail(&args, "one UUID at most, with --defined or --dumpjson");
	if (args.operands_len && cli_device_request_take_uuid(&request, &args, args.operands[0]))
		return VGPU_ERROR_USAGE;
	return list_devices(&args, &request);
}
