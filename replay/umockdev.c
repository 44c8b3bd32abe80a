/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files of umockdev-record, made into the tree that a recording has. It records no types, so those
 * of a known driver are taken; a file that has attributes below mdev_supported_types/ speaks for
 * itself. Source: umockdev(7), README.md, "Device description file format"
 */

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import.h"

enum { LINE_MAX_LEN = 64 << 10 };

struct reader {
	const char *name;
	struct vgpu_error *err;
	struct json_object *sysfs;
	char device[PATH_SIZE]; /* "devices/..."; "" before the first */
	size_t line;
};

static int fail(const struct reader *reader, const char *why)
{
	return vgpu_error_set(reader->err, VGPU_ERROR_USAGE, EINVAL, "%s: line %zu: %s",
			      reader->name, reader->line, why);
}

static void add(struct reader *reader, const char *dir, const char *name, struct json_object *value)
{
	char path[2 * PATH_SIZE];

	if (snprintf(path, sizeof(path), "%s%s%s", dir, *name ? "/" : "", name) < PATH_SIZE)
		json_object_object_add(reader->sysfs, path, value);
	else
		json_object_put(value);
}

static void add_link(struct reader *reader, const char *dir, const char *name, const char *text)
{
	struct json_object *link = json_object_new_object();

	json_object_object_add(link, "link", json_object_new_string(text));
	add(reader, dir, name, link);
}

/* A link in "class/mdev_bus" and its like, which lie @up directories deep. */
static void add_back_link(struct reader *reader, const char *dir, int up)
{
	const char *name = strrchr(reader->device, '/') + 1;
	char text[PATH_SIZE + 16] = "";

	while (up--)
		strcat(text, "../");
	strcat(text, reader->device);
	add_link(reader, dir, name, text);
}

/* Can the name be a component of a path, or several? */
static bool is_name(const char *name)
{
	return *name && *name != '/' && !strstr(name, "..") && !strstr(name, "//") &&
	       name[strlen(name) - 1] != '/' && strlen(name) < PATH_SIZE / 2;
}

/*
 * Lines. @text is what follows "X: ", @value what follows its '='.
 */

static int take_path(struct reader *reader, char *text, char *value)
{
	(void)value;
	if (strncmp(text, "/devices/", 9) || !is_name(text + 1) || strlen(text) >= PATH_SIZE / 2)
		return fail(reader, "a device's path begins with /devices/");
	snprintf(reader->device, sizeof(reader->device), "%s", text + 1);
	add(reader, reader->device, "", json_object_new_object());
	return 0;
}

/* "\n" is a line break, "\\" a backslash. */
static void unescape(char *text)
{
	char *out = text;

	for (; *text; text++) {
		if (*text == '\\' && (text[1] == 'n' || text[1] == '\\'))
			*out++ = *++text == 'n' ? '\n' : '\\';
		else
			*out++ = *text;
	}
	*out = '\0';
}

static int take_attribute(struct reader *reader, char *text, char *value)
{
	unescape(value);
	add(reader, reader->device, text, json_object_new_string(value));
	return 0;
}

static int take_binary(struct reader *reader, char *text, char *value)
{
	struct json_object *binary;

	if (strlen(value) % 2 || strspn(value, "0123456789abcdefABCDEF") != strlen(value))
		return fail(reader, "its value is not pairs of hexadecimal digits");
	binary = json_object_new_object();
	json_object_object_add(binary, "hex", json_object_new_string(value));
	add(reader, reader->device, text, binary);
	return 0;
}

static int take_link(struct reader *reader, char *text, char *value)
{
	if (strlen(value) >= PATH_SIZE / 2)
		return fail(reader, "the link's text is too long");
	add_link(reader, reader->device, text, value);
	return 0;
}

static int take_property(struct reader *reader, char *text, char *value)
{
	if (!strcmp(text, "SUBSYSTEM") && !strcmp(value, "pci"))
		add_back_link(reader, "bus/pci/devices", 3);
	if (!strcmp(text, "SUBSYSTEM")) {
		char link[PATH_SIZE];

		/* its name is all that is looked at */
		snprintf(link, sizeof(link), "../%.100s", value);
		add_link(reader, reader->device, "subsystem", link);
	}
	return 0;
}

static int take_nothing(struct reader *reader, char *text, char *value)
{
	(void)reader;
	(void)text;
	(void)value;
	return 0;
}

static const struct {
	char letter;
	bool has_value;
	int (*take)(struct reader *reader, char *text, char *value);
} kinds[] = {
	{ 'P', false, take_path },    { 'N', false, take_nothing },  { 'S', false, take_nothing },
	{ 'E', true, take_property }, { 'A', true, take_attribute }, { 'H', true, take_binary },
	{ 'L', true, take_link },
};

static int take_line(struct reader *reader, char *line)
{
	char *text = line + 3, *value;

	if (!*line || *line == '#')
		return 0;
	if (line[1] != ':' || line[2] != ' ')
		return fail(reader, "it is not LETTER: TEXT");
	for (size_t i = 0; i < VGPU_ARRAY_LEN(kinds); i++) {
		if (kinds[i].letter != *line)
			continue;
		if (*line != 'P' && !reader->device[0])
			return fail(reader, "no device (P:) is there before it");
		value = strchr(text, '=');
		if (!kinds[i].has_value)
			return kinds[i].take(reader, text, NULL);
		if (!value)
			return fail(reader, "it has no '='");
		*value++ = '\0';
		if (!is_name(text))
			return fail(reader, "that is no attribute's name");
		return kinds[i].take(reader, text, value);
	}
	return fail(reader, "its letter is none of P, N, S, E, A, H and L");
}

static int take_lines(struct reader *reader, const char *text, size_t len)
{
	const char *end = text + len;
	int ret = 0;

	if (memchr(text, '\0', len))
		return vgpu_error_set(reader->err, VGPU_ERROR_USAGE, EINVAL,
				      "%s: it is not text: it has NULs", reader->name);
	while (text < end && !ret) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t line_len = (size_t)((newline ? newline : end) - text);
		_autofree_ char *line = strndup(text, line_len);

		reader->line++;
		if (!line)
			return vgpu_error_set(reader->err, VGPU_ERROR_FAILED, ENOMEM,
					      "out of memory");
		ret = line_len > LINE_MAX_LEN ? fail(reader, "it is longer than 64 KiB")
					      : take_line(reader, line);
		text += line_len + 1;
	}
	return ret;
}

/*
 * What of it are parents.
 */

static const char *text_of(struct reader *reader, const char *device, const char *name,
			   const char *member)
{
	char path[2 * PATH_SIZE];
	struct json_object *value;

	snprintf(path, sizeof(path), "%s/%s", device, name);
	if (!json_object_object_get_ex(reader->sysfs, path, &value))
		return NULL;
	if (member && !json_object_object_get_ex(value, member, &value))
		return NULL;
	return json_object_is_type(value, json_type_string) ? json_object_get_string(value) : NULL;
}

/* The generations with GVT-g, by the first byte of their device ids. Source: i915/intel_gvt.c */
static bool has_gvtg(unsigned long id)
{
	static const unsigned long families[] = { 0x16, 0x19, 0x59, 0x3e, 0x9b };

	for (size_t i = 0; i < VGPU_ARRAY_LEN(families); i++)
		if (id >> 8 == families[i])
			return true;
	return false;
}

/* Has it types, or would it have with the driver that it has? */
static bool is_parent(struct reader *reader, const char *device)
{
	const char *driver = text_of(reader, device, "driver", "link");
	const char *id = text_of(reader, device, "device", NULL);
	char types[PATH_SIZE + 32];

	snprintf(types, sizeof(types), "%s/mdev_supported_types/", device);
	json_object_object_foreach(reader->sysfs, key, value)
	{
		(void)value;
		if (!strncmp(key, types, strlen(types)))
			return true;
	}
	if (!driver)
		driver = text_of(reader, device, "subsystem", "link");
	driver = driver && strrchr(driver, '/') ? strrchr(driver, '/') + 1 : NULL;
	if (!driver)
		return false;
	if (!strcmp(driver, "i915"))
		return id && has_gvtg(strtoul(id, NULL, 16));
	for (size_t i = 0; i < fake_gpu_profiles_len; i++) {
		const struct fake_gpu_profile *profile = &fake_gpu_profiles[i];

		if (!strcmp(profile->driver, driver) &&
		    (!profile->device_id || (id && profile->device_id == strtoul(id, NULL, 16))))
			return true;
	}
	return false;
}

/* Each device again, now that all of it is known: the links that a class and a bus have to it. */
static void add_links_to(struct reader *reader, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text)), *subsystem;
		size_t line_len = (size_t)((newline ? newline : end) - text);

		if (line_len > 4 && !strncmp(text, "P: ", 3)) {
			snprintf(reader->device, sizeof(reader->device), "%.*s", (int)line_len - 4,
				 text + 4);
			subsystem = text_of(reader, reader->device, "subsystem", "link");
			if (subsystem && !strcmp(subsystem, "../mdev"))
				add_back_link(reader, "bus/mdev/devices", 3);
			else if (is_parent(reader, reader->device))
				add_back_link(reader, "class/mdev_bus", 2);
		}
		text += line_len + 1;
	}
}

int replay_umockdev_parse(const char *name, const char *text, size_t len,
			  struct replay_recording **out, struct vgpu_error *err)
{
	_destroy_(vgpu_bundle) struct vgpu_bundle *bundle = vgpu_bundle_create();
	struct reader reader = { .name = name, .err = err, .sysfs = json_object_new_object() };
	struct json_object *document = json_object_new_object();
	const char *json;
	int ret;

	json_object_object_add(document, "sysfs", reader.sysfs);
	ret = bundle ? take_lines(&reader, text, len) : -ENOMEM;
	if (!ret) {
		add_links_to(&reader, text, len);
		json = json_object_to_json_string(document);
		ret = vgpu_bundle_merge(bundle, json, strlen(json), err);
	}
	if (!ret)
		ret = import_tree(vgpu_bundle_sysfs(bundle), name, NULL, out, err);
	json_object_put(document);
	return ret;
}
