/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which scenarios are meant, and what they have in common. */
#include "paths.h"

#include <fnmatch.h>
#include <qemu-tests/scenario.h>
#include <string.h>

const struct qt_scenario *qt_scenario_find(const char *name)
{
	qt_for_each_scenario (scenario)
		if (name && !strcmp(scenario->name, name))
			return scenario;
	return NULL;
}

const struct qt_step *qt_scenario_step(const struct qt_scenario *scenario, size_t index)
{
	const struct qt_step *step = index < QT_SCENARIO_STEPS_MAX ? &scenario->steps[index] : NULL;

	return step && (step->width_px || step->action) ? step : NULL;
}

bool qt_scenario_selected(const struct qt_scenario *scenario, char *const *globs, size_t globs_len)
{
	for (size_t i = 0; i < globs_len; i++)
		if (scenario->on_request ? !strcmp(globs[i], scenario->name)
					 : !fnmatch(globs[i], scenario->name, 0))
			return true;
	return !globs_len && !scenario->on_request;
}

const char *qt_scenario_without_libvirt(const struct qt_scenario *scenario)
{
	const struct qt_path *path = qt_path_find(scenario->path);

	if (!path->vgpu)
		return "it is about QEMU's own display";
	return path->without_libvirt ? path->without_libvirt : scenario->without_libvirt;
}

const char *qt_selection_display(char *const *globs, size_t globs_len)
{
	const char *display = NULL;

	qt_for_each_scenario (scenario) {
		const char *wanted = qt_path_find(scenario->path)->display;

		if (!wanted || !qt_scenario_selected(scenario, globs, globs_len))
			continue;
		if (display && strcmp(display, wanted))
			return NULL;
		display = wanted;
	}
	return display;
}

bool qt_selection_needs_vgpu(char *const *globs, size_t globs_len)
{
	qt_for_each_scenario (scenario)
		if (qt_scenario_selected(scenario, globs, globs_len) &&
		    qt_path_find(scenario->path)->vgpu)
			return true;
	return false;
}
