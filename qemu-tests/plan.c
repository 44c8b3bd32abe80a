/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan.h"

#include "actions.h"
#include "paths.h"
#include "verdict.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What a scenario goes through takes about so long on a machine of two quiet cores. */
enum {
	QEMU_MS = 200,
	KERNEL_MS = 2500,
	DRIVER_MS = 2500,
	PACKED_MS = 8000,
	UEFI_MS = 9000,
	MENU_MS = 3500,
	SHOT_MS = 150,
	MODES = 8, /* of a display that is asked for all it has */
	LAYOUTS = 47,
};

bool qt_scenario_needs(const struct qt_scenario *scenario, const char *need)
{
	const struct qt_path *path = qt_path_find(scenario->path);

	for (size_t i = 0; i < QT_PATH_NEEDS_MAX && path->needs[i]; i++)
		if (!strcmp(path->needs[i], need))
			return true;
	for (size_t i = 0; i < QT_SCENARIO_NEEDS_MAX && scenario->needs[i]; i++)
		if (!strcmp(scenario->needs[i], need))
			return true;
	return scenario->driver && !strcmp(need, "guest-modules");
}

static bool has_failed(const struct qt_verdict *verdict, const struct qt_scenario *scenario)
{
	for (size_t i = 0; i < verdict->results_len; i++)
		if (verdict->results[i].scenario == scenario &&
		    verdict->results[i].outcome == QT_FAILED && !*verdict->results[i].known)
			return true;
	return false;
}

static bool is_done(const struct qt_verdict *verdict, const struct qt_plan_item *item)
{
	for (size_t i = 0; i < verdict->results_len; i++)
		if (verdict->results[i].scenario == item->scenario &&
		    verdict->results[i].round == item->round)
			return true;
	return false;
}

/* The order must be the same everywhere, so no library's idea of random: SplitMix64. */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

static void shuffle(struct qt_plan *plan, uint64_t seed)
{
	for (size_t left = plan->len; left > 1; left--) {
		size_t chosen = next_random(&seed) % left;
		struct qt_plan_item item = plan->items[chosen];

		plan->items[chosen] = plan->items[left - 1];
		plan->items[left - 1] = item;
	}
}

/* With somebody's system, paths matter: of each, the first scenario that shows pictures at all. */
static bool is_for_image(const struct qt_scenario *scenario)
{
	const struct qt_path *path = qt_path_find(scenario->path);

	if (scenario->refused || scenario->driver || scenario->remote || !path->vgpu ||
	    !path->captures[0] || !strcmp(path->captures[0], "guest"))
		return false;
	qt_for_each_scenario (first)
		if (!strcmp(first->path, scenario->path) && !first->driver && !first->refused)
			return first == scenario;
	return false;
}

static bool is_selected(const struct qt_options *options, const struct qt_verdict *only,
			const struct qt_scenario *scenario)
{
	return qt_scenario_selected(scenario, options->select, options->select_len) &&
	       (!options->guest_image || is_for_image(scenario)) &&
	       (!options->need || qt_scenario_needs(scenario, options->need)) &&
	       (!only || has_failed(only, scenario));
}

/* Keeps what is in our shard and not yet done. */
static void thin_out(struct qt_plan *plan, const struct qt_options *options,
		     const struct qt_verdict *done)
{
	unsigned int shards = options->shards ? options->shards : 1;
	size_t kept = 0;

	for (size_t i = 0; i < plan->len; i++)
		if (i % shards == (options->shards ? options->shard - 1 : 0) &&
		    (!done || !is_done(done, &plan->items[i])))
			plan->items[kept++] = plan->items[i];
	plan->len = kept;
}

int qt_plan_make(const struct qt_options *options, const struct qt_verdict *only,
		 const struct qt_verdict *done, struct qt_plan *out, struct vgpu_error *err)
{
	unsigned int rounds = options->rounds ? options->rounds : 1;
	struct qt_plan plan = { calloc(qt_scenario_count() * rounds, sizeof(*plan.items)), 0 };

	if (!plan.items)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "planning the run");
	for (unsigned int round = 1; round <= rounds; round++)
		qt_for_each_scenario (scenario)
			if (is_selected(options, only, scenario))
				plan.items[plan.len++] = (struct qt_plan_item){ scenario, round };
	if (!plan.len) {
		free(plan.items);
		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
			       only ? "none of these scenarios failed in the last run"
				    : "no scenario is named so, or has that need");
		vgpu_error_hint(err, "`vgpulab test --list` shows them all");
		return -EINVAL;
	}
	if (options->shuffle)
		shuffle(&plan, options->seed);
	thin_out(&plan, options, done);
	if (!plan.len && !done) {
		free(plan.items);
		return vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				      "part %u of %u has no scenario: there are fewer than that",
				      options->shard, options->shards);
	}
	*out = plan;
	return 0;
}

static unsigned int step_ms(const struct qt_step *step, size_t captures)
{
	const struct qt_action *action = qt_action_find(step->action);
	unsigned int frames = step->frames ? step->frames : 1;

	frames *= step->every_mode ? MODES : step->every_layout ? LAYOUTS : 1;
	return (action ? action->takes_ms * (step->times ? step->times : 1) : 0) +
	       (step->width_px ? frames * (unsigned int)captures * SHOT_MS : 0);
}

static unsigned int usual_ms(const struct qt_scenario *scenario)
{
	const struct qt_path *path = qt_path_find(scenario->path);
	unsigned int ms = QEMU_MS;
	const struct qt_step *step;
	size_t captures = 0;

	if (scenario->refused)
		return ms;
	ms += (scenario->remote ? 0 : KERNEL_MS) + (scenario->driver ? DRIVER_MS : 0) +
	      (scenario->packed_kernel ? PACKED_MS : 0) + (path->firmware ? UEFI_MS : 0) +
	      (path->boot_menu ? MENU_MS : 0);
	while (captures < QT_PATH_CAPTURES_MAX && path->captures[captures])
		captures++;
	for (size_t i = 0; (step = qt_scenario_step(scenario, i)) != NULL; i++)
		ms += step_ms(step, captures);
	return ms;
}

void qt_plan_estimate(struct qt_plan *plan, const struct qt_verdict *earlier)
{
	for (size_t i = 0; i < plan->len; i++) {
		struct qt_plan_item *item = &plan->items[i];

		item->expected_ms = usual_ms(item->scenario);
		for (size_t j = 0; earlier && j < earlier->results_len; j++)
			if (earlier->results[j].scenario == item->scenario &&
			    earlier->results[j].outcome == QT_PASSED)
				item->expected_ms = earlier->results[j].total_ms;
	}
}

size_t qt_plan_next(const struct qt_plan *plan, bool (*may_begin)(const void *data, size_t index),
		    const void *data)
{
	size_t next = plan->len;

	for (size_t i = 0; i < plan->len; i++)
		if (may_begin(data, i) &&
		    (next == plan->len ||
		     plan->items[i].expected_ms > plan->items[next].expected_ms))
			next = i;
	return next;
}

void qt_plan_finish(struct qt_plan *plan)
{
	free(plan->items);
	*plan = (struct qt_plan){ 0 };
}
