/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scenarios.h"

/* In the order in which they are listed and run. */
static const struct qt_scenario_table *const tables[] = {
	&qt_region_scenarios, &qt_i915_scenarios,    &qt_viewers_scenarios,
	&qt_gl_scenarios,     &qt_refused_scenarios, &qt_samples_scenarios,
};

const struct qt_scenario *qt_scenario_next(const struct qt_scenario *before)
{
	size_t i = 0;

	if (!before)
		return tables[0]->rows;
	while (before < tables[i]->rows || before >= tables[i]->rows + tables[i]->len)
		i++;
	if (++before < tables[i]->rows + tables[i]->len)
		return before;
	return i + 1 < VGPU_ARRAY_LEN(tables) ? tables[i + 1]->rows : NULL;
}

size_t qt_scenario_count(void)
{
	size_t count = 0;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(tables); i++)
		count += tables[i]->len;
	return count;
}
