/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/nearest.h>

#include "cli.h"
#include "mdevctl.h"

enum {
	OPTION_BACKEND = 'b',
	OPTION_CONFIG_DIR = 'C',
	OPTION_HELP = 'h',
	OPTION_JSON = 'J',
	OPTION_VERSION = 'V',
};

static const struct option options[] = {
	{ "backend", required_argument, NULL, OPTION_BACKEND },
	{ "config-dir", required_argument, NULL, OPTION_CONFIG_DIR },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ 0 },
};

/* "--backedn" and the like: getopt_long() has said what is wrong, if told to; we say it our way. */
static int option_fail(const struct cli_globals *globals, int result, char **argv)
{
	struct vgpu_error err = { 0 };

	if (result == ':')
		vgpu_error_set(&err, VGPU_ERROR_USAGE, EINVAL, "option '%s' needs an argument",
			       argv[optind - 1]);
	else if (optopt && optopt < 256 && !strchr("bChJV", optopt))
		vgpu_error_set(&err, VGPU_ERROR_USAGE, EINVAL, "there is no option '-%c'", optopt);
	else
		vgpu_error_set(&err, VGPU_ERROR_USAGE, EINVAL, "there is no option '%s'",
			       argv[optind - 1]);
	vgpu_error_hint(&err, "'vgpulab --help' lists the options and verbs");
	return cli_fail(globals, &err);
}

static int empty_fail(const struct cli_globals *globals, int id)
{
	struct vgpu_error err = { 0 };

	vgpu_error_set(&err, VGPU_ERROR_USAGE, EINVAL, "--%s is empty",
		       id == OPTION_BACKEND ? "backend" : "config-dir");
	vgpu_error_hint(&err, "'vgpulab --help' tells what it takes");
	return cli_fail(globals, &err);
}

static int verb_fail(const struct cli_globals *globals, const char *name)
{
	struct vgpu_nearest nearest = { .wanted = name ? name : "" };
	struct vgpu_error err = { 0 };

	if (!name) {
		vgpu_error_set(&err, VGPU_ERROR_USAGE, EINVAL, "what to do?");
		vgpu_error_hint(&err, "'vgpulab --help' lists the verbs");
		return cli_fail(globals, &err);
	}
	for (size_t i = 0; i < cli_verbs_len; i++)
		vgpu_nearest_offer(&nearest, cli_verbs[i].name);
	vgpu_error_set(&err, VGPU_ERROR_USAGE, EINVAL, "there is no verb '%s'", name);
	if (nearest.name)
		vgpu_error_hint(&err, "did you mean '%s'?", nearest.name);
	else
		vgpu_error_hint(&err, "'vgpulab --help' lists the verbs");
	return cli_fail(globals, &err);
}

static int run(struct cli_globals *globals, int argc, char **argv)
{
	char **const all = argv;
	const struct cli_verb *verb;
	int result;

	/* "+": what follows the verb is the verb's */
	while ((result = getopt_long(argc, argv, "+:b:C:hJV", options, NULL)) != -1) {
		if (optarg && !*optarg)
			return empty_fail(globals, result);
		switch (result) {
		case OPTION_BACKEND:
			globals->backend = optarg;
			break;
		case OPTION_CONFIG_DIR:
			globals->config_dir = optarg;
			break;
		case OPTION_JSON:
			globals->json = true;
			break;
		case OPTION_HELP:
			cli_help();
			return 0;
		case OPTION_VERSION:
			printf("vgpulab %s\n", VGPULAB_VERSION);
			return 0;
		default:
			return option_fail(globals, result, argv);
		}
	}
	verb = optind < argc ? cli_verb_find(argv[optind]) : NULL;
	if (!verb)
		return verb_fail(globals, argv[optind]);
	if (!verb->run)
		return cli_run_full(globals, all);
	argc -= optind;
	argv += optind;
	if (argc > 1 && !strcmp(argv[1], "--help")) {
		cli_verb_help(verb);
		return 0;
	}
	optind = 0; /* getopt_long() starts anew for the verb */
	return verb->run(globals, argc, argv);
}

int main(int argc, char **argv)
{
	const char *config_dir = getenv("VGPULAB_CONFIG_DIR");
	struct cli_globals globals = {
		.backend = "sysfs",
		.config_dir = config_dir ? config_dir : CLI_CONFIG_DIR,
	};
	int code;

	/* ignored, as whoever started us may have left it, it keeps exit codes from waitpid(2) */
	signal(SIGCHLD, SIG_DFL);
	if (cli_is_mdevctl(argv[0]))
		code = cli_mdevctl_main(&globals, argc, argv);
	else
		code = run(&globals, argc, argv);
	/* a full disk or a closed pipe must not look like success */
	if ((fflush(stdout) || ferror(stdout)) && !code) {
		struct vgpu_error err = { 0 };

		vgpu_error_set(&err, VGPU_ERROR_FAILED, errno, "cannot write the output: %s",
			       strerror(errno));
		code = cli_fail(&globals, &err);
	}
	return code;
}
