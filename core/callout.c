/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vgpulab/callout.h>
#include <vgpulab/json-format.h>

#include "json-text.h"

/* A script says by this code that the vGPU's type is none of its business. */
enum { NOT_MY_TYPE = 2 };

/* The calls that belong to one action. */
struct calling {
	const struct vgpu_callouts *callouts;
	const struct vgpu_definition *definition;
	const char *action, *state;
	char *script; /* the one that answered first: it gets the later calls too */
};

struct scripts {
	char **paths;
	size_t len;
};

static void scripts_finish(struct scripts *scripts)
{
	for (size_t i = 0; i < scripts->len; i++)
		free(scripts->paths[i]);
	free(scripts->paths);
}

static int not_hidden(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

static int in_byte_order(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* All scripts of a kind, by root and then by name. What cannot be read is as good as empty. */
static void scripts_find(const struct vgpu_callouts *callouts, const char *kind,
			 struct scripts *out)
{
	*out = (struct scripts){ 0 };
	for (const char *const *root = callouts->roots; *root; root++) {
		_autofree_ char *dir = NULL;
		struct dirent **entries = NULL;
		char **paths;
		int len;

		if (asprintf(&dir, "%s/%s", *root, kind) < 0) {
			dir = NULL;
			continue;
		}
		len = scandir(dir, &entries, not_hidden, in_byte_order);
		paths = reallocarray(out->paths, out->len + (size_t)(len < 0 ? 0 : len) + 1,
				     sizeof(*paths));
		if (paths)
			out->paths = paths;
		for (int i = 0; i < len; i++) {
			if (paths &&
			    asprintf(&paths[out->len], "%s/%s", dir, entries[i]->d_name) >= 0)
				out->len++;
			free(entries[i]);
		}
		free(entries);
	}
}

bool vgpu_callouts_exist(const struct vgpu_callouts *callouts)
{
	struct scripts scripts;
	bool exist;

	scripts_find(callouts, "callouts", &scripts);
	exist = scripts.len > 0;
	scripts_finish(&scripts);
	return exist;
}

static void result_finish(struct vgpu_callout_result *result)
{
	free(result->out);
	free(result->err);
	*result = (struct vgpu_callout_result){ 0 };
}

static int run(const struct calling *calling, const char *script, const char *event,
	       const char *input, struct vgpu_callout_result *result)
{
	const struct vgpu_definition *definition = calling->definition;
	const char *const argv[] = { script,
				     "-t",
				     definition->type,
				     "-e",
				     event,
				     "-a",
				     calling->action,
				     "-s",
				     calling->state,
				     "-u",
				     definition->uuid.text,
				     "-p",
				     definition->parent,
				     NULL };

	return calling->callouts->ops->run(calling->callouts->data, script, (char *const *)argv,
					   input, result);
}

static void pass_on(const struct calling *calling, const char *script,
		    const struct vgpu_callout_result *result)
{
	if (result->err && result->err[0])
		calling->callouts->ops->complain(calling->callouts->data, strrchr(script, '/') + 1,
						 result->err);
}

static int fail_script(const char *script, int status, struct vgpu_error *err)
{
	int ret =
		vgpu_error_set(err, VGPU_ERROR_FAILED, ECANCELED,
			       "callout script \"%s\" failed with return code %d", script, status);

	vgpu_error_hint(err, "it forbids this; what it wrote stands above");
	return ret;
}

/* The first script that minds this type. 1 with @result, 0 if there is none. */
static int run_first(struct calling *calling, const char *event, const char *input,
		     struct vgpu_callout_result *result)
{
	__attribute__((cleanup(scripts_finish))) struct scripts scripts;

	scripts_find(calling->callouts, "callouts", &scripts);
	for (size_t i = 0; i < scripts.len; i++) {
		*result = (struct vgpu_callout_result){ 0 };
		if (run(calling, scripts.paths[i], event, input, result) < 0)
			continue;
		if (result->status >= 0 && result->status != NOT_MY_TYPE) {
			calling->script = steal(scripts.paths[i]);
			return 1;
		}
		result_finish(result);
	}
	return 0;
}

static int call(struct calling *calling, const char *event, const char *input,
		struct vgpu_error *err)
{
	__attribute__((cleanup(result_finish))) struct vgpu_callout_result result = { 0 };

	if (calling->script) {
		if (run(calling, calling->script, event, input, &result) < 0)
			return 0;
	} else if (!run_first(calling, event, input, &result)) {
		return 0;
	}
	pass_on(calling, calling->script, &result);
	return result.status > 0 ? fail_script(calling->script, result.status, err) : 0;
}

static void notify(const struct calling *calling, const char *input)
{
	__attribute__((cleanup(scripts_finish))) struct scripts scripts;

	scripts_find(calling->callouts, "notifiers", &scripts);
	for (size_t i = 0; i < scripts.len; i++) {
		struct vgpu_callout_result result = { 0 };

		run(calling, scripts.paths[i], "notify", input, &result);
		result_finish(&result);
	}
}

static char *format_input(const struct vgpu_definition *definition)
{
	_autojson_ struct json_object *json = vgpu_definition_to_json(definition);

	return vgpu_json_format_compact(json);
}

int vgpu_callout_around(const struct vgpu_callouts *callouts,
			const struct vgpu_definition *definition, const char *action,
			int (*act)(void *data, struct vgpu_error *err), void *data,
			struct vgpu_error *err)
{
	struct calling calling = { callouts, definition, action, "none", NULL };
	_autofree_ char *input = NULL;
	int ret;

	if (!callouts)
		return act(data, err);
	input = format_input(definition);
	if (!input)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "%s", strerror(ENOMEM));
	ret = call(&calling, "pre", input, err);
	if (ret == 0) {
		ret = act(data, err);
		calling.state = ret < 0 ? "failure" : "success";
		call(&calling, "post", input, NULL);
	}
	notify(&calling, input);
	free(calling.script);
	return ret;
}

/*
 * What scripts tell of running vGPUs
 */

int vgpu_callout_get_settings(const struct vgpu_callouts *callouts,
			      struct vgpu_definition *definition, struct vgpu_error *err)
{
	__attribute__((cleanup(result_finish))) struct vgpu_callout_result result = { 0 };
	struct calling calling = { callouts, definition, "attributes", "none", NULL };
	_autojson_ struct json_object *array = NULL;
	_autofree_ char *script = NULL;
	size_t len;

	if (!callouts || !run_first(&calling, "get", "", &result))
		return 0;
	script = calling.script;
	if (result.status) {
		pass_on(&calling, script, &result);
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EIO,
				      "failed to get attributes from \"%s\"", script);
	}
	len = strlen(result.out);
	/* "[{}]" stands for none */
	if (!len || !strcmp(result.out, "[{}]"))
		return 0;
	if (vgpu_json_parse(result.out, len, &array, NULL, NULL) < 0)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, EINVAL,
				      "Unable to parse attributes from JSON: the output of \"%s\"",
				      script);
	return vgpu_definition_add_settings(definition, script, array, err);
}

static const char provides[] =
	"{\"provides\":{\"version\":2,\"actions\":[\"start\",\"stop\",\"define\",\"undefine\","
	"\"modify\",\"attributes\",\"capabilities\"],\"events\":[\"pre\",\"post\",\"notify\","
	"\"get\",\"live\"]}}";

static bool has_word(struct json_object *object, const char *key, const char *word)
{
	struct json_object *array = NULL;

	if (!json_object_object_get_ex(object, key, &array) ||
	    !json_object_is_type(array, json_type_array))
		return false;
	for (size_t i = 0; i < json_object_array_length(array); i++) {
		struct json_object *item = json_object_array_get_idx(array, i);

		if (json_object_is_type(item, json_type_string) &&
		    !strcmp(json_object_get_string(item), word))
			return true;
	}
	return false;
}

static bool offers_live(const struct vgpu_callout_result *result)
{
	_autojson_ struct json_object *answer = NULL;
	struct json_object *supports = NULL;

	return result->status == 0 && result->out &&
	       vgpu_json_parse(result->out, strlen(result->out), &answer, NULL, NULL) == 0 &&
	       json_object_is_type(answer, json_type_object) &&
	       json_object_object_get_ex(answer, "supports", &supports) &&
	       json_object_is_type(supports, json_type_object) &&
	       has_word(supports, "actions", "modify") && has_word(supports, "events", "live");
}

int vgpu_callout_live(const struct vgpu_callouts *callouts,
		      const struct vgpu_definition *definition, struct vgpu_error *err)
{
	struct calling calling = { callouts, definition, "capabilities", "none", NULL };
	__attribute__((cleanup(scripts_finish))) struct scripts scripts = { 0 };
	_autofree_ char *input = NULL, *script = NULL;
	int ret;

	if (callouts)
		scripts_find(callouts, "callouts", &scripts);
	for (size_t i = 0; i < scripts.len && !script; i++) {
		struct vgpu_callout_result result = { 0 };

		if (run(&calling, scripts.paths[i], "get", provides, &result) == 0 &&
		    offers_live(&result))
			script = steal(scripts.paths[i]);
		result_finish(&result);
	}
	if (!script) {
		ret = vgpu_error_set(err, VGPU_ERROR_NEED, EOPNOTSUPP,
				     "no callout script offers to change a running %s",
				     definition->type);
		vgpu_error_hint(err, "stop it, change its definition, and start it");
		return ret;
	}
	input = format_input(definition);
	if (!input)
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "%s", strerror(ENOMEM));
	calling.script = script;
	calling.action = "modify";
	ret = call(&calling, "live", input, err);
	notify(&calling, input);
	return ret;
}
