/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/manager.h>

#include "instance-columns.h"

const struct cli_option cli_create_options[] = {
	{ 'p', "parent", "PARENT", "the GPU; needed only if several offer the type" },
	{ 'n', "name", "NAME", "take the UUID that always belongs to this name" },
	{ 't', "type", "TYPE", "its type, as 'vgpulab types' lists them" },
	{ 0 },
};

static void print_created(const struct cli_globals *globals, const struct vgpu_instance *instance,
			  const char *root)
{
	const struct cli_instance_row row = { instance, root };
	struct json_object *object;

	if (!globals->json) {
		puts(instance->uuid.text);
		return;
	}
	object = cli_listing_object(cli_instance_columns, cli_instance_columns_len, &row);
	cli_json_print(object);
	json_object_put(object);
}

static int create(const struct cli_globals *globals, const struct vgpu_create_request *request)
{
	_cli_backend_ struct vgpu_backend *backend = NULL;
	struct vgpu_instance instance;
	struct vgpu_error err = { 0 };
	int ret = cli_backend_open(globals, &backend, &err);

	if (ret == 0)
		ret = vgpu_create(backend, request, &instance, &err);
	if (ret < 0)
		return cli_fail(globals, &err);
	print_created(globals, &instance, backend->root);
	return 0;
}

int cli_verb_create(const struct cli_globals *globals, int argc, char **argv)
{
	struct cli_arguments args;
	struct vgpu_create_request request = { 0 };
	struct vgpu_uuid uuid;
	int id;

	cli_arguments_init(&args, globals, argc, argv);
	while ((id = cli_arguments_next(&args)) >= 0) {
		if (id == 'n') {
			vgpu_uuid_from_name(args.value, &uuid);
			request.uuid = &uuid;
		} else {
			*(id == 'p' ? &request.parent : &request.type) = args.value;
		}
	}
	if (args.ended)
		return args.exit_code;
	if (!request.type)
		return cli_usage_fail(&args, "which type? --type is missing ('vgpulab types')");
	if (args.operands_len && request.uuid)
		return cli_usage_fail(&args, "a UUID or --name, not both");
	if (args.operands_len > 1)
		return cli_usage_fail(&args, "one UUID at most");
	if (args.operands_len && vgpu_uuid_parse(args.operands[0], &uuid) < 0)
		return cli_usage_fail(&args, "'%s' is no UUID", args.operands[0]);
	if (args.operands_len)
		request.uuid = &uuid;
	return create(&args.globals, &request);
}
