/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "definition-store.h"

/* No definition is as long as this. */
enum { FILE_SIZE_MAX = 1 << 20 };

int vgpu_store_open(const char *dir, struct vgpu_store **out, struct vgpu_error *err)
{
	_destroy_(vgpu_store) struct vgpu_store *store = calloc(1, sizeof(*store));

	if (store)
		store->dir = -1;
	if (!store || !(store->path = strdup(dir)))
		return vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "%s", strerror(ENOMEM));
	store->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir < 0 && errno != ENOENT)
		return vgpu_store_fail(store, -errno, "open", NULL, NULL, err);
	*out = steal(store);
	return 0;
}

void vgpu_store_destroy(struct vgpu_store *store)
{
	if (!store)
		return;
	if (store->dir >= 0)
		close(store->dir);
	free(store->path);
	free(store);
}

int vgpu_store_fail(const struct vgpu_store *store, int ret, const char *what, const char *parent,
		    const char *name, struct vgpu_error *err)
{
	enum vgpu_error_kind kind = ret == -EACCES || ret == -EPERM || ret == -EROFS
					    ? VGPU_ERROR_PERMISSION
					    : VGPU_ERROR_FAILED;

	vgpu_error_set(err, kind, -ret, "cannot %s %s%s%s%s%s: %s", what, store->path,
		       parent ? "/" : "", parent ? parent : "", name ? "/" : "", name ? name : "",
		       strerror(-ret));
	if (kind == VGPU_ERROR_PERMISSION)
		vgpu_error_hint(err, "run as root");
	return ret;
}

int vgpu_store_open_parent(struct vgpu_store *store, const char *parent)
{
	int fd = store->dir < 0 ? -1
				: openat(store->dir, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (store->dir < 0)
		return -ENOENT;
	return fd < 0 ? -errno : fd;
}

static int read_whole(int dir, const char *name, char **out, size_t *len)
{
	_autoclose_ int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	_autofree_ char *text = NULL;
	struct stat st;
	size_t got = 0;

	if (fd < 0 || fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > FILE_SIZE_MAX)
		return -EFBIG;
	/* one byte more than it says: a file that has grown meanwhile is not cut */
	text = malloc((size_t)st.st_size + 2);
	if (!text)
		return -ENOMEM;
	while (got < (size_t)st.st_size + 1) {
		ssize_t more = read(fd, text + got, (size_t)st.st_size + 1 - got);

		if (more < 0)
			return -errno;
		if (!more)
			break;
		got += (size_t)more;
	}
	if (got > (size_t)st.st_size)
		return -EAGAIN;
	text[got] = '\0';
	*out = steal(text);
	*len = got;
	return 0;
}

int vgpu_store_read(struct vgpu_store *store, int dir, struct vgpu_definition *definition,
		    struct vgpu_error *err)
{
	_autofree_ char *text = NULL, *origin = NULL;
	size_t len = 0;
	int ret = read_whole(dir, definition->uuid.text, &text, &len);

	if (ret < 0)
		return vgpu_store_fail(store, ret, "read", definition->parent,
				       definition->uuid.text, err);
	if (asprintf(&origin, "%s/%s/%s", store->path, definition->parent, definition->uuid.text) <
	    0) {
		origin = NULL;
		return vgpu_store_fail(store, -ENOMEM, "read", definition->parent, NULL, err);
	}
	ret = vgpu_definition_parse(definition, origin, text, len, err);
	if (ret < 0 && err)
		vgpu_error_hint(err, "repair or delete that file; the others are not affected");
	return ret;
}

/*
 * Listing
 */

static int add_broken(struct vgpu_definitions *definitions, const struct vgpu_error *err)
{
	struct vgpu_error *broken =
		reallocarray(definitions->broken, definitions->broken_len + 1, sizeof(*broken));

	if (!broken)
		return -ENOMEM;
	definitions->broken = broken;
	broken[definitions->broken_len++] = *err;
	return 0;
}

static int add_item(struct vgpu_definitions *definitions, struct vgpu_definition *definition)
{
	if (definitions->len == definitions->room) {
		size_t room = definitions->room ? 2 * definitions->room : 16;
		struct vgpu_definition *items =
			reallocarray(definitions->items, room, sizeof(*items));

		if (!items)
			return -ENOMEM;
		definitions->items = items;
		definitions->room = room;
	}
	definitions->items[definitions->len++] = *definition;
	*definition = (struct vgpu_definition){ 0 };
	return 0;
}

static int list_file(struct vgpu_store *store, int dir, const char *parent, const char *name,
		     struct vgpu_definitions *definitions)
{
	_definition_ struct vgpu_definition definition = { 0 };
	struct vgpu_error err = { 0 };
	struct stat st;
	int ret;

	if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode))
		return 0;
	if (vgpu_uuid_parse(name, &definition.uuid) < 0 || strcmp(definition.uuid.text, name)) {
		vgpu_error_set(&err, VGPU_ERROR_FAILED, EINVAL,
			       "%s/%s/%s is no definition: its name is no UUID in small letters",
			       store->path, parent, name);
		return add_broken(definitions, &err);
	}
	ret = vgpu_definition_set_parent(&definition, parent, &err);
	if (ret == 0)
		ret = vgpu_store_read(store, dir, &definition, &err);
	if (ret == -ENOENT)
		return 0; /* just undefined */
	return ret < 0 ? add_broken(definitions, &err) : add_item(definitions, &definition);
}

/* Reads a directory through a description of its own, so that the caller's stays where it is. */
static DIR *open_listing(int fd)
{
	_autoclose_ int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own < 0 ? NULL : fdopendir(own);

	if (dir)
		steal_fd(&own);
	return dir;
}

static int list_parent(struct vgpu_store *store, const char *parent, const struct vgpu_uuid *uuid,
		       struct vgpu_definitions *definitions)
{
	_autoclose_ int fd = vgpu_store_open_parent(store, parent);
	_autoclosedir_ DIR *dir = NULL;
	struct vgpu_error err = { 0 };
	const struct dirent *entry;
	int ret = 0;

	if (fd == -ENOENT || fd == -ENOTDIR)
		return 0;
	if (fd < 0) {
		vgpu_store_fail(store, fd, "read", parent, NULL, &err);
		return add_broken(definitions, &err);
	}
	if (uuid)
		return list_file(store, fd, parent, uuid->text, definitions);
	dir = open_listing(fd);
	while (dir && ret == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.')
			ret = list_file(store, fd, parent, entry->d_name, definitions);
	return dir ? ret : -errno;
}

static int compare(const void *a, const void *b)
{
	const struct vgpu_definition *left = a, *right = b;
	int order = strcmp(left->parent, right->parent);

	return order ? order : strcmp(left->uuid.text, right->uuid.text);
}

static int list_all(struct vgpu_store *store, const struct vgpu_uuid *uuid,
		    struct vgpu_definitions *definitions)
{
	_autoclosedir_ DIR *dir = open_listing(store->dir);
	const struct dirent *entry;
	int ret = 0;

	if (!dir)
		return -errno;
	while (ret == 0 && (entry = readdir(dir)))
		if (entry->d_name[0] != '.' && strcmp(entry->d_name, "scripts.d"))
			ret = list_parent(store, entry->d_name, uuid, definitions);
	return ret;
}

int vgpu_store_list(struct vgpu_store *store, const struct vgpu_uuid *uuid, const char *parent,
		    struct vgpu_definitions **out, struct vgpu_error *err)
{
	_destroy_(vgpu_definitions) struct vgpu_definitions *definitions =
		calloc(1, sizeof(*definitions));
	struct vgpu_definition named = { 0 };
	int ret = definitions ? 0 : -ENOMEM;

	/* what cannot be a parent has no definitions */
	if (ret == 0 && store->dir >= 0 && parent &&
	    vgpu_definition_set_parent(&named, parent, NULL) == 0)
		ret = list_parent(store, parent, uuid, definitions);
	else if (ret == 0 && store->dir >= 0 && !parent)
		ret = list_all(store, uuid, definitions);
	if (ret < 0)
		return vgpu_store_fail(store, ret, "read", parent, NULL, err);
	if (definitions->len)
		qsort(definitions->items, definitions->len, sizeof(*definitions->items), compare);
	*out = steal(definitions);
	return 0;
}

void vgpu_definitions_destroy(struct vgpu_definitions *definitions)
{
	if (!definitions)
		return;
	for (size_t i = 0; i < definitions->len; i++)
		vgpu_definition_finish(&definitions->items[i]);
	free(definitions->items);
	free(definitions->broken);
	free(definitions);
}

const struct vgpu_definition *vgpu_definitions_find(const struct vgpu_definitions *definitions,
						    const char *parent,
						    const struct vgpu_uuid *uuid)
{
	struct vgpu_definition key = { .uuid = *uuid };

	if (!definitions->len || vgpu_definition_set_parent(&key, parent, NULL) < 0)
		return NULL;
	return bsearch(&key, definitions->items, definitions->len, sizeof(*definitions->items),
		       compare);
}

bool vgpu_store_has(struct vgpu_store *store, const char *parent, const struct vgpu_uuid *uuid)
{
	_autoclose_ int fd = vgpu_store_open_parent(store, parent);
	struct stat st;

	return fd >= 0 && !fstatat(fd, uuid->text, &st, 0);
}
