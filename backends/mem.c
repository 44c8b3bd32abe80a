/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fakesysfs/host.h>
#include <fakesysfs/profile.h>
#include <fakesysfs/tree.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <vgpulab/cleanup.h>

#include "mem.h"

/* A fake host in this process, which ends with it. */
struct mem {
	struct vgpu_backend base;
	struct fake_host *host;
	struct fake_tree *tree;
};

/* As in Linux. Source: include/linux/namei.h, MAXSYMLINKS; PATH_MAX */
enum { LINKS_MAX = 40, DEPTH_MAX = 64, TEXT_MAX = 4096 };

static struct mem *mem_from_backend(struct vgpu_backend *backend)
{
	return (struct mem *)backend;
}

/* A walk: the directories from the root to where it stands, and the way still to go. */
struct walk {
	struct fake_tree *tree;
	struct fake_node stack[DEPTH_MAX];
	size_t depth;
	unsigned int links;
	char rest[TEXT_MAX];
};

/* Puts a link's text before the rest of the way. */
static int follow(struct walk *walk, const struct fake_node *link)
{
	char text[TEXT_MAX];
	ssize_t len = fake_tree_readlink(walk->tree, link->ino, text, sizeof(text) - 1);

	if (len < 0)
		return (int)len;
	text[len] = '\0';
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	/* an absolute link leads out of the tree: the fake makes none */
	if (text[0] == '/')
		return -ENOENT;
	if ((size_t)len + 1 + strlen(walk->rest) >= sizeof(walk->rest))
		return -ENAMETOOLONG;
	if (walk->rest[0]) {
		text[len] = '/';
		strcpy(text + len + 1, walk->rest);
	}
	strcpy(walk->rest, text);
	return 0;
}

/* Takes the first name of the rest of the way. False at the end. */
static bool take_name(struct walk *walk, char *name, size_t size)
{
	const char *at = walk->rest + strspn(walk->rest, "/");
	size_t len = strcspn(at, "/");

	snprintf(name, size, "%.*s", (int)len, at);
	at += len;
	memmove(walk->rest, at + strspn(at, "/"), strlen(at + strspn(at, "/")) + 1);
	return name[0];
}

static int step(struct walk *walk, const char *name, bool last_follows)
{
	struct fake_node node;
	int ret;

	if (!strcmp(name, "."))
		return 0;
	if (!strcmp(name, "..")) {
		walk->depth -= walk->depth > 1;
		return 0;
	}
	if (walk->stack[walk->depth - 1].kind != FAKE_NODE_DIR)
		return -ENOTDIR;
	ret = fake_tree_lookup(walk->tree, walk->stack[walk->depth - 1].ino, name, &node);
	if (ret < 0)
		return ret;
	if (node.kind == FAKE_NODE_LINK && (last_follows || walk->rest[0]))
		return follow(walk, &node);
	if (walk->depth == DEPTH_MAX)
		return -ENAMETOOLONG;
	walk->stack[walk->depth++] = node;
	return 0;
}

/*
 * Path lookup as the kernel does it, from the tree's "sys". The last link is followed only if
 * @follows.
 */
static int resolve(const struct mem *mem, const char *path, bool follows, struct fake_node *out)
{
	struct walk walk = { .tree = mem->tree, .depth = 1 };
	char name[256];
	int ret = fake_tree_walk(mem->tree, "sys", &walk.stack[0]);

	if (strlen(path) >= sizeof(walk.rest))
		return -ENAMETOOLONG;
	strcpy(walk.rest, path);
	while (ret == 0 && take_name(&walk, name, sizeof(name)))
		ret = step(&walk, name, follows);
	if (ret == 0)
		*out = walk.stack[walk.depth - 1];
	return ret;
}

static ssize_t mem_read(struct vgpu_backend *backend, const char *path, char *buffer, size_t size)
{
	const struct mem *mem = mem_from_backend(backend);
	char text[4096];
	struct fake_node node;
	ssize_t len = resolve(mem, path, true, &node);

	if (len == 0 && node.kind == FAKE_NODE_DIR)
		return -EISDIR;
	if (len == 0)
		len = fake_tree_open(mem->tree, node.ino, O_RDONLY);
	if (len == 0)
		len = fake_tree_read(mem->tree, node.ino, text, sizeof(text));
	if (len < 0)
		return len;
	if ((size_t)len >= size)
		return -EFBIG;
	memcpy(buffer, text, (size_t)len);
	buffer[len] = '\0';
	return len;
}

static int mem_write(struct vgpu_backend *backend, const char *path, const void *data, size_t len)
{
	const struct mem *mem = mem_from_backend(backend);
	struct fake_node node;
	ssize_t taken = resolve(mem, path, true, &node);

	if (taken == 0 && node.kind == FAKE_NODE_DIR)
		return -EISDIR;
	if (taken == 0)
		taken = fake_tree_open(mem->tree, node.ino, O_WRONLY);
	if (taken == 0)
		taken = fake_tree_write(mem->tree, node.ino, data, len, NULL, NULL);
	if (taken < 0)
		return (int)taken;
	return (size_t)taken == len ? 0 : -EIO;
}

static ssize_t mem_readlink(struct vgpu_backend *backend, const char *path, char *buffer,
			    size_t size)
{
	const struct mem *mem = mem_from_backend(backend);
	struct fake_node node;
	char text[TEXT_MAX];
	ssize_t len = resolve(mem, path, false, &node);

	if (len == 0)
		len = node.kind == FAKE_NODE_LINK
			      ? fake_tree_readlink(mem->tree, node.ino, text, sizeof(text))
			      : -EINVAL;
	if (len < 0)
		return len;
	if ((size_t)len >= size)
		return -ENAMETOOLONG;
	memcpy(buffer, text, (size_t)len);
	buffer[len] = '\0';
	return len;
}

struct listing {
	int (*each)(void *data, const char *name);
	void *data;
};

static int pass_name(void *data, const char *name, const struct fake_node *node)
{
	const struct listing *listing = data;

	return listing->each(listing->data, name);
}

static int mem_list(struct vgpu_backend *backend, const char *path,
		    int (*each)(void *data, const char *name), void *data)
{
	const struct mem *mem = mem_from_backend(backend);
	struct listing listing = { each, data };
	struct fake_node node;
	int ret = resolve(mem, path, true, &node);

	if (ret == 0 && node.kind != FAKE_NODE_DIR)
		ret = -ENOTDIR;
	return ret < 0 ? ret : fake_tree_list(mem->tree, node.ino, pass_name, &listing);
}

static int mem_exists(struct vgpu_backend *backend, const char *path)
{
	struct fake_node node;

	return resolve(mem_from_backend(backend), path, false, &node);
}

/* Nothing happens in this host but what its one user does. */
static int mem_wait(struct vgpu_backend *backend, int timeout_ms)
{
	return 0;
}

static void mem_destroy(struct vgpu_backend *backend)
{
	struct mem *mem = mem_from_backend(backend);

	fake_tree_destroy(mem->tree);
	fake_host_destroy(mem->host);
	free(mem);
}

const struct vgpu_backend_impl vgpu_backend_mem = {
	.name = "mem",
	.summary = "a fake host in this process alone: to try things out",
	.read = mem_read,
	.write = mem_write,
	.readlink = mem_readlink,
	.list = mem_list,
	.exists = mem_exists,
	.wait = mem_wait,
	.destroy = mem_destroy,
};

static int add_gpus(struct mem *mem, const char *argument, struct vgpu_error *err)
{
	_autofree_ char *copy = strdup(argument);
	char *rest = copy, *text;

	while ((text = strsep(&rest, "+"))) {
		struct fake_gpu_config config;
		int ret = fake_gpu_config_parse(text, &config, err);

		if (ret == 0)
			ret = fake_host_add_gpu(mem->host, &config, err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

int vgpu_mem_open(const char *argument, struct vgpu_backend **out, struct vgpu_error *err)
{
	struct mem *mem = calloc(1, sizeof(*mem));
	int ret = 0;

	if (mem) {
		mem->base.impl = &vgpu_backend_mem;
		mem->host = fake_host_create();
	}
	if (!mem || !mem->host)
		ret = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "backend mem: %s",
				     strerror(ENOMEM));
	else if (!argument || !argument[0])
		ret = vgpu_error_set(err, VGPU_ERROR_USAGE, EINVAL,
				     "backend mem: a GPU must follow the colon, as in "
				     "mem:kaby-lake");
	else
		ret = add_gpus(mem, argument, err);
	if (ret == 0) {
		mem->tree = fake_tree_create(mem->host);
		if (!mem->tree)
			ret = vgpu_error_set(err, VGPU_ERROR_FAILED, ENOMEM, "backend mem: %s",
					     strerror(ENOMEM));
	}
	if (ret < 0) {
		if (mem)
			mem_destroy(&mem->base);
		return ret;
	}
	snprintf(mem->base.root, sizeof(mem->base.root), "mem:%s", argument);
	*out = &mem->base;
	return 0;
}
