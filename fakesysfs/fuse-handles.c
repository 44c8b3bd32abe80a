/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Numbers for what clients have open.
 */

#include "fuse-impl.h"

int fake_fuse_add_handle(struct fake_fuse *fuse, struct fake_fuse_handle *handle, uint64_t id)
{
	int ret;

	pthread_mutex_lock(&fuse->lock);
	handle->id = id ? id : ++fuse->last_handle;
	ret = fake_hash_insert(&fuse->handles, &handle->by_id, fake_hash_number(handle->id));
	pthread_mutex_unlock(&fuse->lock);
	return ret;
}

struct fake_fuse_handle *fake_fuse_find_handle(struct fake_fuse *fuse, uint64_t id)
{
	struct fake_fuse_handle *found = NULL;

	pthread_mutex_lock(&fuse->lock);
	fake_hash_each(node, &fuse->handles, fake_hash_number(id))
	{
		struct fake_fuse_handle *handle =
			fake_container(node, struct fake_fuse_handle, by_id);

		if (handle->id == id)
			found = handle;
	}
	pthread_mutex_unlock(&fuse->lock);
	return found;
}

void fake_fuse_end_handle(struct fake_fuse *fuse, struct fake_fuse_handle *handle)
{
	pthread_mutex_lock(&fuse->lock);
	fake_hash_remove(&fuse->handles, &handle->by_id);
	pthread_mutex_unlock(&fuse->lock);
	handle->destroy(fuse, handle);
}

void fake_fuse_end_handles(struct fake_fuse *fuse)
{
	struct fake_hash_node *node;
	size_t bucket = 0;

	while ((node = fake_hash_take(&fuse->handles, &bucket))) {
		struct fake_fuse_handle *handle =
			fake_container(node, struct fake_fuse_handle, by_id);

		handle->destroy(fuse, handle);
	}
	fake_hash_finish(&fuse->handles);
}
