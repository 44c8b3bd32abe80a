/* SPDX-License-Identifier: LGPL-2.1-or-later */

/*
 * Asks the machine what a prober asked a real kernel's sample devices, and compares each answer,
 * field by field. Every line of the recording must be understood: a question nobody asks is a
 * failure.
 */

#include "questions.h"

#include <stdlib.h>

/* does @id match, but for a number where the pattern has %d? */
static bool match(const char *pattern, const char *id, int *arg)
{
	const char *hole = strstr(pattern, "%d");
	size_t len = hole ? (size_t)(hole - pattern) : strlen(pattern);
	char *end;

	if (strncmp(pattern, id, len))
		return false;
	if (!hole)
		return !id[len];
	if (id[len] < '0' || id[len] > '9')
		return false;
	*arg = strtol(id + len, &end, 10);
	return !strcmp(end, hole + 2);
}

static const struct {
	const struct question *questions;
	const size_t *len;
} tables[] = {
	{ group_questions, &group_questions_len },
	{ device_questions, &device_questions_len },
	{ display_questions, &display_questions_len },
};

static bool ask_table(struct replay *replay, const struct question *questions, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		int arg = questions[i].arg;

		if (match(questions[i].pattern, replay->id, &arg)) {
			questions[i].ask(replay, arg);
			return true;
		}
	}
	return false;
}

static void ask(void *data, json_object *line)
{
	struct replay *replay = data;
	bool asked = false;

	replay->line = line;
	replay->id = strchr(text(replay, "id"), '.') + 1;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(tables) && !asked; i++)
		asked = ask_table(replay, tables[i].questions, *tables[i].len);
	if (!asked)
		fail_msg("nobody asks %s", replay->id);
}

static void replay_type(const struct fake_gpu_profile *profile, size_t type, const char *file,
			int lines)
{
	struct mock *mock = mock_create();
	struct replay replay = { .mock = mock, .client = mock_client_create(mock) };

	replay.group_number = mock_add_vgpu(mock, profile, type, RECORDED_UUID);
	replay.container = fv_machine_open_container(mock->machine);
	replay.group = fv_machine_open_group(mock->machine, replay.group_number);
	assert_true(replay.container > 0 && replay.group > 0);
	assert_int_equal(recording_each(file, ask, &replay), lines);
	free(replay.client);
	assert_int_equal(mock_destroy(mock), 0);
}

static void mdpy_vga_answers_as_the_kernel_did(void **state)
{
	replay_type(fake_gpu_profile_find("mdpy"), 0, "mdpy-vga.jsonl", 148);
}

static void mdpy_xga_answers_as_the_kernel_did(void **state)
{
	replay_type(fake_gpu_profile_find("mdpy"), 1, "mdpy-xga.jsonl", 148);
}

static void mdpy_hd_answers_as_the_kernel_did(void **state)
{
	replay_type(fake_gpu_profile_find("mdpy"), 2, "mdpy-hd.jsonl", 148);
}

static void mtty_1_answers_as_the_kernel_did(void **state)
{
	replay_type(fake_gpu_profile_find("mtty"), 0, "mtty-1.jsonl", 140);
}

static void mtty_2_answers_as_the_kernel_did(void **state)
{
	replay_type(fake_gpu_profile_find("mtty"), 1, "mtty-2.jsonl", 144);
}

static void mbochs_small_answers_as_the_kernel_did(void **state)
{
	replay_type(fake_gpu_profile_find("mbochs"), 0, "mbochs-small.jsonl", 162);
}

static void mbochs_medium_answers_as_the_kernel_did(void **state)
{
	replay_type(fake_gpu_profile_find("mbochs"), 1, "mbochs-medium.jsonl", 162);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mdpy_vga_answers_as_the_kernel_did),
		cmocka_unit_test(mdpy_xga_answers_as_the_kernel_did),
		cmocka_unit_test(mdpy_hd_answers_as_the_kernel_did),
		cmocka_unit_test(mtty_1_answers_as_the_kernel_did),
		cmocka_unit_test(mtty_2_answers_as_the_kernel_did),
		cmocka_unit_test(mbochs_small_answers_as_the_kernel_did),
		cmocka_unit_test(mbochs_medium_answers_as_the_kernel_did),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
