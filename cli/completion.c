/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "completion.h"

#include <backends/backends.h>
#include <fakesysfs/host.h>
#include <qemu-tests/scenario.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/definition-store.h>
#include <vgpulab/display-path.h>
#include <vgpulab/snapshot.h>

void cli_complete_offer(const struct cli_completion *completion, const char *candidate,
			const char *help)
{
	const char *typed = completion->word + completion->kept_len;

	if (!strncmp(candidate, typed, strlen(typed)))
		printf("%.*s%s\t%s\n", (int)completion->kept_len, completion->word, candidate,
		       help);
}

/* What the host has now; a host that cannot be read has nothing to offer. */
static struct vgpu_snapshot *look(const struct cli_completion *completion)
{
	_cli_backend_ struct vgpu_backend *backend = NULL;
	struct vgpu_snapshot *snapshot;
	struct vgpu_error err = { 0 };

	/* a fake host of its own would be another one next time, and takes long */
	if (!strncmp(completion->globals.backend, "fake", 4) ||
	    cli_backend_open(&completion->globals, &backend, &err) < 0 ||
	    vgpu_snapshot_take(backend, &snapshot, &err) < 0)
		return NULL;
	return snapshot;
}

static void offer_vgpus(struct cli_completion *completion)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = look(completion);

	for (size_t i = 0; snapshot && i < snapshot->instances_len; i++)
		cli_complete_offer(completion, snapshot->instances[i].uuid.text,
				   snapshot->instances[i].type);
}

static void offer_uuids(struct cli_completion *completion, const struct cli_option *option)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *definitions = NULL;
	_destroy_(vgpu_store) struct vgpu_store *store = NULL;
	struct vgpu_error err = { 0 };

	offer_vgpus(completion);
	if (vgpu_store_open(completion->globals.config_dir, &store, &err) == 0)
		vgpu_store_list(store, NULL, NULL, &definitions, &err);
	for (size_t i = 0; definitions && i < definitions->len; i++) {
		char help[256];

		snprintf(help, sizeof(help), "%s, defined on %s", definitions->items[i].type,
			 definitions->items[i].parent);
		cli_complete_offer(completion, definitions->items[i].uuid.text, help);
	}
}

static void offer_types(struct cli_completion *completion, const struct cli_option *option)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = look(completion);

	for (size_t i = 0; snapshot && i < snapshot->parents_len; i++) {
		const struct vgpu_parent *parent = &snapshot->parents[i];

		for (size_t j = 0; j < parent->types_len; j++) {
			char help[128];

			snprintf(help, sizeof(help), "%u available on %s",
				 parent->types[j].available, parent->name);
			cli_complete_offer(completion, parent->types[j].id, help);
		}
	}
}

static void offer_parents(struct cli_completion *completion, const struct cli_option *option)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = look(completion);

	for (size_t i = 0; snapshot && i < snapshot->parents_len; i++)
		cli_complete_offer(completion, snapshot->parents[i].name,
				   snapshot->parents[i].driver);
}

static void offer_gpus(struct cli_completion *completion, const struct cli_option *option)
{
	for (size_t i = 0; i < fake_gpu_profiles_len; i++)
		cli_complete_offer(completion, fake_gpu_profiles[i].name,
				   fake_gpu_profiles[i].summary);
}

/* NAME, or GPU after "mem:". */
static void offer_backends(struct cli_completion *completion, const struct cli_option *option)
{
	const char *colon = strchr(completion->word + completion->kept_len, ':');

	if (colon) {
		completion->kept_len = (size_t)(colon + 1 - completion->word);
		offer_gpus(completion, option);
		return;
	}
	for (size_t i = 0; i < vgpu_backends_len; i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s%s", vgpu_backends[i].impl->name,
			 vgpu_backends[i].argument[0] == '[' ? "" : ":");
		cli_complete_offer(completion, name, vgpu_backends[i].impl->summary);
	}
}

/* The option's help names them: "UUID PARENT TYPE". */
static void offer_columns(struct cli_completion *completion, const struct cli_option *option)
{
	const char *comma = strrchr(completion->word + completion->kept_len, ',');
	const char *word = option ? option->help : "";

	if (comma)
		completion->kept_len = (size_t)(comma + 1 - completion->word);
	while (*(word += strspn(word, " "))) {
		size_t len = strcspn(word, " ");
		char name[32];

		snprintf(name, sizeof(name), "%.*s", (int)len, word);
		cli_complete_offer(completion, name, "");
		word += len;
	}
}

/* CONTENTS, VIEWER or CONTENTS,VIEWER */
static void offer_paths(struct cli_completion *completion, const struct cli_option *option)
{
	const char *comma = strchr(completion->word + completion->kept_len, ',');

	for (size_t i = 0; i < vgpu_display_contents_len && !comma; i++)
		cli_complete_offer(completion, vgpu_display_contents[i].name,
				   vgpu_display_contents[i].summary);
	if (comma)
		completion->kept_len = (size_t)(comma + 1 - completion->word);
	for (size_t i = 0; i < vgpu_display_viewers_len; i++)
		cli_complete_offer(completion, vgpu_display_viewers[i].name,
				   vgpu_display_viewers[i].summary);
}

static void offer_scenarios(struct cli_completion *completion, const struct cli_option *option)
{
	qt_for_each_scenario (scenario)
		cli_complete_offer(completion, scenario->name, scenario->summary);
}

/* For the rest, the words that stand in the help text are the only ones there are. */
#define OFFER_WORDS(name, ...)                                                               \
	static void name(struct cli_completion *completion, const struct cli_option *option) \
	{                                                                                    \
		static const char *const words[] = { __VA_ARGS__ };                          \
                                                                                             \
		for (size_t i = 0; i < VGPU_ARRAY_LEN(words); i++)                           \
			cli_complete_offer(completion, words[i], "");                        \
	}
OFFER_WORDS(offer_accels, "tcg", "kvm")
OFFER_WORDS(offer_firmwares, "seabios", "ovmf")
OFFER_WORDS(offer_machines, "q35", "pc")

static void ask_files(struct cli_completion *completion, const struct cli_option *option)
{
	puts(":files");
}

static void ask_directories(struct cli_completion *completion, const struct cli_option *option)
{
	puts(":directories");
}

static void ask_commands(struct cli_completion *completion, const struct cli_option *option)
{
	puts(":commands");
}

/* A row: @option NULL is any option, or an operand. The first row that fits is taken. */
static const struct {
	const char *option;
	const char *placeholder; /* NULL: any */
	void (*offer)(struct cli_completion *completion, const struct cli_option *option);
} rows[] = {
	{ "backend", NULL, offer_backends },
	{ "gpu", NULL, offer_gpus },
	{ "firmware", NULL, offer_firmwares },
	{ "machine", NULL, offer_machines },
	{ NULL, "ACCEL", offer_accels },
	{ NULL, "CMD", ask_commands },
	{ NULL, "COLUMN,", offer_columns },
	{ NULL, "DIR", ask_directories },
	{ NULL, "FILE", ask_files },
	{ NULL, "MOUNTPOINT", ask_directories },
	{ NULL, "NODE", ask_files },
	{ NULL, "PARENT", offer_parents },
	{ NULL, "PATH", offer_paths },
	{ NULL, "PROGRAM", ask_commands },
	{ NULL, "SCENARIO-GLOB", offer_scenarios },
	{ NULL, "TYPE", offer_types },
	{ NULL, "UUID", offer_uuids },
};

static bool is_row_for(size_t i, const char *placeholder, const struct cli_option *option)
{
	size_t len = strcspn(placeholder, ".]");

	if (rows[i].option && (!option || strcmp(rows[i].option, option->name)))
		return false;
	return !rows[i].placeholder || (strlen(rows[i].placeholder) == len &&
					!strncmp(rows[i].placeholder, placeholder, len));
}

void cli_complete_placeholder(struct cli_completion *completion, const char *placeholder,
			      const struct cli_option *option)
{
	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++)
		if (is_row_for(i, placeholder, option)) {
			rows[i].offer(completion, option);
			return;
		}
}
