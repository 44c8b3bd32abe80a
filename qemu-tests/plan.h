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
};

struct qt_plan {
	struct qt_plan_item *items;
	size_t len;
};

/**
 * Plans a run: what is selected, by name and by need; of that what @only (may be NULL) has as
 * failed; as many rounds as wished; shuffled, then this shard of it; without what @done (may be
 * NULL) has. 0, -ENOMEM, or -EINVAL with @err filled if nothing is selected.
 */
int qt_plan_make(const struct qt_options *options, const struct qt_verdict *only,
		 const struct qt_verdict *done, struct qt_plan *out, struct vgpu_error *err);
void qt_plan_finish(struct qt_plan *plan);
