/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The one program. A verb is a file and a row of the table in verbs.c; `vgpulab --help`, the man
 * page's synopsis and completion come from the table.
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/error.h>

struct vgpu_backend;

/** What stands before the verb on the command line. */
struct cli_globals {
	const char *backend; /* --backend SPEC; default "sysfs" */
	bool json; /* --json, accepted after the verb too */
};

struct cli_verb {
	const char *name;
	const char *group; /* heading in --help: "Manage vGPUs", "The fake host", "Testing" */
	const char *arguments; /* synopsis after the name: "[--parent PARENT] --type TYPE" */
	const char *summary; /* one line */
	/* argv[0] is the verb. Returns the program's exit code. */
	int (*run)(const struct cli_globals *globals, int argc, char **argv);
};

extern const struct cli_verb cli_verbs[];
extern const size_t cli_verbs_len;

/** Prints the error for a person (or as JSON on standard error), and gives the exit code for it. */
int cli_fail(const struct cli_globals *globals, const struct vgpu_error *err);

int cli_verb_types(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_list(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_create(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_remove(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_fake(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_run(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_test(const struct cli_globals *globals, int argc, char **argv);
