/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <backends/backends.h>
#include <cmocka.h>
#include <vgpulab/cleanup.h>

/* How the backend deals with a program that is not the one it hopes for. */

static char dir[] = "/tmp/vgpulab-test-XXXXXX";
static char program[64], arguments[64];

static int set_up(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	snprintf(program, sizeof(program), "%s/program", dir);
	snprintf(arguments, sizeof(arguments), "%s/arguments", dir);
	setenv("VGPULAB_PROGRAM", program, 1);
	setenv("TMPDIR", dir, 1);
	return 0;
}

static int tear_down(void **state)
{
	unlink(program);
	unlink(arguments);
	/* fails if the backend has left its mount point behind */
	return rmdir(dir);
}

static void write_program(const char *script)
{
	FILE *file = fopen(program, "we");

	assert_non_null(file);
	fprintf(file, "#!/bin/sh\necho \"$@\" >%s\n%s\n", arguments, script);
	fclose(file);
	assert_int_equal(0, chmod(program, 0755));
}

static struct vgpu_error open_and_fail(const char *spec)
{
	struct vgpu_backend *backend = NULL;
	struct vgpu_error err = { 0 };

	assert_true(vgpu_backend_open(spec, &backend, &err) < 0);
	assert_null(backend);
	return err;
}

/* The program's arguments, after "fake serve --ready-fd N". */
static void open_and_read_arguments(const char *spec, char *line, int size)
{
	_autofclose_ FILE *file = NULL;
	int fd, len = 0;

	write_program("exit 1");
	open_and_fail(spec);
	file = fopen(arguments, "re");
	assert_non_null(file);
	assert_non_null(fgets(line, size, file));
	assert_int_equal(1, sscanf(line, "fake serve --ready-fd %d%n", &fd, &len));
	memmove(line, line + len, strlen(line + len) + 1);
}

static void program_is_asked_to_serve_every_gpu(void **state)
{
	char line[256];

	open_and_read_arguments("fake:broadwell+kaby-lake,aperture=512M", line, sizeof(line));
	assert_memory_equal(" --gpu broadwell --gpu kaby-lake,aperture=512M ", line, 47);
	assert_memory_equal(dir, line + 47, strlen(dir));
}

static void as_many_gpus_as_there_may_be_leave_the_other_arguments_alone(void **state)
{
	char line[512];

	open_and_read_arguments("fake:mtty+mtty+mtty+mtty+mtty+mtty+mtty+mtty+"
				"mtty+mtty+mtty+mtty+mtty+mtty+mtty+mtty",
				line, sizeof(line));
	for (int i = 0; i < 16; i++)
		assert_memory_equal(" --gpu mtty", line + 11 * i, 11);
	assert_memory_equal(dir, line + 11 * 16 + 1, strlen(dir));
}

static void words_and_exit_code_of_the_program_become_the_error(void **state)
{
	struct vgpu_error err;

	write_program("echo \"vgpulab: there is no GPU 'kabylake'\" >&2\n"
		      "echo \"         did you mean 'kaby-lake'?\" >&2\nexit 2");
	err = open_and_fail("fake:kabylake");
	assert_int_equal(VGPU_ERROR_USAGE, err.kind);
	assert_string_equal("the fake host did not start: there is no GPU 'kabylake'", err.message);
	assert_string_equal("did you mean 'kaby-lake'?", err.hint);
}

static void program_that_ends_silently_is_an_error(void **state)
{
	struct vgpu_error err;

	write_program("exit 0");
	err = open_and_fail("fake:kaby-lake");
	assert_int_equal(VGPU_ERROR_FAILED, err.kind);
	assert_non_null(strstr(err.message, "ended without a word"));
}

static void program_that_cannot_be_executed_is_named(void **state)
{
	struct vgpu_error err;

	unlink(program);
	err = open_and_fail("fake:kaby-lake");
	assert_non_null(strstr(err.message, "cannot execute"));
	assert_non_null(strstr(err.message, program));
}

static void program_that_is_ready_but_shows_nothing_is_ended(void **state)
{
	struct vgpu_error err;

	/* bash and dash both take a descriptor's number from a variable this way */
	write_program("eval \"echo >&$4\"; exec sleep 60");
	err = open_and_fail("fake:kaby-lake");
	assert_non_null(strstr(err.message, "/sys: No such file or directory"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(program_is_asked_to_serve_every_gpu),
		cmocka_unit_test(as_many_gpus_as_there_may_be_leave_the_other_arguments_alone),
		cmocka_unit_test(words_and_exit_code_of_the_program_become_the_error),
		cmocka_unit_test(program_that_ends_silently_is_an_error),
		cmocka_unit_test(program_that_cannot_be_executed_is_named),
		cmocka_unit_test(program_that_is_ready_but_shows_nothing_is_ended),
	};

	return cmocka_run_group_tests_name("fake backend", tests, set_up, tear_down);
}
