/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * The one program. A verb is a file and a row of the table in verbs.c; `vgpulab --help`, `vgpulab
 * VERB --help` and the options that a verb takes come from the table.
 */

#include <stdbool.h>
#include <stddef.h>
#include <vgpulab/error.h>

struct vgpu_backend;

/** Where mdevctl keeps the definitions. VGPULAB_CONFIG_DIR in the environment overrides it. */
#define CLI_CONFIG_DIR "/etc/mdevctl.d"

/** What stands before the verb on the command line. */
struct cli_globals {
	const char *backend; /* --backend SPEC; default "sysfs" */
	bool json; /* --json, accepted after the verb too */
	const char *config_dir; /* --config-dir DIR: where the definitions are */
	bool mdevctl; /* called by that name: its arguments, its output */
};

/** One option of a verb. --help, --json and --backend need no row. */
struct cli_option {
	int id; /* what cli_arguments_next() gives: the letter, or a number > 255 if it has none */
	const char *name; /* "parent" */
	const char *argument; /* "PARENT"; NULL: the option takes none */
	const char *help; /* one line */
	bool may_be_empty; /* its argument; else "", a script's empty variable most likely, is refused */
};

struct cli_verb {
	const char *name;
	const char *
		group; /* heading in --help: "Manage vGPUs", "The fake host", "Testing"; NULL: hidden */
	const char *arguments; /* synopsis after the name: "[--parent PARENT] --type TYPE" */
	const char *summary; /* one line */
	/* argv[0] is the verb. Returns the program's exit code. NULL: vgpulab-full has it */
	int (*run)(const struct cli_globals *globals, int argc, char **argv);
	/* for cli_arguments_init(); a verb may also read argv by itself and have none of these */
	const struct cli_option *options; /* ends with a row without a name; NULL: none */
	const char *details; /* what --help says after the options; NULL: nothing */
	bool options_first; /* the first operand ends the options: run -- CMD ARG... */
};

extern const struct cli_verb cli_verbs[];
extern const size_t cli_verbs_len;

/** The options before the verb; ends with a row without a name. */
extern const struct cli_option cli_global_options[];

/** The verb of that name, or NULL. */
const struct cli_verb *cli_verb_find(const char *name);

/** `vgpulab --help`, and the same for one verb, on standard output. */
void cli_help(void);
void cli_verb_help(const struct cli_verb *verb);

/** Becomes vgpulab-full with the same arguments. Returns only if that fails: the exit code. */
int cli_run_full(const struct cli_globals *globals, char **argv);

/**
 * Reads a verb's arguments by its row's options:
 *
 *	struct cli_arguments args;
 *
 *	cli_arguments_init(&args, globals, argc, argv);
 *	for (int id; (id = cli_arguments_next(&args)) >= 0;)
 *		switch (id) {
 *		case 't': type = args.value; break;
 *		}
 *	if (args.ended)
 *		return args.exit_code;
 */
struct cli_arguments {
	struct cli_globals globals; /* with what came after the verb */
	const char *value; /* of the option that cli_arguments_next() gave */
	char **operands; /* what is left when it gave -1 */
	int operands_len;
	bool ended; /* --help was asked for, or an option was wrong: return exit_code at once */
	int exit_code;
	const struct cli_verb *verb;
	int argc;
	char **argv;
};
void cli_arguments_init(struct cli_arguments *args, const struct cli_globals *globals, int argc,
			char **argv);
/** The next option's id, or -1 at the end. */
int cli_arguments_next(struct cli_arguments *args);
/** Takes the option that cli_arguments_next() just gave out of argv: its words become NULL. */
void cli_arguments_drop(struct cli_arguments *args);
/** Says that the command line is wrong, in the same form, and gives the exit code. */
int cli_usage_fail(const struct cli_arguments *args, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/** Prints the error for a person (or as JSON on standard error), and gives the exit code for it. */
int cli_fail(const struct cli_globals *globals, const struct vgpu_error *err);

/** Opens the backend that --backend names. 0, or a negative errno with @err filled. */
int cli_backend_open(const struct cli_globals *globals, struct vgpu_backend **out,
		     struct vgpu_error *err);
/** For __attribute__((cleanup)): releases a backend. NULL is fine. */
void cli_backend_closep(struct vgpu_backend **backend);
#define _cli_backend_ __attribute__((cleanup(cli_backend_closep)))

int cli_verb_types(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_list(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_doctor(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_create(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_remove(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_apply(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_diff(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_export(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_watch(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_plan(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_define(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_undefine(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_modify(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_start(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_stop(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_start_parent_mdevs(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_fake(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_run(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_test(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_complete(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_libvirt_xml(const struct cli_globals *globals, int argc, char **argv);
int cli_verb_qemu_args(const struct cli_globals *globals, int argc, char **argv);

extern const struct cli_option cli_types_options[];
extern const struct cli_option cli_list_options[];
extern const struct cli_option cli_doctor_options[];
extern const char cli_doctor_details[];
extern const struct cli_option cli_create_options[];
extern const struct cli_option cli_watch_options[];
extern const struct cli_option cli_plan_options[];
extern const struct cli_option cli_apply_options[];
extern const struct cli_option cli_diff_options[];
extern const char cli_apply_details[];
extern const struct cli_option cli_define_options[];
extern const struct cli_option cli_undefine_options[];
extern const struct cli_option cli_modify_options[];
extern const struct cli_option cli_start_options[];
extern const struct cli_option cli_stop_options[];
extern const struct cli_option cli_qemu_args_options[];
extern const char cli_qemu_args_details[];
extern const struct cli_option cli_fake_options[];
extern const char cli_fake_details[];
extern const struct cli_option cli_test_options[];
extern const char cli_test_details[];
extern const struct cli_option cli_libvirt_xml_options[];
extern const char cli_libvirt_xml_details[];
extern const struct cli_option cli_run_options[];
