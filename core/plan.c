/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>
#include <vgpulab/plan.h>

#include "type-find.h"

/* What a GPU's memory is cut into: the sizes of all types are multiples of this. */
enum { STEP_MIB = 64, MEMORY_MAX_MIB = 4096, FENCES_MAX = 32 };

/* What is shared out. 64 bits so that no wish overflows. */
struct amount {
	uint64_t low_mib, high_mib, fences;
};

static struct amount amount_of(const struct vgpu_mdev_type *type)
{
	return (struct amount){ type->low_gm_mib, type->high_gm_mib, type->fences };
}

static void add(struct amount *sum, struct amount more, uint64_t times)
{
	sum->low_mib += more.low_mib * times;
	sum->high_mib += more.high_mib * times;
	sum->fences += more.fences * times;
}

static bool fits(struct amount wanted, struct amount room)
{
	return wanted.low_mib <= room.low_mib && wanted.high_mib <= room.high_mib &&
	       wanted.fences <= room.fences;
}

static uint64_t smaller(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Does the kernel, with so much room, count what it counts? */
static bool explains(struct amount room, const struct vgpu_parent *parent)
{
	for (size_t i = 0; i < parent->types_len; i++) {
		struct amount type = amount_of(&parent->types[i]);
		uint64_t available =
			smaller(room.low_mib / type.low_mib,
				smaller(room.high_mib / type.high_mib, room.fences / type.fences));

		if (available != parent->types[i].available)
			return false;
	}
	return true;
}

/* All that is asked of the rooms that may be: in how many does it fit, and how large can they be? */
struct survey {
	struct amount wanted, freed, largest;
	uint64_t rooms, good;
};

static void look_at(struct survey *survey, struct amount room)
{
	add(&room, survey->freed, 1);
	survey->rooms++;
	survey->good += fits(survey->wanted, room);
	survey->largest.low_mib =
		room.low_mib > survey->largest.low_mib ? room.low_mib : survey->largest.low_mib;
	survey->largest.high_mib =
		room.high_mib > survey->largest.high_mib ? room.high_mib : survey->largest.high_mib;
	survey->largest.fences =
		room.fences > survey->largest.fences ? room.fences : survey->largest.fences;
}

/* The least that is free for sure: a start for the search that leaves few rooms to try. */
static struct amount least_room(const struct vgpu_parent *parent)
{
	struct amount least = { 0 };

	for (size_t i = 0; i < parent->types_len; i++) {
		struct amount sum = { 0 };

		add(&sum, amount_of(&parent->types[i]), parent->types[i].available);
		least.low_mib = sum.low_mib > least.low_mib ? sum.low_mib : least.low_mib;
		least.high_mib = sum.high_mib > least.high_mib ? sum.high_mib : least.high_mib;
		least.fences = sum.fences > least.fences ? sum.fences : least.fences;
	}
	return least;
}

/* What the running vGPUs take is not free: @used bounds the search from above. */
static void survey_rooms(struct survey *survey, const struct vgpu_parent *parent,
			 struct amount used)
{
	struct amount least = least_room(parent), room;

	survey->rooms = survey->good = 0;
	survey->largest = (struct amount){ 0 };
	for (room.low_mib = least.low_mib; room.low_mib + used.low_mib <= MEMORY_MAX_MIB;
	     room.low_mib += STEP_MIB)
		for (room.high_mib = least.high_mib;
		     room.low_mib + room.high_mib + used.low_mib + used.high_mib <= MEMORY_MAX_MIB;
		     room.high_mib += STEP_MIB)
			for (room.fences = least.fences; room.fences + used.fences <= FENCES_MAX;
			     room.fences++)
				if (explains(room, parent))
					look_at(survey, room);
}

/* GVT-g's types say what they take; other drivers' do not. */
static bool is_measured(const struct vgpu_parent *parent)
{
	for (size_t i = 0; i < parent->types_len; i++) {
		struct amount type = amount_of(&parent->types[i]);

		if (!type.low_mib || !type.high_mib || !type.fences)
			return false;
	}
	return parent->types_len > 0;
}

static enum vgpu_plan_verdict judge(const struct survey *survey)
{
	/* numbers that nothing explains, as while another program creates one: no promise */
	if (!survey->rooms)
		return VGPU_PLAN_UNSURE;
	if (survey->good == survey->rooms)
		return VGPU_PLAN_FITS;
	return survey->good ? VGPU_PLAN_UNSURE : VGPU_PLAN_FULL;
}

/* The number of one type, over all wishes. */
static uint64_t count_of(const struct vgpu_wish *wishes, size_t len,
			 const struct vgpu_mdev_type *type)
{
	uint64_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += wishes[i].type == type ? wishes[i].count : 0;
	return count;
}

/* Is there too little for one type alone? */
static bool explain_count(const struct vgpu_wish *wishes, size_t len, struct vgpu_plan *plan)
{
	for (size_t i = 0; i < len; i++) {
		uint64_t count = count_of(wishes, len, wishes[i].type);

		if (count <= wishes[i].type->available)
			continue;
		snprintf(plan->reason, sizeof(plan->reason), "%lu of %s wanted, %u available",
			 (unsigned long)count, wishes[i].type->id, wishes[i].type->available);
		return true;
	}
	return false;
}

static void explain(const struct survey *survey, struct vgpu_plan *plan)
{
	const struct {
		const char *what, *unit;
		uint64_t wanted, largest;
	} resources[] = {
		{ "low (mappable) graphics memory", " MiB", survey->wanted.low_mib,
		  survey->largest.low_mib },
		{ "high graphics memory", " MiB", survey->wanted.high_mib,
		  survey->largest.high_mib },
		{ "fence registers", "", survey->wanted.fences, survey->largest.fences },
	};
	size_t len = 0;

	if (plan->verdict == VGPU_PLAN_UNSURE) {
		snprintf(plan->reason, sizeof(plan->reason),
			 "what the kernel says of its free instances allows both");
		return;
	}
	for (size_t i = 0; i < VGPU_ARRAY_LEN(resources) && len < sizeof(plan->reason); i++)
		if (resources[i].wanted > resources[i].largest)
			len += (size_t)snprintf(
				plan->reason + len, sizeof(plan->reason) - len,
				"%s%s: %lu%s wanted, %lu%s free at most", len ? "; " : "",
				resources[i].what, (unsigned long)resources[i].wanted,
				resources[i].unit, (unsigned long)resources[i].largest,
				resources[i].unit);
	if (!len)
		snprintf(plan->reason, sizeof(plan->reason),
			 "no division of the GPU's memory that its numbers allow has room for all");
}

/* The vGPUs of a parent, with what each takes. */
struct candidates {
	const struct vgpu_instance *instances[VGPU_PLAN_REMOVALS_MAX];
	struct amount amounts[VGPU_PLAN_REMOVALS_MAX];
	size_t len;
	struct amount used;
};

static void find_candidates(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
			    struct candidates *out)
{
	*out = (struct candidates){ 0 };
	for (size_t i = 0; i < snapshot->instances_len; i++) {
		const struct vgpu_instance *instance = &snapshot->instances[i];
		const struct vgpu_mdev_type *type;

		if (&snapshot->parents[instance->parent] != parent)
			continue;
		type = vgpu_parent_find_type(parent, instance->type);
		if (!type)
			continue;
		add(&out->used, amount_of(type), 1);
		if (out->len < VGPU_PLAN_REMOVALS_MAX) {
			out->instances[out->len] = instance;
			out->amounts[out->len++] = amount_of(type);
		}
	}
}

static struct amount freed_by(const struct candidates *candidates, unsigned int set)
{
	struct amount freed = { 0 };

	for (size_t i = 0; i < candidates->len; i++)
		if (set & 1U << i)
			add(&freed, candidates->amounts[i], 1);
	return freed;
}

/* A GPU has seven vGPUs at most: all sets of them can be tried. Fewest first, then smallest. */
static void find_removals(const struct candidates *candidates, struct amount wanted,
			  const struct vgpu_parent *parent, struct vgpu_plan *plan)
{
	unsigned int best = 0;
	uint64_t best_size = 0;
	struct amount least = least_room(parent);

	for (unsigned int set = 1; set < 1U << candidates->len; set++) {
		struct amount freed = freed_by(candidates, set), room = least;
		uint64_t size = freed.low_mib + freed.high_mib;

		add(&room, freed, 1);
		if (!fits(wanted, room) ||
		    (best &&
		     (__builtin_popcount(set) > __builtin_popcount(best) ||
		      (__builtin_popcount(set) == __builtin_popcount(best) && size >= best_size))))
			continue;
		best = set;
		best_size = size;
	}
	for (size_t i = 0; i < candidates->len; i++)
		if (best & 1U << i)
			plan->removals[plan->removals_len++] = candidates->instances[i];
}

static void plan_measured(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
			  const struct vgpu_wish *wishes, size_t wishes_len, struct vgpu_plan *plan)
{
	struct candidates candidates;
	struct survey survey = { 0 };

	find_candidates(snapshot, parent, &candidates);
	for (size_t i = 0; i < wishes_len; i++)
		add(&survey.wanted, amount_of(wishes[i].type), wishes[i].count);
	survey_rooms(&survey, parent, candidates.used);
	plan->verdict = judge(&survey);
	if (plan->verdict == VGPU_PLAN_FITS)
		return;
	if (plan->verdict == VGPU_PLAN_UNSURE || !explain_count(wishes, wishes_len, plan))
		explain(&survey, plan);
	find_removals(&candidates, survey.wanted, parent, plan);
	survey.freed = candidates.used;
	survey_rooms(&survey, parent, candidates.used);
	plan->hopeless = plan->verdict == VGPU_PLAN_FULL && judge(&survey) == VGPU_PLAN_FULL;
}

static bool has_instances(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent)
{
	for (size_t i = 0; i < snapshot->instances_len; i++)
		if (&snapshot->parents[snapshot->instances[i].parent] == parent)
			return true;
	return false;
}

/* Nothing is known of how types share: each alone can be counted. */
static void plan_counted(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
			 const struct vgpu_wish *wishes, size_t wishes_len, struct vgpu_plan *plan)
{
	bool mixed = false;

	if (explain_count(wishes, wishes_len, plan)) {
		plan->verdict = VGPU_PLAN_FULL;
		plan->hopeless = !has_instances(snapshot, parent);
		return;
	}
	for (size_t i = 0; i < wishes_len; i++)
		mixed |= wishes[i].type != wishes[0].type;
	if (!mixed)
		return;
	plan->verdict = VGPU_PLAN_UNSURE;
	snprintf(plan->reason, sizeof(plan->reason),
		 "the driver does not say what its types take from each other");
}

void vgpu_plan_make(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
		    const struct vgpu_wish *wishes, size_t wishes_len, struct vgpu_plan *plan)
{
	*plan = (struct vgpu_plan){ .verdict = VGPU_PLAN_FITS };
	if (is_measured(parent))
		plan_measured(snapshot, parent, wishes, wishes_len, plan);
	else
		plan_counted(snapshot, parent, wishes, wishes_len, plan);
}

int vgpu_plan_find_type(const struct vgpu_snapshot *snapshot, const struct vgpu_parent *parent,
			const char *name, const struct vgpu_mdev_type **out, struct vgpu_error *err)
{
	char full[64];

	snprintf(full, sizeof(full), "GVTg_%s", name);
	if (vgpu_type_find(snapshot, parent, full, out, NULL) == 0)
		return 0;
	return vgpu_type_find(snapshot, parent, name, out, err);
}
