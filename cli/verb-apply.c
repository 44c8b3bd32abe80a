/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <vgpulab/declarative.h>
#include <vgpulab/json-format.h>

#include "host.h"
#include "listing.h"
#include "whole-file.h"

enum { OPTION_PRUNE = 256, OPTION_RESTART };

const struct cli_option cli_apply_options[] = {
	{ OPTION_PRUNE, "prune", NULL, "stop and undefine what is defined, but not in the file" },
	{ OPTION_RESTART, "restart", NULL, "stop running vGPUs that must be of another type" },
	{ 0 },
};

const struct cli_option cli_diff_options[] = {
	{ OPTION_PRUNE, "prune", NULL, "as apply --prune would do" },
	{ 0 },
};

const char cli_apply_details[] =
	"FILE (\"-\": standard input) says what the vGPUs shall be:\n"
	"{\"vgpus\": [{\"name\": \"desk\", \"parent\": \"0000:00:02.0\", \"type\": "
	"\"i915-GVTg_V5_4\", \"start\": \"auto\", \"running\": true}]}\n"
	"A name stands for a UUID that is always the same; \"uuid\" may be given in its place. What is "
	"as it shall be is left alone; vGPUs that nobody defined are never touched.";

static const struct vgpu_definition *subject(const struct vgpu_change *change)
{
	return change->kind <= VGPU_CHANGE_UNDEFINE ? &change->before : &change->after;
}

static void print_change(const struct vgpu_change *change)
{
	const struct vgpu_definition *definition = subject(change);

	printf("%s %s (%s on %s)\n", vgpu_change_name(change->kind), definition->uuid.text,
	       definition->type, definition->parent);
}

static struct json_object *change_to_json(const struct vgpu_change *change)
{
	const struct vgpu_definition *definition = subject(change);
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "change",
			       json_object_new_string(vgpu_change_name(change->kind)));
	json_object_object_add(json, "uuid", json_object_new_string(definition->uuid.text));
	json_object_object_add(json, "parent", json_object_new_string(definition->parent));
	json_object_object_add(json, "type", json_object_new_string(definition->type));
	return json;
}

static bool is_started_again(const struct vgpu_changes *changes, const struct vgpu_change *stop)
{
	for (size_t i = 0; i < changes->len; i++)
		if (changes->items[i].kind == VGPU_CHANGE_START &&
		    vgpu_uuid_equal(&changes->items[i].after.uuid, &stop->before.uuid))
			return true;
	return false;
}

/* A running vGPU of another type: a VM may hold it. */
static int check_restarts(const struct vgpu_changes *changes, struct vgpu_error *err)
{
	for (size_t i = 0; i < changes->len; i++) {
		const struct vgpu_change *change = &changes->items[i];
		int ret;

		if (change->kind != VGPU_CHANGE_STOP || !is_started_again(changes, change))
			continue;
		ret = vgpu_error_set(err, VGPU_ERROR_BUSY, EBUSY,
				     "vGPU %s runs as %s on %s and would have to be stopped",
				     change->before.uuid.text, change->before.type,
				     change->before.parent);
		vgpu_error_hint(err, "--restart allows that; nothing has been changed");
		return ret;
	}
	return 0;
}

/* The changes that the file of the one operand asks for, on @host, which is opened. */
static int find(const struct cli_arguments *args, bool prune, struct cli_host *host,
		struct vgpu_changes **out, struct vgpu_error *err)
{
	_autofree_ char *text = NULL;
	size_t len;
	int ret = cli_host_open(&args->globals, host, err);

	if (ret == 0)
		ret = cli_file_read(args->operands[0], &text, &len, err);
	if (ret == 0)
		ret = vgpu_changes_find(&host->host, cli_file_name(args->operands[0]), text, len,
					prune, out, err);
	return ret;
}

/* Goes on after a failure: each vGPU is a thing of its own. */
static int make_all(const struct cli_globals *globals, const struct cli_host *host,
		    const struct vgpu_changes *changes)
{
	struct json_object *made = json_object_new_array();
	int code = 0;

	for (size_t i = 0; i < changes->len; i++) {
		struct vgpu_error err = { 0 };

		if (vgpu_change_make(&host->host, &changes->items[i], &err) < 0) {
			int failed = cli_fail(globals, &err);

			code = code ? code : failed;
			continue;
		}
		if (!globals->json)
			print_change(&changes->items[i]);
		json_object_array_add(made, change_to_json(&changes->items[i]));
	}
	if (globals->json)
		cli_json_print(made);
	json_object_put(made);
	return code;
}

int cli_verb_apply(const struct cli_globals *globals, int argc, char **argv)
{
	_destroy_(vgpu_changes) struct vgpu_changes *changes = NULL;
	_cli_host_ struct cli_host host = { 0 };
	struct vgpu_error err = { 0 };
	struct cli_arguments args;
	bool prune = false, restart = false;
	int id, ret;

	cli_arguments_init(&args, globals, argc, argv);
	while ((id = cli_arguments_next(&args)) >= 0)
		*(id == OPTION_PRUNE ? &prune : &restart) = true;
	if (args.ended)
		return args.exit_code;
	if (args.operands_len != 1)
		return cli_usage_fail(&args, "which file?");
	ret = find(&args, prune, &host, &changes, &err);
	if (ret == 0 && !restart)
		ret = check_restarts(changes, &err);
	return ret < 0 ? cli_fail(&args.globals, &err) : make_all(&args.globals, &host, changes);
}

int cli_verb_diff(const struct cli_globals *globals, int argc, char **argv)
{
	_destroy_(vgpu_changes) struct vgpu_changes *changes = NULL;
	_cli_host_ struct cli_host host = { 0 };
	struct json_object *listed;
	struct vgpu_error err = { 0 };
	struct cli_arguments args;
	bool prune = false;
	int ret;

	cli_arguments_init(&args, globals, argc, argv);
	while (cli_arguments_next(&args) >= 0)
		prune = true;
	if (args.ended)
		return args.exit_code;
	if (args.operands_len != 1)
		return cli_usage_fail(&args, "which file?");
	ret = find(&args, prune, &host, &changes, &err);
	if (ret < 0)
		return cli_fail(&args.globals, &err);
	listed = json_object_new_array();
	for (size_t i = 0; i < changes->len; i++) {
		json_object_array_add(listed, change_to_json(&changes->items[i]));
		if (!args.globals.json)
			print_change(&changes->items[i]);
	}
	if (args.globals.json)
		cli_json_print(listed);
	json_object_put(listed);
	return changes->len ? VGPU_ERROR_FAILED : 0;
}

int cli_verb_export(const struct cli_globals *globals, int argc, char **argv)
{
	_cli_host_ struct cli_host host = { 0 };
	struct json_object *json = NULL;
	_autofree_ char *text = NULL;
	struct vgpu_error err = { 0 };
	struct cli_arguments args;
	int ret;

	cli_arguments_init(&args, globals, argc, argv);
	while (cli_arguments_next(&args) >= 0)
		;
	if (args.ended)
		return args.exit_code;
	if (args.operands_len)
		return cli_usage_fail(&args, "it takes no argument");
	ret = cli_host_open(&args.globals, &host, &err);
	if (ret == 0)
		ret = vgpu_declaration_export(&host.host, &json, &err);
	if (ret < 0)
		return cli_fail(&args.globals, &err);
	text = vgpu_json_format(json);
	json_object_put(json);
	puts(text ? text : "");
	return 0;
}
