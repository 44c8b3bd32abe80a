/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Host facts out of a bundle.
 */

#include "facts-bundle.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const sections[] = { VGPU_BUNDLE_FACTS, VGPU_BUNDLE_NODES, VGPU_BUNDLE_FILES,
					VGPU_BUNDLE_SYSFS };

struct json_object *vgpu_bundle_section(const struct vgpu_bundle *bundle, const char *name)
{
	return json_object_object_get(bundle->document, name);
}

bool vgpu_bundle_is_directory(struct json_object *section, const char *path)
{
	size_t len = strlen(path);

	if (!len)
		return true;
	json_object_object_foreach(section, key, value)
	{
		(void)value;
		if (!strncmp(key, path, len) && key[len] == '/')
			return true;
	}
	return false;
}

int vgpu_bundle_error(struct json_object *value)
{
	static const int known[] = { EACCES, EPERM, EIO,     ENODEV,	EFBIG, EINVAL,
				     ENOENT, ELOOP, ENOTDIR, ETIMEDOUT, ENOMEM };
	struct json_object *name;

	if (!json_object_is_type(value, json_type_object) ||
	    !json_object_object_get_ex(value, "error", &name))
		return 0;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(known); i++)
		if (json_object_is_type(name, json_type_string) &&
		    !strcmp(json_object_get_string(name), strerrorname_np(known[i])))
			return -known[i];
	return -EIO;
}

/* json-c's strings may hold NULs; whoever reads texts as C strings sees what is before them. */
static int join_lines(struct json_object *lines, char **out)
{
	size_t len, number = json_object_array_length(lines);
	FILE *text = open_memstream(out, &len);

	if (!text)
		return -ENOMEM;
	for (size_t i = 0; i < number; i++) {
		struct json_object *line = json_object_array_get_idx(lines, i);

		if (json_object_is_type(line, json_type_string))
			fprintf(text, "%s\n", json_object_get_string(line));
	}
	return fclose(text) ? -ENOMEM : 0;
}

int vgpu_bundle_text(struct json_object *value, char **out)
{
	int ret = vgpu_bundle_error(value);

	if (!value)
		return -ENOENT;
	if (ret)
		return ret;
	if (json_object_is_type(value, json_type_array))
		return join_lines(value, out);
	if (!json_object_is_type(value, json_type_string))
		return -EIO;
	*out = strdup(json_object_get_string(value));
	return *out ? 0 : -ENOMEM;
}

int vgpu_bundle_list(struct json_object *section, const char *path, struct json_object *seen,
		     int (*each)(void *data, const char *name), void *data)
{
	size_t len = strlen(path);

	json_object_object_foreach(section, key, value)
	{
		const char *rest = len ? key + len + 1 : key;
		char name[256];
		int ret;

		if (len && (strncmp(key, path, len) != 0 || key[len] != '/'))
			continue;
		if (strcspn(rest, "/") == 0 || strcspn(rest, "/") >= sizeof(name) ||
		    (vgpu_bundle_error(value) == -ENOENT && !strchr(rest, '/')))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(rest, "/"), rest);
		if (json_object_object_get_ex(seen, name, NULL))
			continue;
		json_object_object_add(seen, name, NULL);
		ret = each(data, name);
		if (ret)
			return ret;
	}
	return 0;
}

static const struct vgpu_bundle *bundle_of(const struct vgpu_host_facts *facts)
{
	return (const struct vgpu_bundle *)facts; /* its first member */
}

static int bundle_text(struct vgpu_host_facts *facts, enum vgpu_fact fact, char **out)
{
	return vgpu_bundle_text(
		json_object_object_get(vgpu_bundle_section(bundle_of(facts), VGPU_BUNDLE_FACTS),
				       vgpu_fact_name(fact)),
		out);
}

static const char *member(struct json_object *object, const char *name, const char *otherwise)
{
	struct json_object *value;

	return json_object_object_get_ex(object, name, &value) &&
			       json_object_is_type(value, json_type_string)
		       ? json_object_get_string(value)
		       : otherwise;
}

/* What is not said is as usual: root's, for root to change and all to read. */
static void describe(struct json_object *value, bool directory, struct vgpu_node_fact *out)
{
	struct json_object *number;
	const char *access;

	out->kind = member(value, "kind", directory ? "d" : "-")[0];
	out->mode =
		(unsigned int)strtoul(member(value, "mode", directory ? "0755" : "0644"), NULL, 8) &
		07777;
	out->uid = json_object_object_get_ex(value, "uid", &number)
			   ? (unsigned int)json_object_get_int(number)
			   : 0;
	out->gid = json_object_object_get_ex(value, "gid", &number)
			   ? (unsigned int)json_object_get_int(number)
			   : 0;
	access = member(value, "access", "r");
	out->readable = strchr(access, 'r');
	out->writable = strchr(access, 'w');
}

static int bundle_node(struct vgpu_host_facts *facts, const char *path, struct vgpu_node_fact *out)
{
	struct json_object *nodes = vgpu_bundle_section(bundle_of(facts), VGPU_BUNDLE_NODES);
	struct json_object *files = vgpu_bundle_section(bundle_of(facts), VGPU_BUNDLE_FILES);
	struct json_object *value = json_object_object_get(nodes, path);
	int ret = vgpu_bundle_error(value);
	bool directory;

	if (ret)
		return ret;
	directory = vgpu_bundle_is_directory(nodes, path) || vgpu_bundle_is_directory(files, path);
	if (!value && !directory && !json_object_object_get(files, path))
		return -ENOENT;
	if (!value && vgpu_bundle_error(json_object_object_get(files, path)) == -ENOENT)
		return -ENOENT;
	describe(json_object_is_type(value, json_type_object) ? value : NULL, directory, out);
	return 0;
}

static int bundle_read(struct vgpu_host_facts *facts, const char *path, char **out)
{
	return vgpu_bundle_text(
		json_object_object_get(vgpu_bundle_section(bundle_of(facts), VGPU_BUNDLE_FILES),
				       path),
		out);
}

static int bundle_list(struct vgpu_host_facts *facts, const char *path,
		       int (*each)(void *data, const char *name), void *data)
{
	struct json_object *nodes = vgpu_bundle_section(bundle_of(facts), VGPU_BUNDLE_NODES);
	struct json_object *files = vgpu_bundle_section(bundle_of(facts), VGPU_BUNDLE_FILES);
	struct json_object *seen = json_object_new_object();
	int ret;

	if (!seen)
		return -ENOMEM;
	ret = vgpu_bundle_list(nodes, path, seen, each, data);
	if (!ret)
		ret = vgpu_bundle_list(files, path, seen, each, data);
	json_object_put(seen);
	if (!ret && !vgpu_bundle_is_directory(nodes, path) &&
	    !vgpu_bundle_is_directory(files, path))
		return -ENOENT;
	return ret;
}

static void bundle_facts_destroy(struct vgpu_host_facts *facts)
{
	/* the bundle owns it */
}

static const struct vgpu_host_facts_impl recorded = {
	.name = "recorded",
	.summary = "a bundle that was recorded",
	.text = bundle_text,
	.node = bundle_node,
	.read = bundle_read,
	.list = bundle_list,
	.destroy = bundle_facts_destroy,
};

struct vgpu_bundle *vgpu_bundle_create(void)
{
	struct vgpu_bundle *bundle = calloc(1, sizeof(*bundle));

	if (!bundle)
		return NULL;
	bundle->facts.impl = &recorded;
	bundle->sysfs.impl = &vgpu_bundle_sysfs_impl;
	strcpy(bundle->sysfs.root, "/sys");
	bundle->document = json_object_new_object();
	for (size_t i = 0; i < VGPU_ARRAY_LEN(sections); i++)
		json_object_object_add(bundle->document, sections[i], json_object_new_object());
	return bundle;
}

/* json-c refuses documents that are nested deeper than 32 levels, which bounds this. */
static void merge(struct json_object *target, struct json_object *patch)
{
	json_object_object_foreach(patch, key, value)
	{
		struct json_object *old = json_object_object_get(target, key);

		if (!value) {
			json_object_object_del(target, key);
		} else if (json_object_is_type(value, json_type_object)) {
			if (!json_object_is_type(old, json_type_object)) {
				old = json_object_new_object();
				json_object_object_add(target, key, old);
			}
			merge(old, value);
		} else {
			json_object_object_add(target, key, json_object_get(value));
		}
	}
}

static bool is_bundle(struct json_object *document)
{
	if (!json_object_is_type(document, json_type_object))
		return false;
	for (size_t i = 0; i < VGPU_ARRAY_LEN(sections); i++) {
		struct json_object *section;

		if (json_object_object_get_ex(document, sections[i], &section) &&
		    !json_object_is_type(section, json_type_object))
			return false;
	}
	return true;
}

int vgpu_bundle_merge(struct vgpu_bundle *bundle, const char *text, size_t len,
		      struct vgpu_error *err)
{
	struct json_tokener *tokener = json_tokener_new();
	struct json_object *patch = NULL;
	enum json_tokener_error error = json_tokener_error_size;
	size_t used = 0;

	if (tokener) {
		patch = json_tokener_parse_ex(tokener, text,
					      len < INT32_MAX ? (int)len : INT32_MAX);
		error = json_tokener_get_error(tokener);
		used = json_tokener_get_parse_end(tokener);
		json_tokener_free(tokener);
	}
	while (error == json_tokener_success && used < len && isspace((unsigned char)text[used]))
		used++;
	/* two of them in one file: the second would be passed over */
	if (error == json_tokener_success && used < len)
		error = json_tokener_error_parse_unexpected;
	if (error != json_tokener_success || !is_bundle(patch)) {
		json_object_put(patch);
		vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL, "this is no bundle: %s",
			       error == json_tokener_continue  ? "the JSON text ends too early"
			       : error == json_tokener_success ? "no object with facts, nodes, "
								 "files and sysfs"
							       : json_tokener_error_desc(error));
		vgpu_error_hint(err, "near byte %zu; 'vgpulab doctor --record' makes one", used);
		return -EINVAL;
	}
	merge(bundle->document, patch);
	json_object_put(patch);
	return 0;
}

struct vgpu_host_facts *vgpu_bundle_facts(struct vgpu_bundle *bundle)
{
	return &bundle->facts;
}

struct vgpu_backend *vgpu_bundle_sysfs(struct vgpu_bundle *bundle)
{
	return &bundle->sysfs;
}

bool vgpu_bundle_has_sysfs(const struct vgpu_bundle *bundle)
{
	return json_object_object_length(vgpu_bundle_section(bundle, VGPU_BUNDLE_SYSFS)) > 0;
}

void vgpu_bundle_destroy(struct vgpu_bundle *bundle)
{
	if (!bundle)
		return;
	json_object_put(bundle->document);
	free(bundle);
}
