/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "history.h"

#define OPS(...)                    \
	(const struct history_op[]) \
	{                           \
		__VA_ARGS__         \
	}
#define CREATE(begin, end, result_)                                                         \
	{                                                                                   \
		.begin_ns = begin, .end_ns = end, .kind = HISTORY_CREATE, .result = result_ \
	}
#define REMOVE(begin, end, result_)                                                         \
	{                                                                                   \
		.begin_ns = begin, .end_ns = end, .kind = HISTORY_REMOVE, .result = result_ \
	}
#define LOOK(begin, end, result_)                                                         \
	{                                                                                 \
		.begin_ns = begin, .end_ns = end, .kind = HISTORY_LOOK, .result = result_ \
	}
#define AVAILABLE(begin, end, result_)                                                         \
	{                                                                                      \
		.begin_ns = begin, .end_ns = end, .kind = HISTORY_AVAILABLE, .result = result_ \
	}
#define OTHER(begin, end, result_)                                                   \
	{                                                                            \
		.begin_ns = begin, .end_ns = end, .kind = HISTORY_CREATE, .vgpu = 1, \
		.result = result_                                                    \
	}

/* What is wrong with a history of two UUIDs on a parent where one vGPU fits; "" if nothing is. */
static const char *judge(const struct history_op *ops, size_t len)
{
	static char why[512];
	struct history history = { .vgpus = 2, .parents = 1, .capacity = 1 };

	for (size_t i = 0; i < len; i++)
		history_add(&history, &ops[i]);
	if (!history_judge(&history, why, sizeof(why)))
		why[0] = '\0';
	history_finish(&history);
	return why;
}

#define assert_explained(...) \
	assert_string_equal(  \
		judge(OPS(__VA_ARGS__), sizeof(OPS(__VA_ARGS__)) / sizeof(struct history_op)), "")
#define assert_wrong(part, ...)                                                                \
	assert_non_null(strstr(                                                                \
		judge(OPS(__VA_ARGS__), sizeof(OPS(__VA_ARGS__)) / sizeof(struct history_op)), \
		part))

static void what_comes_one_after_the_other_is_explained(void **state)
{
	(void)state;
	assert_explained(CREATE(1, 2, 0), LOOK(3, 4, 1), CREATE(5, 6, -EEXIST), REMOVE(7, 8, 0),
			 LOOK(9, 10, 0), REMOVE(11, 12, -ENOENT), CREATE(13, 14, 0));
}

static void what_overlaps_may_have_any_order(void **state)
{
	(void)state;
	assert_explained(CREATE(1, 10, 0), LOOK(2, 3, 0), LOOK(4, 5, 1));
	assert_explained(CREATE(1, 10, 0), REMOVE(2, 9, 0), LOOK(11, 12, 0));
	assert_explained(CREATE(1, 2, 0), REMOVE(3, 10, 0), LOOK(4, 5, 1), LOOK(6, 7, 0),
			 CREATE(8, 9, -EEXIST));
	assert_explained(CREATE(1, 2, 0), REMOVE(3, 10, 0), REMOVE(4, 9, -ENODEV));
}

static void a_vgpu_that_is_lost_is_noticed(void **state)
{
	(void)state;
	assert_wrong("look got 0", CREATE(1, 2, 0), LOOK(3, 4, 0));
	assert_wrong("remove got", CREATE(1, 2, 0), REMOVE(3, 4, -ENOENT));
	assert_wrong("look got 0", CREATE(1, 10, 0), LOOK(2, 3, 1), LOOK(4, 5, 0));
}

static void a_vgpu_that_is_doubled_is_noticed(void **state)
{
	(void)state;
	assert_wrong("look got 1", CREATE(1, 2, 0), REMOVE(3, 4, 0), LOOK(5, 6, 1));
	assert_wrong("create got 0", CREATE(1, 2, 0), CREATE(3, 4, 0));
	assert_wrong("remove got 0", CREATE(1, 2, 0), REMOVE(3, 9, 0), REMOVE(4, 8, 0));
	assert_wrong("create got", CREATE(1, 2, -EEXIST));
}

static void a_removal_that_came_too_early_uses_up_the_file(void **state)
{
	(void)state;
	assert_explained(CREATE(1, 10, 0), REMOVE(2, 3, -EAGAIN), REMOVE(11, 12, -ENOENT),
			 LOOK(13, 14, 1));
	assert_wrong("remove got", CREATE(1, 2, 0), REMOVE(3, 4, -EAGAIN));
}

static void a_parent_has_never_more_than_fit(void **state)
{
	(void)state;
	assert_explained(CREATE(1, 2, 0), REMOVE(3, 10, 0), OTHER(4, 9, 0));
	assert_wrong("2 vGPUs", CREATE(1, 2, 0), OTHER(3, 4, 0));
}

static void a_refusal_wants_a_full_parent(void **state)
{
	(void)state;
	assert_explained(CREATE(1, 2, 0), OTHER(3, 4, -ENOSPC));
	assert_explained(CREATE(3, 10, 0), OTHER(1, 4, -ENOSPC));
	assert_wrong("refused as full", OTHER(1, 2, -ENOSPC));
	assert_wrong("refused as full", CREATE(1, 2, 0), REMOVE(3, 4, 0), OTHER(5, 6, -ENOSPC));
}

static void the_count_fits_what_is_there(void **state)
{
	(void)state;
	assert_explained(CREATE(1, 10, 0), AVAILABLE(2, 3, 1), AVAILABLE(4, 5, 0));
	assert_wrong("1 available", CREATE(1, 2, 0), AVAILABLE(3, 4, 1));
	assert_wrong("0 available", AVAILABLE(1, 2, 0));
	assert_wrong("2 available", AVAILABLE(1, 2, 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_comes_one_after_the_other_is_explained),
		cmocka_unit_test(what_overlaps_may_have_any_order),
		cmocka_unit_test(a_vgpu_that_is_lost_is_noticed),
		cmocka_unit_test(a_vgpu_that_is_doubled_is_noticed),
		cmocka_unit_test(a_removal_that_came_too_early_uses_up_the_file),
		cmocka_unit_test(a_parent_has_never_more_than_fit),
		cmocka_unit_test(a_refusal_wants_a_full_parent),
		cmocka_unit_test(the_count_fits_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
