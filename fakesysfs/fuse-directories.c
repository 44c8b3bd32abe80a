/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * FUSE requests on open directories. A snapshot is taken when reading begins; an entry's offset is the hash of the
 * next one's name, as in sysfs. Source: fs/kernfs/dir.c, kernfs_fop_readdir()
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "fuse-impl.h"

enum { LAST_OFFSET = 0x7fffffff };

struct listed {
	fuse_ino_t ino;
	mode_t type;
	uint32_t hash;
	char *name;
};

struct listing {
	struct fake_fuse_handle base;
	struct fake_fuse *fuse;
	struct listed *items;
	size_t len, max;
	bool filled;
};

static void clear_listing(struct listing *listing)
{
	for (size_t i = 0; i < listing->len; i++)
		free(listing->items[i].name);
	listing->len = 0;
}

static int add_listed(void *data, const char *name, const struct fake_node *node)
{
	struct listing *listing = data;
	struct listed *items;
	size_t max;

	if (listing->len == listing->max) {
		max = listing->max ? 2 * listing->max : 32;
		items = realloc(listing->items, max * sizeof(*items));
		if (!items)
			return -ENOMEM;
		listing->items = items;
		listing->max = max;
	}
	listing->items[listing->len] = (struct listed){
		.ino = fake_fuse_from_tree(listing->fuse, node->ino),
		.type = fake_fuse_type(node),
		.hash = fake_tree_name_hash(name),
		.name = strdup(name),
	};
	return listing->items[listing->len].name ? (listing->len++, 0) : -ENOMEM;
}

static void destroy_listing(struct fake_fuse *fuse, struct fake_fuse_handle *base)
{
	struct listing *listing = fake_container(base, struct listing, base);

	(void)fuse;
	clear_listing(listing);
	free(listing->items);
	free(listing);
}

static struct listing *make_listing(struct fake_fuse *fuse, uint64_t id)
{
	struct listing *listing = calloc(1, sizeof(*listing));

	if (!listing)
		return NULL;
	listing->fuse = fuse;
	listing->base.destroy = destroy_listing;
	if (!fake_fuse_add_handle(fuse, &listing->base, id))
		return listing;
	free(listing);
	return NULL;
}

static struct listing *listing_of(fuse_req_t req, const struct fuse_file_info *fi)
{
	struct fake_fuse *fuse = fuse_req_userdata(req);
	struct fake_fuse_handle *base = fake_fuse_find_handle(fuse, fi->fh);

	/* one that a process before us opened goes on at the same place of a new snapshot */
	return base ? fake_container(base, struct listing, base) : make_listing(fuse, fi->fh);
}

void fake_fuse_opendir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fake_fuse *fuse = fuse_req_userdata(req);
	struct listing *listing = make_listing(fuse, 0);

	(void)ino;
	if (!listing) {
		fuse_reply_err(req, ENOMEM);
		return;
	}
	fi->fh = listing->base.id;
	if (fuse_reply_open(req, fi))
		fake_fuse_end_handle(fuse, &listing->base);
}

void fake_fuse_releasedir(fuse_req_t req, fuse_ino_t ino, struct fuse_file_info *fi)
{
	struct fake_fuse *fuse = fuse_req_userdata(req);
	struct fake_fuse_handle *handle = fake_fuse_find_handle(fuse, fi->fh);

	(void)ino;
	if (handle)
		fake_fuse_end_handle(fuse, handle);
	fuse_reply_err(req, 0);
}

/* Adds one entry to @buffer; false if it does not fit. */
static bool put_entry(fuse_req_t req, char *buffer, size_t size, size_t *used, const char *name,
		      fuse_ino_t ino, mode_t type, off_t next)
{
	struct stat st = { .st_ino = ino, .st_mode = type };
	size_t len = fuse_add_direntry(req, buffer + *used, size - *used, name, &st, next);

	if (len > size - *used)
		return false;
	*used += len;
	return true;
}

static off_t offset_of(const struct listing *listing, size_t i)
{
	return i < listing->len ? (off_t)listing->items[i].hash : LAST_OFFSET;
}

void fake_fuse_readdir(fuse_req_t req, fuse_ino_t ino, size_t size, off_t offset,
		       struct fuse_file_info *fi)
{
	struct listing *listing = listing_of(req, fi);
	char *buffer = malloc(size);
	size_t used = 0;
	int ret = buffer && listing ? 0 : -ENOMEM;
	bool fits = true;

	if (!ret && (!offset || !listing->filled)) {
		clear_listing(listing);
		listing->filled = true;
		ret = fake_fuse_fault(req, ino, FAKE_OPERATION_LIST);
		if (!ret)
			ret = fake_tree_list(listing->fuse->options.tree,
					     fake_fuse_to_tree(fuse_req_userdata(req), ino),
					     add_listed, listing);
	}
	if (ret) {
		free(buffer);
		fuse_reply_err(req, -ret);
		return;
	}
	if (offset < 1)
		fits = put_entry(req, buffer, size, &used, ".", ino, S_IFDIR, 1);
	if (offset < 2 && fits)
		fits = put_entry(req, buffer, size, &used, "..", FUSE_ROOT_ID, S_IFDIR,
				 offset_of(listing, 0));
	for (size_t i = 0; i < listing->len && fits; i++) {
		const struct listed *item = &listing->items[i];

		if ((off_t)item->hash >= offset)
			fits = put_entry(req, buffer, size, &used, item->name, item->ino,
					 item->type, offset_of(listing, i + 1));
	}
	fuse_reply_buf(req, buffer, used);
	free(buffer);
}

void fake_fuse_fsyncdir(fuse_req_t req, fuse_ino_t ino, int datasync, struct fuse_file_info *fi)
{
	(void)ino;
	(void)datasync;
	(void)fi;
	fuse_reply_err(req, EINVAL);
}
