/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where the tree's uevents come from: what the host tells, and what is written to `uevent` files.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tree-impl.h"

enum { PATH_SIZE = 512, MAX_DEPTH = 32 };

void fake_tree_set_uevents(struct fake_tree *tree, fake_uevent_sink sink, void *data)
{
	pthread_rwlock_wrlock(&tree->uevents_lock);
	tree->uevents = sink;
	tree->uevents_data = data;
	pthread_rwlock_unlock(&tree->uevents_lock);
}

/* Wording what nobody will hear costs most of a creation. */
static bool is_listened_to(struct fake_tree *tree)
{
	bool listened;

	pthread_rwlock_rdlock(&tree->uevents_lock);
	listened = tree->uevents != NULL;
	pthread_rwlock_unlock(&tree->uevents_lock);
	return listened;
}

static void send_message(void *data, const char *message, size_t len)
{
	struct fake_tree *tree = data;

	pthread_rwlock_rdlock(&tree->uevents_lock);
	if (tree->uevents)
		tree->uevents(tree->uevents_data, message, len);
	pthread_rwlock_unlock(&tree->uevents_lock);
}

void fake_tree_tell_host(struct fake_tree *tree, enum fake_host_event event,
			 enum fake_uevent_part part, const struct fake_vgpu_info *vgpu)
{
	const struct fake_gpu_config *parent = fake_host_gpu(tree->host, vgpu->gpu);

	if (parent && is_listened_to(tree))
		fake_uevents_of_host(tree->kernel, event, part, vgpu, parent, send_message, tree);
}

/* A directory in sysfs, from outside in. */
struct path {
	char text[PATH_SIZE]; /* from behind "/sys" */
	char parent[FAKE_NAME_SIZE]; /* the name of the directory that it is in */
};

static int find_path(struct fake_tree *tree, struct fake_object *object, unsigned int row,
		     struct path *path)
{
	char scratch[FAKE_NAME_SIZE], text[PATH_SIZE];
	uint64_t ino = fake_object_ino(object, row);

	path->text[0] = path->parent[0] = '\0';
	for (int depth = 0; ino != ROOT_SYS; depth++) {
		const char *name;

		object = fake_object_find(tree, ino >> FAKE_ROW_BITS);
		row = ino % FAKE_ROWS_MAX;
		if (!object || ino == ROOT || depth == MAX_DEPTH)
			return -ENOENT;
		name = fake_row_name(object, row, scratch);
		if (depth == 1)
			snprintf(path->parent, sizeof(path->parent), "%s", name);
		if ((size_t)snprintf(text, sizeof(text), "/%s%s", name, path->text) >= sizeof(text))
			return -ENAMETOOLONG;
		memcpy(path->text, text, sizeof(text));
		ino = fake_row_parent(tree, object, row);
	}
	return 0;
}

int fake_tree_path(struct fake_tree *tree, uint64_t ino, char *path, size_t size)
{
	struct fake_object *object;
	struct path found;
	int ret = -ENOENT;

	pthread_rwlock_rdlock(&tree->lock);
	object = fake_object_find(tree, ino >> FAKE_ROW_BITS);
	if (object)
		ret = find_path(tree, object, ino % FAKE_ROWS_MAX, &found);
	pthread_rwlock_unlock(&tree->lock);
	if (!ret && (size_t)snprintf(path, size, "/sys%s", found.text) >= size)
		ret = -ENAMETOOLONG;
	return ret;
}

/* The row of that name in a directory of the same object, or 0. */
static unsigned int find_sibling(const struct fake_object *object, unsigned int dir,
				 const char *name)
{
	for (unsigned int i = 1; i < object->kind->rows_len; i++)
		if (object->kind->rows[i].parent == dir && object->kind->rows[i].name &&
		    !strcmp(object->kind->rows[i].name, name))
			return i;
	return 0;
}

/*
 * A device's class or bus, to which its link points; of anything else the kernel's set of its like,
 * which has the name of the directory that they are in. A device without both tells nothing.
 */
static const char *find_subsystem(struct fake_tree *tree, struct fake_object *object,
				  unsigned int dir, const struct path *path, char *scratch)
{
	unsigned int link = find_sibling(object, dir, "subsystem");
	const struct fake_row *row = &object->kind->rows[link];
	uint64_t target;

	if (!link)
		return strncmp(path->text, "/devices/", 9) ? path->parent : NULL;
	target = row->target ? row->target(tree, object) : row->target_row;
	object = fake_object_find(tree, target >> FAKE_ROW_BITS);
	return object ? fake_row_name(object, target % FAKE_ROWS_MAX, scratch) : NULL;
}

static ssize_t read_keys(struct fake_tree *tree, struct fake_object *object, unsigned int row,
			 char *page)
{
	struct fake_access access = { .tree = tree,
				      .object = object,
				      .row = &object->kind->rows[row] };

	if (access.row->text)
		return fake_print(page, "%s", access.row->text);
	return access.row->read ? access.row->read(&access, page) : 0;
}

/* 0 with nothing in @message for what tells nothing, a length, or a negative errno. */
static ssize_t format_device(struct fake_tree *tree, struct fake_object *object, unsigned int dir,
			     struct fake_uevent *event, char message[FAKE_UEVENT_SIZE])
{
	char keys[FAKE_PAGE], scratch[FAKE_NAME_SIZE];
	struct path path;
	ssize_t len;

	len = find_path(tree, object, dir, &path);
	if (len)
		return len;
	event->devpath = path.text;
	event->subsystem = find_subsystem(tree, object, dir, &path, scratch);
	if (!event->subsystem)
		return 0;
	len = read_keys(tree, object, find_sibling(object, dir, "uevent"), keys);
	if (len < 0)
		return len;
	keys[len] = '\0';
	event->keys = keys;
	return fake_uevent_format(event, message, FAKE_UEVENT_SIZE);
}

static ssize_t tell(struct fake_tree *tree, struct fake_object *object, unsigned int dir,
		    struct fake_uevent *event)
{
	char message[FAKE_UEVENT_SIZE];
	ssize_t len;

	pthread_rwlock_rdlock(&tree->lock);
	len = format_device(tree, object, dir, event, message);
	pthread_rwlock_unlock(&tree->lock);
	if (len > 0)
		send_message(tree, message, (size_t)len);
	return len < 0 ? len : 0;
}

void fake_tree_tell_device(struct fake_tree *tree, struct fake_object *object, unsigned int row,
			   const char *action)
{
	struct fake_uevent event = { .action = action };

	tell(tree, object, row, &event);
}

ssize_t fake_write_uevent(const struct fake_access *access, const char *text, size_t len)
{
	char extra[2 * FAKE_PAGE];
	struct fake_uevent event = { .extra = extra };
	ssize_t ret;

	if (fake_uevent_parse_synthetic(text, len, &event.action, extra, sizeof(extra)))
		return -EINVAL;
	ret = tell(access->tree, access->object, access->row->parent, &event);
	return ret ? ret : (ssize_t)len;
}
