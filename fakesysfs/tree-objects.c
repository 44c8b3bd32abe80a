/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Objects and their rows: which exist, how they are found, and what changes when a state does.
 */

#include <errno.h>
#include <string.h>

#include "tree-impl.h"

struct fake_object *fake_object_find(struct fake_tree *tree, uint64_t id)
{
	fake_hash_each(node, &tree->objects, fake_hash_number(id))
	{
		struct fake_object *object = fake_container(node, struct fake_object, by_id);

		if (object->id == id)
			return object;
	}
	return NULL;
}

struct fake_dir *fake_dir_find(struct fake_tree *tree, uint64_t ino)
{
	fake_hash_each(node, &tree->dirs, fake_hash_number(ino))
	{
		struct fake_dir *dir = fake_container(node, struct fake_dir, by_ino);

		if (dir->ino == ino)
			return dir;
	}
	return NULL;
}

const char *fake_row_name(const struct fake_object *object, unsigned int row, char *scratch)
{
	const struct fake_row *r = &object->kind->rows[row];

	return r->name ? r->name : r->make_name(object, scratch);
}

uint64_t fake_row_parent(struct fake_tree *tree, const struct fake_object *object, unsigned int row)
{
	const struct fake_row *r = &object->kind->rows[row];

	if (r->parent)
		return fake_object_ino(object, r->parent);
	return r->anchor ? r->anchor(tree, object) : r->anchor_row;
}

static bool row_is_used(const struct fake_object *object, unsigned int row)
{
	const struct fake_row *r = &object->kind->rows[row];

	return row < object->kind->rows_len && (r->name || r->make_name);
}

/* Whether a row is there, if what it hangs below is. */
static bool row_shows(struct fake_tree *tree, const struct fake_object *object, unsigned int row)
{
	const struct fake_row *r = &object->kind->rows[row];

	return (!r->states || r->states & FAKE_STATE(object->state)) &&
	       (!r->present || r->present(object)) &&
	       (!r->feature || fake_kernel_has(tree->kernel, r->feature)) &&
	       (!r->glue || fake_dir_find(tree, fake_object_ino(object, row)));
}

bool fake_object_has(struct fake_tree *tree, const struct fake_object *object, unsigned int row)
{
	if (object->dead || !row_is_used(object, row))
		return false;
	for (; row; row = object->kind->rows[row].parent)
		if (!row_shows(tree, object, row))
			return false;
	return true;
}

/*
 * Entries.
 */

static uint64_t hash_entry(uint64_t dir, const char *name)
{
	return fake_hash_text(fake_hash_number(dir), name);
}

struct fake_entry *fake_entry_find(struct fake_tree *tree, uint64_t dir, const char *name)
{
	char scratch[FAKE_NAME_SIZE];

	fake_hash_each(node, &tree->entries, hash_entry(dir, name))
	{
		struct fake_entry *entry = fake_container(node, struct fake_entry, by_name);

		if (entry->dir->ino == dir &&
		    !strcmp(fake_row_name(entry->object, entry->row, scratch), name))
			return entry;
	}
	return NULL;
}

static bool is_seen(const struct fake_object *object, unsigned int row)
{
	return object &&
	       atomic_load_explicit(&object->seen[row / 64], memory_order_relaxed) >> (row % 64) &
		       1;
}

/* Puts down that the watcher is to be told. When memory is short, it is not: it has old news. */
static void notice(struct fake_tree *tree, uint64_t dir, const char *name, uint64_t ino)
{
	struct fake_object *object = fake_object_find(tree, dir >> FAKE_ROW_BITS);
	struct fake_notice *notices;
	char *copy = NULL;

	if (!tree->watcher || (!name && !is_seen(object, dir % FAKE_ROWS_MAX)))
		return;
	if (tree->notices_len == tree->notices_max) {
		notices = realloc(tree->notices, (tree->notices_max + 32) * sizeof(*notices));
		if (!notices)
			return;
		tree->notices = notices;
		tree->notices_max += 32;
	}
	if (name && !(copy = strdup(name)))
		return;
	tree->notices[tree->notices_len++] = (struct fake_notice){ dir, ino, copy };
}

static struct fake_dir *make_dir(struct fake_tree *tree, uint64_t ino)
{
	struct fake_dir *dir = fake_dir_find(tree, ino);

	if (dir)
		return dir;
	dir = calloc(1, sizeof(*dir));
	if (!dir)
		return NULL;
	dir->ino = ino;
	if (fake_hash_insert(&tree->dirs, &dir->by_ino, fake_hash_number(ino))) {
		free(dir);
		return NULL;
	}
	return dir;
}

/* A glue directory comes or goes with its entries: its own parent's link count changes. */
static void notice_glue(struct fake_tree *tree, uint64_t ino, bool gone)
{
	const struct fake_object *object = fake_object_find(tree, ino >> FAKE_ROW_BITS);
	unsigned int row = ino % FAKE_ROWS_MAX;

	if (!object || !object->kind->rows[row].glue)
		return;
	if (gone && is_seen(object, row))
		notice(tree, fake_row_parent(tree, object, row), object->kind->rows[row].name, ino);
	notice(tree, fake_row_parent(tree, object, row), NULL, 0);
}

static int attach(struct fake_tree *tree, struct fake_entry *entry)
{
	const struct fake_row *row = &entry->object->kind->rows[entry->row];
	uint64_t ino = fake_row_parent(tree, entry->object, entry->row);
	char scratch[FAKE_NAME_SIZE];
	struct fake_dir *dir;

	dir = make_dir(tree, ino);
	if (!dir ||
	    fake_hash_insert(&tree->entries, &entry->by_name,
			     hash_entry(ino, fake_row_name(entry->object, entry->row, scratch))))
		return -ENOMEM;
	entry->dir = dir;
	entry->prev = NULL;
	entry->next = dir->first;
	if (dir->first)
		dir->first->prev = entry;
	dir->first = entry;
	if (!dir->len++)
		notice_glue(tree, ino, false);
	if (row->kind == FAKE_NODE_DIR) {
		dir->subdirs++;
		notice(tree, ino, NULL, 0);
	}
	return 0;
}

static void detach(struct fake_tree *tree, struct fake_entry *entry)
{
	struct fake_dir *dir = entry->dir;

	fake_hash_remove(&tree->entries, &entry->by_name);
	*(entry->prev ? &entry->prev->next : &dir->first) = entry->next;
	if (entry->next)
		entry->next->prev = entry->prev;
	entry->dir = NULL;
	dir->subdirs -= entry->object->kind->rows[entry->row].kind == FAKE_NODE_DIR;
	if (--dir->len)
		return;
	fake_hash_remove(&tree->dirs, &dir->by_ino);
	notice_glue(tree, dir->ino, true);
	free(dir);
}

static struct fake_entry *entry_of_row(struct fake_object *object, unsigned int row)
{
	for (size_t i = 0; i < object->entries_len; i++)
		if (object->entries[i].row == row)
			return &object->entries[i];
	return NULL;
}

/*
 * Changes. Before one, the rows that exist are put down; after it, what differs takes effect.
 */

struct rows {
	bool has[FAKE_ROWS_MAX];
};

/* fake_object_has() of all rows at once: what most of them hang below has a lower number, and is known. */
static void find_rows(struct fake_tree *tree, const struct fake_object *object, struct rows *rows)
{
	for (unsigned int row = 1; row < object->kind->rows_len && !object->dead; row++) {
		unsigned int parent = object->kind->rows[row].parent;

		if (parent < row)
			rows->has[row] = row_is_used(object, row) &&
					 (!parent || rows->has[parent]) &&
					 row_shows(tree, object, row);
		else
			rows->has[row] = fake_object_has(tree, object, row);
	}
}

static int row_appears(struct fake_tree *tree, struct fake_object *object, unsigned int row)
{
	struct fake_entry *entry = entry_of_row(object, row);

	if (entry)
		return entry->dir ? 0 : attach(tree, entry);
	if (object->kind->rows[row].kind == FAKE_NODE_DIR)
		notice(tree, fake_row_parent(tree, object, row), NULL, 0);
	return 0;
}

static void row_vanishes(struct fake_tree *tree, struct fake_object *object, unsigned int row)
{
	struct fake_entry *entry = entry_of_row(object, row);
	uint64_t dir = fake_row_parent(tree, object, row);
	char scratch[FAKE_NAME_SIZE];

	if (is_seen(object, row))
		notice(tree, dir, fake_row_name(object, row, scratch),
		       fake_object_ino(object, row));
	if (object->kind->rows[row].kind == FAKE_NODE_DIR)
		notice(tree, dir, NULL, 0);
	if (entry && entry->dir)
		detach(tree, entry);
}

/* Most children have higher numbers than their parents: going down, they vanish first. */
static int rows_after(struct fake_tree *tree, struct fake_object *object, const struct rows *before)
{
	struct rows after = { 0 };
	int ret = 0;

	find_rows(tree, object, &after);

	for (unsigned int row = (unsigned int)object->kind->rows_len - 1; row > 0; row--) {
		bool has = !object->kind->rows[row].glue && after.has[row];

		if (before->has[row] && !has)
			row_vanishes(tree, object, row);
		else if (!before->has[row] && has && !ret)
			ret = row_appears(tree, object, row);
	}
	return ret;
}

static int make_entries(struct fake_object *object)
{
	size_t len = 0;

	for (unsigned int row = 1; row < object->kind->rows_len; row++)
		len += row_is_used(object, row) && !object->kind->rows[row].parent;
	object->entries = calloc(len, sizeof(*object->entries));
	if (!object->entries && len)
		return -ENOMEM;
	for (unsigned int row = 1; row < object->kind->rows_len; row++)
		if (row_is_used(object, row) && !object->kind->rows[row].parent)
			object->entries[object->entries_len++] = (struct fake_entry){
				.object = object,
				.row = (uint8_t)row,
			};
	return 0;
}

static void free_content(struct fake_object *object)
{
	for (struct fake_override *o = object->overrides, *next; o; o = next) {
		next = o->next;
		free(o);
	}
	if (object->kind->finish)
		object->kind->finish(object);
	free(object->entries);
	free(object);
}

static void free_object(struct fake_tree *tree, struct fake_object *object)
{
	fake_hash_remove(&tree->objects, &object->by_id);
	free_content(object);
}

/* How often a client holds it, nobody knows: more often than can be forgotten. */
static void hold_for_ever(struct fake_object *object)
{
	atomic_store(&object->holds, UINT64_C(1) << 62);
	for (size_t i = 0; i < FAKE_ROWS_MAX / 64; i++)
		atomic_store(&object->seen[i], UINT64_MAX);
}

int fake_object_add(struct fake_tree *tree, struct fake_object *object,
		    const struct fake_kind *kind, unsigned int state)
{
	struct rows none = { 0 };
	bool numbered = object->id != 0;

	object->kind = kind;
	object->state = (uint8_t)state;
	if (!numbered)
		object->id = tree->next_id;
	if (tree->held)
		hold_for_ever(object);
	if (fake_hash_insert(&tree->objects, &object->by_id, fake_hash_number(object->id))) {
		if (kind->finish)
			kind->finish(object);
		free(object);
		return -ENOMEM;
	}
	tree->next_id += !numbered;
	/* the root object's rows have no parents elsewhere */
	if ((object->id && make_entries(object)) ||
	    (object->id && rows_after(tree, object, &none))) {
		fake_object_kill(tree, object);
		return -ENOMEM;
	}
	return 0;
}

void fake_object_kill(struct fake_tree *tree, struct fake_object *object)
{
	struct rows before = { 0 };

	find_rows(tree, object, &before);
	object->dead = true;
	rows_after(tree, object, &before);
	if (!atomic_load(&object->holds))
		free_object(tree, object);
}

static void kill_for_good(struct fake_tree *tree, struct fake_object *object)
{
	atomic_store(&object->holds, 0);
	fake_object_kill(tree, object);
}

/* What hangs somewhere goes before what it hangs in. */
void fake_tree_kill_all(struct fake_tree *tree)
{
	struct fake_hash_node *node;
	size_t bucket = 0;

	while ((node = fake_hash_take(&tree->vgpus, &bucket)))
		kill_for_good(tree,
			      &fake_container(node, struct fake_vgpu_object, by_serial)->base);
	for (size_t i = 0; i < tree->gpus_len; i++)
		for (size_t j = 0; j < tree->gpus[i]->config->profile->types_len; j++)
			if (tree->gpus[i]->types[j])
				kill_for_good(tree, &tree->gpus[i]->types[j]->base);
	for (uint64_t id = tree->next_id; id-- > 0;) {
		struct fake_object *object = fake_object_find(tree, id);

		if (object)
			kill_for_good(tree, object);
	}
	/* what died before, and was still held */
	for (bucket = 0; (node = fake_hash_take(&tree->objects, &bucket));) {
		struct fake_object *object = fake_container(node, struct fake_object, by_id);

		free_content(object);
	}
}

void fake_object_set_state(struct fake_tree *tree, struct fake_object *object, unsigned int state)
{
	struct rows before = { 0 };

	find_rows(tree, object, &before);
	object->state = (uint8_t)state;
	rows_after(tree, object, &before);
}

void fake_object_drop_row(struct fake_tree *tree, struct fake_object *object, unsigned int row)
{
	row_vanishes(tree, object, row);
}

void fake_tree_unlock(struct fake_tree *tree)
{
	struct fake_notice *notices = tree->notices;
	size_t len = tree->notices_len;

	tree->notices = NULL;
	tree->notices_len = tree->notices_max = 0;
	pthread_rwlock_unlock(&tree->lock);
	if (!notices)
		return;
	pthread_rwlock_rdlock(&tree->watcher_lock);
	for (size_t i = 0; i < len; i++) {
		if (!tree->watcher)
			; /* it has gone meanwhile */
		else if (notices[i].name)
			tree->watcher->removed(tree->watcher_data, notices[i].dir, notices[i].name,
					       notices[i].ino);
		else
			tree->watcher->changed(tree->watcher_data, notices[i].dir);
		free(notices[i].name);
	}
	if (tree->watcher && tree->watcher->done)
		tree->watcher->done(tree->watcher_data);
	pthread_rwlock_unlock(&tree->watcher_lock);
	free(notices);
}

int fake_tree_hold(struct fake_tree *tree, uint64_t ino)
{
	unsigned int row = ino % FAKE_ROWS_MAX;
	struct fake_object *object;
	int ret = -ENOENT;

	pthread_rwlock_rdlock(&tree->lock);
	object = fake_object_find(tree, ino >> FAKE_ROW_BITS);
	if (object && fake_object_has(tree, object, row)) {
		atomic_fetch_add(&object->holds, 1);
		atomic_fetch_or(&object->seen[row / 64], UINT64_C(1) << row % 64);
		ret = 0;
	}
	pthread_rwlock_unlock(&tree->lock);
	return ret;
}

void fake_tree_forget(struct fake_tree *tree, uint64_t ino, uint64_t times)
{
	struct fake_object *object;
	bool last;

	pthread_rwlock_rdlock(&tree->lock);
	object = fake_object_find(tree, ino >> FAKE_ROW_BITS);
	last = object && atomic_fetch_sub(&object->holds, times) == times;
	pthread_rwlock_unlock(&tree->lock);
	if (!last)
		return;
	/* somebody may have come in between: look again with nobody else about */
	pthread_rwlock_wrlock(&tree->lock);
	object = fake_object_find(tree, ino >> FAKE_ROW_BITS);
	if (object && !atomic_load(&object->holds)) {
		for (size_t i = 0; i < FAKE_ROWS_MAX / 64; i++)
			atomic_store(&object->seen[i], 0);
		if (object->dead)
			free_object(tree, object);
	}
	pthread_rwlock_unlock(&tree->lock);
}

void fake_tree_watch(struct fake_tree *tree, const struct fake_tree_watcher *watcher, void *data)
{
	pthread_rwlock_wrlock(&tree->watcher_lock);
	pthread_rwlock_wrlock(&tree->lock);
	tree->watcher = watcher;
	tree->watcher_data = data;
	pthread_rwlock_unlock(&tree->lock);
	pthread_rwlock_unlock(&tree->watcher_lock);
}

/*
 * What clients changed.
 */

struct fake_override *fake_override_find(const struct fake_object *object, unsigned int row)
{
	struct fake_override *override = object->overrides;

	while (override && override->row != row)
		override = override->next;
	return override;
}

struct fake_override *fake_override_make(struct fake_object *object, unsigned int row)
{
	struct fake_override *override = fake_override_find(object, row);

	if (override)
		return override;
	override = calloc(1, sizeof(*override));
	if (override) {
		override->row = (uint8_t)row;
		override->next = object->overrides;
		object->overrides = override;
	}
	return override;
}

unsigned int fake_access_row(const struct fake_access *access)
{
	return (unsigned int)(access->row - access->object->kind->rows);
}

long fake_value_get(const struct fake_access *access, unsigned int row)
{
	const struct fake_override *override = fake_override_find(access->object, row);

	return override && override->has_value ? override->value
					       : access->object->kind->rows[row].value;
}

int fake_value_set(const struct fake_access *access, long value)
{
	struct fake_override *override;

	pthread_rwlock_wrlock(&access->tree->lock);
	override = fake_override_make(access->object, fake_access_row(access));
	if (override) {
		override->has_value = true;
		override->value = value;
	}
	fake_tree_unlock(access->tree);
	return override ? 0 : -ENOMEM;
}
