/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "paper-tree.h"

enum { BUCKETS = 65536, PATH_LEN = 512, LINKS_MAX = 40 };

enum kind { DIRECTORY, LINK, ATTRIBUTE };

struct node {
	struct node *next; /* in the bucket */
	struct node *parent, *child, *sibling;
	enum kind kind;
	int errnum;
	char *text;
	char *name; /* last component */
	char path[];
};

struct paper {
	struct vgpu_backend base;
	const struct paper_kernel *kernel;
	void *data;
	size_t calls;
	struct node *buckets[BUCKETS];
};

struct paper *paper_from_backend(struct vgpu_backend *backend)
{
	return (struct paper *)backend;
}

void *paper_data(struct paper *paper)
{
	return paper->data;
}

size_t paper_calls(const struct paper *paper)
{
	return paper->calls;
}

static struct node **bucket(struct paper *paper, const char *path)
{
	size_t hash = 5381;

	for (; *path; path++)
		hash = hash * 33 + (unsigned char)*path;
	return &paper->buckets[hash % BUCKETS];
}

static struct node *find(struct paper *paper, const char *path)
{
	struct node *node = *bucket(paper, path);

	while (node && strcmp(node->path, path))
		node = node->next;
	return node;
}

static struct node *add(struct paper *paper, const char *path, enum kind kind, const char *text)
{
	struct node *node = find(paper, path), **head = bucket(paper, path);
	const char *slash = strrchr(path, '/');
	char dir[PATH_LEN];

	if (node) {
		free(node->text);
		node->text = text ? strdup(text) : NULL;
		return node;
	}
	node = calloc(1, sizeof(*node) + strlen(path) + 1);
	assert(node);
	strcpy(node->path, path);
	node->name = node->path + (slash ? slash - path + 1 : 0);
	node->kind = kind;
	node->text = text ? strdup(text) : NULL;
	node->next = *head;
	*head = node;
	if (path[0]) {
		snprintf(dir, sizeof(dir), "%.*s", (int)(slash ? slash - path : 0), path);
		node->parent = find(paper, dir);
		if (!node->parent)
			node->parent = add(paper, dir, DIRECTORY, NULL);
		node->sibling = node->parent->child;
		node->parent->child = node;
	}
	return node;
}

static void drop(struct paper *paper, struct node *node)
{
	struct node **at = bucket(paper, node->path), **sibling;

	while (node->child)
		drop(paper, node->child);
	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	if (node->parent) {
		for (sibling = &node->parent->child; *sibling != node;)
			sibling = &(*sibling)->sibling;
		*sibling = node->sibling;
	}
	free(node->text);
	free(node);
}

/* Walks @path; the last link is followed only if @follow. NULL if there is no such node. */
static struct node *resolve(struct paper *paper, const char *path, int follow)
{
	char rest[PATH_LEN * 2], at[PATH_LEN * 2] = "";
	int links = 0;

	snprintf(rest, sizeof(rest), "%s", path);
	while (rest[0]) {
		size_t len = strcspn(rest, "/"), old_len = strlen(at);
		char name[PATH_LEN], *slash;
		const struct node *node;

		snprintf(name, sizeof(name), "%.*s", (int)len, rest);
		memmove(rest, rest + len + (rest[len] == '/'),
			strlen(rest + len + (rest[len] == '/')) + 1);
		if (!strcmp(name, "..")) {
			slash = strrchr(at, '/');
			*(slash ? slash : at) = '\0';
			continue;
		}
		snprintf(at + old_len, sizeof(at) - old_len, "%s%s", old_len ? "/" : "", name);
		node = find(paper, at);
		if (!node)
			return NULL;
		if (node->kind == LINK && (follow || rest[0])) {
			size_t text_len = strlen(node->text), rest_len = strlen(rest);

			links++;
			assert(links <= LINKS_MAX && text_len + rest_len + 2 <= sizeof(rest));
			memmove(rest + text_len + 1, rest, rest_len + 1);
			memcpy(rest, node->text, text_len);
			rest[text_len] = rest_len ? '/' : '\0';
			at[old_len] = '\0';
		}
	}
	return find(paper, at);
}

static ssize_t paper_read(struct vgpu_backend *backend, const char *path, char *buffer, size_t size)
{
	struct paper *paper = paper_from_backend(backend);
	const struct node *node = resolve(paper, path, 1);

	paper->calls++;
	if (!node || node->errnum)
		return node ? -node->errnum : -ENOENT;
	if (node->kind == DIRECTORY)
		return -EISDIR;
	if (strlen(node->text) >= size)
		return -EFBIG;
	strcpy(buffer, node->text);
	return (ssize_t)strlen(buffer);
}

static int paper_write(struct vgpu_backend *backend, const char *path, const void *data, size_t len)
{
	struct paper *paper = paper_from_backend(backend);
	const struct node *node = resolve(paper, path, 1);
	char text[64];

	paper->calls++;
	if (!node)
		return -ENOENT;
	snprintf(text, sizeof(text), "%.*s", (int)len, (const char *)data);
	return paper->kernel && paper->kernel->write ? paper->kernel->write(paper, node->path, text)
						     : 0;
}

static ssize_t paper_readlink(struct vgpu_backend *backend, const char *path, char *buffer,
			      size_t size)
{
	struct paper *paper = paper_from_backend(backend);
	const struct node *node = resolve(paper, path, 0);

	paper->calls++;
	if (!node || node->kind != LINK)
		return node ? -EINVAL : -ENOENT;
	if (strlen(node->text) >= size)
		return -ENAMETOOLONG;
	strcpy(buffer, node->text);
	return (ssize_t)strlen(buffer);
}

static int paper_list(struct vgpu_backend *backend, const char *path,
		      int (*each)(void *data, const char *name), void *data)
{
	struct paper *paper = paper_from_backend(backend);
	const struct node *node = resolve(paper, path, 1);
	int ret = 0;

	paper->calls++;
	if (!node || node->errnum)
		return node ? -node->errnum : -ENOENT;
	if (node->kind != DIRECTORY)
		return -ENOTDIR;
	for (node = node->child; node && !ret; node = node->sibling)
		ret = each(data, node->name);
	return ret;
}

static int paper_exists(struct vgpu_backend *backend, const char *path)
{
	struct paper *paper = paper_from_backend(backend);

	paper->calls++;
	return resolve(paper, path, 0) ? 0 : -ENOENT;
}

static int paper_wait(struct vgpu_backend *backend, int timeout_ms)
{
	struct paper *paper = paper_from_backend(backend);

	return paper->kernel && paper->kernel->wait ? paper->kernel->wait(paper) : 0;
}

static void paper_destroy(struct vgpu_backend *backend)
{
	struct paper *paper = paper_from_backend(backend);

	drop(paper, find(paper, ""));
	free(paper);
}

static const struct vgpu_backend_impl paper_impl = {
	.name = "paper",
	.summary = "nodes that a test has written down",
	.read = paper_read,
	.write = paper_write,
	.readlink = paper_readlink,
	.list = paper_list,
	.exists = paper_exists,
	.wait = paper_wait,
	.destroy = paper_destroy,
};

struct vgpu_backend *paper_create(const struct paper_kernel *kernel, void *data)
{
	struct paper *paper = calloc(1, sizeof(*paper));

	assert(paper);
	paper->base.impl = &paper_impl;
	strcpy(paper->base.root, "/paper");
	paper->kernel = kernel;
	paper->data = data;
	add(paper, "", DIRECTORY, NULL);
	return &paper->base;
}

void paper_dir(struct paper *paper, const char *format, ...)
{
	char path[PATH_LEN];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	add(paper, path, DIRECTORY, NULL);
}

void paper_link(struct paper *paper, const char *path, const char *target)
{
	add(paper, path, LINK, target);
}

void paper_file(struct paper *paper, const char *path, const char *text)
{
	add(paper, path, ATTRIBUTE, text);
}

void paper_broken_file(struct paper *paper, const char *path, int errnum)
{
	add(paper, path, ATTRIBUTE, "")->errnum = errnum;
}

void paper_delete(struct paper *paper, const char *format, ...)
{
	char path[PATH_LEN];
	struct node *node;
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	node = find(paper, path);
	if (node)
		drop(paper, node);
}

/* A path below the GPU, printed into a buffer of the caller's frame. */
#define GPU_PATH(address, format, ...)                                                 \
	({                                                                             \
		snprintf(path, sizeof(path), "devices/pci0000:00/%s/" format, address, \
			 ##__VA_ARGS__);                                               \
		path;                                                                  \
	})

void paper_add_gpu(struct paper *paper, const char *address)
{
	char path[PATH_LEN], target[PATH_LEN];

	paper_file(paper, GPU_PATH(address, "vendor"), "0x8086\n");
	paper_file(paper, GPU_PATH(address, "device"), "0x5912\n");
	paper_file(paper, GPU_PATH(address, "class"), "0x030000\n");
	paper_link(paper, GPU_PATH(address, "driver"), "../../../bus/pci/drivers/i915");
	paper_dir(paper, "devices/pci0000:00/%s/mdev_supported_types", address);
	paper_dir(paper, "bus/pci/drivers/i915");
	paper_dir(paper, "bus/mdev/drivers/intel_vgpu_mdev");
	paper_dir(paper, "bus/mdev/devices");
	snprintf(path, sizeof(path), "class/mdev_bus/%s", address);
	snprintf(target, sizeof(target), "../../devices/pci0000:00/%s", address);
	paper_link(paper, path, target);
	snprintf(path, sizeof(path), "bus/pci/devices/%s", address);
	snprintf(target, sizeof(target), "../../../devices/pci0000:00/%s", address);
	paper_link(paper, path, target);
}

void paper_add_type(struct paper *paper, const char *address, const char *id,
		    unsigned int available, const char *description)
{
	char path[PATH_LEN], text[PATH_LEN];

	snprintf(text, sizeof(text), "%u\n", available);
	paper_file(paper, GPU_PATH(address, "mdev_supported_types/%s/available_instances", id),
		   text);
	snprintf(text, sizeof(text), "%s\n", strchr(id, '-') + 1);
	paper_file(paper, GPU_PATH(address, "mdev_supported_types/%s/name", id), text);
	paper_file(paper, GPU_PATH(address, "mdev_supported_types/%s/device_api", id),
		   "vfio-pci\n");
	paper_file(paper, GPU_PATH(address, "mdev_supported_types/%s/create", id), "");
	if (description)
		paper_file(paper, GPU_PATH(address, "mdev_supported_types/%s/description", id),
			   description);
	paper_dir(paper, "%s", GPU_PATH(address, "mdev_supported_types/%s/devices", id));
}

void paper_add_vgpu(struct paper *paper, const char *address, const char *type, const char *uuid,
		    unsigned int group)
{
	char path[PATH_LEN], text[PATH_LEN];

	snprintf(text, sizeof(text), "../mdev_supported_types/%s", type);
	paper_link(paper, GPU_PATH(address, "%s/mdev_type", uuid), text);
	paper_link(paper, GPU_PATH(address, "%s/driver", uuid),
		   "../../../../bus/mdev/drivers/intel_vgpu_mdev");
	snprintf(text, sizeof(text), "../../../../kernel/iommu_groups/%u", group);
	paper_link(paper, GPU_PATH(address, "%s/iommu_group", uuid), text);
	paper_file(paper, GPU_PATH(address, "%s/remove", uuid), "");
	snprintf(path, sizeof(path), "bus/mdev/devices/%s", uuid);
	snprintf(text, sizeof(text), "../../../devices/pci0000:00/%s/%s", address, uuid);
	paper_link(paper, path, text);
	snprintf(text, sizeof(text), "../../../%s", uuid);
	paper_link(paper, GPU_PATH(address, "mdev_supported_types/%s/devices/%s", type, uuid),
		   text);
	snprintf(path, sizeof(path), "bus/mdev/drivers/intel_vgpu_mdev/%s", uuid);
	snprintf(text, sizeof(text), "../../../../devices/pci0000:00/%s/%s", address, uuid);
	paper_link(paper, path, text);
	snprintf(path, sizeof(path), "kernel/iommu_groups/%u/devices/%s", group, uuid);
	paper_link(paper, path, text);
}
