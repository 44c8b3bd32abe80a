/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * Which scenarios a run goes through, and in which order.
 */

#include <qemu-tests/harness.h>
#include <stddef.h>

struct qt_verdict;

struct qt_plan_item {
	const struct qt_scenario *scenario;
	unsigned int round; /* from 1 */
	unsigned int expected_ms; /* how long it may take; 0: nobody has asked */
};

struct qt_plan {
	struct qt_plan_item *items;
	size_t len;
};

/**
 * Plans a run: what is selected, by name and by need; of that what @only (may be NULL) has as
 * failed; as many rounds as wished; shuffled, then this shard of it; without what @done (may be
 * NULL) has. 0, -ENOMEM, or -EINVAL with @err filled if nothing is selected, or in this shard.
 */
int qt_plan_make(const struct qt_options *options, const struct qt_verdict *only,
		 const struct qt_verdict *done, struct qt_plan *out, struct vgpu_error *err);

/**
 * Fills in how long each item may take: as it did in @earlier (may be NULL), else as what it goes
 * through does on average.
 */
void qt_plan_estimate(struct qt_plan *plan, const struct qt_verdict *earlier);

/**
 * The index of the item to begin next, of those that @may_begin says yes to: the longest, because a
 * long one that is begun late is waited for by all cores; the first of equals. plan->len: none.
 */
size_t qt_plan_next(const struct qt_plan *plan, bool (*may_begin)(const void *data, size_t index),
		    const void *data);

void qt_plan_finish(struct qt_plan *plan);
