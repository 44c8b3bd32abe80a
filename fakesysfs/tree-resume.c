/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What it takes to make the same tree again in another process.
 */

#include "tree-impl.h"

void fake_tree_let_go(struct fake_tree *tree)
{
	pthread_rwlock_wrlock(&tree->lock);
	tree->held = false;
	pthread_rwlock_unlock(&tree->lock);
}

uint64_t fake_tree_vgpu_of(uint64_t ino)
{
	uint64_t id = ino >> FAKE_ROW_BITS;

	return id > FAKE_VGPU_IDS ? id - FAKE_VGPU_IDS : 0;
}

unsigned int fake_tree_write_ends(struct fake_tree *tree, uint64_t ino, enum fake_keep *keep)
{
	const struct fake_object *object;
	const struct fake_row *row = NULL;
	unsigned int ends = 0;

	pthread_rwlock_rdlock(&tree->lock);
	object = fake_object_find(tree, ino >> FAKE_ROW_BITS);
	if (object && ino % FAKE_ROWS_MAX < object->kind->rows_len)
		row = &object->kind->rows[ino % FAKE_ROWS_MAX];
	if (row)
		ends = row->ends;
	if (!row || ends || !row->write || row->write == fake_write_uevent)
		*keep = FAKE_KEEP_NOTHING;
	else
		*keep = row->write == fake_write_faults ? FAKE_KEEP_ALL : FAKE_KEEP_LAST;
	pthread_rwlock_unlock(&tree->lock);
	return ends;
}
