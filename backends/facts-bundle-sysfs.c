/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A tree out of a bundle: keys are paths, {"link": TEXT} is a link, a string or an array of lines
 * an attribute, {"hex": DIGITS} one that is no text, {} a directory; directories that have entries need not be said.
 */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "facts-bundle.h"

enum { LINKS_MAX = 16 };

static struct json_object *tree_of(struct vgpu_backend *backend)
{
	const struct vgpu_bundle *bundle =
		(const void *)((const char *)backend - offsetof(struct vgpu_bundle, sysfs));

	return vgpu_bundle_section(bundle, VGPU_BUNDLE_SYSFS);
}

static const char *link_text(struct json_object *value)
{
	struct json_object *text;

	return json_object_is_type(value, json_type_object) &&
			       json_object_object_get_ex(value, "link", &text) &&
			       json_object_is_type(text, json_type_string)
		       ? json_object_get_string(text)
		       : NULL;
}

/* Appends a path's components to @path, taking one off for each "..". */
static int walk(char *path, const char *components)
{
	while (*components) {
		size_t len = strcspn(components, "/"), have = strlen(path);

		if (len == 2 && !strncmp(components, "..", 2)) {
			char *slash = strrchr(path, '/');

			*(slash ? slash : path) = '\0';
		} else if (len && !(len == 1 && *components == '.')) {
			if (have + len + 2 > VGPU_BUNDLE_PATH_LEN)
				return -ENAMETOOLONG;
			snprintf(path + have, VGPU_BUNDLE_PATH_LEN - have, "%s%.*s",
				 have ? "/" : "", (int)len, components);
		}
		components += len;
		components += *components == '/';
	}
	return 0;
}

/* Replaces the first link on the way by where it leads. 1 if there was one. */
static int follow_one(struct json_object *tree, char *path, bool last_too)
{
	char prefix[VGPU_BUNDLE_PATH_LEN], next[VGPU_BUNDLE_PATH_LEN] = "";

	for (size_t end = strcspn(path, "/"); path[0]; end += 1 + strcspn(path + end + 1, "/")) {
		const char *text;
		char *slash;

		if (!path[end] && !last_too)
			return 0;
		snprintf(prefix, sizeof(prefix), "%.*s", (int)end, path);
		text = link_text(json_object_object_get(tree, prefix));
		if (text) {
			slash = strrchr(prefix, '/');
			*(slash ? slash : prefix) = '\0';
			if (walk(next, prefix) || walk(next, text) || walk(next, path + end))
				return -ENAMETOOLONG;
			memcpy(path, next, sizeof(next));
			return 1;
		}
		if (!path[end])
			return 0;
	}
	return 0;
}

/*
 * What is at @path, which becomes the path that was found. A recording knows what it was asked for
 * word by word, so that goes first.
 */
static int find(struct json_object *tree, char *path, bool last_too, struct json_object **out)
{
	int ret = 1;

	for (int links = 0; links <= LINKS_MAX; links++) {
		struct json_object *value = json_object_object_get(tree, path);

		if (value && !(last_too && link_text(value))) {
			*out = value;
			return vgpu_bundle_error(value);
		}
		if (!value && vgpu_bundle_is_directory(tree, path)) {
			*out = NULL;
			return 0;
		}
		ret = follow_one(tree, path, last_too);
		if (ret <= 0)
			return ret < 0 ? ret : -ENOENT;
	}
	return -ELOOP;
}

static int look_up(struct vgpu_backend *backend, const char *path, bool last_too, char *found,
		   struct json_object **out)
{
	if (strlen(path) >= VGPU_BUNDLE_PATH_LEN)
		return -ENAMETOOLONG;
	strcpy(found, path);
	return find(tree_of(backend), found, last_too, out);
}

static int digit_of(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The bytes of {"hex": DIGITS}. Their number, -EISDIR if it is no such object. */
static ssize_t read_hex(struct json_object *value, char *buffer, size_t size)
{
	struct json_object *text;
	const char *digits;
	size_t len;

	if (!json_object_object_get_ex(value, VGPU_BUNDLE_HEX, &text) ||
	    !json_object_is_type(text, json_type_string))
		return -EISDIR;
	digits = json_object_get_string(text);
	len = strlen(digits);
	if (len % 2)
		return -EIO;
	if (len / 2 >= size)
		return -EFBIG;
	for (size_t i = 0; i < len; i += 2) {
		int high = digit_of(digits[i]), low = digit_of(digits[i + 1]);

		if (high < 0 || low < 0)
			return -EIO;
		buffer[i / 2] = (char)(high << 4 | low);
	}
	buffer[len / 2] = '\0';
	return (ssize_t)(len / 2);
}

static ssize_t bundle_read(struct vgpu_backend *backend, const char *path, char *buffer,
			   size_t size)
{
	char found[VGPU_BUNDLE_PATH_LEN];
	_autofree_ char *text = NULL;
	struct json_object *value;
	int ret = look_up(backend, path, true, found, &value);

	if (ret)
		return ret;
	if (!value)
		return -EISDIR;
	if (json_object_is_type(value, json_type_object))
		return read_hex(value, buffer, size);
	ret = vgpu_bundle_text(value, &text);
	if (ret)
		return ret;
	if (strlen(text) >= size)
		return -EFBIG;
	strcpy(buffer, text);
	return (ssize_t)strlen(text);
}

static int bundle_write(struct vgpu_backend *backend, const char *path, const void *data,
			size_t len)
{
	return -EROFS;
}

static ssize_t bundle_readlink(struct vgpu_backend *backend, const char *path, char *buffer,
			       size_t size)
{
	char found[VGPU_BUNDLE_PATH_LEN];
	struct json_object *value;
	const char *text;
	int ret = look_up(backend, path, false, found, &value);

	if (ret)
		return ret;
	text = link_text(value);
	if (!text)
		return -EINVAL;
	if (strlen(text) >= size)
		return -ENAMETOOLONG;
	strcpy(buffer, text);
	return (ssize_t)strlen(text);
}

static int bundle_list(struct vgpu_backend *backend, const char *path,
		       int (*each)(void *data, const char *name), void *data)
{
	char found[VGPU_BUNDLE_PATH_LEN];
	struct json_object *value, *seen;
	int ret = look_up(backend, path, true, found, &value);

	if (ret)
		return ret;
	if (value && !json_object_is_type(value, json_type_object))
		return -ENOTDIR;
	seen = json_object_new_object();
	if (!seen)
		return -ENOMEM;
	ret = vgpu_bundle_list(tree_of(backend), found, seen, each, data);
	json_object_put(seen);
	return ret;
}

static int bundle_exists(struct vgpu_backend *backend, const char *path)
{
	char found[VGPU_BUNDLE_PATH_LEN];
	struct json_object *value;

	return look_up(backend, path, false, found, &value);
}

static int bundle_wait(struct vgpu_backend *backend, int timeout_ms)
{
	return 0; /* nothing will ever change */
}

static void bundle_destroy(struct vgpu_backend *backend)
{
	/* the bundle owns it */
}

const struct vgpu_backend_impl vgpu_bundle_sysfs_impl = {
	.name = "recorded",
	.summary = "a bundle that was recorded",
	.read = bundle_read,
	.write = bundle_write,
	.readlink = bundle_readlink,
	.list = bundle_list,
	.exists = bundle_exists,
	.wait = bundle_wait,
	.destroy = bundle_destroy,
};
