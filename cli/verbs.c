/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "cli.h"

/*
 * To load the libraries of guests, displays and XML takes longer than to list a thousand vGPUs, and
 * libvirt starts the manager often. So `vgpulab` has the manager's verbs, and for a row whose .run is
 * NULL it becomes `vgpulab-full`, which has all of them. This file is compiled for each.
 */
#ifdef CLI_MANAGER_ALONE
#define IN_FULL(symbol) NULL
#else
#define IN_FULL(symbol) symbol
#endif

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
		.arguments = "[--defined] [--output COLUMN,...] [UUID...]",
		.summary = "list the vGPUs",
		.run = cli_verb_list,
		.options = cli_list_options,
	},
	{
		.name = "create",
		.group = "Manage vGPUs",
		.arguments = "[--parent PARENT] --type TYPE [UUID]",
		.summary = "create a vGPU and print its UUID",
		.run = cli_verb_create,
		.options = cli_create_options,
		.details = "Without a UUID one is made. The vGPU lives until it is removed or the "
			   "machine restarts.",
	},
	{
		.name = "remove",
		.group = "Manage vGPUs",
		.arguments = "UUID...",
		.summary = "remove vGPUs",
		.run = cli_verb_remove,
		.details = "The kernel lets this wait until no program uses the vGPU any more.",
	},
	{
		.name = "doctor",
		.group = "Manage vGPUs",
		.arguments = "[--parent PARENT] [--uuid UUID] [--facts BUNDLE]... [--record] | "
			     "--explain FILE | --list-rules",
		.summary = "say why vGPUs do not work here and what to do, or what a log means",
		.run = cli_verb_doctor,
		.options = cli_doctor_options,
		.details = cli_doctor_details,
	},
	{
		.name = "watch",
		.group = "Manage vGPUs",
		.arguments = "[--initial] [--count N]",
		.summary = "print what happens to vGPUs, each event as a line of JSON",
		.run = cli_verb_watch,
		.options = cli_watch_options,
		.details = "Events: created removed bound unbound; parent parent-gone available; "
			   "defined modified undefined.",
	},
	{
		.name = "plan",
		.group = "Manage vGPUs",
		.arguments = "[--parent PARENT] [COUNTx]TYPE...",
		.summary = "say whether vGPUs would fit, and if not, why and what must go",
		.run = cli_verb_plan,
		.options = cli_plan_options,
		.details =
			"Types may be as short as V5_4. The exit code is 0 if they fit, 6 if they "
			"do not, 11 if the kernel's numbers allow both. Memory in pieces is not "
			"seen: after many removals a creation may fail that fits by size.",
	},
	{
		.name = "define",
		.group = "Definitions that outlive the machine's restart",
		.arguments = "[--parent PARENT] [--type TYPE | --jsonfile FILE] [--auto] [UUID]",
		.summary = "define a vGPU and print its UUID",
		.run = cli_verb_define,
		.options = cli_define_options,
		.details = "Definitions are mdevctl's files: either program reads what the other "
			   "wrote.",
	},
	{
		.name = "undefine",
		.group = "Definitions that outlive the machine's restart",
		.arguments = "[--parent PARENT] UUID",
		.summary = "forget a definition; the vGPU goes on running",
		.run = cli_verb_undefine,
		.options = cli_undefine_options,
	},
	{
		.name = "modify",
		.group = "Definitions that outlive the machine's restart",
		.arguments = "[OPTION...] UUID",
		.summary = "change a definition",
		.run = cli_verb_modify,
		.options = cli_modify_options,
		.details = "The vGPU that runs is changed by --live alone.",
	},
	{
		.name = "start",
		.group = "Definitions that outlive the machine's restart",
		.arguments = "UUID | --parent PARENT --type TYPE [UUID]",
		.summary = "start a vGPU as it is defined",
		.run = cli_verb_start,
		.options = cli_start_options,
		.details = "If one of its attributes cannot be written, the vGPU is removed again. "
			   "To start what runs already is no failure.",
	},
	{
		.name = "stop",
		.group = "Definitions that outlive the machine's restart",
		.arguments = "UUID",
		.summary = "stop a vGPU; its definition stays",
		.run = cli_verb_stop,
		.options = cli_stop_options,
	},
	{
		.name = "apply",
		.group = "Definitions that outlive the machine's restart",
		.arguments = "[--prune] [--restart] FILE",
		.summary = "make the vGPUs what a file says",
		.run = cli_verb_apply,
		.options = cli_apply_options,
		.details = cli_apply_details,
	},
	{
		.name = "diff",
		.group = "Definitions that outlive the machine's restart",
		.arguments = "[--prune] FILE",
		.summary = "print what apply would do; the exit code is 1 if that is anything",
		.run = cli_verb_diff,
		.options = cli_diff_options,
	},
	{
		.name = "export",
		.group = "Definitions that outlive the machine's restart",
		.arguments = "",
		.summary = "print the file that says what the vGPUs are",
		.run = cli_verb_export,
	},
	{
		.name = "start-parent-mdevs",
		.group = "Definitions that outlive the machine's restart",
		.arguments = "PARENT",
		.summary = "start what is defined with --auto on a GPU (for udev)",
		.run = cli_verb_start_parent_mdevs,
	},
	{
		.name = "qemu-args",
		.group = "Give a vGPU to a VM",
		.arguments = "--path PATH --vgpu UUID [--qemu VERSION] [--explain]",
		.summary = "print the QEMU arguments that show a vGPU",
		.run = cli_verb_qemu_args,
		.options = cli_qemu_args_options,
		.details = cli_qemu_args_details,
	},
	{
		.name = "libvirt-xml",
		.group = "Give a vGPU to a VM",
		.arguments = "[--snippet | --domain NAME | --edit FILE [--remove] | --lint FILE] "
			     "[--path PATH --vgpu UUID]",
		.summary = "print or edit libvirt domains that show a vGPU",
		.run = IN_FULL(cli_verb_libvirt_xml),
		.options = IN_FULL(cli_libvirt_xml_options),
		.details = IN_FULL(cli_libvirt_xml_details),
	},
	{
		.name = "fake",
		.group = "The fake host",
		.arguments =
			"serve [--gpu SPEC]... MOUNTPOINT | profiles | "
			"conformance [TREE] | record | fault [FAULT...] | unplug|plug ADDRESS | "
			"monitor [UUID unplugged|plugged|MODE] | guests",
		.summary = "mount a host that is not there, break it, or list the GPUs it can have",
		.run = IN_FULL(cli_verb_fake),
		.options = IN_FULL(cli_fake_options),
		.details = IN_FULL(cli_fake_details),
	},
	{
		.name = "run",
		.group = "The fake host",
		.arguments =
			"[--gpu NAME[,aperture=512M][,...]]... [--share-network] [-v] [--] CMD...",
		.summary = "run a program on a machine with GPUs that are not there",
		.run = IN_FULL(cli_verb_run),
		.options = IN_FULL(cli_run_options),
		.details =
			"The program and all it starts see the GPUs in /sys and /dev/vfio; the rest "
			"is the machine's own. All of it ends with CMD. The exit status is CMD's, "
			"128+N if signal N ended it, 127 if it was not found, 126 if it cannot be "
			"executed, 125 if the fake host could not be set up.",
		.options_first = true,
	},
	{
		.name = "test",
		.group = "Testing",
		.arguments = "[OPTION...] [SCENARIO-GLOB...]",
		.summary = "boot guests and judge what their display paths show",
		.run = IN_FULL(cli_verb_test),
		.options = IN_FULL(cli_test_options),
		.details = IN_FULL(cli_test_details),
	},
	{
		.name = "complete", /* no group: hidden; only shells use it */
		.arguments = "-- [WORD...]",
		.summary = "say what may come next on a command line",
		.run = IN_FULL(cli_verb_complete),
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
