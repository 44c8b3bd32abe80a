/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vgpulab/cleanup.h>

#include "../expectations.h"
#include "../journal.h"
#include "../plan.h"

static struct qt_plan plan_of(const struct qt_options *options, const struct qt_verdict *only,
			      const struct qt_verdict *done)
{
	struct qt_plan plan = { 0 };

	assert_int_equal(0, qt_plan_make(options, only, done, &plan, NULL));
	return plan;
}

static size_t count(const struct qt_plan *plan, const struct qt_scenario *scenario)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->len; i++)
		n += plan->items[i].scenario == scenario;
	return n;
}

static void seed_gives_one_order_with_everything_in_it(void **state)
{
	const struct qt_options straight = { 0 }, seven = { .shuffle = true, .seed = 7 },
				eight = { .shuffle = true, .seed = 8 };
	struct qt_plan a = plan_of(&straight, NULL, NULL), b = plan_of(&seven, NULL, NULL),
		       c = plan_of(&seven, NULL, NULL), d = plan_of(&eight, NULL, NULL);

	assert_int_equal(a.len, b.len);
	assert_memory_equal(b.items, c.items, b.len * sizeof(*b.items));
	assert_memory_not_equal(b.items, a.items, b.len * sizeof(*b.items));
	assert_memory_not_equal(b.items, d.items, b.len * sizeof(*b.items));
	for (size_t i = 0; i < a.len; i++)
		assert_int_equal(1, count(&b, a.items[i].scenario));
	qt_plan_finish(&a);
	qt_plan_finish(&b);
	qt_plan_finish(&c);
	qt_plan_finish(&d);
}

static void shards_share_all_rounds_and_nothing_twice(void **state)
{
	struct qt_options options = { .rounds = 2, .shuffle = true, .seed = 3 };
	struct qt_plan all = plan_of(&options, NULL, NULL);
	size_t total = 0, found = 0;

	options.shards = 3;
	for (options.shard = 1; options.shard <= 3; options.shard++) {
		struct qt_plan part = plan_of(&options, NULL, NULL);

		total += part.len;
		for (size_t i = 0; i < all.len; i++)
			for (size_t j = 0; j < part.len; j++)
				found += all.items[i].scenario == part.items[j].scenario &&
					 all.items[i].round == part.items[j].round;
		qt_plan_finish(&part);
	}
	assert_int_equal(all.len, total);
	assert_int_equal(all.len, found);
	assert_int_equal(2, count(&all, qt_scenario_find("region-1024x768")));
	qt_plan_finish(&all);
}

static void shard_that_nothing_is_left_for_is_an_error(void **state)
{
	char *names[] = { "region-modes", "region-cursor" };
	struct qt_options options = { .select = names, .select_len = 2, .shard = 2, .shards = 3 };
	struct vgpu_error err = { 0 };
	struct qt_plan plan = plan_of(&options, NULL, NULL);

	assert_int_equal(1, plan.len);
	qt_plan_finish(&plan);
	options.shard = 3;
	assert_int_equal(-EINVAL, qt_plan_make(&options, NULL, NULL, &plan, &err));
	assert_non_null(strstr(err.message, "part 3 of 3"));
}

static void need_selects_and_nothing_selected_is_an_error(void **state)
{
	const struct qt_options spice = { .need = "spice" }, pony = { .need = "pony" };
	struct qt_plan plan = plan_of(&spice, NULL, NULL);
	struct vgpu_error err = { 0 };

	assert_int_equal(1, count(&plan, qt_scenario_find("region-spice")));
	assert_int_equal(0, count(&plan, qt_scenario_find("region-1024x768")));
	qt_plan_finish(&plan);
	assert_int_equal(-EINVAL, qt_plan_make(&pony, NULL, NULL, &plan, &err));
	assert_int_equal(VGPU_ERROR_USAGE, err.kind);
}

/* A journal with a result that passed, one that failed, and one that a kill cut off. */
static int make_journal(char *dir)
{
	_destroy_(qt_verdict) struct qt_verdict *verdict = calloc(1, sizeof(*verdict));
	static const char torn[] = "{\"scenario\": \"region-modes\", \"verdict\": \"PA";
	_autoclose_ int fd = -1;
	struct vgpu_error wrong = { .message = "frame 1: \"x\"" };
	struct qt_result *result;
	int dir_fd;

	assert_non_null(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	result = qt_verdict_add(verdict, qt_scenario_find("region-1024x768"));
	result->round = 1;
	qt_result_add_frame(result)->passed = true;
	result->frames[0].shots_len = 1;
	result->frames[0].shots[0] = (struct qt_shot){
		.capture = "vnc",
		.judgement = { QT_FAULT_SHIFT, "by 1 px", 7, 1, 2, 3, 4 },
		.duration_ms = 5,
		.by_checksum = true,
		.picture = "frame-01-vnc.png",
		.diff = "frame-01-vnc-diff.png",
	};
	result->frames[0].guest_copy = QT_GUEST_COPY_WRONG;
	qt_argv_add(&result->argv, "qemu");
	result->frames[0].shown = (struct qt_shown){ { 64, 48, UINT64_MAX, 7, -1, -1 }, "RG16" };
	assert_int_equal(0, qt_journal_add(dir_fd, result, NULL));
	result = qt_verdict_add(verdict, qt_scenario_find("region-1920x1200"));
	result->round = 1;
	result->qemu_ms = 1;
	result->guest_ms = 12;
	result->steps_ms = 123;
	result->total_ms = 1234;
	qt_result_fail(result, "stale", &wrong);
	assert_int_equal(0, qt_journal_add(dir_fd, result, NULL));
	fd = openat(dir_fd, QT_JOURNAL, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(sizeof(torn) - 1, write(fd, torn, sizeof(torn) - 1));
	return dir_fd;
}

/* All of it: a report of a run that was resumed shows what came before, too. */
static void result_survives_its_json(void **state)
{
	_destroy_(qt_verdict) struct qt_verdict *verdict = calloc(1, sizeof(*verdict));
	char dir[] = "/tmp/test-plan-XXXXXX";
	_autoclose_ int dir_fd = make_journal(dir);
	json_object *object, *again;

	assert_int_equal(0, qt_journal_read(dir_fd, verdict, NULL));
	assert_int_equal(7, verdict->results[0].frames[0].shots[0].judgement.differing_px);
	assert_string_equal("qemu", verdict->results[0].argv.items[0]);
	object = qt_result_json(&verdict->results[0]);
	qt_result_finish(&verdict->results[0]);
	assert_int_equal(0, qt_result_parse(object, &verdict->results[0]));
	again = qt_result_json(&verdict->results[0]);
	assert_string_equal(json_object_to_json_string(object), json_object_to_json_string(again));
	assert_non_null(strstr(json_object_to_json_string(again), "frame-01-vnc-diff.png"));
	json_object_object_add(object, "scenario", json_object_new_string("unheard-of"));
	qt_result_finish(&verdict->results[0]);
	assert_int_equal(-EBADMSG, qt_result_parse(object, &verdict->results[0]));
	json_object_put(object);
	json_object_put(again);
	unlinkat(dir_fd, QT_JOURNAL, 0);
	rmdir(dir);
}

static void journal_gives_back_what_was_finished(void **state)
{
	_destroy_(qt_verdict) struct qt_verdict *verdict = calloc(1, sizeof(*verdict));
	const struct qt_options options = { 0 };
	char dir[] = "/tmp/test-plan-XXXXXX";
	_autoclose_ int dir_fd = make_journal(dir);
	struct qt_plan all = plan_of(&options, NULL, NULL), rest, again;

	assert_int_equal(0, qt_journal_read(dir_fd, verdict, NULL));
	assert_int_equal(2, verdict->results_len);
	assert_true(verdict->results[0].frames[0].shown.card.nonce == UINT64_MAX);
	assert_string_equal("RG16", verdict->results[0].frames[0].shown.format);
	assert_string_equal("frame 1: \"x\"", verdict->results[1].reason);
	assert_int_equal(1, verdict->results[1].qemu_ms);
	assert_int_equal(12, verdict->results[1].guest_ms);
	assert_int_equal(123, verdict->results[1].steps_ms);
	assert_int_equal(1234, verdict->results[1].total_ms);
	rest = plan_of(&options, NULL, verdict);
	assert_int_equal(all.len - 2, rest.len);
	assert_int_equal(0, count(&rest, qt_scenario_find("region-1024x768")));
	assert_int_equal(1, count(&rest, qt_scenario_find("region-modes")));
	again = plan_of(&options, verdict, NULL);
	assert_int_equal(1, again.len);
	assert_ptr_equal(qt_scenario_find("region-1920x1200"), again.items[0].scenario);
	qt_plan_finish(&all);
	qt_plan_finish(&rest);
	qt_plan_finish(&again);
	unlinkat(dir_fd, QT_JOURNAL, 0);
	rmdir(dir);
}

static void result_behind_a_line_that_was_cut_off_is_read(void **state)
{
	_destroy_(qt_verdict) struct qt_verdict *verdict = calloc(1, sizeof(*verdict));
	char dir[] = "/tmp/test-plan-XXXXXX";
	_autoclose_ int dir_fd = make_journal(dir);
	struct qt_result result = { .scenario = qt_scenario_find("region-modes"), .round = 1 };

	assert_int_equal(0, qt_journal_add(dir_fd, &result, NULL));
	assert_int_equal(0, qt_journal_read(dir_fd, verdict, NULL));
	assert_int_equal(3, verdict->results_len);
	assert_ptr_equal(result.scenario, verdict->results[2].scenario);
	unlinkat(dir_fd, QT_JOURNAL, 0);
	rmdir(dir);
}

static void results_of_two_hosts_are_not_mixed(void **state)
{
	_destroy_(qt_verdict) struct qt_verdict *fake = calloc(1, sizeof(*fake));
	_destroy_(qt_verdict) struct qt_verdict *real = calloc(1, sizeof(*real));
	_destroy_(qt_verdict) struct qt_verdict *any = calloc(1, sizeof(*any));
	char dir[] = "/tmp/test-plan-XXXXXX";
	_autoclose_ int dir_fd = make_journal(dir);
	struct qt_result result = { .scenario = qt_scenario_find("region-modes"), .round = 1 };
	struct vgpu_error err = { 0 };

	strcpy(fake->host, "a fake kaby-lake");
	strcpy(real->host, "this machine");
	real->tier = 4;
	assert_int_equal(0, qt_journal_begin(dir_fd, fake, NULL));
	assert_int_equal(0, qt_journal_add(dir_fd, &result, NULL));
	assert_int_equal(-EINVAL, qt_journal_read(dir_fd, real, &err));
	assert_int_equal(0, real->results_len);
	assert_non_null(strstr(err.message, "a fake kaby-lake"));
	assert_int_equal(0, qt_journal_read(dir_fd, fake, NULL));
	assert_int_equal(1, fake->results_len);
	assert_int_equal(0, qt_journal_read(dir_fd, any, NULL));
	assert_int_equal(1, any->results_len);
	unlinkat(dir_fd, QT_JOURNAL, 0);
	rmdir(dir);
}

static void known_failure_is_none_and_an_unexpected_pass_is_one(void **state)
{
	char path[] = "/tmp/test-plan-XXXXXX";
	static const char text[] = "# list\n\nfail region-1024* bug 12\r\nflaky region-m* busy\n";
	static const char too_long[] = "fail region-*[a-z][a-z][a-z][a-z][a-z][a-z][a-z]"
				       "[a-z][a-z][a-z][a-z][a-z][a-z][a-z][a-z]* of nothing\n";
	_autoclose_ int fd = mkstemp(path);
	struct qt_expectations expectations;
	struct qt_result failed = { .scenario = qt_scenario_find("region-1024x768"),
				    .outcome = QT_FAILED },
			 passed = { .scenario = failed.scenario },
			 stuck = { .scenario = failed.scenario,
				   .outcome = QT_FAILED,
				   .fault = QT_FAULT_QEMU_STUCK };
	struct vgpu_error err = { 0 };

	assert_int_equal(sizeof(text) - 1, write(fd, text, sizeof(text) - 1));
	assert_int_equal(0, qt_expectations_read(path, &expectations, NULL));
	qt_expectations_judge(&expectations, &failed);
	assert_string_equal("bug 12", failed.known);
	qt_expectations_judge(&expectations, &stuck);
	assert_string_equal("", stuck.known);
	qt_expectations_judge(&expectations, &passed);
	assert_int_equal(QT_FAILED, passed.outcome);
	assert_string_equal("unexpected-pass", passed.fault);
	assert_int_equal(QT_FLAKY_ATTEMPTS,
			 qt_expectations_attempts(&expectations, qt_scenario_find("region-modes")));
	assert_int_equal(1, qt_expectations_attempts(&expectations, failed.scenario));
	qt_expectations_finish(&expectations);
	assert_int_equal(sizeof(too_long) - 1, write(fd, too_long, sizeof(too_long) - 1));
	assert_int_equal(-EINVAL, qt_expectations_read(path, &expectations, NULL));
	assert_int_equal(0, ftruncate(fd, sizeof(text) - 1));
	lseek(fd, 0, SEEK_END);
	assert_int_equal(9, write(fd, "fail only", 9));
	assert_int_equal(-EINVAL, qt_expectations_read(path, &expectations, &err));
	assert_non_null(strstr(err.message, ":5:"));
	unlink(path);
}

static void only_the_fault_that_is_named_is_known(void **state)
{
	char path[] = "/tmp/test-plan-XXXXXX";
	static const char text[] = "fail region-1*:rb-swap bug 1\n"
				   "fail region-1024x768:stride bug 2\n";
	static const char *const wrong[] = { "fail region-*: bug\n", "fail :stride bug\n",
					     "flaky region-*:stride busy\n" };
	_autoclose_ int fd = mkstemp(path);
	struct qt_expectations expectations;
	struct qt_result swapped = { .scenario = qt_scenario_find("region-1024x768"),
				     .outcome = QT_FAILED,
				     .fault = "rb-swap" },
			 strided = swapped, stale = swapped,
			 passed = { .scenario = swapped.scenario };

	snprintf(strided.fault, sizeof(strided.fault), "stride");
	snprintf(stale.fault, sizeof(stale.fault), "stale");
	assert_int_equal(sizeof(text) - 1, write(fd, text, sizeof(text) - 1));
	assert_int_equal(0, qt_expectations_read(path, &expectations, NULL));
	qt_expectations_judge(&expectations, &swapped);
	qt_expectations_judge(&expectations, &strided);
	qt_expectations_judge(&expectations, &stale);
	qt_expectations_judge(&expectations, &passed);
	assert_string_equal("bug 1", swapped.known);
	assert_string_equal("bug 2", strided.known);
	assert_string_equal("", stale.known);
	assert_non_null(strstr(stale.hint, "only rb-swap"));
	assert_string_equal("unexpected-pass", passed.fault);
	qt_expectations_finish(&expectations);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(0, ftruncate(fd, 0));
		lseek(fd, 0, SEEK_SET);
		assert_int_equal(strlen(wrong[i]), write(fd, wrong[i], strlen(wrong[i])));
		assert_int_equal(-EINVAL, qt_expectations_read(path, &expectations, NULL));
	}
	unlink(path);
}

struct simulation {
	bool begun[64];
};

static bool has_not_begun(const void *data, size_t index)
{
	return !((const struct simulation *)data)->begun[index];
}

/* How long two cores have for the plan, and in *@first what is begun first. */
static unsigned int run_on_two_cores(const struct qt_plan *plan, const unsigned int *takes_ms,
				     size_t *first)
{
	unsigned int busy_ms[2] = { 0 };
	struct simulation simulation = { 0 };

	*first = qt_plan_next(plan, has_not_begun, &simulation);
	for (size_t i; (i = qt_plan_next(plan, has_not_begun, &simulation)) < plan->len;) {
		simulation.begun[i] = true;
		busy_ms[busy_ms[1] < busy_ms[0]] += takes_ms[i];
	}
	return busy_ms[0] > busy_ms[1] ? busy_ms[0] : busy_ms[1];
}

/* Seven that take 10 s each, and in the middle of the table one that takes 70 s. */
static void longest_is_begun_first_so_that_no_core_waits_for_it(void **state)
{
	_destroy_(qt_verdict) struct qt_verdict *earlier = calloc(1, sizeof(*earlier));
	char *select[] = { "region-*" };
	const struct qt_options options = { .select = select, .select_len = 1 };
	struct qt_plan plan = plan_of(&options, NULL, NULL);
	unsigned int takes_ms[8];
	size_t first;

	plan.len = 8;
	for (size_t i = 0; i < plan.len; i++) {
		struct qt_result *result = qt_verdict_add(earlier, plan.items[i].scenario);

		result->total_ms = takes_ms[i] = i == 5 ? 70000 : 10000;
	}
	assert_int_equal(90000, run_on_two_cores(&plan, takes_ms, &first));
	assert_int_equal(0, first);
	qt_plan_estimate(&plan, earlier);
	assert_int_equal(70000, run_on_two_cores(&plan, takes_ms, &first));
	assert_int_equal(5, first);
	qt_plan_finish(&plan);
}

static unsigned int expected_ms(const struct qt_plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->len; i++)
		if (!strcmp(plan->items[i].scenario->name, name))
			return plan->items[i].expected_ms;
	return 0;
}

static void what_was_never_measured_takes_what_it_goes_through(void **state)
{
	const struct qt_options all = { 0 };
	struct qt_plan plan = plan_of(&all, NULL, NULL);
	static const char *const rising[] = { "refused-xres", "region-1024x768", "i915-reload",
					      "i915-life", "i915-judges" };

	qt_plan_estimate(&plan, NULL);
	for (size_t i = 1; i < VGPU_ARRAY_LEN(rising); i++)
		assert_true(expected_ms(&plan, rising[i - 1]) < expected_ms(&plan, rising[i]));
	qt_plan_finish(&plan);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seed_gives_one_order_with_everything_in_it),
		cmocka_unit_test(shards_share_all_rounds_and_nothing_twice),
		cmocka_unit_test(shard_that_nothing_is_left_for_is_an_error),
		cmocka_unit_test(need_selects_and_nothing_selected_is_an_error),
		cmocka_unit_test(longest_is_begun_first_so_that_no_core_waits_for_it),
		cmocka_unit_test(what_was_never_measured_takes_what_it_goes_through),
		cmocka_unit_test(result_survives_its_json),
		cmocka_unit_test(journal_gives_back_what_was_finished),
		cmocka_unit_test(result_behind_a_line_that_was_cut_off_is_read),
		cmocka_unit_test(results_of_two_hosts_are_not_mixed),
		cmocka_unit_test(known_failure_is_none_and_an_unexpected_pass_is_one),
		cmocka_unit_test(only_the_fault_that_is_named_is_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
