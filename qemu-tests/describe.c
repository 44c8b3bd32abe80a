/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capture.h"
#include "paths.h"

#include <qemu-tests/scenario.h>
#include <vgpulab/cleanup.h>

static void print_needs(FILE *f, const struct qt_path *path, const struct qt_scenario *scenario)
{
	fputs("  needs     qemu", f);
	if (!scenario->refused)
		fputs(", guest-kernel, guest-init", f);
	for (size_t i = 0; i < QT_PATH_NEEDS_MAX && path->needs[i]; i++)
		fprintf(f, ", %s", path->needs[i]);
	for (size_t i = 0; i < QT_SCENARIO_NEEDS_MAX && scenario->needs[i]; i++)
		fprintf(f, ", %s", scenario->needs[i]);
	fputs(scenario->driver ? ", guest-modules\n" : "\n", f);
}

static void print_steps(FILE *f, const struct qt_scenario *scenario)
{
	const struct qt_step *step;

	for (size_t i = 0; (step = qt_scenario_step(scenario, i)) != NULL; i++) {
		fprintf(f, "  %-9s ", i ? "" : scenario->steps[0].width_px ? "shows" : "does");
		if (step->action)
			fprintf(f, "%s%u x %s%s", step->width_px ? "after " : "",
				step->times ? step->times : 1, step->action,
				step->width_px ? ": " : "\n");
		if (!step->width_px)
			continue;
		fprintf(f, "%u x %ux%u %s %s%s\n", step->frames ? step->frames : 1, step->width_px,
			step->height_px,
			step->format	     ? step->format
			: step->every_layout ? "every format"
					     : "XR24",
			step->tiling	     ? step->tiling
			: step->every_layout ? "in every tiling"
					     : "linear",
			step->cursor ? ", a cursor" : "");
	}
}

void qt_scenario_describe(FILE *f, const struct qt_scenario *scenario)
{
	const struct qt_path *path = qt_path_find(scenario->path);

	fprintf(f, "%s\n  %s\n  path      %s: %s\n  device    %s,%s\n  options  ", scenario->name,
		scenario->summary, path->name, path->summary, path->device, path->properties);
	for (size_t i = 0; path->front_end[i]; i++)
		fprintf(f, " %s", path->front_end[i]);
	fputc('\n', f);
	if (qt_scenario_without_libvirt(scenario))
		fprintf(f, "  libvirt   no: %s\n", qt_scenario_without_libvirt(scenario));
	else
		fprintf(f, "  libvirt   libvirt-xml --path %s\n", path->libvirt);
	print_needs(f, path, scenario);
	if (scenario->type)
		fprintf(f, "  type      %s\n", scenario->type);
	if (scenario->refused)
		fprintf(f, "  refused   \"%s\"\n", scenario->refusal);
	else
		for (size_t i = 0; i < QT_PATH_CAPTURES_MAX && path->captures[i]; i++)
			fprintf(f, "  %-9s %s: %s\n", i ? "" : "captures", path->captures[i],
				qt_capture_find(path->captures[i])->summary);
	print_steps(f, scenario);
}
