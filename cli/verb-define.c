/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "device-request.h"
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

static const char *find_mistake_to_define(const struct cli_device_request *request)
{
	if (request->jsonfile && (request->type || request->automatic))
		return "--jsonfile brings its own type and start";
	return NULL;
}

static int define(const struct cli_globals *globals, const struct cli_host *host,
		  const struct cli_device_request *request, struct vgpu_error *err)
{
	_definition_ struct vgpu_definition definition = { 0 };
	struct json_object *json;
	int ret = fill_in(host, request, &definition, err);

	if (ret == 0 && !request->force)
		ret = vgpu_definition_check(host->host.backend, &definition, err);
	if (ret == 0)
		ret = vgpu_define(&host->host, &definition, err);
	if (ret < 0)
		return ret;
	if (!globals->json) {
		puts(definition.uuid.text);
		return 0;
	}
	json = vgpu_definition_to_json(&definition);
	json_object_object_add(json, "uuid", json_object_new_string(definition.uuid.text));
	json_object_object_add(json, "parent", json_object_new_string(definition.parent));
	cli_json_print(json);
	json_object_put(json);
	return 0;
}

int cli_verb_define(const struct cli_globals *globals, int argc, char **argv)
{
	static const struct cli_device_verb verb = { find_mistake_to_define, define };

	return cli_device_verb_run(&verb, globals, argc, argv);
}

const struct cli_option cli_undefine_options[] = {
	{ 'u', "uuid", "UUID", "its UUID" },
	{ 'p', "parent", "PARENT", "on this parent alone; needed for a file that is broken" },
	{ 0 },
};

static const char *find_mistake_to_undefine(const struct cli_device_request *request)
{
	return request->uuid ? NULL : "which vGPU? ('vgpulab list --defined')";
}

static int undefine(const struct cli_globals *globals, const struct cli_host *host,
		    const struct cli_device_request *request, struct vgpu_error *err)
{
	(void)globals;
	return vgpu_undefine(&host->host, request->uuid, request->parent, err);
}

int cli_verb_undefine(const struct cli_globals *globals, int argc, char **argv)
{
	static const struct cli_device_verb verb = { find_mistake_to_undefine, undefine };

	return cli_device_verb_run(&verb, globals, argc, argv);
}
