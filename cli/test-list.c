/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "test-list.h"

#include <errno.h>
#include <stdio.h>
#include <vgpulab/cleanup.h>

#include "listing.h"

static json_object *value_name(const void *row)
{
	return cli_text(((const struct qt_scenario *)row)->name);
}

static json_object *value_path(const void *row)
{
	return cli_text(((const struct qt_scenario *)row)->path);
}

static json_object *value_summary(const void *row)
{
	return cli_text(((const struct qt_scenario *)row)->summary);
}

static json_object *value_on_request(const void *row)
{
	return json_object_new_boolean(((const struct qt_scenario *)row)->on_request);
}

static const struct cli_column columns[] = {
	{ "SCENARIO", "scenario", "name of the scenario", .value = value_name },
	{ "PATH", "path", "display path", .value = value_path },
	{ "SUMMARY", "summary", "what it is about", .value = value_summary },
	{ "ON-REQUEST", "on_request", "runs only if named", .extra = true,
	  .value = value_on_request },
};

static bool is_listed(const struct qt_options *options, const struct qt_scenario *scenario)
{
	return (!options->select_len ||
		qt_scenario_selected(scenario, options->select, options->select_len)) &&
	       (!options->need || qt_scenario_needs(scenario, options->need));
}

int cli_test_list(const struct cli_arguments *args, const struct qt_options *options, bool describe)
{
	struct cli_listing listing;
	struct vgpu_error err = { 0 };
	size_t listed = 0;
	int r;

	cli_listing_init(&listing, columns, VGPU_ARRAY_LEN(columns));
	qt_for_each_scenario (scenario) {
		if (!is_listed(options, scenario))
			continue;
		listed++;
		if (describe)
			qt_scenario_describe(stdout, scenario);
		else
			cli_listing_add(&listing, scenario);
	}
	if (!listed) {
		r = vgpu_error_set(&err, VGPU_ERROR_USAGE, EINVAL,
				   "no scenario is named so, or has that need");
		vgpu_error_hint(&err, "`vgpulab test --list` shows them all");
	} else {
		r = describe ? 0 : cli_listing_print(&listing, args->globals.json, &err);
	}
	cli_listing_finish(&listing);
	return r ? cli_fail(&args->globals, &err) : 0;
}
