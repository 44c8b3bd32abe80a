/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The tree's functions: from a path to a node, from a node to its text.
 */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "tree-impl.h"

static struct fake_tree *create(struct fake_host *host, bool held)
{
	_destroy_(fake_tree) struct fake_tree *tree = calloc(1, sizeof(*tree));
	struct fake_object *root = calloc(1, sizeof(*root));
	pthread_rwlockattr_t attr;

	if (!tree || !root) {
		free(root);
		return NULL;
	}
	/* a change must not wait for ever behind readers that keep coming */
	pthread_rwlockattr_init(&attr);
	pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&tree->lock, &attr);
	pthread_rwlockattr_destroy(&attr);
	pthread_rwlock_init(&tree->watcher_lock, NULL);
	pthread_rwlock_init(&tree->uevents_lock, NULL);
	tree->host = host;
	tree->kernel = fake_host_kernel(host);
	tree->held = held;
	if (fake_object_add(tree, root, &fake_kind_root, 0))
		return NULL;
	fake_tree_follow_host(tree);
	return steal(tree);
}

struct fake_tree *fake_tree_create(struct fake_host *host)
{
	return create(host, false);
}

struct fake_tree *fake_tree_create_held(struct fake_host *host)
{
	return create(host, true);
}

void fake_tree_destroy(struct fake_tree *tree)
{
	if (!tree)
		return;
	if (tree->host)
		fake_tree_unfollow_host(tree);
	tree->watcher = NULL;
	fake_tree_kill_all(tree);
	fake_hash_finish(&tree->objects);
	fake_hash_finish(&tree->entries);
	fake_hash_finish(&tree->dirs);
	fake_hash_finish(&tree->vgpus);
	free(tree->gpus);
	pthread_rwlock_destroy(&tree->uevents_lock);
	pthread_rwlock_destroy(&tree->watcher_lock);
	pthread_rwlock_destroy(&tree->lock);
	free(tree);
}

/* A node as the functions below handle it. */
struct place {
	struct fake_object *object;
	unsigned int row;
};

static const struct fake_row *place_row(const struct place *place)
{
	return &place->object->kind->rows[place->row];
}

/* The node of that number, dead or alive. */
static int find_place(struct fake_tree *tree, uint64_t ino, struct place *out)
{
	out->object = fake_object_find(tree, ino >> FAKE_ROW_BITS);
	out->row = ino % FAKE_ROWS_MAX;
	if (!out->object || !out->row || out->row >= out->object->kind->rows_len ||
	    !(place_row(out)->name || place_row(out)->make_name))
		return -ENOENT;
	return 0;
}

static uint32_t count_links(struct fake_tree *tree, const struct place *place)
{
	const struct fake_object *object = place->object;
	const struct fake_dir *dir;
	size_t subdirs = 0;

	if (place_row(place)->kind != FAKE_NODE_DIR)
		return 1;
	for (unsigned int row = 1; row < object->kind->rows_len; row++)
		subdirs += object->kind->rows[row].kind == FAKE_NODE_DIR &&
			   object->kind->rows[row].parent == place->row &&
			   fake_object_has(tree, object, row);
	dir = fake_dir_find(tree, fake_object_ino(object, place->row));
	return (uint32_t)(2 + subdirs + (dir ? dir->subdirs : 0));
}

static const struct fake_vgpu_info *vgpu_info(const struct place *place)
{
	return &fake_vgpu_of(place->object)->info;
}

static void describe(struct fake_tree *tree, const struct place *place, struct fake_node *out)
{
	const struct fake_override *override = fake_override_find(place->object, place->row);
	const struct fake_row *row = place_row(place);

	*out = (struct fake_node){
		.ino = fake_object_ino(place->object, place->row),
		.kind = row->kind,
		.mode = override && override->has_mode ? override->mode : row->mode,
		.uid = override && override->has_uid ? override->uid : 0,
		.gid = override && override->has_gid ? override->gid : 0,
		.size = row->kind == FAKE_NODE_ATTR ? FAKE_PAGE : 0,
		.nlink = count_links(tree, place),
	};
	if (row->size || row->make_size)
		out->size = row->make_size ? row->make_size(place->object) : row->size;
	if (row->kind == FAKE_NODE_VFIO_GROUP)
		out->group = vgpu_info(place)->iommu_group;
	if (row->kind == FAKE_NODE_VFIO_CDEV)
		out->rdev = makedev(FAKE_CDEV_MAJOR, vgpu_info(place)->vfio_dev);
	if (row->kind == FAKE_NODE_IOMMUFD)
		out->rdev = makedev(FAKE_MISC_MAJOR, FAKE_IOMMU_MINOR);
}

static int find_child(struct fake_tree *tree, const struct place *dir, const char *name,
		      struct place *out)
{
	const struct fake_object *object = dir->object;
	const struct fake_entry *entry;
	char scratch[FAKE_NAME_SIZE];

	if (place_row(dir)->kind != FAKE_NODE_DIR)
		return -ENOTDIR;
	if (!fake_object_has(tree, object, dir->row))
		return -ENOENT;
	for (unsigned int row = 1; row < object->kind->rows_len; row++) {
		if (object->kind->rows[row].parent == dir->row &&
		    !strcmp(fake_row_name(object, row, scratch), name) &&
		    fake_object_has(tree, object, row)) {
			*out = (struct place){ dir->object, row };
			return 0;
		}
	}
	entry = fake_entry_find(tree, fake_object_ino(object, dir->row), name);
	if (!entry)
		return -ENOENT;
	*out = (struct place){ entry->object, entry->row };
	return 0;
}

int fake_tree_lookup(struct fake_tree *tree, uint64_t dir, const char *name, struct fake_node *out)
{
	struct place place, child;
	int ret;

	pthread_rwlock_rdlock(&tree->lock);
	ret = find_place(tree, dir, &place);
	if (!ret)
		ret = find_child(tree, &place, name, &child);
	if (!ret)
		describe(tree, &child, out);
	pthread_rwlock_unlock(&tree->lock);
	return ret;
}

int fake_tree_get(struct fake_tree *tree, uint64_t ino, struct fake_node *out)
{
	struct place place;
	int ret;

	pthread_rwlock_rdlock(&tree->lock);
	ret = find_place(tree, ino, &place);
	if (!ret)
		describe(tree, &place, out);
	pthread_rwlock_unlock(&tree->lock);
	return ret;
}

/*
 * Follows @path from the root as far as it goes. On -ENOENT, @out is the last node there was and
 * @rest the part of the path that is missing.
 */
static int walk(struct fake_tree *tree, const char *path, struct place *out, const char **rest)
{
	char name[256];
	size_t len;
	int ret;

	*rest = path;
	ret = find_place(tree, FAKE_TREE_ROOT, out);
	for (; !ret && **rest; *rest += len) {
		*rest += strspn(*rest, "/");
		len = strcspn(*rest, "/");
		if (!len)
			break;
		if (len >= sizeof(name))
			return -ENOENT;
		memcpy(name, *rest, len);
		name[len] = '\0';
		ret = find_child(tree, out, name, out);
		if (ret)
			break;
	}
	return ret;
}

int fake_tree_walk(struct fake_tree *tree, const char *path, struct fake_node *out)
{
	struct place place;
	const char *rest;
	int ret;

	pthread_rwlock_rdlock(&tree->lock);
	ret = walk(tree, path, &place, &rest);
	if (!ret)
		describe(tree, &place, out);
	pthread_rwlock_unlock(&tree->lock);
	return ret;
}

/*
 * Directories.
 */

struct listed {
	uint32_t hash;
	struct fake_node node;
	char *name;
};

struct listing {
	struct listed *items;
	size_t len, max;
};

static void listing_finish(struct listing *listing)
{
	for (size_t i = 0; i < listing->len; i++)
		free(listing->items[i].name);
	free(listing->items);
}

static int listing_add(struct fake_tree *tree, struct listing *listing, const struct place *place)
{
	char scratch[FAKE_NAME_SIZE];
	struct listed *items, *item;
	size_t max;

	if (listing->len == listing->max) {
		max = listing->max ? listing->max * 2 : 32;
		items = realloc(listing->items, max * sizeof(*items));
		if (!items)
			return -ENOMEM;
		listing->items = items;
		listing->max = max;
	}
	item = &listing->items[listing->len];
	item->name = strdup(fake_row_name(place->object, place->row, scratch));
	if (!item->name)
		return -ENOMEM;
	item->hash = fake_tree_name_hash(item->name);
	describe(tree, place, &item->node);
	listing->len++;
	return 0;
}

static int listing_fill(struct fake_tree *tree, struct listing *listing, const struct place *at)
{
	const struct fake_object *object = at->object;
	struct fake_dir *dir;
	int ret = 0;

	if (place_row(at)->kind != FAKE_NODE_DIR)
		return -ENOTDIR;
	if (!fake_object_has(tree, object, at->row))
		return 0; /* what is left of a dead directory is empty */
	for (unsigned int row = 1; row < object->kind->rows_len && !ret; row++)
		if (object->kind->rows[row].parent == at->row && fake_object_has(tree, object, row))
			ret = listing_add(tree, listing, &(struct place){ at->object, row });
	dir = fake_dir_find(tree, fake_object_ino(object, at->row));
	for (struct fake_entry *entry = dir ? dir->first : NULL; entry && !ret; entry = entry->next)
		ret = listing_add(tree, listing, &(struct place){ entry->object, entry->row });
	return ret;
}

static int compare_listed(const void *a, const void *b)
{
	const struct listed *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return strcmp(x->name, y->name);
}

int fake_tree_list(struct fake_tree *tree, uint64_t dir,
		   int (*each)(void *data, const char *name, const struct fake_node *node),
		   void *data)
{
	__attribute__((cleanup(listing_finish))) struct listing listing = { 0 };
	struct place place;
	int ret;

	pthread_rwlock_rdlock(&tree->lock);
	ret = find_place(tree, dir, &place);
	if (!ret)
		ret = listing_fill(tree, &listing, &place);
	pthread_rwlock_unlock(&tree->lock);
	if (ret || !listing.len)
		return ret;
	qsort(listing.items, listing.len, sizeof(*listing.items), compare_listed);
	for (size_t i = 0; i < listing.len && !ret; i++)
		ret = each(data, listing.items[i].name, &listing.items[i].node);
	return ret < 0 ? ret : 0;
}

/*
 * Links. The kernel makes a link's text when the link is read: up to the nearest directory that
 * holds both ends, then down. Source: fs/kernfs/symlink.c, kernfs_get_target_path()
 */

enum { MAX_DEPTH = 32 };

/* A node's ancestors, nearest first, up to "sys". Returns how many. */
static size_t ancestors(struct fake_tree *tree, uint64_t ino, uint64_t up[MAX_DEPTH])
{
	struct place place;
	size_t len = 0;

	while (ino != ROOT_SYS && ino != ROOT && len < MAX_DEPTH) {
		if (find_place(tree, ino, &place))
			break;
		ino = fake_row_parent(tree, place.object, place.row);
		up[len++] = ino;
	}
	return len;
}

/* A text that grows, as snprintf() would let it: past its end it counts. */
struct text {
	char *at;
	size_t size, len;
};

static void append(struct text *text, const char *piece)
{
	size_t len = strlen(piece);

	if (text->len + len < text->size)
		memcpy(text->at + text->len, piece, len + 1);
	text->len += len;
}

static ssize_t make_target(struct fake_tree *tree, const struct place *link, uint64_t target,
			   char *buffer, size_t size)
{
	uint64_t from[MAX_DEPTH], to[MAX_DEPTH];
	size_t from_len = ancestors(tree, fake_object_ino(link->object, link->row), from);
	size_t to_len = ancestors(tree, target, to), common = to_len;
	struct text text = { buffer, size, 0 };
	char scratch[FAKE_NAME_SIZE];
	struct place place;

	for (size_t i = 0; i < from_len && common == to_len; i++) {
		for (common = 0; common < to_len && to[common] != from[i];)
			common++;
		if (common == to_len)
			append(&text, "../");
	}
	/* down again: from below the common directory to the target */
	for (size_t i = common; i-- > 0;) {
		if (find_place(tree, to[i], &place))
			continue;
		append(&text, fake_row_name(place.object, place.row, scratch));
		append(&text, "/");
	}
	if (find_place(tree, target, &place))
		return -ENOENT;
	append(&text, fake_row_name(place.object, place.row, scratch));
	return (ssize_t)text.len;
}

ssize_t fake_tree_readlink(struct fake_tree *tree, uint64_t ino, char *buffer, size_t size)
{
	const struct fake_row *row;
	char text[FAKE_PAGE];
	struct place place;
	ssize_t len;

	pthread_rwlock_rdlock(&tree->lock);
	len = find_place(tree, ino, &place);
	row = len ? NULL : place_row(&place);
	if (row && row->kind != FAKE_NODE_LINK)
		len = -EINVAL;
	else if (row && !fake_object_has(tree, place.object, place.row))
		len = -ENOENT;
	else if (row && place.object->kind == &fake_kind_leaf && place.row == LEAF_FOREIGN_LINK)
		len = snprintf(text, sizeof(text), "%s",
			       fake_container(place.object, struct fake_leaf_object, base)->text);
	else if (row)
		len = make_target(tree, &place,
				  row->target ? row->target(tree, place.object) : row->target_row,
				  text, sizeof(text));
	pthread_rwlock_unlock(&tree->lock);
	if (len < 0)
		return len;
	if ((size_t)len >= sizeof(text))
		return -ENAMETOOLONG;
	if (size) {
		size_t copied = (size_t)len < size - 1 ? (size_t)len : size - 1;

		memcpy(buffer, text, copied);
		buffer[copied] = '\0';
	}
	return len;
}

/*
 * Attributes.
 */

int fake_tree_open(struct fake_tree *tree, uint64_t ino, int flags)
{
	struct fake_node node;
	struct place place;
	bool alive = false;
	int ret;

	pthread_rwlock_rdlock(&tree->lock);
	ret = find_place(tree, ino, &place);
	if (!ret) {
		describe(tree, &place, &node);
		alive = fake_object_has(tree, place.object, place.row);
	}
	pthread_rwlock_unlock(&tree->lock);
	if (ret || !alive)
		return ret && ret != -ENOENT ? ret : -ENODEV;
	if (node.kind == FAKE_NODE_DIR)
		return (flags & O_ACCMODE) == O_RDONLY ? 0 : -EISDIR;
	if (node.kind == FAKE_NODE_LINK)
		return -ELOOP;
	if (node.kind != FAKE_NODE_ATTR)
		return 0;
	/* access mode 3 opens for neither */
	if ((flags & O_ACCMODE) == O_WRONLY || (flags & O_ACCMODE) == O_RDWR)
		if (!(node.mode & 0222))
			return -EACCES;
	if ((flags & O_ACCMODE) == O_RDONLY || (flags & O_ACCMODE) == O_RDWR)
		if (!(node.mode & 0444))
			return -EACCES;
	return flags & O_DIRECT ? -EINVAL : 0;
}

static ssize_t read_locked(struct fake_tree *tree, uint64_t ino, char *page)
{
	struct fake_access access = { .tree = tree };
	struct place place;

	if (find_place(tree, ino, &place) || !fake_object_has(tree, place.object, place.row))
		return -ENODEV;
	access.object = place.object;
	access.row = place_row(&place);
	if (access.row->kind == FAKE_NODE_DIR)
		return -EISDIR;
	if (access.row->text)
		return fake_print(page, "%s", access.row->text);
	return access.row->read ? access.row->read(&access, page) : -EIO;
}

ssize_t fake_tree_read(struct fake_tree *tree, uint64_t ino, char *buffer, size_t size)
{
	char page[FAKE_PAGE];
	ssize_t len;

	pthread_rwlock_rdlock(&tree->lock);
	len = read_locked(tree, ino, page);
	pthread_rwlock_unlock(&tree->lock);
	if (len < 0)
		return len;
	if ((size_t)len > size)
		len = (ssize_t)size;
	memcpy(buffer, page, (size_t)len);
	return len;
}

ssize_t fake_tree_write(struct fake_tree *tree, uint64_t ino, const void *data, size_t len,
			bool (*cancelled)(void *data), void *cancelled_data)
{
	struct fake_access access = { .tree = tree,
				      .cancelled = cancelled,
				      .cancelled_data = cancelled_data };
	char text[FAKE_PAGE + 1];
	struct place place;
	ssize_t ret;

	/* holding keeps the object's memory while the write runs, perhaps for long */
	if (fake_tree_hold(tree, ino))
		return -ENODEV;
	pthread_rwlock_rdlock(&tree->lock);
	find_place(tree, ino, &place);
	pthread_rwlock_unlock(&tree->lock);
	access.object = place.object;
	access.row = place_row(&place);
	if (len > FAKE_PAGE)
		len = FAKE_PAGE;
	memcpy(text, data, len);
	text[len] = '\0';
	if (access.row->kind == FAKE_NODE_DIR)
		ret = -EISDIR;
	else if (!len)
		ret = 0;
	else
		ret = access.row->write ? access.row->write(&access, text, len) : -EIO;
	fake_tree_forget(tree, ino, 1);
	return ret;
}

int fake_tree_setattr(struct fake_tree *tree, uint64_t ino, mode_t mode, uid_t uid, gid_t gid)
{
	struct fake_override *override;
	struct place place;
	int ret;

	pthread_rwlock_wrlock(&tree->lock);
	ret = find_place(tree, ino, &place);
	override = ret ? NULL : fake_override_make(place.object, place.row);
	if (override) {
		if (mode != (mode_t)-1) {
			override->has_mode = true;
			override->mode = mode & 07777;
		}
		if (uid != (uid_t)-1) {
			override->has_uid = true;
			override->uid = uid;
		}
		if (gid != (gid_t)-1) {
			override->has_gid = true;
			override->gid = gid;
		}
	} else if (!ret) {
		ret = -ENOMEM;
	}
	fake_tree_unlock(tree);
	return ret;
}

/*
 * What is not the fake's own.
 */

int fake_tree_add_foreign(struct fake_tree *tree, const char *path, enum fake_node_kind kind,
			  const char *target)
{
	unsigned int row = kind == FAKE_NODE_DIR    ? LEAF_DIR
			   : kind == FAKE_NODE_LINK ? LEAF_FOREIGN_LINK
						    : LEAF_FILE;
	struct fake_leaf_object *leaf;
	struct place place;
	const char *rest;
	char name[256];
	size_t len;
	int ret;

	if (kind == FAKE_NODE_LINK && !target)
		return -EINVAL;
	pthread_rwlock_wrlock(&tree->lock);
	ret = walk(tree, path, &place, &rest);
	if (!ret)
		ret = -EEXIST;
	while (ret == -ENOENT && *rest) {
		len = strcspn(rest, "/");
		ret = len < sizeof(name) ? 0 : -ENAMETOOLONG;
		if (ret)
			break;
		memcpy(name, rest, len);
		name[len] = '\0';
		rest += len + strspn(rest + len, "/");
		leaf = fake_leaf_add(tree, fake_object_ino(place.object, place.row), name,
				     *rest ? LEAF_DIR : row, 0, target);
		if (!leaf)
			ret = -ENOMEM;
		else if (*rest)
			ret = -ENOENT; /* more to make below */
		if (leaf)
			place = (struct place){ &leaf->base, LEAF_DIR };
	}
	fake_tree_unlock(tree);
	return ret;
}
