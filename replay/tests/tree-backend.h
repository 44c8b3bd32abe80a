/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/*
 * A fake tree behind the sysfs seam, without a file system between.
 */

#include <errno.h>
#include <fakesysfs/tree.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/backend-impl.h>

static inline int tree_backend_walk(struct fake_tree *tree, const char *path,
				    struct fake_node *node)
{
	char full[512];

	snprintf(full, sizeof(full), "sys/%s", path);
	return fake_tree_walk(tree, full, node);
}

/*
 * A tree as the backend of a recording: reads what a kernel lets root read.
 */
struct tree_backend {
	struct vgpu_backend base;
	struct fake_tree *tree;
};

/* Follows links, as open(2) does. */
static inline int tree_find(struct vgpu_backend *backend, const char *path, struct fake_node *node)
{
	struct fake_tree *tree = ((struct tree_backend *)backend)->tree;
	char at[1024], target[512], *end;

	snprintf(at, sizeof(at), "%s", path);
	for (int links = 0; links < 8; links++) {
		bool followed = false;

		for (size_t i = 0; i <= strlen(at) && !followed; i++) {
			char rest[512], c = at[i];
			ssize_t len;

			if (c && c != '/')
				continue;
			at[i] = '\0';
			if (tree_backend_walk(tree, at, node))
				return -ENOENT;
			if (node->kind == FAKE_NODE_LINK) {
				snprintf(rest, sizeof(rest), "%s%s", c ? "/" : "",
					 c ? at + i + 1 : "");
				len = fake_tree_readlink(tree, node->ino, target,
							 sizeof(target) - 1);
				target[len] = '\0';
				end = strrchr(at, '/');
				*(end ? end : at) = '\0';
				for (char *t = target; !strncmp(t, "../", 3);
				     memmove(t, t + 3, strlen(t + 3) + 1)) {
					end = strrchr(at, '/');
					*(end ? end : at) = '\0';
				}
				snprintf(at + strlen(at), sizeof(at) - strlen(at), "%s%s%s",
					 *at ? "/" : "", target, rest);
				followed = true;
			} else {
				at[i] = c;
			}
		}
		if (!followed)
			return 0;
	}
	return -ELOOP;
}

static inline ssize_t tree_read(struct vgpu_backend *backend, const char *path, char *buffer,
				size_t size)
{
	struct fake_tree *tree = ((struct tree_backend *)backend)->tree;
	struct fake_node node;
	int ret = tree_find(backend, path, &node);
	ssize_t len;

	if (ret)
		return ret;
	if (node.kind == FAKE_NODE_DIR)
		return -EISDIR;
	ret = fake_tree_open(tree, node.ino, 0);
	if (ret)
		return ret;
	len = fake_tree_read(tree, node.ino, buffer, size - 1);
	if (len >= 0)
		buffer[len] = '\0';
	return len;
}

static inline ssize_t tree_readlink(struct vgpu_backend *backend, const char *path, char *buffer,
				    size_t size)
{
	struct fake_tree *tree = ((struct tree_backend *)backend)->tree;
	char copy[512], *slash, dir[600];
	struct fake_node node;
	ssize_t len;

	/* the directory's links are followed, the last one is not */
	snprintf(copy, sizeof(copy), "%s", path);
	slash = strrchr(copy, '/');
	if (slash) {
		*slash = '\0';
		if (tree_find(backend, copy, &node) ||
		    fake_tree_lookup(tree, node.ino, slash + 1, &node))
			return -ENOENT;
	} else {
		snprintf(dir, sizeof(dir), "sys/%s", copy);
		if (fake_tree_walk(tree, dir, &node))
			return -ENOENT;
	}
	if (node.kind != FAKE_NODE_LINK)
		return -EINVAL;
	len = fake_tree_readlink(tree, node.ino, buffer, size - 1);
	buffer[len] = '\0';
	return len;
}

struct each {
	int (*each)(void *data, const char *name);
	void *data;
};

static int tell_name(void *data, const char *name, const struct fake_node *node)
{
	struct each *each = data;

	(void)node;
	return each->each(each->data, name);
}

static inline int tree_list(struct vgpu_backend *backend, const char *path,
			    int (*each)(void *data, const char *name), void *data)
{
	struct each call = { each, data };
	struct fake_node node;
	int ret = tree_find(backend, path, &node);

	if (ret)
		return ret;
	return node.kind == FAKE_NODE_DIR ? fake_tree_list(((struct tree_backend *)backend)->tree,
							   node.ino, tell_name, &call)
					  : -ENOTDIR;
}

static inline int tree_exists(struct vgpu_backend *backend, const char *path)
{
	char target[512];
	struct fake_node node;

	return tree_readlink(backend, path, target, sizeof(target)) >= 0
		       ? 0
		       : tree_find(backend, path, &node);
}

static const struct vgpu_backend_impl tree_impl = {
	.name = "tree",
	.read = tree_read,
	.readlink = tree_readlink,
	.list = tree_list,
	.exists = tree_exists,
};

/** A struct tree_backend of a tree. */
#define TREE_BACKEND(tree_)                                                   \
	{                                                                     \
		.base = { .impl = &tree_impl, .root = "/sys" }, .tree = tree_ \
	}
