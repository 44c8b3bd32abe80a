/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <backends/backends.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <vgpulab/cleanup.h>

struct world {
	char dir[64];
	struct vgpu_backend *backend;
};

static const char *in_dir(const struct world *world, const char *name)
{
	static char path[512];

	snprintf(path, sizeof(path), "%s/%s", world->dir, name);
	return path;
}

static void put(const struct world *world, const char *name, const char *text)
{
	FILE *file = fopen(in_dir(world, name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int set_up(void **state)
{
	static struct world world;
	char spec[80];

	world = (struct world){ .dir = "/tmp/vgpulab-test-XXXXXX" };
	assert_non_null(mkdtemp(world.dir));
	assert_int_equal(0, mkdir(in_dir(&world, "real"), 0755));
	assert_int_equal(0, symlink("real", in_dir(&world, "link")));
	assert_int_equal(0, symlink("nowhere", in_dir(&world, "dangling")));
	put(&world, "real/attribute", "text\n");
	put(&world, "real/empty", "");
	snprintf(spec, sizeof(spec), "sysfs:%s//", world.dir);
	assert_int_equal(0, vgpu_backend_open(spec, &world.backend, NULL));
	*state = &world;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

static int tear_down(void **state)
{
	struct world *world = *state;

	world->backend->impl->destroy(world->backend);
	return nftw(world->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void root_is_named_without_trailing_slashes(void **state)
{
	const struct world *world = *state;

	assert_string_equal(world->dir, world->backend->root);
}

static void read_gives_the_whole_attribute_through_links(void **state)
{
	const struct world *world = *state;
	char buffer[16];

	assert_int_equal(5,
			 world->backend->impl->read(world->backend, "link/attribute", buffer, 16));
	assert_string_equal("text\n", buffer);
	assert_int_equal(0, world->backend->impl->read(world->backend, "real/empty", buffer, 16));
	assert_string_equal("", buffer);
}

static void read_of_more_than_fits_is_efbig_and_not_a_cut_text(void **state)
{
	const struct world *world = *state;
	char buffer[6];

	assert_int_equal(5,
			 world->backend->impl->read(world->backend, "real/attribute", buffer, 6));
	assert_int_equal(-EFBIG,
			 world->backend->impl->read(world->backend, "real/attribute", buffer, 5));
}

static void errors_are_the_kernels(void **state)
{
	const struct world *world = *state;
	struct vgpu_backend *backend = world->backend;
	char buffer[16];

	assert_int_equal(-ENOENT, backend->impl->read(backend, "none", buffer, 16));
	assert_int_equal(-EISDIR, backend->impl->read(backend, "real", buffer, 16));
	assert_int_equal(-ENOTDIR, backend->impl->read(backend, "real/empty/x", buffer, 16));
	assert_int_equal(-EISDIR, backend->impl->write(backend, "real", "1", 1));
	assert_int_equal(-EINVAL, backend->impl->readlink(backend, "real", buffer, 16));
	assert_int_equal(-ENAMETOOLONG, backend->impl->readlink(backend, "dangling", buffer, 7));
	assert_int_equal(-ENOENT, backend->impl->exists(backend, "none"));
}

static void write_creates_no_files(void **state)
{
	const struct world *world = *state;
	struct vgpu_backend *backend = world->backend;

	assert_int_equal(-ENOENT, backend->impl->write(backend, "real/new", "1", 1));
	assert_int_equal(-ENOENT, backend->impl->exists(backend, "real/new"));
}

static void dangling_link_exists_and_its_text_is_read(void **state)
{
	const struct world *world = *state;
	char buffer[16];

	assert_int_equal(0, world->backend->impl->exists(world->backend, "dangling"));
	assert_int_equal(7, world->backend->impl->readlink(world->backend, "dangling", buffer, 16));
	assert_string_equal("nowhere", buffer);
}

static int count_names(void *data, const char *name)
{
	assert_int_not_equal('.', name[0]);
	++*(int *)data;
	return 0;
}

static int stop_at_once(void *data, const char *name)
{
	++*(int *)data;
	return 7;
}

static void list_gives_every_entry_but_the_dots_until_told_to_stop(void **state)
{
	const struct world *world = *state;
	int count = 0;

	assert_int_equal(0, world->backend->impl->list(world->backend, "", count_names, &count));
	assert_int_equal(3, count);
	count = 0;
	assert_int_equal(7, world->backend->impl->list(world->backend, "", stop_at_once, &count));
	assert_int_equal(1, count);
	assert_int_equal(-ENOENT,
			 world->backend->impl->list(world->backend, "none", count_names, &count));
}

static void wait_without_events_looks_again_soon_and_ends_in_time(void **state)
{
	const struct world *world = *state;
	struct timespec begin, end;
	int looks = 0, left_ms = 60;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (world->backend->impl->wait(world->backend, left_ms) > 0) {
		looks++;
		left_ms -= 20;
	}
	clock_gettime(CLOCK_MONOTONIC, &end);
	assert_in_range(looks, 1, 3);
	assert_in_range((end.tv_sec - begin.tv_sec) * 1000 +
				(end.tv_nsec - begin.tv_nsec) / 1000000,
			20, 10000);
}

static struct json_object *read_line(FILE *file)
{
	char line[1024];

	assert_non_null(fgets(line, sizeof(line), file));
	return json_tokener_parse(line);
}

static void assert_line(FILE *file, const char *call, const char *path, int result, const char *key,
			const char *value)
{
	struct json_object *line = read_line(file);

	assert_non_null(line);
	assert_string_equal(call, json_object_get_string(json_object_object_get(line, "call")));
	assert_string_equal(path, json_object_get_string(json_object_object_get(line, "path")));
	assert_int_equal(result, json_object_get_int(json_object_object_get(line, "result")));
	assert_string_equal(value, json_object_get_string(json_object_object_get(line, key)));
	json_object_put(line);
}

static void trace_passes_calls_on_and_writes_each_down_as_json(void **state)
{
	const struct world *world = *state;
	struct vgpu_backend *trace = NULL;
	char spec[256], buffer[16];
	_autofclose_ FILE *file = NULL;
	int count = 0;

	put(world, "real/bytes", "\xff\xfe");
	snprintf(spec, sizeof(spec), "trace:%s/trace.jsonl,sysfs:%s", world->dir, world->dir);
	assert_int_equal(0, vgpu_backend_open(spec, &trace, NULL));
	assert_string_equal(world->dir, trace->root);
	assert_int_equal(5, trace->impl->read(trace, "real/attribute", buffer, 16));
	assert_string_equal("text\n", buffer);
	assert_int_equal(0, trace->impl->write(trace, "real/empty", "1\n", 2));
	assert_int_equal(4, trace->impl->readlink(trace, "link", buffer, 16));
	assert_int_equal(-ENOENT, trace->impl->exists(trace, "none"));
	assert_int_equal(0, trace->impl->list(trace, "real", count_names, &count));
	assert_int_equal(2, trace->impl->read(trace, "real/bytes", buffer, 16));
	trace->impl->destroy(trace);

	file = fopen(in_dir(world, "trace.jsonl"), "r");
	assert_non_null(file);
	assert_line(file, "read", "real/attribute", 5, "data", "text\n");
	assert_line(file, "write", "real/empty", 0, "data", "1\n");
	assert_line(file, "readlink", "link", 4, "target", "real");
	assert_line(file, "exists", "none", -ENOENT, "errno", "ENOENT");
	json_object_put(read_line(file));
	assert_line(file, "read", "real/bytes", 2, "data_hex", "fffe");
	assert_null(fgets(buffer, sizeof(buffer), file));
	assert_int_equal(3, count);
}

static void unknown_backend_and_bad_arguments_are_usage_errors(void **state)
{
	static const struct {
		const char *spec, *message, *hint;
	} bad[] = {
		{ "sysf", "no backend 'sysf'", "'sysfs'" },
		{ "", "no backend ''", "--help" },
		{ "sysfs:", "no directory", "" },
		{ "sysfs:/nonexistent", "/nonexistent", "" },
		{ "sysfs:/dev/null", "Not a directory", "" },
		{ "trace:", "FILE,SPEC", "" },
		{ "trace:/tmp/x", "FILE,SPEC", "" },
		{ "trace:,sysfs", "FILE,SPEC", "" },
		{ "trace:/tmp/never-made,nosuch", "no backend 'nosuch'", "" },
		{ "fake", "a GPU must follow", "" },
	};

	for (size_t i = 0; i < VGPU_ARRAY_LEN(bad); i++) {
		struct vgpu_backend *backend = NULL;
		struct vgpu_error err = { 0 };

		assert_true(vgpu_backend_open(bad[i].spec, &backend, &err) < 0);
		assert_null(backend);
		assert_int_equal(VGPU_ERROR_USAGE, err.kind);
		assert_non_null(strstr(err.message, bad[i].message));
		assert_non_null(strstr(err.hint, bad[i].hint));
	}
	assert_int_equal(-1, access("/tmp/never-made", F_OK));
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(root_is_named_without_trailing_slashes),
		WORLD_TEST(read_gives_the_whole_attribute_through_links),
		WORLD_TEST(read_of_more_than_fits_is_efbig_and_not_a_cut_text),
		WORLD_TEST(errors_are_the_kernels),
		WORLD_TEST(write_creates_no_files),
		WORLD_TEST(dangling_link_exists_and_its_text_is_read),
		WORLD_TEST(list_gives_every_entry_but_the_dots_until_told_to_stop),
		WORLD_TEST(wait_without_events_looks_again_soon_and_ends_in_time),
		WORLD_TEST(trace_passes_calls_on_and_writes_each_down_as_json),
		cmocka_unit_test(unknown_backend_and_bad_arguments_are_usage_errors),
	};

	return cmocka_run_group_tests_name("backends", tests, NULL, NULL);
}
