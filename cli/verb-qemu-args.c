/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/qemu-args.h>

#include "display-request.h"
#include "listing.h"

enum { OPTION_SOCKET = CLI_DISPLAY_OPTION_NEXT, OPTION_PLUGGABLE };

const struct cli_option cli_qemu_args_options[] = {
	CLI_DISPLAY_OPTIONS,
	{ OPTION_SOCKET, "socket", "FILE", "where spice-gl listens" },
	{ OPTION_PLUGGABLE, "pluggable", NULL, "the vGPU must be removable while the VM runs" },
	{ 'e', "explain", NULL, "say why each part is there" },
	{ 0 },
};

const char cli_qemu_args_details[] = CLI_DISPLAY_DETAILS;

/* For a POSIX shell: in single quotes unless nothing in it needs them. */
static void print_quoted(const char *text)
{
	static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "-_=+:,./@%";

	if (text[0] && text[strspn(text, safe)] == '\0') {
		fputs(text, stdout);
		return;
	}
	putchar('\'');
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
	putchar('\'');
}

static void print_option(const struct vgpu_qemu_arg *arg)
{
	fputs(arg->option, stdout);
	if (arg->value) {
		putchar(' ');
		print_quoted(arg->value);
	}
}

static void print_args(const struct vgpu_qemu_args *args)
{
	for (size_t i = 0; i < args->len; i++) {
		print_option(&args->items[i]);
		puts(i + 1 < args->len ? " \\" : "");
	}
}

static int print_note(void *data, const char *note)
{
	printf("%c %s\n", '*', note);
	return 0;
}

static void explain(const struct vgpu_display_request *request, const struct vgpu_qemu_args *args)
{
	printf("Path %s%s%s with QEMU %u.%u:\n\n", args->path.contents->name,
	       args->path.viewer ? "," : "", args->path.viewer ? args->path.viewer->name : "",
	       request->qemu.major, request->qemu.minor);
	for (size_t i = 0; i < args->len; i++) {
		const struct vgpu_qemu_arg *arg = &args->items[i];

		print_option(arg);
		putchar('\n');
		for (size_t k = 0; k < arg->reasons_len; k++)
			printf("    %-18s %s\n", arg->reasons[k].part, arg->reasons[k].why);
	}
	putchar('\n');
	vgpu_display_notes(request, &args->path, print_note, NULL);
}

static int add_note(void *data, const char *note)
{
	json_object_array_add(data, json_object_new_string(note));
	return 0;
}

static struct json_object *arg_object(const struct vgpu_qemu_arg *arg)
{
	struct json_object *object = json_object_new_object();
	struct json_object *reasons = json_object_new_object();

	for (size_t i = 0; i < arg->reasons_len; i++)
		json_object_object_add(reasons, arg->reasons[i].part,
				       json_object_new_string(arg->reasons[i].why));
	json_object_object_add(object, "option", json_object_new_string(arg->option));
	json_object_object_add(object, "value",
			       arg->value ? json_object_new_string(arg->value) : NULL);
	json_object_object_add(object, "reasons", reasons);
	return object;
}

static void print_json(const struct vgpu_display_request *request,
		       const struct vgpu_qemu_args *args)
{
	struct json_object *document = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct json_object *notes = json_object_new_array();

	for (size_t i = 0; i < args->len; i++)
		json_object_array_add(list, arg_object(&args->items[i]));
	vgpu_display_notes(request, &args->path, add_note, notes);
	json_object_object_add(document, "contents",
			       json_object_new_string(args->path.contents->name));
	json_object_object_add(document, "viewer",
			       args->path.viewer ? json_object_new_string(args->path.viewer->name)
						 : NULL);
	json_object_object_add(document, "arguments", list);
	json_object_object_add(document, "notes", notes);
	cli_json_print(document);
	json_object_put(document);
}

int cli_verb_qemu_args(const struct cli_globals *globals, int argc, char **argv)
{
	_destroy_(vgpu_qemu_args) struct vgpu_qemu_args *args = NULL;
	struct cli_arguments arguments;
	struct cli_display display = { 0 };
	struct vgpu_error err = { 0 };
	bool explained = false;
	int ret = 0;

	cli_arguments_init(&arguments, globals, argc, argv);
	for (int id; ret == 0 && (id = cli_arguments_next(&arguments)) >= 0;)
		if (id == 'e')
			explained = true;
		else if (id == OPTION_SOCKET)
			display.request.socket = arguments.value;
		else if (id == OPTION_PLUGGABLE)
			display.request.pluggable = true;
		else
			ret = cli_display_option(&display, id, arguments.value, &err);
	if (arguments.ended)
		return arguments.exit_code;
	if (ret == 0 && arguments.operands_len)
		return cli_usage_fail(&arguments, "what is '%s'?", arguments.operands[0]);
	if (ret == 0)
		ret = cli_display_complete(&display, &err);
	if (ret == 0)
		ret = vgpu_qemu_args_create(&display.request, &args, &err);
	if (ret < 0)
		return cli_fail(&arguments.globals, &err);
	if (arguments.globals.json)
		print_json(&display.request, args);
	else if (explained)
		explain(&display.request, args);
	else
		print_args(args);
	return 0;
}
