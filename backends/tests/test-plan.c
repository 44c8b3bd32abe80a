/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is planned is then done, on fake GPUs of all sizes: what fits must be created, what does not
 * must be refused. */

#include <backends/backends.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/manager.h>
#include <vgpulab/plan.h>

#include <cmocka.h>

enum { WISHES_MAX = 3 };

static const char *const gpus[] = {
	"mem:kaby-lake,aperture=256M",	"mem:kaby-lake,aperture=512M",
	"mem:kaby-lake,aperture=1024M", "mem:broadwell,aperture=1024M",
	"mem:kaby-lake,aperture=2048M", "mem:kaby-lake,aperture=1024M,ggtt=2G",
};

struct outcome {
	unsigned int fits, full, unsure, removals, done_after_removals;
};

static bool create(struct vgpu_backend *backend, const char *type)
{
	struct vgpu_instance made;

	return vgpu_create(backend, &(struct vgpu_create_request){ .type = type }, &made, NULL) ==
	       0;
}

/* Random vGPUs, then random ones of them gone. */
static void prepare(struct vgpu_backend *backend)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;

	assert_int_equal(vgpu_snapshot_take(backend, &snapshot, NULL), 0);
	for (long i = random() % 5; i > 0; i--)
		create(backend, snapshot->parents[0]
					.types[(size_t)random() % snapshot->parents[0].types_len]
					.id);
}

static bool create_all(struct vgpu_backend *backend, const struct vgpu_wish *wishes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		for (unsigned int j = 0; j < wishes[i].count; j++)
			if (!create(backend, wishes[i].type->id))
				return false;
	return true;
}

static void remove_all(struct vgpu_backend *backend, const struct vgpu_plan *plan)
{
	for (size_t i = 0; i < plan->removals_len; i++)
		assert_int_equal(vgpu_remove(backend, &plan->removals[i]->uuid, NULL), 0);
}

static void plan_and_do(const char *gpu, struct outcome *outcome)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_backend *backend = NULL;
	struct vgpu_wish wishes[WISHES_MAX];
	const struct vgpu_parent *parent;
	struct vgpu_plan plan;
	size_t len = 1 + (size_t)random() % WISHES_MAX;
	bool done;

	assert_int_equal(vgpu_backend_open(gpu, &backend, NULL), 0);
	prepare(backend);
	assert_int_equal(vgpu_snapshot_take(backend, &snapshot, NULL), 0);
	parent = &snapshot->parents[0];
	for (size_t i = 0; i < len; i++)
		wishes[i] =
			(struct vgpu_wish){ &parent->types[(size_t)random() % parent->types_len],
					    1 + (unsigned int)random() % 2 };
	vgpu_plan_make(snapshot, parent, wishes, len, &plan);
	outcome->fits += plan.verdict == VGPU_PLAN_FITS;
	outcome->full += plan.verdict == VGPU_PLAN_FULL;
	outcome->unsure += plan.verdict == VGPU_PLAN_UNSURE;
	outcome->removals += plan.removals_len > 0;
	remove_all(backend, &plan);
	done = create_all(backend, wishes, len);
	if (plan.verdict == VGPU_PLAN_FITS)
		assert_true(done);
	else if (plan.removals_len)
		outcome->done_after_removals += done;
	else if (plan.verdict == VGPU_PLAN_FULL)
		assert_false(done);
	assert_true(!plan.hopeless || !done);
	assert_true((plan.verdict == VGPU_PLAN_FITS) == !plan.reason[0]);
	backend->impl->destroy(backend);
}

static void what_a_plan_says_is_what_happens(void **state)
{
	struct outcome outcome = { 0 };

	srandom(1);
	for (size_t i = 0; i < VGPU_ARRAY_LEN(gpus); i++)
		for (int j = 0; j < 200; j++)
			plan_and_do(gpus[i], &outcome);
	print_message("# %u fit, %u do not, %u cannot be told; %u of %u fit after removals\n",
		      outcome.fits, outcome.full, outcome.unsure, outcome.done_after_removals,
		      outcome.removals);
	/* a plan that is never sure would be right, too */
	assert_true(outcome.fits > 100 && outcome.full > 100);
	/* by size they all fit; some find the memory in pieces */
	assert_true(outcome.done_after_removals > outcome.removals * 3 / 4);
	assert_true(outcome.unsure < (outcome.fits + outcome.full) / 10);
}

static void the_reason_names_what_lacks(void **state)
{
	_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
	struct vgpu_backend *backend = NULL;
	struct vgpu_plan plan;
	struct vgpu_wish wish;

	assert_int_equal(vgpu_backend_open(gpus[0], &backend, NULL), 0);
	assert_int_equal(vgpu_snapshot_take(backend, &snapshot, NULL), 0);
	assert_int_equal(
		vgpu_plan_find_type(snapshot, &snapshot->parents[0], "V5_8", &wish.type, NULL), 0);
	wish.count = 3;
	vgpu_plan_make(snapshot, &snapshot->parents[0], &wish, 1, &plan);
	assert_int_equal(plan.verdict, VGPU_PLAN_FULL);
	/* an aperture of 256 MiB, of which the host keeps 128 */
	assert_string_equal(plan.reason, "3 of i915-GVTg_V5_8 wanted, 2 available");
	assert_int_equal(plan.removals_len, 0);
	assert_true(plan.hopeless);
	backend->impl->destroy(backend);
}

static void what_would_fit_without_the_others_is_not_hopeless(void **state)
{
	static const struct {
		const char *gpu, *made, *wanted;
		unsigned int count;
		bool hopeless;
	} rows[] = {
		{ "mem:mtty", "mtty-1", "mtty-1", 24, false },
		{ "mem:kaby-lake", "i915-GVTg_V5_4", "V5_4", 3, false },
		{ "mem:kaby-lake", "i915-GVTg_V5_4", "V5_8", 9, true },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(rows); i++) {
		_destroy_(vgpu_snapshot) struct vgpu_snapshot *snapshot = NULL;
		struct vgpu_wish wish = { .count = rows[i].count };
		struct vgpu_backend *backend = NULL;
		struct vgpu_plan plan;

		assert_int_equal(vgpu_backend_open(rows[i].gpu, &backend, NULL), 0);
		assert_true(create(backend, rows[i].made));
		assert_int_equal(vgpu_snapshot_take(backend, &snapshot, NULL), 0);
		assert_int_equal(vgpu_plan_find_type(snapshot, &snapshot->parents[0],
						     rows[i].wanted, &wish.type, NULL),
				 0);
		vgpu_plan_make(snapshot, &snapshot->parents[0], &wish, 1, &plan);
		assert_int_equal(plan.verdict, VGPU_PLAN_FULL);
		assert_int_equal(plan.hopeless, rows[i].hopeless);
		backend->impl->destroy(backend);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_plan_says_is_what_happens),
		cmocka_unit_test(the_reason_names_what_lacks),
		cmocka_unit_test(what_would_fit_without_the_others_is_not_hopeless),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
