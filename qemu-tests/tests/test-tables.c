/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <qemu-tests/scenario.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "../actions.h"
#include "../capture.h"
#include "../checks.h"
#include "../guest-drivers.h"
#include "../needs.h"
#include "../paths.h"
#include "../pixel-format.h"
#include "../refusals.h"
#include "../repeat.h"
#include "../tiling.h"

/* The tables name rows of each other; a name that is wrong would be found at run time only. */

static bool is_need(const char *name)
{
	for (size_t i = 0; i < qt_need_rows_len; i++)
		if (!strcmp(qt_need_rows[i].name, name))
			return true;
	return false;
}

static void every_path_names_captures_and_needs_that_exist(void **state)
{
	for (size_t i = 0; i < qt_paths_len; i++) {
		const struct qt_path *path = &qt_paths[i];

		assert_ptr_equal(path, qt_path_find(path->name));
		/* a vGPU's path has a domain, or a reason */
		assert_int_equal(path->vgpu, !path->libvirt != !path->without_libvirt);
		assert_true(path->captures[0] || !strncmp(path->name, "wrong-", 6) ||
			    !strcmp(path->name, "no-display"));
		for (size_t j = 0; j < QT_PATH_CAPTURES_MAX && path->captures[j]; j++)
			assert_non_null(qt_capture_find(path->captures[j]));
		for (size_t j = 0; j < QT_PATH_NEEDS_MAX && path->needs[j]; j++)
			assert_true(is_need(path->needs[j]));
	}
}

/* One, or of a step that goes through layouts several. */
static bool formats_exist(const struct qt_step *step)
{
	char words[64] = "", *rest = words;
	unsigned int len = 0;

	if (!step->format)
		return true;
	snprintf(words, sizeof(words), "%s", step->format);
	for (const char *word; (word = strsep(&rest, " ")); len++)
		if (!qt_pixel_format_find(word))
			return false;
	return len == 1 || step->every_layout;
}

static void every_scenario_can_be_run_as_it_is_written(void **state)
{
	size_t seen = 0;

	qt_for_each_scenario (scenario) {
		seen++;
		assert_non_null(qt_path_find(scenario->path));
		assert_true(!scenario->refused == !!qt_scenario_step(scenario, 0));
		assert_true(!scenario->refused == !scenario->refusal);
		assert_true(!scenario->refused || qt_refusal_find(scenario->refused));
		assert_true(scenario->refused || !scenario->steps[0].width_px ||
			    qt_path_find(scenario->path)->captures[0]);
		assert_true(!scenario->refused || !qt_path_find(scenario->path)->libvirt ||
			    !scenario->libvirt_refusal != !scenario->without_libvirt);
		assert_true(!scenario->beside || qt_scenario_find(scenario->beside));
		assert_true(!scenario->driver || qt_guest_driver_find(scenario->driver));
		/* there is nothing to keep before the first picture */
		assert_false(scenario->steps[0].keep);
		for (size_t j = 0; j < QT_SCENARIO_NEEDS_MAX && scenario->needs[j]; j++)
			assert_true(is_need(scenario->needs[j]));
		for (size_t j = 0; j < QT_SCENARIO_STEPS_MAX; j++) {
			const struct qt_step *step = &scenario->steps[j];

			assert_true(formats_exist(step));
			assert_true(!step->tiling || qt_tiling_find(step->tiling));
			assert_true(!step->action || qt_action_find(step->action));
		}
		assert_ptr_equal(scenario,
				 qt_scenario_find(scenario->name)); /* no other is so named */
	}
	assert_int_equal(qt_scenario_count(), seen);
}

/* Who tells of no modes must not pass for one whose every mode is right. */
static void nothing_shown_is_no_proof(void **state)
{
	struct qt_result result = { .scenario = qt_scenario_find("i915-modes") };
	struct qt_frame unseen = { .shots_len = 0 };
	struct vgpu_error err = { 0 };

	assert_int_equal(-ENODATA, qt_frames_check(&result, &err));
	assert_non_null(qt_result_add_frame(&result));
	assert_int_equal(0, qt_frames_check(&result, NULL));
	qt_frame_check(&unseen, NULL);
	assert_false(unseen.passed);
	qt_result_reset(&result);
	result.scenario = qt_scenario_find("mtty-two-ports");
	assert_int_equal(0, qt_frames_check(&result, NULL));
	qt_result_finish(&result);
}

static void globs_select_but_what_is_on_request_must_be_named(void **state)
{
	const struct qt_scenario *region = qt_scenario_find("region-1024x768");
	const struct qt_scenario *bochs = qt_scenario_find("bochs-1024x768");
	char *all[] = { "*" }, *named[] = { "nothing", "bochs-1024x768" };

	assert_true(qt_scenario_selected(region, NULL, 0));
	assert_false(qt_scenario_selected(bochs, NULL, 0));
	assert_true(qt_scenario_selected(region, all, 1));
	assert_false(qt_scenario_selected(bochs, all, 1));
	assert_true(qt_scenario_selected(bochs, named, 2));
	assert_false(qt_scenario_selected(region, named, 2));
	assert_false(qt_selection_needs_vgpu(named, 2));
	assert_true(qt_selection_needs_vgpu(NULL, 0));
}

static void need_that_is_not_met_says_why(void **state)
{
	struct qt_needs needs = { .qemu = "no-such-qemu",
				  .kernel = "/nonexistent/kernel",
				  .init = "/dev/null" };
	const char *why = NULL;

	assert_false(qt_needs_met(&needs, "qemu", &why));
	assert_non_null(strstr(why, "no-such-qemu"));
	assert_false(qt_needs_met(&needs, "guest-kernel", &why));
	assert_non_null(strstr(why, "/nonexistent/kernel"));
	assert_true(qt_needs_met(&needs, "guest-init", NULL));
	assert_false(qt_needs_met(&needs, "a pony", &why));
}

/* An argument that a shell would act on comes through repeat.sh as it is. */
static void repeat_script_runs_the_very_command(void **state)
{
	static char *const command[] = { "printf", "<%s>", "it's $HOME", NULL };
	const struct qt_options options = { .command = command };
	struct qt_result result = { .scenario = qt_scenario_find("region-1024x768") };
	char dir[] = "/tmp/test-tables-XXXXXX", line[64], text[512] = "", expected[256];
	_autoclose_ int dir_fd = -1;
	FILE *output;

	assert_non_null(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	qt_argv_add(&result.argv, "true");
	assert_int_equal(0, qt_repeat_write(&options, &result, dir_fd, NULL));
	snprintf(line, sizeof(line), "%s/repeat.sh", dir);
	output = popen(line, "r");
	assert_true(fread(text, 1, sizeof(text) - 1, output) > 0);
	assert_int_equal(0, pclose(output));
	snprintf(expected, sizeof(expected), "<it's $HOME><--out><%s/repeat><region-1024x768>",
		 dir);
	assert_string_equal(expected, text);
	qt_argv_finish(&result.argv);
	unlink(line);
	rmdir(dir);
}

/* The manager may be in a directory whose name has a blank; and Ctrl-C is how people end QEMU. */
static void repeat_script_removes_what_it_makes(void **state)
{
	char dir[] = "/tmp/test-tables XXXXXX", manager[64], line[64], text[256] = "";
	char *const command[] = { manager, NULL };
	const struct qt_options options = { .command = command };
	struct qt_result result = { .scenario = qt_scenario_find("region-1024x768"),
				    .parent = "P",
				    .type = "T",
				    .uuid = "U" };
	_autoclose_ int dir_fd = -1;
	FILE *f;

	assert_non_null(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	snprintf(manager, sizeof(manager), "%s/manager", dir);
	f = fopen(manager, "we");
	fputs("#!/bin/sh\necho \"$*\"\n", f);
	fclose(f);
	chmod(manager, 0700);
	qt_argv_add(&result.argv, "sh");
	qt_argv_add(&result.argv, "-c");
	qt_argv_add(&result.argv, "echo qemu; kill -INT $PPID");
	assert_int_equal(0, qt_repeat_write(&options, &result, dir_fd, NULL));
	snprintf(line, sizeof(line), "'%s/repeat.sh' --qemu", dir);
	f = popen(line, "r");
	assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
	assert_int_equal(130, WEXITSTATUS(pclose(f)));
	assert_string_equal("create --parent P --type T U\nqemu\nremove U\n", text);
	qt_argv_finish(&result.argv);
	unlinkat(dir_fd, "repeat.sh", 0);
	unlink(manager);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_path_names_captures_and_needs_that_exist),
		cmocka_unit_test(every_scenario_can_be_run_as_it_is_written),
		cmocka_unit_test(nothing_shown_is_no_proof),
		cmocka_unit_test(globs_select_but_what_is_on_request_must_be_named),
		cmocka_unit_test(need_that_is_not_met_says_why),
		cmocka_unit_test(repeat_script_runs_the_very_command),
		cmocka_unit_test(repeat_script_removes_what_it_makes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
