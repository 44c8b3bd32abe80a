/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/nearest.h>

#include "cli.h"

enum { OPTIONS_MAX = 32, COMMON = 4 };

static const struct cli_option common_options[COMMON] = {
	{ 'h', "help", NULL, NULL },
	{ 'J', "json", NULL, NULL },
	{ 'b', "backend", "SPEC", NULL },
	{ 'C', "config-dir", "DIR", NULL },
};

void cli_arguments_init(struct cli_arguments *args, const struct cli_globals *globals, int argc,
			char **argv)
{
	*args = (struct cli_arguments){
		.globals = *globals,
		.verb = cli_verb_find(argv[0]),
		.argc = argc,
		.argv = argv,
	};
	optind = 0;
}

static void add_option(const struct cli_option *option, struct option **longs, char **letters)
{
	*(*longs)++ = (struct option){
		.name = option->name,
		.has_arg = option->argument ? required_argument : no_argument,
		.val = option->id,
	};
	if (option->id < 256) {
		*(*letters)++ = (char)option->id;
		if (option->argument)
			*(*letters)++ = ':';
	}
}

static const struct cli_option *find_option(const struct cli_verb *verb, int id)
{
	for (const struct cli_option *option = verb->options; option && option->name; option++)
		if (option->id == id)
			return option;
	for (size_t i = 0; i < COMMON; i++)
		if (common_options[i].id == id)
			return &common_options[i];
	return NULL;
}

static int option_fail(struct cli_arguments *args, int result, const struct option *longs)
{
	const char *given = args->argv[optind - 1];
	struct vgpu_nearest nearest = { 0 };

	if (result == ':')
		return cli_usage_fail(args, "option '%s' needs an argument", given);
	if (optopt && !find_option(args->verb, optopt))
		return cli_usage_fail(args, "there is no option '-%c'", optopt);
	nearest.wanted = given + strspn(given, "-");
	for (; longs->name; longs++)
		vgpu_nearest_offer(&nearest, longs->name);
	if (nearest.name)
		return cli_usage_fail(args, "there is no option '%s': did you mean '--%s'?", given,
				      nearest.name);
	return cli_usage_fail(args, "there is no option '%s'", given);
}

static void end(struct cli_arguments *args, int exit_code)
{
	args->ended = true;
	args->exit_code = exit_code;
}

int cli_arguments_next(struct cli_arguments *args)
{
	struct option longs[OPTIONS_MAX + COMMON + 1] = { 0 }, *next_long = longs;
	char letters[3 * (OPTIONS_MAX + COMMON) + 3], *next_letter = letters;
	const struct cli_option *option;
	int id;

	if (args->verb->options_first)
		*next_letter++ = '+';
	*next_letter++ = ':';
	for (size_t i = 0; i < COMMON; i++)
		add_option(&common_options[i], &next_long, &next_letter);
	for (option = args->verb->options; option && option->name; option++)
		add_option(option, &next_long, &next_letter);
	*next_letter = '\0';
	while (!args->ended) {
		id = getopt_long(args->argc, args->argv, letters, longs, NULL);
		args->value = optarg;
		if (id == -1)
			break;
		option = find_option(args->verb, id);
		if (option && optarg && !*optarg && !option->may_be_empty &&
		    !args->globals.mdevctl) {
			end(args, cli_usage_fail(args, "--%s is empty", option->name));
		} else if (id == 'h') {
			cli_verb_help(args->verb);
			end(args, 0);
		} else if (id == 'J') {
			args->globals.json = true;
		} else if (id == 'b') {
			args->globals.backend = optarg;
		} else if (id == 'C') {
			args->globals.config_dir = optarg;
		} else if (id == '?' || id == ':') {
			end(args, option_fail(args, id, longs));
		} else {
			return id;
		}
	}
	args->operands = args->argv + optind;
	args->operands_len = args->argc - optind;
	return -1;
}

void cli_arguments_drop(struct cli_arguments *args)
{
	char **last = args->argv + optind - 1;

	/* "--name VALUE", or all in one word */
	if (args->value == *last)
		last[-1] = NULL;
	*last = NULL;
}

int cli_usage_fail(const struct cli_arguments *args, const char *format, ...)
{
	struct vgpu_error err = { 0 };
	char message[sizeof(err.message)];
	va_list list;

	va_start(list, format);
	vsnprintf(message, sizeof(message), format, list);
	va_end(list);
	if (args->globals.mdevctl) {
		fprintf(stderr, "error: %s\n\nFor more information try --help\n", message);
		return VGPU_ERROR_USAGE;
	}
	vgpu_error_set(&err, VGPU_ERROR_USAGE, EINVAL, "%s: %s", args->verb->name, message);
	vgpu_error_hint(&err, "usage: vgpulab %s%s%s", args->verb->name,
			args->verb->arguments[0] ? " " : "", args->verb->arguments);
	return cli_fail(&args->globals, &err);
}
