/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-c/json.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/manager.h>

#include "listing.h"

/* Goes on after a failure, as rm(1) does. The exit code is the first failure's. */
static int remove_all(const struct cli_globals *globals, const struct vgpu_uuid *uuids, int len)
{
	_cli_backend_ struct vgpu_backend *backend = NULL;
	struct json_object *removed;
	struct vgpu_error err = { 0 };
	int code = 0;

	if (cli_backend_open(globals, &backend, &err) < 0)
		return cli_fail(globals, &err);
	removed = json_object_new_array();
	for (int i = 0; i < len; i++) {
		err = (struct vgpu_error){ 0 };
		if (vgpu_remove(backend, &uuids[i], &err) == 0) {
			json_object_array_add(removed, json_object_new_string(uuids[i].text));
		} else {
			int failed = cli_fail(globals, &err);

			code = code ? code : failed;
		}
	}
	if (globals->json)
		cli_json_print(removed);
	json_object_put(removed);
	return code;
}

int cli_verb_remove(const struct cli_globals *globals, int argc, char **argv)
{
	_autofree_ struct vgpu_uuid *uuids = NULL;
	struct cli_arguments args;

	cli_arguments_init(&args, globals, argc, argv);
	while (cli_arguments_next(&args) >= 0)
		;
	if (args.ended)
		return args.exit_code;
	if (!args.operands_len)
		return cli_usage_fail(&args, "which vGPU? ('vgpulab list')");
	uuids = calloc((size_t)args.operands_len, sizeof(*uuids));
	if (!uuids)
		return cli_usage_fail(&args, "too many vGPUs at once");
	/* all are looked at before any goes */
	for (int i = 0; i < args.operands_len; i++)
		if (vgpu_uuid_parse(args.operands[i], &uuids[i]) < 0)
			return cli_usage_fail(&args, "'%s' is no UUID", args.operands[i]);
	return remove_all(&args.globals, uuids, args.operands_len);
}
