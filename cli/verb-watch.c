/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vgpulab/backend-impl.h>
#include <vgpulab/number.h>

#include "host.h"
#include "listing.h"

/* Where nothing tells of a change of definitions, this is how often they are looked at. */
enum { LOOK_MS = 1000, OPTION_COUNT = 'n', OPTION_INITIAL = 'i' };

const struct cli_option cli_watch_options[] = {
	{ OPTION_COUNT, "count", "N", "end after N events" },
	{ OPTION_INITIAL, "initial", NULL, "begin with an event for everything that is there" },
	{ 0 },
};

/* What is known at one moment. */
struct view {
	struct vgpu_snapshot *snapshot;
	struct vgpu_definitions *definitions;
};

struct watching {
	struct cli_host host;
	int64_t left; /* events to print; negative: for ever */
};

static void view_finish(struct view *view)
{
	vgpu_snapshot_destroy(view->snapshot);
	vgpu_definitions_destroy(view->definitions);
	*view = (struct view){ 0 };
}

static int view_take(const struct watching *watching, struct view *out, struct vgpu_error *err)
{
	struct view view = { 0 };
	int ret = vgpu_snapshot_take(watching->host.host.backend, &view.snapshot, err);

	if (ret == 0)
		ret = vgpu_store_list(watching->host.host.store, NULL, NULL, &view.definitions,
				      err);
	if (ret < 0)
		view_finish(&view);
	else
		*out = view;
	return ret;
}

/* One line of JSON, at once. */
static void print_event(struct watching *watching, const char *event, const char *parent,
			const char *uuid, const char *type, struct json_object *available)
{
	struct json_object *json = json_object_new_object();
	struct timespec now;
	char time[48];

	if (!watching->left) {
		json_object_put(available);
		json_object_put(json);
		return;
	}
	clock_gettime(CLOCK_REALTIME, &now);
	snprintf(time, sizeof(time), "%lld.%06ld", (long long)now.tv_sec, now.tv_nsec / 1000);
	json_object_object_add(json, "event", json_object_new_string(event));
	json_object_object_add(json, "time", json_object_new_double_s(atof(time), time));
	json_object_object_add(json, "parent", json_object_new_string(parent));
	if (uuid)
		json_object_object_add(json, "uuid", json_object_new_string(uuid));
	if (type)
		json_object_object_add(json, "type", cli_text(type));
	if (available)
		json_object_object_add(json, "available", available);
	cli_json_write(stdout, json, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	fflush(stdout);
	json_object_put(json);
	watching->left -= watching->left > 0;
}

/* One of another type or parent was made anew between two looks. */
static const struct vgpu_instance *find_same(const struct vgpu_snapshot *snapshot,
					     const struct vgpu_instance *instance)
{
	const struct vgpu_instance *found =
		snapshot ? vgpu_snapshot_find_instance(snapshot, &instance->uuid) : NULL;

	if (!found || strcmp(found->parent_name, instance->parent_name) != 0 ||
	    (found->type[0] && instance->type[0] && strcmp(found->type, instance->type) != 0))
		return NULL;
	return found;
}

static void compare_instances(struct watching *watching, const struct view *old,
			      const struct view *new)
{
	for (size_t i = 0; old->snapshot && i < old->snapshot->instances_len; i++) {
		const struct vgpu_instance *was = &old->snapshot->instances[i];

		if (!find_same(new->snapshot, was))
			print_event(watching, "removed", was->parent_name, was->uuid.text,
				    was->type, NULL);
	}
	for (size_t i = 0; i < new->snapshot->instances_len; i++) {
		const struct vgpu_instance *is = &new->snapshot->instances[i];
		const struct vgpu_instance *was = find_same(old->snapshot, is);

		/* one without a type is still being created: its time comes */
		if (is->type[0] && (!was || !was->type[0]))
			print_event(watching, "created", is->parent_name, is->uuid.text, is->type,
				    NULL);
		else if (was && strcmp(was->driver, is->driver) != 0)
			print_event(watching, is->driver[0] ? "bound" : "unbound", is->parent_name,
				    is->uuid.text, is->type, NULL);
	}
}

static void compare_types(struct watching *watching, const struct vgpu_parent *was,
			  const struct vgpu_parent *is)
{
	for (size_t i = 0; i < is->types_len; i++) {
		const struct vgpu_mdev_type *type = &is->types[i];
		const struct vgpu_mdev_type *before =
			was ? vgpu_parent_find_type(was, type->id) : NULL;

		if (!before || before->available != type->available)
			print_event(watching, "available", is->name, NULL, type->id,
				    json_object_new_int64(type->available));
	}
}

static void compare_parents(struct watching *watching, const struct view *old,
			    const struct view *new)
{
	for (size_t i = 0; old->snapshot && i < old->snapshot->parents_len; i++)
		if (!vgpu_snapshot_find_parent(new->snapshot, old->snapshot->parents[i].name))
			print_event(watching, "parent-gone", old->snapshot->parents[i].name, NULL,
				    NULL, NULL);
	for (size_t i = 0; i < new->snapshot->parents_len; i++) {
		const struct vgpu_parent *is = &new->snapshot->parents[i];
		const struct vgpu_parent *was =
			old->snapshot ? vgpu_snapshot_find_parent(old->snapshot, is->name) : NULL;

		if (!was)
			print_event(watching, "parent", is->name, NULL, NULL, NULL);
		compare_types(watching, was, is);
	}
}

static void compare_definitions(struct watching *watching, const struct view *old,
				const struct view *new)
{
	for (size_t i = 0; old->definitions && i < old->definitions->len; i++) {
		const struct vgpu_definition *was = &old->definitions->items[i];

		if (!vgpu_definitions_find(new->definitions, was->parent, &was->uuid))
			print_event(watching, "undefined", was->parent, was->uuid.text, was->type,
				    NULL);
	}
	for (size_t i = 0; i < new->definitions->len; i++) {
		const struct vgpu_definition *is = &new->definitions->items[i], *was = NULL;

		if (old->definitions)
			was = vgpu_definitions_find(old->definitions, is->parent, &is->uuid);
		if (!was || !vgpu_definition_equal(was, is))
			print_event(watching, was ? "modified" : "defined", is->parent,
				    is->uuid.text, is->type, NULL);
	}
}

static void compare(struct watching *watching, const struct view *old, const struct view *new)
{
	compare_parents(watching, old, new);
	compare_definitions(watching, old, new);
	compare_instances(watching, old, new);
}

static int watch(struct watching *watching, bool initial, struct vgpu_error *err)
{
	struct vgpu_backend *backend = watching->host.host.backend;
	struct view old = { 0 }, new = { 0 };
	int ret = view_take(watching, &new, err);

	if (ret == 0 && initial)
		compare(watching, &old, &new);
	while (ret == 0 && watching->left && !ferror(stdout)) {
		view_finish(&old);
		old = new;
		new = (struct view){ 0 };
		backend->impl->wait(backend, LOOK_MS);
		ret = view_take(watching, &new, err);
		if (ret == 0)
			compare(watching, &old, &new);
	}
	view_finish(&old);
	view_finish(&new);
	return ret;
}

int cli_verb_watch(const struct cli_globals *globals, int argc, char **argv)
{
	struct watching watching = { .left = -1 };
	struct vgpu_error err = { 0 };
	struct cli_arguments args;
	bool initial = false;
	uint64_t events;
	int id, ret;

	cli_arguments_init(&args, globals, argc, argv);
	while ((id = cli_arguments_next(&args)) >= 0) {
		if (id == OPTION_INITIAL) {
			initial = true;
			continue;
		}
		if (vgpu_number_parse(args.value, 1, INT64_MAX, &events))
			return cli_usage_fail(&args, "'%s' is no number of events", args.value);
		watching.left = (int64_t)events;
	}
	if (args.ended)
		return args.exit_code;
	if (args.operands_len)
		return cli_usage_fail(&args, "it takes no argument");
	ret = cli_host_open(&args.globals, &watching.host, &err);
	if (ret == 0)
		ret = watch(&watching, initial, &err);
	cli_host_close(&watching.host);
	return ret < 0 ? cli_fail(&args.globals, &err) : 0;
}
