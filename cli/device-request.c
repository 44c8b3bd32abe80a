/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/number.h>

#include "device-request.h"
#include "whole-file.h"

/* mdevctl's ways to write a UUID, too. Source: the uuid crate, Uuid::parse_str() */
static int parse_uuid(const char *text, struct vgpu_uuid *out)
{
	static const char urn[] = "urn:uuid:";
	size_t len = strlen(text);
	char hyphenated[VGPU_UUID_TEXT_LEN];

	if (len == 38 && text[0] == '{' && text[37] == '}')
		snprintf(hyphenated, sizeof(hyphenated), "%.36s", text + 1);
	else if (len == 45 && !strncmp(text, urn, strlen(urn)))
		snprintf(hyphenated, sizeof(hyphenated), "%s", text + strlen(urn));
	else if (len == 32)
		snprintf(hyphenated, sizeof(hyphenated), "%.8s-%.4s-%.4s-%.4s-%.12s", text,
			 text + 8, text + 12, text + 16, text + 20);
	else
		return vgpu_uuid_parse(text, out);
	return vgpu_uuid_parse(hyphenated, out);
}

int cli_device_request_take_uuid(struct cli_device_request *request,
				 const struct cli_arguments *args, const char *text)
{
	if (parse_uuid(text, &request->uuid_given) < 0)
		return cli_usage_fail(args, "'%s' is no UUID", text);
	request->uuid = &request->uuid_given;
	return 0;
}

static int take_index(struct cli_device_request *request, const struct cli_arguments *args)
{
	uint64_t index;

	if (vgpu_number_parse(args->value, 0, LONG_MAX, &index))
		return cli_usage_fail(args, "'%s' is no index", args->value);
	request->index = (long)index;
	return 0;
}

int cli_device_request_take(struct cli_device_request *request, const struct cli_arguments *args,
			    int id)
{
	const struct {
		int id;
		const char **text;
		bool *flag;
	} fields[] = {
		{ 'p', &request->parent, NULL },
		{ 't', &request->type, NULL },
		{ 'o', &request->output, NULL },
		{ CLI_DEVICE_JSONFILE, &request->jsonfile, NULL },
		{ CLI_DEVICE_ADDATTR, &request->addattr, NULL },
		{ CLI_DEVICE_VALUE, &request->value, NULL },
		{ 'a', NULL, &request->automatic },
		{ 'm', NULL, &request->manual },
		{ 'l', NULL, &request->live },
		{ 'd', NULL, &request->defined },
		{ 'f', NULL, &request->force },
		{ 'v', NULL, &request->verbose },
		{ CLI_DEVICE_DELATTR, NULL, &request->delattr },
		{ CLI_DEVICE_DUMPJSON, NULL, &request->dumpjson },
		{ CLI_DEVICE_ACTIVE, NULL, &request->active },
		{ CLI_DEVICE_TREE, NULL, &request->tree },
	};

	if (id == 'u')
		return cli_device_request_take_uuid(request, args, args->value);
	if (id == 'i')
		return take_index(request, args);
	if (id == CLI_DEVICE_NAME) {
		vgpu_uuid_from_name(args->value, &request->uuid_given);
		request->uuid = &request->uuid_given;
	}
	for (size_t i = 0; i < VGPU_ARRAY_LEN(fields); i++) {
		if (fields[i].id != id)
			continue;
		if (fields[i].text)
			*fields[i].text = args->value;
		else
			*fields[i].flag = true;
	}
	if (id == 'p' && !args->globals.mdevctl)
		request->parent = vgpu_pci_address_canonical(args->value, request->parent_given);
	return 0;
}

static int end(struct cli_arguments *args, int code)
{
	args->ended = true;
	args->exit_code = code;
	return -1;
}

/* Reads all arguments; one UUID may also stand without an option. 0, or -1 if the verb is to end. */
static int read_all(struct cli_device_request *request, struct cli_arguments *args)
{
	int id, code = 0;

	*request = (struct cli_device_request){ .index = -1 };
	while ((id = cli_arguments_next(args)) >= 0) {
		code = cli_device_request_take(request, args, id);
		if (code)
			return end(args, code);
	}
	if (args->ended)
		return -1;
	if (args->operands_len > 1 || (args->operands_len && request->uuid))
		return end(args, cli_usage_fail(args, "one UUID at most"));
	if (args->operands_len)
		code = cli_device_request_take_uuid(request, args, args->operands[0]);
	return code ? end(args, code) : 0;
}

int cli_device_verb_run(const struct cli_device_verb *verb, const struct cli_globals *globals,
			int argc, char **argv)
{
	_cli_host_ struct cli_host host = { 0 };
	struct cli_device_request request;
	struct vgpu_error err = { 0 };
	struct cli_arguments args;
	const char *mistake;
	int ret;

	cli_arguments_init(&args, globals, argc, argv);
	if (read_all(&request, &args) < 0)
		return args.exit_code;
	mistake = verb->find_mistake(&request);
	if (mistake)
		return cli_usage_fail(&args, "%s", mistake);
	ret = cli_host_open(&args.globals, &host, &err);
	if (ret == 0)
		ret = verb->act(&args.globals, &host, &request, &err);
	return ret < 0 ? cli_fail(&args.globals, &err) : 0;
}

int cli_definition_load(const char *jsonfile, struct vgpu_definition *definition,
			struct vgpu_error *err)
{
	_autofree_ char *text = NULL;
	size_t len;
	int ret = cli_file_read(jsonfile, &text, &len, err);

	if (ret == 0)
		ret = vgpu_definition_parse(definition, cli_file_name(jsonfile), text, len, err);
	/* it is an argument that is wrong, not the host */
	if (ret == -EINVAL)
		err->kind = VGPU_ERROR_USAGE;
	return ret;
}

int cli_definition_change(const struct cli_device_request *request,
			  struct vgpu_definition *definition, struct vgpu_error *err)
{
	int ret = 0;

	if (request->type)
		ret = vgpu_definition_set_type(definition, request->type, err);
	if (request->automatic || request->manual)
		definition->autostart = request->automatic;
	if (ret == 0 && request->addattr)
		ret = vgpu_definition_add_setting(definition, request->index, request->addattr,
						  request->value, err);
	else if (ret == 0 && request->delattr)
		ret = vgpu_definition_delete_setting(definition, request->index, err);
	return ret;
}

int cli_device_request_describe(const struct cli_device_request *request,
				const struct vgpu_definition *running,
				struct vgpu_definition *definition, struct vgpu_error *err)
{
	const char *parent = request->parent ? request->parent : running ? running->parent : NULL;
	const char *type = request->type ? request->type : running ? running->type : NULL;
	int ret;

	if (request->uuid)
		definition->uuid = *request->uuid;
	else
		vgpu_uuid_generate(&definition->uuid);
	if (!parent)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "on which GPU? --parent is missing ('vgpulab types')");
	if (!type && !request->jsonfile)
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "which type? --type is missing ('vgpulab types')");
	ret = vgpu_definition_set_parent(definition, parent, err);
	if (ret < 0)
		return ret;
	return request->jsonfile ? cli_definition_load(request->jsonfile, definition, err)
				 : vgpu_definition_set_type(definition, type, err);
}
