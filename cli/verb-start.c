/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "device-request.h"
#include "host.h"
#include "listing.h"

const struct cli_option cli_start_options[] = {
	{ 'u', "uuid", "UUID", "its UUID; none: that of the name, or a new one" },
	{ CLI_DEVICE_NAME, "name", "NAME", "take the UUID that always belongs to this name" },
	{ 'p', "parent", "PARENT", "the GPU" },
	{ 't', "type", "TYPE", "its type" },
	{ CLI_DEVICE_JSONFILE, "jsonfile", "FILE", "take type and attributes from FILE" },
	{ 0 },
};

static int find(const struct cli_host *host, const struct cli_device_request *request,
		struct vgpu_definition *definition, struct vgpu_error *err)
{
	int ret = -ENOENT;

	if (request->uuid && !request->jsonfile)
		ret = vgpu_definition_find(&host->host, request->uuid, request->parent, definition,
					   err);
	if (ret == 0 && request->type && strcmp(request->type, definition->type) != 0) {
		ret = vgpu_error_set(err, VGPU_ERROR_EXISTS, EEXIST, "vGPU %s is defined as %s",
				     definition->uuid.text, definition->type);
		vgpu_error_hint(err, "start it without --type, or modify its definition");
		return ret;
	}
	/* what is neither defined nor described is not known */
	if (ret != -ENOENT || (request->uuid && !request->type && !request->jsonfile))
		return ret;
	return cli_device_request_describe(request, NULL, definition, err);
}

static const char *find_mistake_to_start(const struct cli_device_request *request)
{
	if (request->jsonfile && request->type)
		return "--jsonfile brings its own type";
	return request->uuid || request->parent || request->type || request->jsonfile
		       ? NULL
		       : "which vGPU? ('vgpulab list --defined')";
}

static int start(const struct cli_globals *globals, const struct cli_host *host,
		 const struct cli_device_request *request, struct vgpu_error *err)
{
	_definition_ struct vgpu_definition definition = { 0 };
	int ret = find(host, request, &definition, err);

	(void)globals;
	if (ret == 0)
		ret = vgpu_start(&host->host, &definition, NULL, err);
	/* it is as it was asked for */
	if (ret < 0 && ret != -EALREADY)
		return ret;
	puts(definition.uuid.text);
	return 0;
}

int cli_verb_start(const struct cli_globals *globals, int argc, char **argv)
{
	static const struct cli_device_verb verb = { find_mistake_to_start, start };

	return cli_device_verb_run(&verb, globals, argc, argv);
}

const struct cli_option cli_stop_options[] = {
	{ 'u', "uuid", "UUID", "its UUID" },
	{ 0 },
};

static const char *find_mistake_to_stop(const struct cli_device_request *request)
{
	return request->uuid ? NULL : "which vGPU? ('vgpulab list')";
}

static int stop(const struct cli_globals *globals, const struct cli_host *host,
		const struct cli_device_request *request, struct vgpu_error *err)
{
	(void)globals;
	return vgpu_stop(&host->host, request->uuid, err);
}

int cli_verb_stop(const struct cli_globals *globals, int argc, char **argv)
{
	static const struct cli_device_verb verb = { find_mistake_to_stop, stop };

	return cli_device_verb_run(&verb, globals, argc, argv);
}

/* Goes on after a failure; the exit code is the first failure's. */
int cli_verb_start_parent_mdevs(const struct cli_globals *globals, int argc, char **argv)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *definitions = NULL;
	_cli_host_ struct cli_host host = { 0 };
	char canonical[VGPU_PCI_ADDRESS_TEXT_LEN];
	struct vgpu_error err = { 0 };
	struct cli_arguments args;
	int code = 0;

	cli_arguments_init(&args, globals, argc, argv);
	while (cli_arguments_next(&args) >= 0)
		;
	if (args.ended)
		return args.exit_code;
	if (args.operands_len != 1)
		return cli_usage_fail(&args, "which parent?");
	if (cli_host_open(&args.globals, &host, &err) < 0 ||
	    vgpu_store_list(host.host.store, NULL,
			    vgpu_pci_address_canonical(args.operands[0], canonical), &definitions,
			    &err) < 0)
		return cli_fail(&args.globals, &err);
	for (size_t i = 0; i < definitions->broken_len; i++) {
		int failed = cli_fail(&args.globals, &definitions->broken[i]);

		code = code ? code : failed;
	}
	for (size_t i = 0; i < definitions->len; i++) {
		int ret;

		if (!definitions->items[i].autostart)
			continue;
		ret = vgpu_start(&host.host, &definitions->items[i], NULL, &err);
		if (ret < 0 && ret != -EALREADY) {
			int failed = cli_fail(&args.globals, &err);

			code = code ? code : failed;
		}
	}
	return code;
}
