/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "device-request.h"
#include "host.h"
#include "mdevctl-format.h"
#include "mdevctl.h"
#include "modify.h"

/* The version whose behaviour this is. */
#define MDEVCTL_VERSION "1.2.0"

/* Everything that mdevctl's commands take; each row names what it takes by these letters. */
static const struct cli_option all_options[] = {
	{ 'u', "uuid", "UUID", "UUID of the device" },
	{ 'p', "parent", "PARENT", "parent of the device" },
	{ 't', "type", "type", "mdev type of the device" },
	{ 'a', "auto", NULL, "start the device automatically" },
	{ 'm', "manual", NULL, "the device is started manually" },
	{ 'i', "index", "INDEX", "index of the attribute" },
	{ 'd', "defined", NULL, "defined devices" },
	{ 'V', "version", NULL, "print version information" },
	{ 'v', "verbose", NULL, "print attributes as well" },
	{ 'l', "live", NULL, "change the running device (mdevctl 1.3)" },
	{ CLI_DEVICE_JSONFILE, "jsonfile", "JSONFILE", "take the details from a JSON file" },
	{ CLI_DEVICE_ADDATTR, "addattr", "attr_name", "add an attribute" },
	{ CLI_DEVICE_DELATTR, "delattr", NULL, "delete an attribute" },
	{ CLI_DEVICE_VALUE, "value", "attr_value", "value for --addattr" },
	{ CLI_DEVICE_DUMPJSON, "dumpjson", NULL, "print JSON" },
};

struct command;

struct invocation {
	const struct command *command;
	struct cli_globals *globals;
	struct cli_host host;
	struct cli_device_request request;
	char **operands;
	int operands_len;
};

struct command {
	const char *name, *summary;
	const char *options; /* letters of all_options; J jsonfile, + - = addattr..., D dumpjson */
	bool takes_operand, needs_uuid, needs_uuid_or_parent;
	int (*run)(struct invocation *invocation);
};

static int fail_memory(void)
{
	return cli_mdevctl_fail_errno(ENOMEM, "Out of memory");
}

/*
 * define
 */

static int define_from_json(struct invocation *invocation, struct vgpu_definition *definition,
			    struct vgpu_error *err)
{
	const struct cli_device_request *request = &invocation->request;

	if (!request->parent)
		return cli_mdevctl_fail("Parent device required to define device via \"%s\"",
					request->jsonfile);
	if (vgpu_definition_set_parent(definition, request->parent, err) < 0)
		return cli_mdevctl_fail_error(err);
	if (vgpu_store_has(invocation->host.host.store, definition->parent, &definition->uuid))
		return cli_mdevctl_fail("Cowardly refusing to overwrite existing config for %s/%s",
					definition->parent, definition->uuid.text);
	if (cli_definition_load(request->jsonfile, definition, err) < 0)
		return cli_mdevctl_fail_error(err);
	return 0;
}

static int define_from_options(struct invocation *invocation, struct vgpu_definition *definition,
			       struct vgpu_error *err)
{
	const struct cli_device_request *request = &invocation->request;
	struct vgpu_definition running = { .uuid = definition->uuid };
	bool runs = request->uuid &&
		    vgpu_definition_from_running(invocation->host.host.backend, &running) == 0;
	const char *parent = request->parent ? request->parent : running.parent;
	const char *type = request->type ? request->type : running.type;

	if (!request->parent && (!runs || request->type))
		return cli_mdevctl_fail("No parent specified");
	if (!type[0])
		return cli_mdevctl_fail("No type specified");
	if (vgpu_definition_set_parent(definition, parent, err) < 0 ||
	    vgpu_definition_set_type(definition, type, err) < 0)
		return cli_mdevctl_fail_error(err);
	definition->autostart = request->automatic;
	if (vgpu_store_has(invocation->host.host.store, definition->parent, &definition->uuid))
		return cli_mdevctl_fail("Device %s on %s already defined", definition->uuid.text,
					definition->parent);
	if (runs && vgpu_callout_get_settings(invocation->host.host.callouts, definition, err) < 0)
		return cli_mdevctl_fail_error(err);
	return 0;
}

static void take_uuid(const struct cli_device_request *request, struct vgpu_definition *definition)
{
	if (request->uuid)
		definition->uuid = *request->uuid;
	else
		vgpu_uuid_generate(&definition->uuid);
}

static int define(struct invocation *invocation)
{
	_definition_ struct vgpu_definition definition = { 0 };
	struct vgpu_error err = { 0 };
	int code;

	take_uuid(&invocation->request, &definition);
	code = invocation->request.jsonfile ? define_from_json(invocation, &definition, &err)
					    : define_from_options(invocation, &definition, &err);
	if (code)
		return code;
	if (vgpu_define(&invocation->host.host, &definition, &err) < 0)
		return cli_mdevctl_fail_error(&err);
	if (!invocation->request.uuid)
		puts(definition.uuid.text);
	return 0;
}

/*
 * undefine, modify
 */

static int undefine(struct invocation *invocation)
{
	struct vgpu_error err = { 0 };
	int ret = vgpu_undefine(&invocation->host.host, invocation->request.uuid,
				invocation->request.parent, &err);

	if (ret == -ENOENT)
		return cli_mdevctl_fail("No devices match the specified uuid");
	return ret < 0 ? cli_mdevctl_fail_error(&err) : 0;
}

static int modify(struct invocation *invocation)
{
	const struct cli_device_request *request = &invocation->request;
	const char *uuid = request->uuid->text;
	struct vgpu_error err = { 0 };
	int ret = cli_modify(&invocation->host, request, false, &err);

	if (ret == 0)
		return 0;
	if (err.kind == VGPU_ERROR_NO_VGPU)
		return cli_mdevctl_fail("Mediated device %s%s%s is not defined",
					request->parent ? request->parent : "",
					request->parent ? "/" : "", uuid);
	if (ret == -EMLINK)
		return cli_mdevctl_fail("Multiple definitions found for %s, specify a parent",
					uuid);
	if (request->index >= 0 && err.errnum == EINVAL && (request->addattr || request->delattr))
		return cli_mdevctl_fail("Attribute index %ld is invalid", request->index);
	return cli_mdevctl_fail_error(&err);
}

/*
 * start, stop, start-parent-mdevs
 */

static int describe(struct invocation *invocation, struct vgpu_definition *definition)
{
	const struct cli_device_request *request = &invocation->request;
	struct vgpu_error err = { 0 };
	int ret;

	take_uuid(request, definition);
	if (request->jsonfile && !request->parent)
		return cli_mdevctl_fail("Parent device required to start device via json file");
	if (request->type && !request->parent)
		return cli_mdevctl_fail("can't provide type without parent");
	if (!request->parent || (!request->type && !request->jsonfile))
		return cli_mdevctl_fail("Device is insufficiently specified");
	ret = vgpu_definition_set_parent(definition, request->parent, &err);
	if (ret == 0)
		ret = request->jsonfile ? cli_definition_load(request->jsonfile, definition, &err)
					: vgpu_definition_set_type(definition, request->type, &err);
	return ret < 0 ? cli_mdevctl_fail_error(&err) : 0;
}

/* What shall be started: as defined if it is, else as the command line says. */
static int choose(struct invocation *invocation, struct vgpu_definition *definition)
{
	const struct cli_device_request *request = &invocation->request;
	struct vgpu_error err = { 0 };
	int ret;

	if (request->jsonfile || !request->uuid)
		return describe(invocation, definition);
	ret = vgpu_definition_find(&invocation->host.host, request->uuid, request->parent,
				   definition, &err);
	if (ret == -ENOENT)
		return describe(invocation, definition);
	if (ret == -EMLINK)
		return cli_mdevctl_fail(
			"Multiple definitions found for device %s. Please specify a parent.",
			request->uuid->text);
	if (ret < 0)
		return cli_mdevctl_fail_error(&err);
	if (request->type && strcmp(request->type, definition->type) != 0)
		return cli_mdevctl_fail("Device %s already exists on parent %s with type %s",
					definition->uuid.text, definition->parent,
					definition->type);
	return 0;
}

static int start(struct invocation *invocation)
{
	_definition_ struct vgpu_definition definition = { 0 };
	const struct vgpu_setting *refused = NULL;
	struct vgpu_error err = { 0 };
	int code = choose(invocation, &definition);

	if (code)
		return code;
	if (vgpu_start(&invocation->host.host, &definition, &refused, &err) < 0)
		return cli_mdevctl_fail_start(&invocation->host, &definition, refused, &err);
	if (!invocation->request.uuid)
		puts(definition.uuid.text);
	return 0;
}

static int stop(struct invocation *invocation)
{
	struct vgpu_error err = { 0 };

	if (vgpu_stop(&invocation->host.host, invocation->request.uuid, &err) == 0)
		return 0;
	if (err.errnum == ECANCELED || err.kind == VGPU_ERROR_UNVERIFIED)
		return cli_mdevctl_fail_error(&err);
	return cli_mdevctl_fail_errno(err.errnum, "Error removing device %s",
				      invocation->request.uuid->text);
}

static int start_parent(struct invocation *invocation)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *definitions = NULL;
	struct vgpu_error err = { 0 };
	int code = 0;

	if (vgpu_store_list(invocation->host.host.store, NULL, invocation->operands[0],
			    &definitions, &err) < 0)
		return cli_mdevctl_fail_error(&err);
	for (size_t i = 0; i < definitions->broken_len; i++)
		code = cli_mdevctl_fail_error(&definitions->broken[i]);
	for (size_t i = 0; i < definitions->len; i++) {
		const struct vgpu_setting *refused = NULL;
		int ret;

		if (!definitions->items[i].autostart)
			continue;
		ret = vgpu_start(&invocation->host.host, &definitions->items[i], &refused, &err);
		if (ret < 0 && ret != -EALREADY)
			code = cli_mdevctl_fail_start(&invocation->host, &definitions->items[i],
						      refused, &err);
	}
	return code;
}

/*
 * list, types
 */

static int list(struct invocation *invocation)
{
	const struct cli_device_request *request = &invocation->request;
	_destroy_(vgpu_devices) struct vgpu_devices *devices = NULL;
	struct vgpu_error err = { 0 };
	int ret = (request->defined ? vgpu_devices_defined : vgpu_devices_active)(
		&invocation->host.host, request->uuid, request->parent, &devices, &err);

	if (ret < 0)
		return cli_mdevctl_fail_error(&err);
	if (request->dumpjson)
		cli_mdevctl_print_devices_json(devices, request->uuid);
	else
		cli_mdevctl_print_devices(devices, !request->defined, request->verbose);
	for (size_t i = 0; i < devices->broken_len; i++)
		cli_mdevctl_fail_error(&devices->broken[i]);
	/* libvirt would take no notice of the others if this were a failure */
	return 0;
}

static int types(struct invocation *invocation)
{
	const struct cli_device_request *request = &invocation->request;
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_error err = { 0 };

	if (vgpu_snapshot_take_parents(invocation->host.host.backend, &snapshot, &err) < 0)
		return cli_mdevctl_fail_error(&err);
	(request->dumpjson ? cli_mdevctl_print_types_json
			   : cli_mdevctl_print_types)(snapshot, request->parent);
	return 0;
}

static const struct command commands[] = {
	{ "define", "Define a persistent mediated device", "uaptJ", .needs_uuid_or_parent = true,
	  .run = define },
	{ "list", "List mediated devices", "dvupDV", .run = list },
	{ "modify", "Modify the definition of a mediated device", "uptam+-=iJld",
	  .needs_uuid = true, .run = modify },
	{ "start", "Start a mediated device", "uptJ", .needs_uuid_or_parent = true, .run = start },
	{ "start-parent-mdevs", NULL, "", .takes_operand = true, .run = start_parent },
	{ "stop", "Stop a mediated device", "u", .needs_uuid = true, .run = stop },
	{ "types", "List available mediated device types", "pD", .run = types },
	{ "undefine", "Undefine a persistent mediated device", "up", .needs_uuid = true,
	  .run = undefine },
};

/*
 * The command line
 */

static char option_letter(const struct cli_option *option)
{
	switch (option->id) {
	case CLI_DEVICE_JSONFILE:
		return 'J';
	case CLI_DEVICE_ADDATTR:
		return '+';
	case CLI_DEVICE_DELATTR:
		return '-';
	case CLI_DEVICE_VALUE:
		return '=';
	case CLI_DEVICE_DUMPJSON:
		return 'D';
	default:
		return (char)option->id;
	}
}

static const char *find_mistake(const struct invocation *invocation)
{
	const struct cli_device_request *request = &invocation->request;
	const struct command *command = invocation->command;

	if (command->needs_uuid && !request->uuid)
		return "--uuid <UUID> is missing";
	if (command->needs_uuid_or_parent && !request->uuid && !request->parent)
		return "--uuid <UUID> or --parent <PARENT> is missing";
	if (invocation->operands_len != command->takes_operand)
		return command->takes_operand ? "one <PARENT> is needed" : "unexpected argument";
	if (command->run == list || command->run == types)
		return NULL;
	if (request->jsonfile && request->type)
		return "--jsonfile cannot be used with --type";
	if (request->jsonfile && request->automatic)
		return "--jsonfile cannot be used with --auto";
	if (request->automatic && request->manual)
		return "--auto cannot be used with --manual";
	if (request->addattr && request->delattr)
		return "--addattr cannot be used with --delattr";
	if (request->addattr && !request->value)
		return "--addattr needs --value <attr_value>";
	if (request->live && (!request->jsonfile || request->addattr || request->delattr))
		return "--live goes with --jsonfile alone";
	return NULL;
}

static int fail_usage(const char *why)
{
	fprintf(stderr, "error: %s\n\nFor more information try --help\n", why);
	return 2;
}

static int run(struct invocation *invocation)
{
	struct vgpu_error err = { 0 };
	int code;

	if (cli_host_open(invocation->globals, &invocation->host, &err) < 0)
		return cli_mdevctl_fail_error(&err);
	code = invocation->command->run(invocation);
	cli_host_close(&invocation->host);
	return code;
}

/* Ends the reading of options. */
static int print_version(const struct command *command)
{
	printf("mdevctl-%s " MDEVCTL_VERSION "\n", command->name);
	return 1;
}

static int run_command(const struct command *command, struct cli_globals *globals, int argc,
		       char **argv)
{
	struct cli_option options[VGPU_ARRAY_LEN(all_options) + 1] = { 0 };
	const struct cli_verb verb = { .name = command->name,
				       .arguments = "[OPTIONS]",
				       .summary = command->summary ? command->summary : "start all",
				       .options = options };
	struct invocation invocation = { .command = command, .globals = globals };
	struct cli_arguments args;
	size_t len = 0;
	int id, code = 0;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(all_options); i++)
		if (strchr(command->options, option_letter(&all_options[i])))
			options[len++] = all_options[i];
	cli_arguments_init(&args, globals, argc, argv);
	args.verb = &verb;
	invocation.request.index = -1;
	while (!code && (id = cli_arguments_next(&args)) >= 0)
		code = id == 'V' ? print_version(command)
				 : cli_device_request_take(&invocation.request, &args, id);
	if (id == 'V')
		return 0;
	if (args.ended)
		return args.exit_code;
	if (code)
		return code;
	invocation.operands = args.operands;
	invocation.operands_len = args.operands_len;
	if (find_mistake(&invocation))
		return fail_usage(find_mistake(&invocation));
	return run(&invocation);
}

static int print_help(void)
{
	printf("mdevctl " MDEVCTL_VERSION "\nA mediated device management utility for Linux "
	       "(vgpulab in its place)\n\nUSAGE:\n    mdevctl <SUBCOMMAND>\n\n"
	       "OPTIONS:\n    -h, --help       Print help information\n"
	       "    -V, --version    Print version information\n\nSUBCOMMANDS:\n");
	for (size_t i = 0; i < VGPU_ARRAY_LEN(commands); i++)
		if (commands[i].summary)
			printf("    %-12s%s\n", commands[i].name, commands[i].summary);
	return 0;
}

static const char *base_name(const char *program)
{
	const char *slash = strrchr(program, '/');

	return slash ? slash + 1 : program;
}

bool cli_is_mdevctl(const char *program)
{
	return program &&
	       (!strcmp(base_name(program), "mdevctl") || !strcmp(base_name(program), "lsmdev"));
}

/* mdevctl does nothing at all without its directories. */
static int check_directories(const struct cli_globals *globals)
{
	static const char *const needed[] = { "", "/scripts.d/callouts", "/scripts.d/notifiers" };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(needed); i++) {
		_autofree_ char *path = NULL;
		struct stat st;

		if (asprintf(&path, "%s%s", globals->config_dir, needed[i]) < 0) {
			path = NULL;
			return fail_memory();
		}
		if (stat(path, &st))
			return cli_mdevctl_fail(
				"Required directory \"%s\" doesn't exist. This may indicate a "
				"packaging or installation error",
				path);
	}
	return 0;
}

static int find_and_run(struct cli_globals *globals, int argc, char **argv)
{
	if (!strcmp(argv[0], "--help") || !strcmp(argv[0], "-h") || !strcmp(argv[0], "help"))
		return print_help();
	if (!strcmp(argv[0], "--version") || !strcmp(argv[0], "-V"))
		return puts("mdevctl " MDEVCTL_VERSION) < 0;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(commands); i++)
		if (!strcmp(commands[i].name, argv[0]))
			return run_command(&commands[i], globals, argc, argv);
	return fail_usage("that subcommand is not known");
}

int cli_mdevctl_main(struct cli_globals *globals, int argc, char **argv)
{
	bool listing = !strcmp(base_name(argv[0]), "lsmdev");
	int code;

	globals->mdevctl = true;
	code = check_directories(globals);
	if (code)
		return code;
	if (listing && argc > 1 && (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")))
		return puts("lsmdev " MDEVCTL_VERSION) < 0;
	if (listing)
		return run_command(&commands[1], globals, argc, argv);
	if (argc < 2) {
		print_help();
		return 2;
	}
	return find_and_run(globals, argc - 1, argv + 1);
}
