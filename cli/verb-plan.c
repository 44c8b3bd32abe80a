/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/manager.h>
#include <vgpulab/plan.h>

#include "listing.h"

enum { WISHES_MAX = 32, COUNT_MAX = 1000 };

const struct cli_option cli_plan_options[] = {
	{ 'p', "parent", "PARENT", "on this GPU; else on the first that has room for all" },
	{ 0 },
};

/* "2xV5_4" or "V5_4". */
struct word {
	const char *type;
	unsigned int count;
};

static int read_word(const char *text, struct word *out)
{
	char *end;
	unsigned long count = strtoul(text, &end, 10);

	if (*text < '0' || *text > '9' || *end != 'x') {
		*out = (struct word){ text, 1 };
		return 0;
	}
	if (!count || count > COUNT_MAX || !end[1])
		return -EINVAL;
	*out = (struct word){ end + 1, (unsigned int)count };
	return 0;
}

static int make_plan(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
		     const struct word *words, size_t len, struct vgpu_plan *plan,
		     struct vgpu_error *err)
{
	struct vgpu_wish wishes[WISHES_MAX];
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < len; i++) {
		wishes[i].count = words[i].count;
		ret = vgpu_plan_find_type(snapshot, parent, words[i].type, &wishes[i].type, err);
	}
	if (ret < 0)
		return ret;
	vgpu_plan_make(snapshot, parent, wishes, len, plan);
	return 0;
}

static const char *const verdicts[] = {
	[VGPU_PLAN_FITS] = "fits",
	[VGPU_PLAN_UNSURE] = "unsure",
	[VGPU_PLAN_FULL] = "full",
};

static void print_json(const struct vgpu_parent *parent, const struct vgpu_plan *plan)
{
	struct json_object *json = json_object_new_object(), *removals = json_object_new_array();

	for (size_t i = 0; i < plan->removals_len; i++)
		json_object_array_add(removals,
				      json_object_new_string(plan->removals[i]->uuid.text));
	json_object_object_add(json, "parent", json_object_new_string(parent->name));
	json_object_object_add(json, "verdict", json_object_new_string(verdicts[plan->verdict]));
	json_object_object_add(json, "reason", cli_text(plan->reason));
	json_object_object_add(json, "remove", removals);
	cli_json_print(json);
	json_object_put(json);
}

static void print_text(const struct vgpu_parent *parent, const struct vgpu_plan *plan)
{
	static const char *const sentences[] = {
		[VGPU_PLAN_FITS] = "it fits on %s\n",
		[VGPU_PLAN_UNSURE] = "it may fit on %s, or not\n",
		[VGPU_PLAN_FULL] = "it does not fit on %s\n",
	};

	printf(sentences[plan->verdict], parent->name);
	if (plan->reason[0])
		printf("why: %s\n", plan->reason);
	for (size_t i = 0; i < plan->removals_len; i++)
		printf("%s %s (%s)\n", i ? "   and" : "it fits without",
		       plan->removals[i]->uuid.text, plan->removals[i]->type);
	if (plan->hopeless)
		puts("it would not fit even if all vGPUs were removed");
}

static int print(const struct cli_globals *globals, const struct vgpu_parent *parent,
		 const struct vgpu_plan *plan)
{
	static const int codes[] = {
		[VGPU_PLAN_FITS] = 0,
		[VGPU_PLAN_UNSURE] = VGPU_ERROR_UNVERIFIED,
		[VGPU_PLAN_FULL] = VGPU_ERROR_NO_ROOM,
	};

	(globals->json ? print_json : print_text)(parent, plan);
	return codes[plan->verdict];
}

/* The best of all parents; the first error counts only if none has the types. */
static int plan(const struct cli_arguments *args, const char *name, const struct word *words,
		size_t len)
{
	_cli_backend_ struct vgpu_backend *backend = NULL;
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	const struct vgpu_parent *parent = NULL, *best = NULL;
	struct vgpu_plan best_plan = { 0 };
	struct vgpu_error err = { 0 };
	int ret = cli_backend_open(&args->globals, &backend, &err);

	if (ret == 0)
		ret = vgpu_snapshot_take(backend, &snapshot, &err);
	if (ret == 0)
		ret = vgpu_parent_find(backend, snapshot, name, &parent, &err);
	for (size_t i = 0; ret == 0 && i < snapshot->parents_len; i++) {
		const struct vgpu_parent *at = name ? parent : &snapshot->parents[i];
		struct vgpu_plan made;

		if (make_plan(snapshot, at, words, len, &made, &err) == 0 &&
		    (!best || made.verdict < best_plan.verdict)) {
			best = at;
			best_plan = made;
		}
	}
	return best ? print(&args->globals, best, &best_plan) : cli_fail(&args->globals, &err);
}

int cli_verb_plan(const struct cli_globals *globals, int argc, char **argv)
{
	struct word words[WISHES_MAX];
	struct cli_arguments args;
	const char *parent = NULL;

	cli_arguments_init(&args, globals, argc, argv);
	while (cli_arguments_next(&args) == 'p')
		parent = args.value;
	if (args.ended)
		return args.exit_code;
	if (!args.operands_len || args.operands_len > WISHES_MAX)
		return cli_usage_fail(&args, "what shall fit? for example: 2xV5_4 V5_8");
	for (int i = 0; i < args.operands_len; i++)
		if (read_word(args.operands[i], &words[i]) < 0)
			return cli_usage_fail(&args,
					      "'%s' is no TYPE and no COUNTxTYPE, COUNT from "
					      "1 to %u",
					      args.operands[i], COUNT_MAX);
	return plan(&args, parent, words, (size_t)args.operands_len);
}
