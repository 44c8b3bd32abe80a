/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "cli.h"

const struct cli_verb cli_verbs[] = {
	{
		.name = "types",
		.group = "Manage vGPUs",
		.arguments = "[--output COLUMN,...] [PARENT...]",
		.summary = "list the vGPU types that the GPUs here offer",
		.run = cli_verb_types,
		.options = cli_types_options,
	},
	{
		.name = "list",
		.group = "Manage vGPUs",
		.arguments = "[--output COLUMN,...] [UUID...]",
		.summary = "list the vGPUs",
		.run = cli_verb_list,
		.options = cli_list_options,
	},
};
const size_t cli_verbs_len = VGPU_ARRAY_LEN(cli_verbs);

const struct cli_verb *cli_verb_find(const char *name)
{
	for (size_t i = 0; i < cli_verbs_len; i++)
		if (!strcmp(cli_verbs[i].name, name))
			return &cli_verbs[i];
	return NULL;
}
