/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Passes questions on and keeps the answers, in a bundle's form.
 */

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "facts-bundle.h"

struct vgpu_recording {
	struct vgpu_host_facts facts;
	struct vgpu_backend sysfs;
	struct vgpu_host_facts *real_facts;
	struct vgpu_backend *real_sysfs;
	struct json_object *document;
};

static struct vgpu_recording *of_facts(struct vgpu_host_facts *facts)
{
	return (struct vgpu_recording *)facts;
}

static struct vgpu_recording *of_sysfs(struct vgpu_backend *sysfs)
{
	return (void *)((char *)sysfs - offsetof(struct vgpu_recording, sysfs));
}

static void keep(const struct vgpu_recording *recording, const char *section, const char *key,
		 struct json_object *value)
{
	json_object_object_add(json_object_object_get(recording->document, section), key, value);
}

/* That something is not there, or is a directory, needs no word. */
static void keep_error(const struct vgpu_recording *recording, const char *section, const char *key,
		       int ret)
{
	const char *name = ret < 0 ? strerrorname_np(-ret) : NULL;
	struct json_object *error;

	if (ret == -ENOENT || ret == -EISDIR || !name)
		return;
	error = json_object_new_object();
	json_object_object_add(error, "error", json_object_new_string(name));
	keep(recording, section, key, error);
}

/* Long texts are kept as lines, for people who look. */
static struct json_object *as_text(const char *text)
{
	struct json_object *lines;
	const char *newline = strchr(text, '\n');

	if (!newline || !newline[1] || text[strlen(text) - 1] != '\n')
		return json_object_new_string(text);
	lines = json_object_new_array();
	for (; *text; text += strcspn(text, "\n") + 1)
		json_object_array_add(lines,
				      json_object_new_string_len(text, (int)strcspn(text, "\n")));
	return lines;
}

/* Is it UTF-8 without NULs? JSON can hold nothing else. Source: RFC 3629 */
static bool is_text(const char *bytes, size_t len)
{
	const unsigned char *at = (const unsigned char *)bytes, *end = at + len;

	while (at < end) {
		int more = *at < 0x80	? 0
			   : *at < 0xc2 ? -1
			   : *at < 0xe0 ? 1
			   : *at < 0xf0 ? 2
			   : *at < 0xf5 ? 3
					: -1;

		if (!*at++ || more < 0)
			return false;
		for (; more; more--)
			if (at == end || (*at++ & 0xc0) != 0x80)
				return false;
	}
	return true;
}

/* An attribute's bytes: text, or {"hex": DIGITS} if it cannot be one. */
static struct json_object *as_attribute(const char *bytes, size_t len)
{
	struct json_object *object;
	char *digits;

	if (is_text(bytes, len))
		return as_text(bytes);
	digits = malloc(2 * len + 1);
	if (!digits)
		return NULL;
	for (size_t i = 0; i < len; i++)
		snprintf(digits + 2 * i, 3, "%02x", (unsigned char)bytes[i]);
	object = json_object_new_object();
	json_object_object_add(object, VGPU_BUNDLE_HEX,
			       json_object_new_string_len(digits, (int)(2 * len)));
	free(digits);
	return object;
}

static int record_text(struct vgpu_host_facts *facts, enum vgpu_fact fact, char **out)
{
	struct vgpu_recording *recording = of_facts(facts);
	int ret = recording->real_facts->impl->text(recording->real_facts, fact, out);

	if (ret)
		keep_error(recording, VGPU_BUNDLE_FACTS, vgpu_fact_name(fact), ret);
	else
		keep(recording, VGPU_BUNDLE_FACTS, vgpu_fact_name(fact), as_text(*out));
	return ret;
}

static int record_node(struct vgpu_host_facts *facts, const char *path, struct vgpu_node_fact *out)
{
	struct vgpu_recording *recording = of_facts(facts);
	int ret = recording->real_facts->impl->node(recording->real_facts, path, out);
	struct json_object *node;
	char text[8];

	if (ret) {
		keep_error(recording, VGPU_BUNDLE_NODES, path, ret);
		return ret;
	}
	node = json_object_new_object();
	snprintf(text, sizeof(text), "%c", out->kind);
	json_object_object_add(node, "kind", json_object_new_string(text));
	snprintf(text, sizeof(text), "%04o", out->mode & 07777);
	json_object_object_add(node, "mode", json_object_new_string(text));
	json_object_object_add(node, "uid", json_object_new_int64(out->uid));
	json_object_object_add(node, "gid", json_object_new_int64(out->gid));
	snprintf(text, sizeof(text), "%s%s", out->readable ? "r" : "", out->writable ? "w" : "");
	json_object_object_add(node, "access", json_object_new_string(text));
	keep(recording, VGPU_BUNDLE_NODES, path, node);
	return 0;
}

static int record_read(struct vgpu_host_facts *facts, const char *path, char **out)
{
	struct vgpu_recording *recording = of_facts(facts);
	int ret = recording->real_facts->impl->read(recording->real_facts, path, out);

	if (ret)
		keep_error(recording, VGPU_BUNDLE_FILES, path, ret);
	else
		keep(recording, VGPU_BUNDLE_FILES, path, as_text(*out));
	return ret;
}

struct listing {
	const struct vgpu_recording *recording;
	const char *section, *path;
	int (*each)(void *data, const char *name);
	void *data;
};

/* Each name is noted; what is asked of it later replaces the note. */
static int note_name(void *data, const char *name)
{
	const struct listing *listing = data;
	char path[VGPU_BUNDLE_PATH_LEN];
	struct json_object *section =
		json_object_object_get(listing->recording->document, listing->section);

	if (snprintf(path, sizeof(path), "%s%s%s", listing->path, listing->path[0] ? "/" : "",
		     name) < (int)sizeof(path) &&
	    !json_object_object_get_ex(section, path, NULL))
		json_object_object_add(section, path, json_object_new_object());
	return listing->each(listing->data, name);
}

static int record_list(struct vgpu_host_facts *facts, const char *path,
		       int (*each)(void *data, const char *name), void *data)
{
	struct vgpu_recording *recording = of_facts(facts);
	struct listing listing = { recording, VGPU_BUNDLE_NODES, path, each, data };

	return recording->real_facts->impl->list(recording->real_facts, path, note_name, &listing);
}

static ssize_t record_sysfs_read(struct vgpu_backend *backend, const char *path, char *buffer,
				 size_t size)
{
	struct vgpu_recording *recording = of_sysfs(backend);
	ssize_t len = recording->real_sysfs->impl->read(recording->real_sysfs, path, buffer, size);

	if (len < 0)
		keep_error(recording, VGPU_BUNDLE_SYSFS, path, (int)len);
	else
		keep(recording, VGPU_BUNDLE_SYSFS, path, as_attribute(buffer, (size_t)len));
	return len;
}

static int record_sysfs_write(struct vgpu_backend *backend, const char *path, const void *data,
			      size_t len)
{
	return -EROFS; /* who records looks on */
}

static ssize_t record_sysfs_readlink(struct vgpu_backend *backend, const char *path, char *buffer,
				     size_t size)
{
	struct vgpu_recording *recording = of_sysfs(backend);
	ssize_t len =
		recording->real_sysfs->impl->readlink(recording->real_sysfs, path, buffer, size);
	struct json_object *link;

	if (len < 0) {
		if (len != -EINVAL)
			keep_error(recording, VGPU_BUNDLE_SYSFS, path, (int)len);
		return len;
	}
	link = json_object_new_object();
	json_object_object_add(link, "link", json_object_new_string(buffer));
	keep(recording, VGPU_BUNDLE_SYSFS, path, link);
	return len;
}

static int record_sysfs_list(struct vgpu_backend *backend, const char *path,
			     int (*each)(void *data, const char *name), void *data)
{
	struct vgpu_recording *recording = of_sysfs(backend);
	struct listing listing = { recording, VGPU_BUNDLE_SYSFS, path, each, data };
	struct json_object *section =
		json_object_object_get(recording->document, VGPU_BUNDLE_SYSFS);
	int ret =
		recording->real_sysfs->impl->list(recording->real_sysfs, path, note_name, &listing);

	/* an empty directory is one, too */
	if (ret >= 0 && path[0] && !json_object_object_get_ex(section, path, NULL))
		json_object_object_add(section, path, json_object_new_object());
	return ret;
}

static int record_sysfs_exists(struct vgpu_backend *backend, const char *path)
{
	struct vgpu_recording *recording = of_sysfs(backend);
	struct json_object *section =
		json_object_object_get(recording->document, VGPU_BUNDLE_SYSFS);
	int ret = recording->real_sysfs->impl->exists(recording->real_sysfs, path);

	if (!ret && !json_object_object_get_ex(section, path, NULL))
		json_object_object_add(section, path, json_object_new_object());
	return ret;
}

static int record_sysfs_wait(struct vgpu_backend *backend, int timeout_ms)
{
	struct vgpu_recording *recording = of_sysfs(backend);

	return recording->real_sysfs->impl->wait(recording->real_sysfs, timeout_ms);
}

static void record_facts_destroy(struct vgpu_host_facts *facts)
{
	/* the recording owns it */
}

static void record_sysfs_destroy(struct vgpu_backend *backend)
{
	/* the recording owns it */
}

static const struct vgpu_host_facts_impl facts_impl = {
	.name = "recording",
	.summary = "keeps what another source says",
	.text = record_text,
	.node = record_node,
	.read = record_read,
	.list = record_list,
	.destroy = record_facts_destroy,
};

static const struct vgpu_backend_impl sysfs_impl = {
	.name = "recording",
	.summary = "keeps what another backend says",
	.read = record_sysfs_read,
	.write = record_sysfs_write,
	.readlink = record_sysfs_readlink,
	.list = record_sysfs_list,
	.exists = record_sysfs_exists,
	.wait = record_sysfs_wait,
	.destroy = record_sysfs_destroy,
};

struct vgpu_recording *vgpu_recording_create(struct vgpu_host_facts *facts,
					     struct vgpu_backend *sysfs)
{
	static const char *const sections[] = { VGPU_BUNDLE_FACTS, VGPU_BUNDLE_NODES,
						VGPU_BUNDLE_FILES, VGPU_BUNDLE_SYSFS };
	struct vgpu_recording *recording = calloc(1, sizeof(*recording));

	if (!recording)
		return NULL;
	recording->facts.impl = &facts_impl;
	recording->sysfs.impl = &sysfs_impl;
	memcpy(recording->sysfs.root, sysfs->root, sizeof(sysfs->root));
	recording->real_facts = facts;
	recording->real_sysfs = sysfs;
	recording->document = json_object_new_object();
	for (size_t i = 0; i < VGPU_ARRAY_LEN(sections); i++)
		json_object_object_add(recording->document, sections[i], json_object_new_object());
	return recording;
}

struct vgpu_host_facts *vgpu_recording_facts(struct vgpu_recording *recording)
{
	return &recording->facts;
}

struct vgpu_backend *vgpu_recording_sysfs(struct vgpu_recording *recording)
{
	return &recording->sysfs;
}

const char *vgpu_recording_text(struct vgpu_recording *recording)
{
	return json_object_to_json_string_ext(
		recording->document, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_NOSLASHESCAPE);
}

void vgpu_recording_destroy(struct vgpu_recording *recording)
{
	if (!recording)
		return;
	json_object_put(recording->document);
	free(recording);
}
