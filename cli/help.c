/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <backends/backends.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

const struct cli_option cli_global_options[] = {
	{ 'b', "backend", "SPEC", "where the tree is that shows the GPUs (default: sysfs)" },
	{ 'C', "config-dir", "DIR", "where the definitions are (default: " CLI_CONFIG_DIR ")" },
	{ 'J', "json", NULL, "results and errors as JSON" },
	{ 'h', "help", NULL, "this help; after a verb, the verb's" },
	{ 'V', "version", NULL, "print the version" },
	{ 0 },
};

static void print_options(const struct cli_option *options)
{
	for (const struct cli_option *option = options; option->name; option++) {
		char left[64];

		snprintf(left, sizeof(left), "%c%c%s --%s%s%s", option->id < 256 ? '-' : ' ',
			 option->id < 256 ? option->id : ' ', option->id < 256 ? "," : " ",
			 option->name, option->argument ? " " : "",
			 option->argument ? option->argument : "");
		printf("  %-26s %s\n", left, option->help);
	}
}

static void print_backends(void)
{
	for (size_t i = 0; i < vgpu_backends_len; i++) {
		const struct vgpu_backend_entry *entry = &vgpu_backends[i];
		char left[64];

		snprintf(left, sizeof(left), entry->argument[0] == '[' ? "%s[:%s" : "%s:%s",
			 entry->impl->name, entry->argument + (entry->argument[0] == '['));
		printf("  %-26s %s\n", left, entry->impl->summary);
	}
}

/* Of the longest name that the list shows. */
static int names_width(void)
{
	size_t width = 0;

	for (size_t i = 0; i < cli_verbs_len; i++)
		if (cli_verbs[i].group && strlen(cli_verbs[i].name) > width)
			width = strlen(cli_verbs[i].name);
	return (int)width;
}

void cli_help(void)
{
	int width = names_width();

	printf("Usage: vgpulab [--backend SPEC] [--json] VERB [ARGUMENT...]\n"
	       "Create and manage Intel GVT-g vGPUs, on a real GPU or on one that is not there.\n");
	for (size_t i = 0; i < cli_verbs_len; i++) {
		const struct cli_verb *verb = &cli_verbs[i];

		if (!verb->group)
			continue;
		if (!i || strcmp(verb->group, cli_verbs[i - 1].group))
			printf("\n%s:\n", verb->group);
		printf("  %-*s %s\n", width, verb->name, verb->summary);
	}
	printf("\nOptions:\n");
	print_options(cli_global_options);
	printf("\nBackends:\n");
	print_backends();
	printf("\n'vgpulab VERB --help' tells more of a verb, vgpulab(1) of everything.\n");
}

void cli_verb_help(const struct cli_verb *verb)
{
	printf("Usage: vgpulab %s%s%s\n%c%s.\n", verb->name, verb->arguments[0] ? " " : "",
	       verb->arguments, verb->summary[0] & ~0x20, verb->summary + 1);
	if (verb->options) {
		printf("\nOptions:\n");
		print_options(verb->options);
	}
	if (verb->details)
		printf("\n%s\n", verb->details);
}
