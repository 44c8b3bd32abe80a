/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "device-request.h"
#include "host.h"
#include "listing.h"

const struct cli_option cli_define_options[] = {
	{ 'u', "uuid", "UUID", "its UUID; none: that of the name, or a new one" },
	{ CLI_DEVICE_NAME, "name", "NAME", "take the UUID that always belongs to this name" },
	{ 'p', "parent", "PARENT", "the GPU; of a vGPU that runs, its own" },
	{ 't', "type", "TYPE", "its type; of a vGPU that runs, its own" },
	{ 'a', "auto", NULL, "start it when its GPU appears, as at boot" },
	{ CLI_DEVICE_JSONFILE, "jsonfile", "FILE", "take type, start and attributes from FILE" },
	{ 'f', "force", NULL, "even if the GPU is not there, or does not offer the type" },
	{ 0 },
};

/* What is not said is taken from the vGPU, if it runs. */
static int fill_in(const struct cli_host *host, const struct cli_device_request *request,
		   struct vgpu_definition *definition, struct vgpu_error *err)
{
	struct vgpu_definition running = { 0 };
	bool runs = false;
	int ret;

	if (request->uuid) {
		running.uuid = *request->uuid;
		runs = vgpu_definition_from_running(host->host.backend, &running) == 0;
	}
	ret = cli_device_request_describe(request, runs ? &running : NULL, definition, err);
	if (ret < 0 || request->jsonfile)
		return ret;
	definition->autostart = request->automatic;
	if (runs && !strcmp(running.parent, definition->parent) &&
	    !strcmp(running.type, definition->type))
		ret = vgpu_callout_get_settings(host->host.callouts, definition, err);
	return ret;
}

static int define(const struct cli_globals *globals, const struct cli_device_request *request,
		  struct vgpu_definition *definition, struct vgpu_error *err)
{
	_cli_host_ struct cli_host host = { 0 };
	int ret = cli_host_open(globals, &host, err);

	if (ret == 0)
		ret = fill_in(&host, request, definition, err);
	if (ret == 0 && !request->force)
		ret = vgpu_definition_check(host.host.backend, definition, err);
	if (ret == 0)
		ret = vgpu_define(&host.host, definition, err);
	return ret;
}

int cli_verb_define(const struct cli_globals *globals, int argc, char **argv)
{
	_definition_ struct vgpu_definition definition = { 0 };
	struct cli_device_request request;
	struct vgpu_error err = { 0 };
	struct cli_arguments args;

	cli_arguments_init(&args, globals, argc, argv);
	if (cli_device_request_read(&request, &args) < 0)
		return args.exit_code;
	if (request.jsonfile && (request.type || request.automatic))
		return cli_usage_fail(&args, "--jsonfile brings its own type and start");
	if (define(&args.globals, &request, &definition, &err) < 0)
		return cli_fail(&args.globals, &err);
	if (args.globals.json) {
		struct json_object *json = vgpu_definition_to_json(&definition);

		json_object_object_add(json, "uuid", json_object_new_string(definition.uuid.text));
		json_object_object_add(json, "parent", json_object_new_string(definition.parent));
		cli_json_print(json);
		json_object_put(json);
	} else {
		puts(definition.uuid.text);
	}
	return 0;
}

const struct cli_option cli_undefine_options[] = {
	{ 'u', "uuid", "UUID", "its UUID" },
	{ 'p', "parent", "PARENT", "on this parent alone; needed for a file that is broken" },
	{ 0 },
};

int cli_verb_undefine(const struct cli_globals *globals, int argc, char **argv)
{
	_cli_host_ struct cli_host host = { 0 };
	struct cli_device_request request;
	struct vgpu_error err = { 0 };
	struct cli_arguments args;
	int ret;

	cli_arguments_init(&args, globals, argc, argv);
	if (cli_device_request_read(&request, &args) < 0)
		return args.exit_code;
	if (!request.uuid)
		return cli_usage_fail(&args, "which vGPU? ('vgpulab list --defined')");
	ret = cli_host_open(&args.globals, &host, &err);
	if (ret == 0)
		ret = vgpu_undefine(&host.host, request.uuid, request.parent, &err);
	return ret < 0 ? cli_fail(&args.globals, &err) : 0;
}
