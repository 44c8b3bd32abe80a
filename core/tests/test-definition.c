/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vgpulab/callout.h>
#include <vgpulab/definition-store.h>
#include <vgpulab/json-format.h>

#include <cmocka.h>

#define UUID "11111111-0000-4000-8000-000000000001"
#define GPU  "0000:00:02.0"

/* A directory of its own for each test. */
struct world {
	char dir[64], config[80];
	struct vgpu_store *store;
	struct vgpu_definition definition;
	struct vgpu_error err;
};

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	strcpy(world->dir, "/tmp/vgpulab-definition-XXXXXX");
	assert_non_null(mkdtemp(world->dir));
	snprintf(world->config, sizeof(world->config), "%s/mdevctl.d", world->dir);
	assert_int_equal(vgpu_store_open(world->config, &world->store, &world->err), 0);
	world->definition = (struct vgpu_definition){ .parent = GPU, .type = "i915-GVTg_V5_4" };
	assert_int_equal(vgpu_uuid_parse(UUID, &world->definition.uuid), 0);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", world->dir);
	assert_int_equal(system(command), 0);
	vgpu_store_destroy(world->store);
	vgpu_definition_finish(&world->definition);
	free(world);
	return 0;
}

static char *path_of(const struct world *world, const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", world->config, name);
	return path;
}

static void write_file(const struct world *world, const char *name, const char *text)
{
	FILE *file = fopen(path_of(world, name), "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void assert_file(const struct world *world, const char *name, const char *text)
{
	FILE *file = fopen(path_of(world, name), "r");
	char buffer[1024];
	size_t len;

	assert_non_null(file);
	len = fread(buffer, 1, sizeof(buffer) - 1, file);
	buffer[len] = '\0';
	fclose(file);
	assert_string_equal(buffer, text);
}

static int parse(struct world *world, const char *text)
{
	return vgpu_definition_parse(&world->definition, "FILE", text, strlen(text), &world->err);
}

/* The bytes that mdevctl 1.2.0 wrote. */
static const char mdevctls_file[] = "{\n"
				    "  \"mdev_type\": \"i915-GVTg_V5_4\",\n"
				    "  \"start\": \"auto\",\n"
				    "  \"attrs\": [\n"
				    "    {\n"
				    "      \"b/c\": \"2\"\n"
				    "    },\n"
				    "    {\n"
				    "      \"a\": \"x\\\"y\\\\\"\n"
				    "    }\n"
				    "  ]\n"
				    "}";

static void a_file_of_mdevctl_is_written_again_with_the_same_bytes(void **state)
{
	struct world *world = *state;

	assert_int_equal(parse(world, mdevctls_file), 0);
	assert_true(world->definition.autostart);
	assert_int_equal(world->definition.settings_len, 2);
	assert_string_equal(world->definition.settings[1].value, "x\"y\\");
	assert_int_equal(vgpu_store_add(world->store, &world->definition, &world->err), 0);
	assert_file(world, GPU "/" UUID, mdevctls_file);
}

static void what_is_no_definition_is_refused_and_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"null",
		"[]",
		"{}",
		"{\"mdev_type\":5,\"start\":\"auto\"}",
		"{\"mdev_type\":\"t\"}",
		"{\"mdev_type\":\"t\",\"start\":null}",
		"{\"mdev_type\":\"t\",\"start\":\"auto\"} x",
		"{\"mdev_type\":\"t\",\"start\":\"auto\",\"attrs\":{}}",
		"{\"mdev_type\":\"t\",\"start\":\"auto\",\"attrs\":[1]}",
		"{\"mdev_type\":\"t\",\"start\":\"auto\",\"attrs\":[{}]}",
		"{\"mdev_type\":\"t\",\"start\":\"auto\",\"attrs\":[{\"a\":1}]}",
		"{\"mdev_type\":\"t\",\"start\":\"auto\",\"attrs\":[{\"a\":\"1\",\"b\":\"2\"}]}",
		"{\"mdev_type\":\"../t\",\"start\":\"auto\"}",
		"{\"mdev_type\":\"" UUID UUID "\",\"start\":\"auto\"}",
		"{\"mdev_type\":\"\xff\",\"start\":\"auto\"}",
	};
	struct world *world = *state;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(texts); i++) {
		world->err = (struct vgpu_error){ 0 };
		assert_true(parse(world, texts[i]) < 0);
		assert_non_null(strstr(world->err.message, "FILE"));
		assert_string_equal(world->definition.type, "i915-GVTg_V5_4");
		assert_int_equal(world->definition.settings_len, 0);
	}
}

static void blanks_around_are_fine_and_start_is_auto_or_else_manual(void **state)
{
	struct world *world = *state;

	assert_int_equal(parse(world, " {\"start\":\"x\",\"mdev_type\":\"t\",\"attrs\":null} \n"),
			 0);
	assert_false(world->definition.autostart);
	assert_string_equal(world->definition.type, "t");
}

static void settings_are_inserted_and_deleted_by_index(void **state)
{
	struct world *world = *state;
	struct vgpu_definition *definition = &world->definition;

	assert_int_equal(vgpu_definition_delete_setting(definition, -1, NULL), 0);
	assert_int_equal(vgpu_definition_delete_setting(definition, 0, NULL), -EINVAL);
	assert_int_equal(vgpu_definition_add_setting(definition, -1, "a", "1", NULL), 0);
	assert_int_equal(vgpu_definition_add_setting(definition, 0, "b", "2", NULL), 0);
	assert_int_equal(vgpu_definition_add_setting(definition, 2, "c", "3", NULL), 0);
	assert_int_equal(vgpu_definition_add_setting(definition, 4, "d", "4", NULL), -EINVAL);
	assert_int_equal(vgpu_definition_delete_setting(definition, 3, NULL), -EINVAL);
	assert_int_equal(vgpu_definition_delete_setting(definition, 1, NULL), 0);
	assert_int_equal(definition->settings_len, 2);
	assert_string_equal(definition->settings[0].name, "b");
	assert_string_equal(definition->settings[1].name, "c");
}

static void adding_twice_is_refused_and_leaves_the_first(void **state)
{
	struct world *world = *state;

	assert_int_equal(vgpu_store_add(world->store, &world->definition, &world->err), 0);
	world->definition.autostart = true;
	assert_int_equal(vgpu_store_add(world->store, &world->definition, &world->err), -EEXIST);
	assert_int_equal(world->err.kind, VGPU_ERROR_EXISTS);
	assert_file(world, GPU "/" UUID,
		    "{\n  \"mdev_type\": \"i915-GVTg_V5_4\",\n  \"start\": \"manual\",\n"
		    "  \"attrs\": []\n}");
}

static void replacing_what_another_has_changed_is_busy(void **state)
{
	struct world *world = *state;
	struct vgpu_definition after = world->definition;

	after.autostart = true;
	assert_int_equal(vgpu_store_add(world->store, &world->definition, &world->err), 0);
	write_file(world, GPU "/" UUID, "{\"mdev_type\":\"other\",\"start\":\"manual\"}");
	assert_int_equal(vgpu_store_replace(world->store, &world->definition, &after, &world->err),
			 -EBUSY);
	assert_int_equal(world->err.kind, VGPU_ERROR_BUSY);
	assert_file(world, GPU "/" UUID, "{\"mdev_type\":\"other\",\"start\":\"manual\"}");
}

static void replacing_keeps_the_files_mode(void **state)
{
	struct world *world = *state;
	struct vgpu_definition after = world->definition;
	struct stat st;

	after.autostart = true;
	assert_int_equal(vgpu_store_add(world->store, &world->definition, &world->err), 0);
	assert_int_equal(chmod(path_of(world, GPU "/" UUID), 0600), 0);
	assert_int_equal(vgpu_store_replace(world->store, &world->definition, &after, &world->err),
			 0);
	assert_int_equal(stat(path_of(world, GPU "/" UUID), &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void a_broken_file_is_named_and_hides_no_other(void **state)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *found = NULL;
	struct world *world = *state;

	assert_int_equal(vgpu_store_add(world->store, &world->definition, &world->err), 0);
	write_file(world, GPU "/00000000-0000-4000-8000-000000000000", "{");
	write_file(world, GPU "/README", "x");
	write_file(world, GPU "/.hidden", "x");
	assert_int_equal(vgpu_store_list(world->store, NULL, NULL, &found, &world->err), 0);
	assert_int_equal(found->len, 1);
	assert_string_equal(found->items[0].uuid.text, UUID);
	assert_string_equal(found->items[0].parent, GPU);
	assert_int_equal(found->broken_len, 2);
	for (size_t i = 0; i < 2; i++)
		assert_non_null(strstr(found->broken[i].message, world->config));
}

static void a_store_that_is_not_there_is_empty(void **state)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *found = NULL;
	struct world *world = *state;

	assert_int_equal(vgpu_store_list(world->store, NULL, NULL, &found, &world->err), 0);
	assert_int_equal(found->len, 0);
	assert_false(vgpu_store_has(world->store, GPU, &world->definition.uuid));
}

static void what_a_killed_program_left_is_overwritten_and_never_listed(void **state)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *found = NULL;
	struct world *world = *state;

	assert_int_equal(mkdir(world->config, 0755), 0);
	write_file(world, ".vgpulab.new." GPU "." UUID,
		   "much more than the definition needs, torn");
	assert_int_equal(vgpu_store_add(world->store, &world->definition, &world->err), 0);
	assert_int_equal(access(path_of(world, ".vgpulab.new." GPU "." UUID), F_OK), -1);
	assert_int_equal(vgpu_store_list(world->store, NULL, NULL, &found, &world->err), 0);
	assert_int_equal(found->len, 1);
	assert_int_equal(found->broken_len, 0);
}

static void names_that_lead_elsewhere_are_no_parents(void **state)
{
	static const char *const names[] = { "", "..", ".", "a/b", ".hidden", "/", "scripts.d" };
	struct world *world = *state;

	for (size_t i = 0; i < VGPU_ARRAY_LEN(names); i++)
		assert_int_equal(
			vgpu_definition_set_parent(&world->definition, names[i], &world->err),
			-EINVAL);
}

/*
 * Scripts
 */

struct scripts {
	char log[1024];
	const char *answer; /* of "get" */
	int status; /* of those whose name begins with 20 */
};

static int run(void *data, const char *program, char *const argv[], const char *input,
	       struct vgpu_callout_result *result)
{
	struct scripts *scripts = data;
	const char *name = strrchr(program, '/') + 1;

	snprintf(scripts->log + strlen(scripts->log), sizeof(scripts->log) - strlen(scripts->log),
		 "%s:%s,%s,%s ", name, argv[4], argv[6], argv[8]);
	result->out = strdup(scripts->answer ? scripts->answer : "");
	result->err = strdup("");
	result->status = !strncmp(name, "20", 2) ? scripts->status : 2;
	return 0;
}

static void complain(void *data, const char *script, const char *text)
{
}

static const struct vgpu_callout_ops ops = { .run = run, .complain = complain };

static int act(void *data, struct vgpu_error *err)
{
	return *(int *)data;
}

static void prepare_scripts(struct world *world, struct scripts *scripts,
			    struct vgpu_callouts *callouts)
{
	assert_int_equal(mkdir(world->config, 0755), 0);
	assert_int_equal(mkdir(path_of(world, "callouts"), 0755), 0);
	assert_int_equal(mkdir(path_of(world, "notifiers"), 0755), 0);
	write_file(world, "callouts/20-mine", "");
	write_file(world, "callouts/10-other", "");
	write_file(world, "callouts/30-later", "");
	write_file(world, "notifiers/b", "");
	write_file(world, "notifiers/a", "");
	*callouts = (struct vgpu_callouts){ { world->config }, &ops, scripts };
}

static void the_first_script_that_minds_is_called_before_and_after(void **state)
{
	struct world *world = *state;
	struct scripts scripts = { 0 };
	struct vgpu_callouts callouts;
	int result = 0;

	prepare_scripts(world, &scripts, &callouts);
	assert_int_equal(vgpu_callout_around(&callouts, &world->definition, "start", act, &result,
					     &world->err),
			 0);
	assert_string_equal(scripts.log, "10-other:pre,start,none 20-mine:pre,start,none "
					 "20-mine:post,start,success a:notify,start,success "
					 "b:notify,start,success ");
	scripts.log[0] = '\0';
	result = -EIO;
	assert_int_equal(vgpu_callout_around(&callouts, &world->definition, "stop", act, &result,
					     &world->err),
			 -EIO);
	assert_string_equal(scripts.log, "10-other:pre,stop,none 20-mine:pre,stop,none "
					 "20-mine:post,stop,failure a:notify,stop,failure "
					 "b:notify,stop,failure ");
}

static void a_script_that_fails_before_prevents_it(void **state)
{
	struct world *world = *state;
	struct scripts scripts = { .status = 1 };
	struct vgpu_callouts callouts;
	int result = 0;

	prepare_scripts(world, &scripts, &callouts);
	assert_int_equal(vgpu_callout_around(&callouts, &world->definition, "start", act, &result,
					     &world->err),
			 -ECANCELED);
	assert_non_null(strstr(world->err.message, "20-mine"));
	assert_string_equal(scripts.log, "10-other:pre,start,none 20-mine:pre,start,none "
					 "a:notify,start,none b:notify,start,none ");
}

static void settings_come_from_the_script_that_minds(void **state)
{
	struct world *world = *state;
	struct scripts scripts = { .answer = "[{\"a\":\"1\"},{\"b\":\"2\"}]" };
	struct vgpu_callouts callouts;

	prepare_scripts(world, &scripts, &callouts);
	assert_int_equal(vgpu_callout_get_settings(&callouts, &world->definition, &world->err), 0);
	assert_string_equal(scripts.log, "10-other:get,attributes,none "
					 "20-mine:get,attributes,none ");
	assert_int_equal(world->definition.settings_len, 2);
}

static void live_goes_to_a_script_that_offers_it(void **state)
{
	struct world *world = *state;
	struct scripts scripts = { 0 };
	struct vgpu_callouts callouts;

	prepare_scripts(world, &scripts, &callouts);
	assert_int_equal(vgpu_callout_live(&callouts, &world->definition, &world->err),
			 -EOPNOTSUPP);
	scripts.log[0] = '\0';
	scripts.answer = "{\"supports\":{\"version\":2,\"actions\":[\"modify\"],"
			 "\"events\":[\"live\"]}}";
	assert_int_equal(vgpu_callout_live(&callouts, &world->definition, &world->err), 0);
	assert_string_equal(scripts.log, "10-other:get,capabilities,none "
					 "20-mine:get,capabilities,none 20-mine:live,modify,none "
					 "a:notify,modify,none b:notify,modify,none ");
}

#define WORLD_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(a_file_of_mdevctl_is_written_again_with_the_same_bytes),
		WORLD_TEST(what_is_no_definition_is_refused_and_changes_nothing),
		WORLD_TEST(blanks_around_are_fine_and_start_is_auto_or_else_manual),
		WORLD_TEST(settings_are_inserted_and_deleted_by_index),
		WORLD_TEST(adding_twice_is_refused_and_leaves_the_first),
		WORLD_TEST(replacing_what_another_has_changed_is_busy),
		WORLD_TEST(replacing_keeps_the_files_mode),
		WORLD_TEST(a_broken_file_is_named_and_hides_no_other),
		WORLD_TEST(a_store_that_is_not_there_is_empty),
		WORLD_TEST(what_a_killed_program_left_is_overwritten_and_never_listed),
		WORLD_TEST(names_that_lead_elsewhere_are_no_parents),
		WORLD_TEST(the_first_script_that_minds_is_called_before_and_after),
		WORLD_TEST(a_script_that_fails_before_prevents_it),
		WORLD_TEST(settings_come_from_the_script_that_minds),
		WORLD_TEST(live_goes_to_a_script_that_offers_it),
	};

	return cmocka_run_group_tests_name("definitions", tests, NULL, NULL);
}
